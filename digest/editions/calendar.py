"""When an edition is due, when it is too late, and when it may go without an editor. Pure: the time is passed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as ClockTime
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from digest.dates import at_local, edition_day

DAY = timedelta(days=1)
# So far ahead a next edition is looked for: a year and a day, for yearly ones.
AHEAD = 367
# A reader whose `time` passed so shortly before the freeze gets the edition at once, where no `not_after` says more.
GRACE = timedelta(hours=1)
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When a digest appears, in the publication's zone."""

    zone: ZoneInfo
    days: tuple[int, ...]  # 0 = Monday
    time: ClockTime | None = None  # hand-over begins; None = at any hour
    not_after: ClockTime | None = None  # nothing is mailed from here on
    skip: frozenset[date] = frozenset()  # holidays
    approval: Literal["required", "automatic", "automatic-after"] = "required"
    approval_after: ClockTime | None = None  # of automatic-after
    by: Literal["publication", "subscriber"] = "publication"  # whose `time` counts
    paused_until: date | None = None  # no edition of an earlier day: `digest pause`
    moved: Mapping[date, ClockTime] = field(default_factory=dict)  # days whose hand-over an editor moved

    def time_of(self, day: date) -> ClockTime | None:
        """Return when the hand-over of a day begins, local; None = at any hour."""
        return self.moved.get(day, self.time)


class Standing(StrEnum):
    """Where a moment lies in its day."""

    OFF = "off"  # no edition on this weekday, a holiday, or paused
    EARLY = "early"  # before `time`: a draft may be built, nothing is handed over
    DUE = "due"
    LATE = "late"  # `not_after` has passed


@dataclass(frozen=True, kw_only=True)
class Span:
    """When something may be handed over: from `opens` until before `closes`."""

    opens: datetime
    closes: datetime | None  # None = nothing ends it


def why_off(day: date, schedule: Schedule) -> str:
    """Return why a day has no edition, "" where it has one."""
    if day.weekday() not in schedule.days:
        return f"none on {WEEKDAYS[day.weekday()]}"
    if schedule.paused_until is not None and day < schedule.paused_until:
        return f"paused until {schedule.paused_until}"
    return "a holiday" if day in schedule.skip else ""


def standing(now: datetime, schedule: Schedule) -> Standing:
    """Return where ``now`` lies in the edition day it falls on."""
    day = edition_day(now, schedule.zone)
    if why_off(day, schedule):
        return Standing.OFF
    if (begins := schedule.time_of(day)) is not None and now < at_local(day, begins, schedule.zone):
        return Standing.EARLY
    if schedule.not_after is not None and now >= at_local(day, schedule.not_after, schedule.zone):
        return Standing.LATE
    return Standing.DUE


def opens(day: date, schedule: Schedule) -> datetime | None:
    """Return when the hand-over of a day's edition begins, or None where any hour will do."""
    begins = schedule.time_of(day)
    return None if begins is None else at_local(day, begins, schedule.zone)


def opening(day: date, schedule: Schedule) -> datetime:
    """Return when a day opens: its `time`, without one its midnight."""
    return at_local(day, schedule.time_of(day) or ClockTime(0, 0), schedule.zone)


def edition_days(first: date, schedule: Schedule, *, ahead: int = AHEAD) -> Iterator[date]:
    """Yield the days from ``first`` on that have an edition, looking ``ahead`` days far."""
    for offset in range(ahead):
        day = first + offset * DAY
        if not why_off(day, schedule):
            yield day


def next_opening(now: datetime, schedule: Schedule) -> datetime | None:
    """Return the next instant after ``now`` at which an edition is due, within a year; None where none is.

    Without a `time` a day opens at its midnight.
    """
    days = edition_days(edition_day(now, schedule.zone), schedule)
    return next((instant for day in days if (instant := opening(day, schedule)) > now), None)


def closes(day: date, schedule: Schedule) -> datetime | None:
    """Return from when on an approved edition is too late to mail: `not_after`, else the next edition's opening."""
    if schedule.not_after is not None:
        return at_local(day, schedule.not_after, schedule.zone)
    following = next(edition_days(day + DAY, schedule), None)
    return None if following is None else opening(following, schedule)


def spans(day: date, schedule: Schedule, zones: Iterable[str], *, frozen_at: datetime) -> dict[str, Span]:
    """Return when readers of each zone ("" = the publication's) get the edition of a day.

    By the publication's clock that is one span for all. By the readers' own it is the first of their days' spans that
    does not end before the freeze: an edition is frozen once, for all zones. An unknown zone is the publication's.
    """
    begins = schedule.time_of(day)
    if schedule.by == "publication" or begins is None:
        span = Span(opens=opening(day, schedule), closes=closes(day, schedule))
        return dict.fromkeys(zones, span)
    return {zone: _own_span(day, begins, schedule, _zone(zone, schedule.zone), frozen_at) for zone in zones}


def _own_span(day: date, begins: ClockTime, schedule: Schedule, zone: ZoneInfo, frozen_at: datetime) -> Span:
    for offset in range(-1, 4):
        theirs = day + offset * DAY
        opened = at_local(theirs, begins, zone)
        closed = at_local(theirs, schedule.not_after, zone) if schedule.not_after is not None else None
        if (closed or opened + GRACE) > frozen_at:
            return Span(opens=opened, closes=closed or opened + DAY)
    # Frozen days after its own day, by hand: whoever is left gets it now.
    return Span(opens=frozen_at, closes=frozen_at + DAY)


def _zone(name: str, otherwise: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else otherwise
    except (KeyError, ValueError, OSError):
        return otherwise


def approves_itself(now: datetime, schedule: Schedule, *, held: bool) -> bool:
    """Tell whether today's draft is approved without a person at ``now``; never when an editor said hold."""
    if held or schedule.approval == "required":
        return False
    if schedule.approval == "automatic" or schedule.approval_after is None:
        return True
    return now >= at_local(edition_day(now, schedule.zone), schedule.approval_after, schedule.zone)
