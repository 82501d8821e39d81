"""[theme] in digest.toml: which theme, its values, its logo; and what is told of colours that cannot be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Digest, change


def themed(publication: Path, values: str) -> None:
    change(publication, r'^name = "classic"$', values)


def previewed(digest: Digest, publication: Path) -> str:
    assert digest("build", "-c", publication).code == 0
    outcome = digest("preview", "-c", publication, "--out", publication.parent / "out")
    assert outcome.code == 0, outcome.err
    return (publication.parent / "out" / "edition.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "thumbnail"), [("classic", 'width="108" height="81"'), ("bold", 'width="108" height="108"'), ("plain", "")]
)
def test_each_theme_makes_the_demos_mail(digest: Digest, publication: Path, name: str, thumbnail: str) -> None:
    themed(publication, f'name = "{name}"')
    html = previewed(digest, publication)
    assert thumbnail in html
    assert ("<img" in html) is (name != "plain")
    assert digest("approve", "-c", publication).code == 0


def test_pictures_that_another_theme_wants_are_told_until_the_next_build(digest: Digest, publication: Path) -> None:
    assert '"image-unprepared"' not in digest("check", "-c", publication, "--json").out
    themed(publication, 'name = "bold"')
    assert '"image-unprepared"' in digest("check", "-c", publication, "--json").out
    assert digest("build", "-c", publication).code == 0
    assert '"image-unprepared"' not in digest("check", "-c", publication, "--json").out


def test_values_and_logo_are_in_the_mail_and_online(digest: Digest, publication: Path) -> None:
    Image.new("RGBA", (960, 120), (10, 120, 90, 128)).save(publication.parent / "logo.png")
    themed(
        publication,
        'name = "bold"\nlogo = "logo.png"\naccent = "#8A2BE2"\ndark_accent = "#D7B5FF"\nradius = 6\nreading = "Charter, serif"',
    )
    html = previewed(digest, publication)
    assert "#8A2BE2" in html
    assert "#D7B5FF!important" in html
    assert "border-radius:6px" in html
    assert 'width="240" height="30" alt="The Morning Halyard"' in html
    named = re.search(r'src="images/([^"]+)"[^>]* alt="The Morning Halyard"', html)
    assert named is not None
    logo = publication.parent / "out" / "images" / named[1]
    with Image.open(logo) as picture:
        assert picture.mode == "RGB", "a logo is opaque, or it is lost at night"
    assert digest("approve", "-c", publication).code == 0
    assert digest("send", "-c", publication, "--limit", 1).code in (0, 75)
    assert (publication.parent / "site" / "img" / logo.name).is_file()


def test_a_logo_that_is_none_is_told(digest: Digest, publication: Path) -> None:
    themed(publication, 'logo = "logo.png"')
    outcome = digest("config", "check", "-c", publication)
    assert outcome.code == 1
    assert "logo.png" in outcome.err
    (publication.parent / "logo.png").write_text("no picture", encoding="utf-8")
    outcome = digest("config", "check", "-c", publication)
    assert outcome.code == 1
    assert "choose another theme.logo" in outcome.err


def test_colours_that_cannot_be_read_are_findings(digest: Digest, publication: Path) -> None:
    themed(publication, 'mute = "#B0B0B0"\ndark_ink = "#404040"')
    previewed(digest, publication)
    index = (publication.parent / "out" / "index.html").read_text(encoding="utf-8")
    assert "theme.mute: mute on paper has contrast 2.0 (light)" in index
    assert "theme.dark_ink: ink on wash has contrast 1.5 (dark)" in index


def test_every_problem_of_the_table_is_told_at_once(digest: Digest, publication: Path) -> None:
    themed(publication, 'name = "bolt"\nacent = "#112233"\nink = "black"\nsmall = "x;color:red"\nradius = 99')
    outcome = digest("config", "check", "-c", publication)
    assert outcome.code == 2
    for line in ("theme.name", "did you mean 'accent'?", "theme.ink", "theme.small", "theme.radius"):
        assert line in outcome.err


def test_a_theme_changed_after_approval_leaves_no_picture_of_the_mail_missing(
    digest: Digest, publication: Path
) -> None:
    themed(publication, 'name = "bold"')
    html = previewed(digest, publication)
    assert digest("approve", "-c", publication).code == 0
    change(publication, r'^name = "bold"$', 'name = "classic"')
    assert digest("send", "-c", publication, "--limit", 1).code in (0, 75)
    online = {path.name for path in (publication.parent / "site" / "img").iterdir()}
    shown = set(re.findall(r'src="images/([^"]+)"', html))
    assert 'width="108" height="108"' in html
    assert shown - online == set()
