"""Every theme, in every style and direction, is what mail programs need; the same every time; small; and a join."""

from __future__ import annotations

import hashlib
import os
import quopri
import re
import subprocess
import sys
from dataclasses import replace
from itertools import combinations, product

import pytest

from digest.errors import ConfigError
from digest.mail.parts import chosen as chosen_of
from digest.mail.parts import encode, encoded_size, run
from digest.mail.parts import join as join_encoded
from digest.model.editions import STYLES, Publication
from digest.pipeline.approving import inert_slots
from digest.render.colours import contrast, inversions
from digest.render.theme import THEMES, findings, theme
from tests.builders import PUBLICATION
from tests.render.checklist import PROPERTIES, broken
from tests.render.samples import EDITIONS, made, pictured, rich, styled, whole

ARABIC = replace(PUBLICATION, language="ar", direction="rtl", name="مرساة الصباح", tagline="أخبار العالم")


@pytest.mark.parametrize(("name", "style", "publication"), list(product(THEMES, STYLES, (PUBLICATION, ARABIC))))
def test_every_style_is_what_mail_programs_need(name: str, style: str, publication: Publication) -> None:
    of = styled(style)
    html, _ = whole(of, made(of, publication, name))
    assert broken(html) == []


@pytest.mark.parametrize(("name", "case"), list(product(THEMES, EDITIONS)))
def test_every_edition_is_what_mail_programs_need(name: str, case: str) -> None:
    of, publication = EDITIONS[case]
    html, _ = whole(of, made(of, publication, name))
    # Where nothing is online there is no page to show and no picture to load.
    expected = ["20 ways_out: /2026/11/23/"] if not publication.public_url else []
    assert [fault for fault in broken(html) if not fault.startswith("15 ") or publication.public_url] == expected


BREAKS = [
    (1, "<!DOCTYPE html>", "<!doctype html>"),
    (2, "</body>", "word " * 20_000 + "</body>"),
    (3, 'lang="en" dir="ltr" xmlns', 'lang="und" dir="auto" xmlns'),
    (4, "<title>The Morning Halyard, Monday 23 November 2026</title>", "<title></title>"),
    (5, 'name="viewport"', 'name="view"'),
    (6, 'name="color-scheme"', 'name="colour-scheme"'),
    (7, "@media (prefers-color-scheme:dark)", "@media print"),
    (8, "[data-ogsc] ", ".nowhere "),
    (9, '<table role="presentation"', "<table"),
    (10, 'width="108"', 'width="auto"'),
    (11, 'height="81"', 'height="auto"'),
    (12, "<h2 ", "<h4 "),
    (13, "style=\"color:#17191C;text-decoration:none\"", "style=\"text-decoration:none\""),
    (14, 'aria-label="More: ', 'title="More: '),
    (15, "https://read.example/full", "ftp://read.example/full"),
    (16, "</body>", '<script src="https://x.example/"></script></body>'),
    (17, 'width="108" height="81"', 'width="1" height="1"'),
    (18, "mso-hide:all", "mso-hide:none"),
    (19, "\u034f", ""),
    (20, "/u/EXAMPLE", "/x/EXAMPLE"),
    (21, "text-decoration:none", "text-decoration:none!important"),
    (22, "color:#5C6269", "color:#A5A5A5"),
    (23, "font-size:12px", "font-size:11px"),
    (24, "<![endif]-->", "-->"),
    (25, "</td></tr>", "</td></td></tr>"),
    (26, "Good morning", "%%0123456789ab.name%% {{ name }}"),
    (27, "<h3 ", '<h3 id="one" '),
    (28, "margin:4px 0", "margin:4px 0;display:flex"),
    (29, "#17191C", "#171"),
    (30, "Good morning", "Good\u0092morning"),
]  # fmt: skip


def test_every_property_is_looked_at() -> None:
    assert sorted(PROPERTIES) == [number for number, _, _ in BREAKS] == list(range(1, 31))


@pytest.mark.parametrize(("number", "right", "wrong"), BREAKS)
def test_the_checklist_sees_what_is_broken(number: int, right: str, wrong: str) -> None:
    of = styled("cards")
    html, _ = whole(of, made(of))
    assert right in html
    assert number in {int(fault.split()[0]) for fault in broken(html.replace(right, wrong))}


def test_dark_colours_are_seen_where_rules_set_them() -> None:
    of = styled("cards")
    html, _ = whole(of, made(of))
    for rule in ("table{color:#A0A4A8", "td div{color:#C6C7C6", "a{color:#ECEBE7", "b{color:#9FBCE8"):
        assert rule in html
        faults = broken(html.replace(rule, f"{rule.split('{')[0]}{{color:#2A2A2A"))
        assert any(fault.startswith("22 readable: dark:") for fault in faults), rule


