"""The desk's calendar says what became of each day, and why there was no edition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from digest.model.editions import EditionState
from digest.model.mail import Counts
from digest.pipeline.approve_bar import NOBODY
from digest.pipeline.day_words import Run, of_gap, of_stored
from tests.builders import DAY, NOW
from tests.editions.test_approve_bar import SCHEDULE


@dataclass(frozen=True)
class Stored:
    state: EditionState
    reason: str = ""
    day: date = DAY - timedelta(days=3)
    number: int | None = 411
    approved_at: datetime | None = NOW


def test_each_day_says_what_became_of_it() -> None:
    def says(stored: Stored, counts: Counts = NOBODY) -> tuple[str, str]:
        told = of_stored(stored, counts, now=NOW, schedule=SCHEDULE)
        return told.word, told.says

    assert says(Stored(EditionState.FINISHED), Counts(accepted=12_476, refused=4)) == (
        "Sent", "12,476 readers have it, 4 refused.",
    )  # fmt: skip
    assert says(Stored(EditionState.STOPPED, "stopped by Ada"), Counts(accepted=2, expired=9)) == (
        "Stopped", "2 readers have it, 9 did not get it. Stopped by Ada.",
    )  # fmt: skip
    assert says(Stored(EditionState.SENDING), Counts(accepted=2, planned=9))[1] == "2 readers have it, 9 to go."
    assert says(Stored(EditionState.SKIPPED, "empty: no feed had news")) == (
        "No edition", "No edition on Friday 20 November: no feed had news.",
    )  # fmt: skip
    assert says(Stored(EditionState.APPROVED))[1] == "Approved at 06:40, and not sent."
    assert says(Stored(EditionState.DRAFT))[1] == "A draft that nobody approved."


def test_a_day_without_a_record_says_why() -> None:
    friday, saturday = DAY - timedelta(days=3), DAY - timedelta(days=2)
    failed = Run(day=friday, exit_code=75, lines=("fetched 41 feeds", "the relay does not answer."))
    told = of_gap(friday, (failed,), schedule=SCHEDULE)
    assert told is not None
    assert (told.word, told.says) == ("Failed", "The run ended with 75: the relay does not answer.")
    killed = of_gap(friday, (replace(failed, exit_code=None, lines=()),), schedule=SCHEDULE)
    assert killed is not None
    assert killed.says == "The run did not end: it left no word; see `digest log`."
    asleep = of_gap(friday, (), schedule=SCHEDULE)
    assert asleep is not None
    assert asleep.word == "No run"
    assert of_gap(saturday, (), schedule=SCHEDULE) is None
    holiday = of_gap(friday, (), schedule=replace(SCHEDULE, skip=frozenset({friday})))
    assert holiday is not None
    assert (holiday.word, holiday.says) == ("No edition", "A holiday.")
