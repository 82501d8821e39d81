"""When an edition is due, when it is too late, and when it may go without an editor. Pure: the time is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as ClockTime
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from digest.dates import at_local, edition_day


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


class Standing(StrEnum):
    """Where a moment lies in its day."""

    OFF = "off"  # no edition on this weekday, or a holiday
    EARLY = "early"  # before `time`: a draft may be built, nothing is handed over
    DUE = "due"
    LATE = "late"  # `not_after` has passed


def standing(now: datetime, schedule: Schedule) -> Standing:
    """Return where ``now`` lies in the edition day it falls on."""
    day = edition_day(now, schedule.zone)
    if day.weekday() not in schedule.days or day in schedule.skip:
        return Standing.OFF
    if schedule.time is not None and now < at_local(day, schedule.time, schedule.zone):
        return Standing.EARLY
    if schedule.not_after is not None and now >= at_local(day, schedule.not_after, schedule.zone):
        return Standing.LATE
    return Standing.DUE


def opens(day: date, schedule: Schedule) -> datetime | None:
    """Return when the hand-over of a day's edition begins, or None where any hour will do."""
    return None if schedule.time is None else at_local(day, schedule.time, schedule.zone)


def next_opening(now: datetime, schedule: Schedule) -> datetime | None:
    """Return the next instant after ``now`` at which an edition is due, within a year; None where none is.

    Without a `time` a day opens at its midnight.
    """
    today = edition_day(now, schedule.zone)
    for offset in range(367):
        day = today + timedelta(days=offset)
        if day.weekday() not in schedule.days or day in schedule.skip:
            continue
        instant = at_local(day, schedule.time or ClockTime(0, 0), schedule.zone)
        if instant > now:
            return instant
    return None


def approves_itself(now: datetime, schedule: Schedule, *, held: bool) -> bool:
    """Tell whether today's draft is approved without a person at ``now``; never when an editor said hold."""
    if held or schedule.approval == "required":
        return False
    if schedule.approval == "automatic" or schedule.approval_after is None:
        return True
    return now >= at_local(edition_day(now, schedule.zone), schedule.approval_after, schedule.zone)
