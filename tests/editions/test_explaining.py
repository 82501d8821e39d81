"""Why a story was or was not in an edition: each fate in one sentence, from what the edition holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from digest.model.editions import Edit, Edition, EditionRecord, EditionState, Passed, Score, Term
from digest.model.news import BEFORE_US, Cluster, Duplicate, Story
from digest.pipeline.explaining import explain, explanation_text
from tests.builders import DAY, NOW, edition, filled, item, story

COPY, BESIDE = story("copy"), story("beside", source="North Wire")
EVENT = Cluster(
    stories=(story("harbour"), BESIDE),
    lead=story("harbour"),
    duplicates=(Duplicate(story=COPY, of="harbour", reason="the same words from Calder Wire"),),
)
MADE = edition(
    sections=(
        replace(
            filled("foreign", [item("ferry"), item("harbour", cluster=EVENT, reason="the most sources")]),
            passed=(
                Passed(
                    cluster=Cluster(stories=(story("wheat"),), lead=story("wheat")),
                    score=Score(total=1.35, terms=(Term(name="sources", value=0.5, weight=3.0, contribution=1.35),)),
                    reason="0.1 below the last",
                    section_reason="its feed",
                ),
            ),
        ),
    ),
    since=NOW - timedelta(days=1),
)


def record(made: Edition, *edits: Edit) -> EditionRecord:
    return EditionRecord(digest="daily", day=DAY, state=EditionState.DRAFT, base=made, edits=edits)


@pytest.mark.parametrize(
    ("name", "outcome", "place", "reason"),
    [
        ("harbour", "chosen", 2, "place 2 of Foreign: the most sources"),
        ("ferry", "chosen", 1, "place 1 of Foreign: by an editor"),
        (
            "beside", "chosen", 2,
            "same event as “Headline of harbour”, which is place 2 of Foreign: the most sources",
        ),
        (
            "copy", "copy", 2,
            "a copy of “Headline of harbour” (the same words from Calder Wire), which is place 2 of Foreign:"
            " the most sources",
        ),
        ("wheat", "passed", 0, "passed in Foreign: 0.1 below the last"),
    ],
)  # fmt: skip
def test_what_was_considered_says_where_it_came(name: str, outcome: str, place: int, reason: str) -> None:
    told = explain(story(name), MADE, record(MADE))
    assert (told.outcome, told.place, told.reason, told.section) == (outcome, place, reason, "Foreign")
    assert told.document()["reason"] == reason


LONG_AGO = NOW - timedelta(days=3)


@pytest.mark.parametrize(
    ("stranger", "reason"),
    [
        (story("s", seen=BEFORE_US), "it stood in its feed when the feed was added, and counts as seen"),
        (
            story("s", seen=NOW + timedelta(minutes=5)),
            "it was first read at 2026-11-23 06:45 UTC, after the edition was built (2026-11-23 06:40 UTC)",
        ),
        (
            story("s", published=LONG_AGO),
            "it was published at 2026-11-20 06:40 UTC, before the window of news began (2026-11-22 06:40 UTC)",
        ),
        # A date in the future proves nothing: what counts is when it was read.
        (
            story("s", published=LONG_AGO, date_note="future", seen=LONG_AGO),
            "it was first read at 2026-11-20 06:40 UTC, before the window of news began (2026-11-22 06:40 UTC)",
        ),
        (story("s"), "it was in the window of news, and not among the best of any section, whose reasons are kept"),
    ],
)
def test_what_was_not_considered_says_why(stranger: Story, reason: str) -> None:
    told = explain(stranger, MADE, record(MADE))
    assert (told.outcome, told.reason) == ("not considered", reason)
    assert told.document()["place"] is None
    assert (told.document()["story"]["seen"] is None) == (stranger.seen == BEFORE_US)


def test_a_person_reads_the_score_the_event_and_the_edits() -> None:
    pin = Edit(kind="pin", target="wheat", by="Ada", at=NOW)
    told = explain(story("wheat"), MADE, record(MADE, pin, replace(pin, target="ferry")))
    assert explanation_text(told).splitlines() == [
        "Headline of wheat",
        "  Calder Wire, 2026-11-23 04:40 UTC  https://read.example/wheat  (wheat)",
        "passed in Foreign: 0.1 below the last",
        "in this section because: its feed",
        "    +1.35  sources (0.50 × 3 × 0.90 for its age)",
        "    +1.35  in all",
        "edit: pin by Ada",
    ]
    event = explanation_text(explain(BESIDE, MADE, record(MADE))).splitlines()
    assert event[-3:] == [
        "the event as told by:",
        "  Calder Wire: Headline of harbour (harbour)",
        "  North Wire: Headline of beside (beside)",
    ]
