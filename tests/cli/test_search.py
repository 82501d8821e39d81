"""`digest search`: what a person sees, what a machine reads, and what is said to wrong words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from digest.cli.searching import BOLD, OFF
from tests.cli.conftest import Digest


@pytest.fixture
def sent(publication: Path, digest: Digest) -> Path:
    """A demo publication whose edition was sent and is listed."""
    assert digest("build", "-c", publication).code == 0
    assert digest("approve", "-c", publication).code == 0
    assert digest("send", "-c", publication).code == 0
    return publication


def test_a_listed_edition_is_found(sent: Path, digest: Digest, monkeypatch: pytest.MonkeyPatch) -> None:

    everything = digest("search", "-c", sent, "harbour", "--json", "--limit", "100").json
    assert everything["total"] == len(everything["hits"]) > 1
    hit = everything["hits"][0]
    assert hit["day"] == "2026-11-23"
    assert hit["page"].endswith(f"/daily/2026/11/23/#_{hit['story']}")
    marked = [
        each[name][start:end]
        for each in everything["hits"]
        for name, spans in each["marks"].items()
        for start, end in spans
    ]
    assert {word.casefold() for word in marked} == {"harbour"}

    plain = digest("search", "-c", sent, "harbour", "--limit", "1")
    assert (plain.code, plain.err) == (0, "")
    assert "the best 1 shown; --limit shows more." in plain.out
    assert "\033" not in plain.out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert f"{BOLD}harbour{OFF}" in digest("search", "-c", sent, "HARBOUR").out
    assert "\033" not in digest("search", "-c", sent, "harbour", environment={"NO_COLOR": "1"}).out

    slug, source = hit["section"], hit["source"]
    filtered = digest("search", "-c", sent, "harbour", "--json", "--section", slug, "--source", source.upper()).json
    assert {(each["section"], each["source"]) for each in filtered["hits"]} == {(slug, source)}
    by_title = digest("search", "-c", sent, "harbour", "--json", "--section", hit["section_title"]).json
    assert {each["section"] for each in by_title["hits"]} == {slug}
    for since, until, count in (("2026", "2026", everything["total"]), ("2026-11-24", "", 0), ("", "2026-10", 0)):
        dated = [*(["--since", since] if since else []), *(["--until", until] if until else [])]
        assert digest("search", "-c", sent, "harbour", "--json", *dated).json["total"] == count

    none = digest("search", "-c", sent, "zzyzx")
    assert (none.code, none.out) == (0, "No story fits these words. Try fewer.\n")

    word = hit["headline"].split()[0]
    without = digest("search", "-c", sent, "--json", "--", "harbour", f"-{word}").json
    assert 0 < without["total"] < everything["total"]
    assert hit["story"] not in {each["story"] for each in without["hits"]}

    # Have we run this?
    story = hit
    same = digest("search", "-c", sent, "--like", story["story"], "--json").json["hits"]
    assert (same[0]["story"], same[0]["score"]) == (story["story"], 1.0)
    words = digest("search", "-c", sent, "--like", f"Again: {story['headline']}")
    assert story["headline"] in words.out.splitlines()[0]
    assert "alike" in words.out.splitlines()[0]
    assert digest("search", "-c", sent, "--like", "Zebra xylophone").out == "No edition told this, or its like.\n"


WRONG: tuple[tuple[list[str], str], ...] = (
    ([], "give words, or --like with a story"),
    (["ferry", "--like", "x"], "give words, or --like with a story"),
    (["!!"], "holds no word to look for"),
    (["ferry", "--since", "yesterday"], "'yesterday' is no day"),
    (["ferry", "--since", "2026-13"], "'2026-13' is no day"),
    (["ferry", "--until", "2026-2-30"], "'2026-2-30' is no day"),
)


def test_wrong_words_are_told_and_nothing_is_listed_yet(publication: Path, digest: Digest) -> None:
    for words, said in WRONG:
        outcome = digest("search", "-c", publication, *words)
        assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1), words
        assert said in outcome.err
    assert digest("search", "-c", publication, "ferry").out == "No story fits these words. Try fewer.\n"
