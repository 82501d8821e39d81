"""The morning line: where the morning stands on an axis, from an hour before the hand-over to half an hour past it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from digest.pipeline.approve_bar import clock

BEFORE, AFTER = timedelta(hours=1), timedelta(minutes=30)
LONGEST = timedelta(hours=6)  # a longer window is shown by its first hours
SHORT = timedelta(hours=2)
NEAR = 13.0  # per cent: two labels nearer than this stand on each other


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A word over the axis."""

    at: float  # per cent from the start
    text: str
    kind: str = ""  # "now", "opt" for what a phone leaves out
    anchor: str = "start"


@dataclass(frozen=True, kw_only=True)
class MorningLine:
    """The axis as figures a template can draw; per cent of its width."""

    now: float
    past: float
    built: float | None
    band: tuple[float, float] | None  # from, width
    marks: tuple[Mark, ...]
    words: str  # the same for who does not see it


def morning_line(
    now: datetime, *, zone: ZoneInfo, opens: datetime | None, closes: datetime | None, built: datetime | None
) -> MorningLine:
    """Return the line of a morning. ``opens`` None means that the hand-over has no hour."""
    first = opens or now
    end = closes if closes is not None and closes - first <= LONGEST else first + SHORT
    start, stop = first - BEFORE, end + AFTER

    def at(instant: datetime) -> float:
        return round(min(max((instant - start) / (stop - start), 0.0), 1.0) * 100, 2)

    here = at(now)
    anchor = "start" if here < 4 else "end" if here > 96 else "middle"
    marks = [Mark(at=0.0, text=clock(start, zone), kind="opt")] if here > NEAR else []
    words = [f"It is {clock(now, zone)}."]
    if opens is not None:
        begins = at(opens)
        if 0 <= begins - here <= NEAR:  # both are to be read: one ends where the other begins
            anchor = "end" if here > NEAR else "start"
        if abs(begins - here) > NEAR or anchor == "end":
            marks.append(Mark(at=begins, text=f"{clock(opens, zone)} hand-over"))
        words.append(f"Hand-over from {clock(opens, zone)}.")
    if closes is not None and closes <= stop:
        if abs(at(closes) - here) > NEAR:
            marks.append(Mark(at=at(closes), text=f"{clock(closes, zone)} too late", kind="opt", anchor="end"))
        words.append(f"Too late after {clock(closes, zone)}.")
    if built is not None:
        words.append(f"Built at {clock(built, zone)}.")
    shown = built is not None and start <= built <= stop
    return MorningLine(
        now=here,
        past=here,
        built=at(built) if built is not None and shown else None,
        band=(at(opens), round(at(end) - at(opens), 2)) if opens is not None else None,
        marks=(Mark(at=here, text=clock(now, zone), kind="now", anchor=anchor), *marks),
        words=" ".join(words),
    )
