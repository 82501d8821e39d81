"""What is left to do for a day: the calendar and the store say it together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as ClockTime
from enum import StrEnum
from typing import Protocol

from digest.dates import at_local
from digest.editions.calendar import DAY, Schedule, Standing, closes, opening, standing, why_off
from digest.model.editions import EditionState

# Days looked back on; what is older was settled by a run, or nobody ran for a month.
BACK = 31


class OnRecord(Protocol):
    """Where the edition of a day stands."""

    @property
    def day(self) -> date:
        """The edition's day."""

    @property
    def state(self) -> EditionState:
        """Where it stands."""

    @property
    def reason(self) -> str:
        """Why it was skipped or stopped."""


class StoredDay(OnRecord, Protocol):
    """How a day stands in the store."""

    @property
    def approved_at(self) -> datetime | None:
        """When it was frozen."""

    @property
    def published_at(self) -> datetime | None:
        """When its page went online."""


class DayStore(Protocol):
    """The days of a digest."""

    def days(self, digest: str, *, limit: int) -> Sequence[StoredDay]:
        """Return the newest days on record, newest first."""


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day to settle; ``state`` is None where nothing was ever made of it."""

    day: date
    state: EditionState | None = None
    reason: str = ""
    approved_at: datetime | None = None
    published_at: datetime | None = None

    @classmethod
    def of(cls, stored: StoredDay) -> Day:
        """Return a day as it is stored."""
        return cls(
            day=stored.day,
            state=stored.state,
            reason=stored.reason,
            approved_at=stored.approved_at,
            published_at=stored.published_at,
        )


class Verdict(StrEnum):
    """What a run does about a day."""

    DONE = "done"  # finished, stopped or skipped
    OFF = "off"  # no day of the digest
    RESTED = "rested"  # a holiday or a pause: recorded as skipped
    EARLY = "early"  # before its hour
    BUILD = "build"  # today, due, not approved yet
    GO_ON = "go on"  # approved or sending, in time
    TOO_LATE = "too late"


DONE = frozenset({EditionState.FINISHED, EditionState.STOPPED, EditionState.SKIPPED})


def judge(day: Day, schedule: Schedule, now: datetime) -> Verdict:
    """Return what is to be done about a day, today's or an earlier one."""
    if day.state in DONE:
        return Verdict.DONE
    if day.state is EditionState.SENDING:
        return Verdict.GO_ON
    off = why_off(day.day, schedule)
    if off and day.state is not EditionState.APPROVED:
        if day.day.weekday() not in schedule.days:
            return Verdict.OFF
        return Verdict.RESTED if now >= opening(day.day, schedule) else Verdict.OFF
    if day.state is EditionState.APPROVED:
        return _of_approved(day, schedule, now, rests=bool(off))
    if now >= at_local(day.day + DAY, ClockTime(0, 0), schedule.zone):
        return Verdict.TOO_LATE
    where = standing(now, schedule)
    return {Standing.EARLY: Verdict.EARLY, Standing.LATE: Verdict.TOO_LATE}.get(where, Verdict.BUILD)


def _of_approved(day: Day, schedule: Schedule, now: datetime, *, rests: bool) -> Verdict:
    end = closes(day.day, schedule)
    if schedule.by == "subscriber" and day.approved_at is not None:
        # Each reader's own hour decides: the last of them comes within a day and a half of the freeze.
        return Verdict.GO_ON if now < day.approved_at + timedelta(hours=36) else Verdict.TOO_LATE
    if end is not None and now >= end:
        return Verdict.TOO_LATE
    if rests and day.day.weekday() in schedule.days:
        return Verdict.OFF
    return (
        Verdict.EARLY if schedule.time_of(day.day) is not None and now < opening(day.day, schedule) else Verdict.GO_ON
    )


def missed(store: DayStore, digest: str, schedule: Schedule, *, before: date) -> list[Day]:
    """Return the days before ``before`` that are not settled, oldest first.

    Days without anything on record count from the last recorded one: before a digest's first edition nothing was due.
    """
    known = {each.day: each for each in store.days(digest, limit=2 * BACK) if each.day < before}
    left = [Day.of(each) for each in known.values() if each.state not in DONE]
    if known:
        last = max(max(known), before - BACK * DAY)
        gap = (last + offset * DAY for offset in range(1, (before - last).days))
        left += [Day(day=day, reason=why_off(day, schedule)) for day in gap if day.weekday() in schedule.days]
    return sorted(left, key=lambda each: each.day)