@pytest.mark.parametrize(("name", "publication"), list(product(THEMES, (PUBLICATION, ARABIC))))
def test_lines_stay_lines_where_a_dark_reader_leaves_borders(name: str, publication: Publication) -> None:
    """Thunderbird's takes dark words out of style attributes, not borders: those of ink have no colour of their own."""
    html, _ = whole(rich(), made(rich(), publication, name))
    coloured = re.findall(r'<\w+ ([^<>]*style="[^"]*border(?:-\w+)?:[^;"]*#[^<>]*)>', html)
    assert bool(coloured) == (name != "plain")
    for tag in coloured:
        assert re.search(r'class="[^"]*\b(?:r|ba)\b', tag), tag
    assert name == "plain" or ".moz-text-html .r{border-color:rgba(" in html
    assert theme(name).light.rule_ink not in "".join(re.findall(r"border[^;]*", "".join(coloured)))


@pytest.mark.parametrize(
    ("name", "style", "count"), list(product(THEMES, ("feature", "cards", "video"), (30, 50)))
)  # fmt: skip
def test_many_stories_with_pictures_are_not_clipped(name: str, style: str, count: int) -> None:
    of = pictured(count, style)
    assert len(of.items) == count
    limit = {30: 70_000, 50: 95_000}[count]
    assert encoded_size(encode(made(of, name=name), of, number=1, language="en")) < limit


def digests() -> list[str]:
    """Return a hash of each theme's mail: what another process prints must be the same."""
    return [hashlib.sha256(repr(made(rich(), name=name)).encode()).hexdigest() for name in THEMES]


def test_the_same_edition_is_the_same_bytes_in_every_process() -> None:
    here = digests()
    script = "from tests.render.test_themes import digests; print(' '.join(digests()))"
    printed = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": "1"}, capture_output=True, check=True
    ).stdout
    assert printed.decode().split() == here
    assert made(rich()) == made(rich())


SLUGS = ("foreign", "defence", "video", "trade", "regional", "science")


@pytest.mark.parametrize("name", THEMES)
def test_a_join_of_any_choice_is_a_render_of_just_those(name: str) -> None:
    of = rich()
    rendered = made(of, name=name)
    slots = inert_slots(rendered, of)
    parts = encode(rendered, of, number=412, language="en")
    encoded = {key: run(value) for key, value in slots.items()}
    filled = [slug for slug in SLUGS if slug != "science"]
    # What a mark could mix up lies between two sections: each alone, each left out, and in one theme each pair.
    for size in (1, 2, len(filled) - 1) if name == "classic" else (1, len(filled) - 1):
        for chosen in combinations(filled, size):
            only = replace(of, sections=tuple(each for each in of.sections if each.section.slug in chosen))
            alone = made(only, name=name)
            html, text = whole(of, rendered, chosen, slots)
            assert (html, text) == whole(only, alone, None, slots), chosen
            for segments, expected in ((parts.html, html), (parts.text, text)):
                joined = (
                    quopri.decodestring(join_encoded(chosen_of(segments, chosen), encoded))
                    .decode()
                    .replace("\r\n", "\n")
                )
                assert joined.rstrip("\n") == expected.rstrip("\n"), chosen


@pytest.mark.parametrize("name", THEMES)
def test_colours_can_be_read_in_light_in_dark_and_inverted(name: str) -> None:
    assert theme(name).problems == ()
    assert findings(theme(name)) == ()


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21.0)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01), "the lightest grey that may stand on white"
    assert inversions("#D92D1A")[0] == "#26D2E5"
    assert inversions("#FFCC00") == ("#0033FF", "#FFCC00"), "a mid-light hue keeps its colour when lightness is turned"


def test_weak_contrasts_are_findings_of_the_theme() -> None:
    found = {
        (each.severity, each.where) for each in findings(theme("classic", {"mute": "#CCCCCC", "dark_ink": "#333333"}))
    }
    assert ("warning", "theme.mute") in found
    assert ("warning", "theme.dark_ink") in found
    assert made(rich()).findings == ()


def test_paper_of_ones_own_is_also_the_masthead_where_it_has_no_field() -> None:
    assert theme("classic", {"paper": "#FFFFFF", "ink": "#000000"}).light.mast == "#FFFFFF"
    assert theme("classic", {"paper": "#FFFFFF", "ink": "#000000"}).light.on_bar == "#000000"
    assert theme("bold", {"paper": "#FFF8F0"}).light.mast == "#D92D1A"


def test_density_is_the_space_between_rows() -> None:
    heights = [theme("classic", {"density": density}).space(20) for density in ("compact", "regular", "roomy")]
    assert heights == [14, 20, 26]


@pytest.mark.parametrize(
    "values",
    [{"ink": "red"}, {"inks": "#112233"}, {"radius": 99}, {"density": "tight"}, {"small": "x;color:red"}, {"name": "x"}],
)  # fmt: skip
def test_values_that_are_none_are_refused(values: dict[str, str | int]) -> None:
    with pytest.raises(ConfigError):
        theme("classic", values)
    with pytest.raises(ConfigError):
        theme("clasic")
