"""The editor's work from the terminal: every kind of edit, undone and redone, kept over a rebuild, and explained."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Digest, change
from tests.conftest import StandingClock
from tests.smtpd import aiosmtpd_server
from tests.webd import web_server

Sections = dict[str, list[dict[str, Any]]]


def edition(digest: Digest, config: Path) -> dict[str, Any]:
    out = config.parent / "preview"
    assert digest("preview", "--out", out, "-c", config).code == 0
    found: dict[str, Any] = json.loads((out / "edition.json").read_text(encoding="utf-8"))
    return found


def sections(digest: Digest, config: Path) -> dict[str, list[str]]:
    return {
        each["section"]["slug"]: [item["headline"] for item in each["items"]]
        for each in edition(digest, config)["sections"]
    }


def edit(digest: Digest, config: Path, *words: object) -> str:
    outcome = digest("edit", *words, "--by", "Ada", "-c", config)
    assert outcome.code == 0, outcome.err
    return outcome.out


def test_a_story_is_pinned_dropped_moved_and_promoted(digest: Digest, publication: Path) -> None:
    before = sections(digest, publication)
    first, second, *_ = before["foreign"]
    assert edit(digest, publication, "pin", second, "--place", 1).startswith("Foreign Affairs 1:")
    assert edit(digest, publication, "drop", first, "--reason", "stale").startswith("Not in the edition:")
    moved = before["trade"][2]
    assert edit(digest, publication, "move", moved, "Science", "--place", 2).startswith("Science 2:")
    last = before["culture"][-1]
    assert edit(digest, publication, "promote", last).startswith("Culture 1:")
    after = sections(digest, publication)
    assert after["foreign"][0] == second
    assert first not in after["foreign"]
    assert len(after["foreign"]) == len(before["foreign"])  # the next best takes the place
    assert after["science"][1] == moved
    assert after["culture"][0] == last


def test_edits_survive_a_fetch_and_a_rebuild(digest: Digest, publication: Path, clock: StandingClock) -> None:
    before = sections(digest, publication)
    pinned, dropped = before["foreign"][-1], before["foreign"][0]
    edit(digest, publication, "pin", pinned)
    edit(digest, publication, "drop", dropped)
    edit(digest, publication, "rewrite", before["trade"][0], "--headline", "In our own words", "--teaser", "")
    clock.advance(hours=2)
    assert digest("fetch", "-c", publication).code == 0
    assert digest("build", "-c", publication).code == 0
    after = edition(digest, publication)
    headlines = {each["section"]["slug"]: each["items"] for each in after["sections"]}
    assert headlines["foreign"][0]["headline"] == pinned
    assert dropped not in {item["headline"] for items in headlines.values() for item in items}
    (own,) = (item for item in headlines["trade"] if item["headline"] == "In our own words")
    assert own["teaser"] is None


def test_events_are_merged_and_split_and_places_are_filled_again(digest: Digest, publication: Path) -> None:
    before = sections(digest, publication)
    one, other = before["foreign"][:2]
    edit(digest, publication, "merge", one, other)
    merged = sections(digest, publication)["foreign"]
    assert one in merged
    assert other not in merged
    assert len(merged) == len(before["foreign"])
    explained = digest("explain", other, "--json", "-c", publication).json
    assert "same event as" in explained["reason"]
    edit(digest, publication, "split", other)
    apart = digest("explain", other, "--json", "-c", publication).json
    assert "same event" not in apart["reason"]
    event = digest("explain", one, "--json", "-c", publication).json["event"]
    assert other not in {each["headline"] for each in event}


def test_another_story_leads_and_a_boost_lifts(digest: Digest, publication: Path) -> None:
    picked = digest("pick", "--json", "-c", publication).json
    event = next(each for each in picked["clusters"] if len(each["stories"]) > 2 and each["section"] == "foreign")
    follower = next(id_ for id_ in event["stories"] if id_ != event["lead"])
    edit(digest, publication, "lead", follower)
    shown = digest("explain", follower, "--json", "-c", publication).json
    assert "same event as" not in shown["reason"]
    last = sections(digest, publication)["defence"][-1]
    assert edit(digest, publication, "boost", last, 5).startswith("Defence 1:")


def test_words_lines_notes_and_slots(digest: Digest, publication: Path) -> None:
    headline = sections(digest, publication)["trade"][0]
    edit(digest, publication, "related", headline, "--line", "How it began|https://read.example/1|Tarn Radio")
    edit(digest, publication, "note", "Corrected twice.", "--story", headline)
    edit(digest, publication, "note", "We are off on Friday.", "--after", "trade")
    edit(digest, publication, "intro", "Good morning.")
    edit(digest, publication, "subject", "Words of our own")
    edit(digest, publication, "preheader", "And what else there is today, in a line of our own")
    edit(digest, publication, "sponsor", "Tidewell Charts", "--text", "Charts that float.", "--placement", "top")
    made = edition(digest, publication)
    text = (publication.parent / "preview" / "edition.txt").read_text(encoding="utf-8")
    assert made["subject"] == "Words of our own"
    for said in ("How it began", "Corrected twice.", "We are off on Friday.", "Good morning.", "Charts that float."):
        assert said in text
    edit(digest, publication, "sponsor", "Tidewell Charts", "--remove")
    edition(digest, publication)
    assert "Charts that float." not in (publication.parent / "preview" / "edition.txt").read_text(encoding="utf-8")


def test_a_story_is_added_by_its_address(digest: Digest, publication: Path) -> None:
    change(publication, r"^\[demo\]", '[fetch]\nallowed_hosts = ["127.0.0.1"]\n\n[demo]')
    with web_server() as web:
        url = web.put(
            "/seal",
            '<html><head><meta property="og:title" content="Seal pup moves into the harbour office">'
            '<meta property="og:description" content="It came up the slip on Sunday and has not left the desk since.">'
            '<meta property="og:site_name" content="Tarn Radio"></head></html>',
        )
        edit(digest, publication, "add", url, "--section", "regional", "--kicker", "Harbour")
    top = next(each for each in edition(digest, publication)["sections"] if each["section"]["slug"] == "regional")
    assert {name: top["items"][0][name] for name in ("headline", "kicker", "source")} == {
        "headline": "Seal pup moves into the harbour office",
        "kicker": "Harbour",
        "source": "Tarn Radio",
    }
    empty = digest("edit", "add", "https://127.0.0.1:1/x", "--section", "trade", "-c", publication)
    assert empty.code == 2
    assert "give one with --headline" in empty.err


def test_edits_are_undone_redone_and_listed(digest: Digest, publication: Path) -> None:
    before = sections(digest, publication)
    edit(digest, publication, "drop", before["foreign"][0])
    edit(digest, publication, "drop", before["trade"][0])
    assert "1 of 3 edits stand" in edit(digest, publication, "undo")
    assert sections(digest, publication)["trade"] == before["trade"]
    edit(digest, publication, "undo", 1)
    assert sections(digest, publication) == before
    edit(digest, publication, "redo")
    assert before["foreign"][0] not in sections(digest, publication)["foreign"]
    listed = digest("edit", "list", "--json", "-c", publication).json
    assert [(each["kind"], each["stands"]) for each in listed] == [
        ("drop", True),
        ("drop", False),
        ("undo", False),
        ("undo", False),
        ("redo", False),
    ]
    assert {each["by"] for each in listed} == {"Ada"}
    assert digest("edit", "redo", "-c", publication).code == 0
    nothing = digest("edit", "redo", "-c", publication)
    assert nothing.code == 2
    assert "nothing to redo" in nothing.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("drop", "no such story anywhere"), "is 'no such story anywhere'"),
        (("move", "{story}", "sport"), "there is no section 'sport'"),
        (("rewrite", "{story}"), "nothing to change"),
        (("rewrite", "{story}", "--headline", " "), "a headline cannot be empty"),
        (("related", "{story}", "--line", "No address"), "needs a headline and an http(s) address"),
        (("boost", "{story}", 5000), "a boost from -1000 to 1000"),
        (("sponsor", "Nobody", "--remove"), "there is no sponsor “Nobody”"),
        (("undo",), "nothing to undo"),
        (("note", ""), "it needs a text"),
        (("drop", "e"), "give the id"),
    ],
)
def test_an_edit_that_would_do_nothing_is_refused_and_not_kept(
    digest: Digest, publication: Path, words: tuple[object, ...], said: str
) -> None:
    story = sections(digest, publication)["foreign"][0]
    filled = [str(word).replace("{story}", story) for word in words]
    refused = digest("edit", *filled, "-c", publication)
    assert refused.code == 2
    assert said in refused.err
    assert refused.err.count("\n") == 1
    assert digest("edit", "list", "--json", "-c", publication).json == []


def test_an_edit_voids_an_approval_and_withdraw_takes_it_back(digest: Digest, publication: Path) -> None:
    def state() -> str:
        return str(digest("status", "--json", "-c", publication).json["state"])

    headline = sections(digest, publication)["foreign"][0]
    digest("approve", "-c", publication)
    assert state() == "approved"
    edit(digest, publication, "drop", headline)
    assert state() == "draft"
    digest("approve", "-c", publication)
    assert digest("withdraw", "-c", publication).code == 0
    assert state() == "draft"
    change(publication, '^approval = "required"', 'approval = "automatic"')
    held = digest("run", "-c", publication)
    assert held.code == 4
    assert "an editor said hold" in held.err


def test_after_sending_only_a_correction_is_taken_and_the_page_says_it(digest: Digest, publication: Path) -> None:
    headline = sections(digest, publication)["foreign"][0]
    early = digest("edit", "correct", headline, "--text", "It was Tuesday.", "-c", publication)
    assert early.code == 1
    assert "use `digest edit rewrite`" in early.err
    digest("approve", "-c", publication)
    with aiosmtpd_server() as inbox:
        digest("send", "--via", f"smtp://127.0.0.1:{inbox.port}", "-c", publication)
    late = digest("edit", "drop", headline, "-c", publication)
    assert late.code == 1
    assert "only `correct` is taken" in late.err
    edit(digest, publication, "correct", headline, "--text", "It was Tuesday.")
    page = publication.parent / "site" / "daily" / "2026" / "11" / "23" / "index.html"
    assert re.search(r"Corrected at .*It was Tuesday\.", page.read_text(encoding="utf-8"))
    assert digest("withdraw", "-c", publication).code == 1


def test_every_fate_of_a_story_is_explained_also_later(digest: Digest, publication: Path, clock: StandingClock) -> None:
    picked = digest("pick", "--json", "-c", publication).json
    foreign = next(each for each in picked["sections"] if each["slug"] == "foreign")
    chosen, passed = foreign["items"][0]["story"], foreign["passed"][0]
    copy = picked["duplicates"][0]
    digest("approve", "-c", publication)
    clock.advance(days=1)
    digest("fetch", "-c", publication)
    later = digest("pick", "--json", "-c", publication).json["sections"][0]["items"][0]["story"]

    def explained(story: str) -> dict[str, Any]:
        outcome = digest("explain", story, "--edition", "2026-11-23", "--json", "-c", publication)
        assert outcome.code == 0, outcome.err
        found: dict[str, Any] = outcome.json
        return found

    first = explained(chosen)
    assert (first["outcome"], first["place"], first["section"]) == ("chosen", 1, "Foreign Affairs")
    assert abs(sum(term["contribution"] for term in first["terms"]) - first["score"]) < 1e-9
    second = explained(passed["cluster"])
    assert (second["outcome"], second["reason"]) == ("passed", f"passed in Foreign Affairs: {passed['reason']}")
    if any(copy["of"] in each["stories"] for each in picked["clusters"][:30]):
        assert explained(copy["story"])["outcome"] == "copy"
    assert "after the edition was built" in explained(later)["reason"]
    text = digest("explain", chosen[:8], "--edition", "2026-11-23", "-c", publication).out
    assert "in all" in text
    unknown = digest("explain", "ffffffff", "--edition", "2026-11-23", "-c", publication)
    assert unknown.code == 2


def test_other_weights_are_tried_without_saving(digest: Digest, publication: Path) -> None:
    before = sections(digest, publication)
    tried = digest("pick", "--set", "section.foreign.stories=2", "-c", publication)
    assert tried.code == 0
    assert {line.split()[0] for line in tried.out.splitlines()} == {"foreign"}
    assert all("out, was" in line for line in tried.out.splitlines())
    changes = digest("pick", "--set", "section.foreign.stories=2", "--json", "-c", publication).json["changes"]
    assert [(each["before"], each["after"]) for each in changes] == [(3, None), (4, None)]
    assert "Nothing would change" in digest("pick", "--set", "weight.sources=1", "-c", publication).out
    assert sections(digest, publication) == before
    wrong = digest("pick", "--set", "weight.luck=1", "-c", publication)
    assert wrong.code == 2
    assert "weights are sources" in wrong.err


def test_an_embargo_ends_with_the_morning_and_the_story_is_news_then(
    digest: Digest, publication: Path, clock: StandingClock
) -> None:
    headline = sections(digest, publication)["foreign"][0]
    words = headline.rpartition(" ")[2]
    change(
        publication,
        r"^\[demo\]",
        f'[[picking.embargoes]]\nuntil = 2026-11-24T05:00:00Z\nwords = ["{words}"]\nsources = ["Calder Wire"]\n\n[demo]',
    )
    assert digest("build", "-c", publication).code == 0
    assert headline not in sections(digest, publication)["foreign"]
    assert "embargoed until 2026-11-24 05:00 UTC" in digest("explain", headline, "-c", publication).out
    digest("approve", "-c", publication)
    clock.advance(days=1)
    digest("fetch", "-c", publication)
    picked = digest("pick", "--json", "-c", publication).json
    ids = {story for each in picked["clusters"] for story in each["stories"]}
    told = digest("explain", headline, "--edition", "2026-11-23", "--json", "-c", publication).json
    assert told["story"]["id"] in ids
