"""What became of a day, and why, in words: the desk's calendar. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from digest.editions.calendar import Schedule, why_off
from digest.model.counting import count_of
from digest.model.editions import EditionState
from digest.model.mail import Counts
from digest.pipeline.approve_bar import clock, no_edition
from digest.pipeline.days import OnRecord

_WORDS = {
    EditionState.DRAFT: "Draft",
    EditionState.APPROVED: "Approved",
    EditionState.SENDING: "Being sent",
    EditionState.FINISHED: "Sent",
    EditionState.STOPPED: "Stopped",
    EditionState.SKIPPED: "No edition",
}


class Stored(OnRecord, Protocol):
    """How a day stands in the store."""

    @property
    def number(self) -> int | None:
        """Its number, once approved."""

    @property
    def approved_at(self) -> datetime | None:
        """When it was frozen."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a day, as far as the calendar tells it."""

    day: date
    exit_code: int | None  # None = it did not end
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DayWords:
    """A line of the calendar."""

    day: date
    kind: str  # an EditionState's value, "failed", "off" or "due"
    word: str
    says: str
    number: int | None = None
    has_edition: bool = False


def of_stored(stored: Stored, counts: Counts, *, now: datetime, schedule: Schedule) -> DayWords:
    """Return what became of a day that is on record."""
    return DayWords(
        day=stored.day,
        kind=stored.state.value,
        word=_WORDS[stored.state],
        says=_says(stored, counts, now, schedule),
        number=stored.number,
        has_edition=True,
    )


def _says(stored: Stored, counts: Counts, now: datetime, schedule: Schedule) -> str:
    if stored.state is EditionState.SKIPPED:
        return no_edition(stored.day, stored.reason, now, schedule)
    if stored.state in (EditionState.FINISHED, EditionState.STOPPED, EditionState.SENDING):
        told = [f"{count_of(counts.accepted, 'reader has', 'readers have')} it"]
        few = (("refused", counts.refused), ("in doubt", counts.in_doubt), ("did not get it", counts.expired))
        told += [f"{number:,} {word}" for word, number in few if number]
        told += [f"{counts.open:,} to go"] if counts.open else []
        why = f". {stored.reason[:1].upper()}{stored.reason[1:]}" if stored.reason else ""
        return f"{', '.join(told)}{why}."
    if stored.state is EditionState.APPROVED and stored.approved_at is not None:
        return f"Approved at {clock(stored.approved_at, schedule.zone)}, and not sent."
    return "A draft that nobody approved."


def of_gap(day: date, runs: Sequence[Run], *, schedule: Schedule) -> DayWords | None:
    """Return what became of a past day that is not on record; None where none was due."""
    off = why_off(day, schedule)
    if off:
        if day.weekday() not in schedule.days:
            return None
        return DayWords(day=day, kind="off", word="No edition", says=f"{off[:1].upper()}{off[1:]}.")
    failed = next((run for run in runs if run.day == day and run.exit_code != 0), None)
    if failed is None:
        return DayWords(day=day, kind="failed", word="No run", says="No run is on record that day: was cron asleep?")
    why = failed.lines[-1].rstrip(".") if failed.lines else "it left no word; see `digest log`"
    ended = "did not end" if failed.exit_code is None else f"ended with {failed.exit_code}"
    return DayWords(day=day, kind="failed", word="Failed", says=f"The run {ended}: {why}.")
