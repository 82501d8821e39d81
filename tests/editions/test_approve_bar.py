"""What the bar under the desk says: the words of each state, hours in two zones, and what changed since somebody looked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as ClockTime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.editions.calendar import Schedule
from digest.editions.revise import apply
from digest.model.editions import Edit, EditionRecord, EditionState, Finding
from digest.model.mail import Counts
from digest.pipeline.approve_bar import (
    ApproveBar,
    Audience,
    Seen,
    StaleDraft,
    Trouble,
    approve_bar,
    hours,
    refuse_stale,
)  # fmt: skip
from tests.builders import DAY, KEY, NOW, edition, filled, item

LISBON = ZoneInfo("Europe/Lisbon")
SCHEDULE = Schedule(zone=LISBON, days=(0, 1, 2, 3, 4), time=ClockTime(7, 0), not_after=ClockTime(9, 0))
EMPTY = Finding(code="x", severity="error", where="place 6", message="a headline is empty", fix="fill it")
THIN = Finding(code="y", severity="warning", where="mail", message="thin", fix="")


def record(state: EditionState = EditionState.DRAFT, **changes: Any) -> EditionRecord:
    values: dict[str, Any] = {"digest": "daily", "day": DAY, "state": state, "base": edition(), "draft": 14}
    return EditionRecord(**{**values, **changes})


def bar(made: EditionRecord | None, **changes: Any) -> ApproveBar:
    values: dict[str, Any] = {
        "now": NOW, "schedule": SCHEDULE, "audience": Audience(readers=12_480, zones=31), "stories": 3,
    }  # fmt: skip
    return approve_bar(KEY, made, **{**values, **changes})


APPROVED = record(
    EditionState.APPROVED, number=412, approved_by="Ada", approved_at=datetime(2026, 11, 23, 6, 44, tzinfo=UTC)
)
SENT = replace(APPROVED, state=EditionState.FINISHED, listed_at=datetime(2026, 11, 23, 7, 31, tzinfo=UTC))
SENDING = replace(APPROVED, state=EditionState.SENDING)
HALF = Counts(planned=4_368, accepted=8_087, refused=4, deferred=21)
AUTOMATIC = replace(SCHEDULE, approval="automatic")


@pytest.mark.parametrize(
    ("made", "changes", "title", "says"),
    [
        (record(), {}, "Draft 14",
         "Waits for your approval; nothing is mailed before it. Without it, no edition after 09:00."),
        (record(), {"schedule": AUTOMATIC}, "Draft 14", "Sends itself at 07:00 unless you stop it."),
        (record(), {"schedule": replace(SCHEDULE, approval="automatic-after", approval_after=ClockTime(7, 20))},
         "Draft 14", "Sends itself at 07:20 unless you stop it."),
        (record(), {"schedule": replace(AUTOMATIC, moved={DAY: ClockTime(8, 15)})}, "Draft 14",
         "Sends itself at 08:15 unless you stop it."),
        (record(), {"schedule": AUTOMATIC, "now": NOW + timedelta(hours=1)}, "Draft 14",
         "Sends itself with the next run unless you stop it."),
        (record(held=True), {"schedule": AUTOMATIC}, "Draft 14",
         "An editor said hold; nothing is mailed before it is approved. Without it, no edition after 09:00."),
        (record(), {"findings": (EMPTY, THIN)}, "Draft 14",
         "A headline is empty. Nothing is mailed before this is right."),
        (record(), {"stories": 0}, "Draft 14", "It holds no story, so there is nothing to approve."),
        (record(), {"now": NOW + timedelta(hours=4)}, "Draft 14",
         "Too late to mail since 09:00; the next run skips it."),
        (APPROVED, {}, "Approved, No. 412",
         "Approved by Ada at 06:44. First hand-over 07:00, 12,480 readers."),
        (APPROVED, {"schedule": replace(SCHEDULE, time=None)}, "Approved, No. 412",
         "Approved by Ada at 06:44. First hand-over with the next run, 12,480 readers."),
        (SENDING, {"counts": HALF, "now": NOW + timedelta(minutes=30)}, "Handing over, 8,091 of 12,480", "What is handed over cannot be called back."),
        (SENDING, {"counts": HALF, "trouble": Trouble(what="the relay does not answer", again=NOW)},
         "Handing over, 8,091 of 12,480", "The relay does not answer. We try again at 06:40; nothing is lost."),
        (SENDING, {"counts": replace(HALF, planned=0), "deferred_until": NOW}, "Handing over, 8,091 of 8,112",
         "The relay asked to wait with 21; again at 06:40."),
        (SENT, {"counts": Counts(accepted=12_476, refused=4)}, "Sent",
         "No. 412 went to 12,476 readers. Four addresses were refused. The page is listed since 07:31."),
        (replace(SENDING, state=EditionState.STOPPED), {"counts": Counts(accepted=8_112, expired=4_368)}, "Stopped",
         "Stopped. 4,368 readers will not get this edition."),
        (record(EditionState.SKIPPED, reason="empty: no feed had news"), {}, "No edition",
         "No edition today: no feed had news."),
        (None, {"schedule": replace(SCHEDULE, days=(5,))}, "No draft yet", "No edition today: none on Mondays."),
    ],
)  # fmt: skip
def test_each_state_says_what_happens_without_anyone(
    made: EditionRecord | None, changes: dict[str, Any], title: str, says: str
) -> None:
    found = bar(made, **changes)
    assert (found.title, found.says) == (title, says)


def test_what_may_be_done_follows_the_state() -> None:
    assert bar(record()).verbs == {"approve", "schedule", "test"}
    assert bar(record(), schedule=AUTOMATIC).verbs == {"approve", "hold", "schedule", "test"}
    assert bar(record(held=True), schedule=AUTOMATIC).verbs == {"approve", "release", "schedule", "test"}
    assert "approve" not in bar(record(), findings=(EMPTY,)).verbs
    assert "approve" in bar(record(), findings=(THIN,)).verbs
    assert bar(record(), findings=(EMPTY, THIN, THIN)).findings == "One error, two warnings"
    assert bar(record()).findings == "No errors, no warnings"
    assert bar(APPROVED).verbs == {"test", "withdraw", "stop", "send", "schedule"}
    assert "send" not in bar(APPROVED, now=NOW + timedelta(hours=4)).verbs
    assert bar(SENDING, counts=HALF, under_way=True).verbs == {"stop", "correct"}
    assert bar(SENT).verbs == {"correct"}
    assert bar(SENDING, counts=Counts(accepted=8_000, in_doubt=1, handed=3, planned=9)).handed == 8_004


def test_hours_are_told_in_both_zones() -> None:
    seven = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    late = NOW + timedelta(minutes=4)
    assert hours(seven, zone=LISBON, own=None, now=late) == "07:00 in Lisbon, in 16 minutes"
    assert hours(seven, zone=LISBON, own=ZoneInfo("Europe/Paris"), now=late) == (
        "07:00 in Lisbon, 08:00 with you, in 16 minutes"
    )
    assert hours(seven, zone=LISBON, own=ZoneInfo("Europe/London"), now=seven) == "07:00 in Lisbon"
    assert hours(seven + timedelta(days=1), zone=LISBON, own=None, now=seven) == "Tuesday 07:00 in Lisbon"


def test_a_stale_draft_is_refused_with_what_changed() -> None:
    looked = record()
    seen = Seen.of(looked, edition())
    refuse_stale(KEY, seen, looked, edition())
    edits = (
        Edit(kind="rewrite", target="ferry", value={"headline": "Ferry talks end"}, by="Jonne", at=NOW, sequence=1),
        Edit(kind="pin", target="wheat", value={"section": "trade", "place": 1}, by="Jonne", at=NOW, sequence=2),
        Edit(kind="drop", target="harbour", value={}, by="Ada", at=NOW, sequence=3),
    )
    now = replace(looked, draft=17, edits=edits)
    with pytest.raises(StaleDraft, match="draft 14 has become 17 since you looked") as refused:
        refuse_stale(KEY, seen, now, apply(edition(), edits))
    assert refused.value.changes == (
        "Jonne rewrote the headline of place 1 and pinned “Headline of wheat” to place 1 of Trade.",
        "Ada dropped “Headline of harbour”.",
        "One story is out.",
    )
    rebuilt = edition(sections=(filled("foreign", [item("harbour"), item("rail")]), filled("trade", [item("wheat")])))
    with pytest.raises(StaleDraft) as again:
        refuse_stale(KEY, seen, replace(looked, draft=15, base=rebuilt), rebuilt)
    assert again.value.changes == ("In the mail now: “Headline of rail”.", "One story is out.")
