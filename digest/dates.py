"""Aware instants, edition days in the publication's zone, and windows of news.

Inside the program every instant is an aware UTC datetime; in the store it is an integer of microseconds since 1970.
Local time exists only here, where an edition day becomes an instant, and in the templates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def aware(instant: datetime, name: str = "instant") -> datetime:
    """Return ``instant`` in UTC; raise ValueError where it has no zone, naming it ``name``."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError(f"{name} must be aware (have a time zone), got {instant.isoformat()}")
    return instant.astimezone(UTC)


def to_micros(instant: datetime) -> int:
    """Return microseconds since 1970-01-01T00:00:00Z, exactly (no float in between)."""
    return (aware(instant) - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC instant of ``micros`` microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def iso(instant: datetime | None) -> str | None:
    """Return ISO 8601 in UTC with a Z, to the second where there is no fraction, or None."""
    if instant is None:
        return None
    return aware(instant).isoformat().replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """Return the aware UTC instant of an ISO 8601 text that carries a zone; raise ValueError otherwise."""
    return aware(datetime.fromisoformat(text.strip()), f"time {text!r}")


def edition_day(now: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day that ``now`` falls on in the publication's zone: the key of an edition."""
    return aware(now, "now").astimezone(zone).date()


def at_local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall-clock time on a day.

    In a gap (clocks go forward) the time is read with the offset before it, so 02:30 means one hour later on the
    clock; in an overlap the first of the two is meant. Either way the instant exists and comes once (PEP 495).
    """
    return datetime.combine(day, at, tzinfo=zone).replace(fold=0).astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class Window:
    """A half-open span of time, start < instant <= end: what is news for an edition."""

    start: datetime  # the previous edition's cut-off
    end: datetime  # this edition's cut-off

    def __post_init__(self) -> None:
        """Refuse naive ends and an end before its start."""
        object.__setattr__(self, "start", aware(self.start, "start"))
        object.__setattr__(self, "end", aware(self.end, "end"))
        if self.end < self.start:
            raise ValueError(f"window ends {self.end} before it starts {self.start}")

    def __contains__(self, instant: datetime) -> bool:
        """Tell whether an instant lies in the window."""
        return self.start < aware(instant) <= self.end
