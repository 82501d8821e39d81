"""What will happen on the next days if no editor does anything. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as ClockTime
from typing import Any, Protocol

from digest.dates import at_local, edition_day, iso
from digest.editions.calendar import AHEAD, DAY, Schedule, closes, opening, why_off
from digest.model.editions import RESTORED, EditionState
from digest.pipeline.asking import local
from digest.pipeline.days import DONE, OnRecord


class Today(OnRecord, Protocol):
    """How today's edition stands."""

    @property
    def held(self) -> bool:
        """Whether an editor said hold."""


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """One day to come."""

    day: date
    opens: datetime | None  # None where the day has no edition
    closes: datetime | None  # None where nothing ends it
    will: str  # what happens without an editor, a sentence

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "edition": self.day.isoformat(),
            "opens": iso(self.opens),
            "not_after": iso(self.closes),
            "will": self.will,
        }


def outlook(now: datetime, schedule: Schedule, *, today: Today | None, count: int) -> list[Outlook]:
    """Return the next ``count`` days of the digest, holidays and pauses among them, the first being today's.

    Weekdays that never have an edition are left out.
    """
    first, found = edition_day(now, schedule.zone), list[Outlook]()
    for offset in range(AHEAD):
        day = first + offset * DAY
        off = why_off(day, schedule)
        if off and day.weekday() not in schedule.days:
            continue
        if off:
            found.append(Outlook(day=day, opens=None, closes=None, will=f"no edition: {off}"))
        else:
            will = _of_today(now, schedule, today) if today is not None and today.day == day else ""
            end = closes(day, schedule)
            late = _late(day, now, schedule, end) if not will else ""
            found.append(
                Outlook(day=day, opens=opening(day, schedule), closes=end, will=will or late or _plain(day, schedule))
            )
        if len(found) == count:
            break
    return found


def _late(day: date, now: datetime, schedule: Schedule, end: datetime | None) -> str:
    if end is not None and now >= end and schedule.not_after is not None and day == edition_day(now, schedule.zone):
        return "skipped: it is too late to mail one"
    return ""


def _plain(day: date, schedule: Schedule) -> str:
    when = local(opening(day, schedule), schedule) if schedule.time_of(day) is not None else "the first run of the day"
    begin = f"at {when}" if schedule.time_of(day) is not None else f"with {when}"
    whose = ", by each reader's own clock" if schedule.by == "subscriber" else ""
    if schedule.approval == "required":
        return f"drafted, and waits for approval; without it, skipped {_end(day, schedule)}"
    if schedule.approval == "automatic-after" and schedule.approval_after is not None:
        itself = at_local(day, schedule.approval_after, schedule.zone)
        start = max(itself, opening(day, schedule))
        return f"approves itself and is sent from {local(start, schedule)}{whose}, unless held"
    return f"approves itself and is sent {begin}{whose}"


def _end(day: date, schedule: Schedule) -> str:
    end = min(closes(day, schedule) or _midnight(day, schedule), _midnight(day, schedule))
    return "at the day's end" if end == _midnight(day, schedule) else f"at {local(end, schedule)}"


def _midnight(day: date, schedule: Schedule) -> datetime:
    return at_local(day + DAY, ClockTime(0, 0), schedule.zone)


def _of_today(now: datetime, schedule: Schedule, today: Today) -> str:
    if today.state is EditionState.SKIPPED and today.reason == RESTORED:
        return "set aside by a restore: sent only when a person approves it"
    if today.state in DONE:
        reason = f" ({today.reason})" if today.reason else ""
        return f"{today.state.value}{reason}: nothing more"
    if today.state is EditionState.SENDING:
        return "being sent"
    end = closes(today.day, schedule)
    if end is not None and now >= end:
        return "published, not mailed: it is too late" if today.state is EditionState.APPROVED else "skipped: too late"
    if today.state is EditionState.APPROVED:
        start = opening(today.day, schedule)
        return f"approved; sent from {local(start, schedule)}" if start > now else "approved; sent with the next run"
    if today.held:
        return f"held by an editor; without approval, skipped {_end(today.day, schedule)}"
    return _plain(today.day, schedule)
