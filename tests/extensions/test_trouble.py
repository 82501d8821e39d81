"""An extension that is missing, broken or wrong is one clear sentence with an exit code, never a traceback."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.cli.conftest import Digest, change
from tests.cli.conftest import digest as digest  # the fixtures
from tests.cli.conftest import made_demo as made_demo
from tests.cli.conftest import publication as publication

CODE = """
from digest.model.editions import Finding
def endless(address, now):
    while True:
        yield {"id": "a", "title": "Round and round", "url": "https://read.example/a"}
def fails(*given):
    raise ValueError("no luck")
def infinite(cluster, at):
    return float("inf")
def foreign(mail):
    return [Finding(code="size", severity="error", where="x", message="not mine", fix="")]
def nothing(*given):
    return None
"""
ENTRIES = """
[digest.sources]
rounds = broken:endless
fails = broken:fails
[digest.terms]
infinite = broken:infinite
unlucky = broken:fails
absent = broken:no_such_name
[digest.styles]
bare = broken:__name__
[digest.transports]
pigeon = broken:nothing
[digest.checks]
foreign = broken:foreign
"""


def install(folder: Path, name: str, entries: str, code: str = "") -> None:
    """Lay a package out as an installer would."""
    meta = folder / f"{name}-2.1.dist-info"
    meta.mkdir(parents=True)
    (meta / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.1\n", encoding="utf-8")
    (meta / "entry_points.txt").write_text(entries, encoding="utf-8")
    if code:
        (folder / f"{name}.py").write_text(code, encoding="utf-8")


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "installed"
    install(folder, "broken", ENTRIES, CODE)
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    return folder


def add(config: Path, text: str) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")


def test_what_no_package_gives_is_told_with_its_line(digest: Digest, publication: Path) -> None:
    change(publication, r'^style = "feature"', 'style = "mosaic"')
    add(publication, '[[feeds]]\nurl = "gopher://old.example/"\n[weights.terms]\nmood = 1\n[check]\nrules = ["tone"]')
    outcome = digest("config", "check", "-c", publication)
    assert outcome.code == 2
    said = outcome.err + outcome.out
    for name in ("mosaic", "gopher://old.example/", "mood", "tone"):
        (line,) = [line for line in said.splitlines() if f"'{name}'" in line]
        assert "digest.toml:" in line


def test_each_kind_of_trouble_is_one_sentence(digest: Digest, publication: Path, broken: Path) -> None:
    whole = publication.read_text(encoding="utf-8")

    def told(change: str, *words: object, code: int = 1, replace: tuple[str, str] = ("", "")) -> str:
        publication.write_text(whole.replace(*replace, 1) + f"\n{change}\n", encoding="utf-8")
        outcome = digest(*words, "-c", publication)
        assert outcome.code == code, outcome
        return outcome.err

    said = told("[weights.terms]\nunlucky = 1", "pick")
    assert said == (
        "digest: extension 'unlucky' of broken 2.1: it failed (ValueError: no luck);"
        " mend it, or take it out of digest.toml\n"
    )
    assert "it gave inf" in told("[weights.terms]\ninfinite = 1", "pick")
    assert "no_such_name" in told("[weights.terms]\nabsent = 1", "pick")
    assert "is a term of our own" in told("[weights.terms]\nsources = 1", "pick", code=2)
    assert "its code 'size' is not its own" in told('[check]\nrules = ["foreign"]', "check")
    preview = ("preview", "--out", broken / "out")
    assert "no mail/styles/bare.mjml" in told("", *preview, replace=('style = "feature"', 'style = "bare"'))
    assert "it has no open()" in told("", "send", "--test", "a@example.org", "--via", "pigeon:loft")

    # One feed that cannot be read never ends the others; one without an end is cut.
    said = told('[[feeds]]\nurl = "fails:x"\nname = "Fails"', "fetch", code=5)
    assert "Fails: extension 'fails' of broken 2.1: it failed (ValueError: no luck)" in said
    told('[[feeds]]\nurl = "rounds:x"\nname = "Rounds"', "fetch", code=0)

    # Of two packages with one name none is chosen by chance.
    install(broken, "rival", "[digest.terms]\nunlucky = broken:infinite\n")
    assert "broken 2.1 and rival 2.1 both give" in told("[weights.terms]\nunlucky = 1", "pick")
