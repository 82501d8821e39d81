"""Whether a feed is well, and the one line said when that changes. Pure.

A feed that fails, is empty or falls silent is told of once, by name and cause, and once more when it comes back:
whoever is told the same every morning stops reading.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from digest.feeds.fetch import CONFIRMATIONS
from digest.model.counting import count_of
from digest.model.news import FeedState

WELL, FAILING, EMPTY, SILENT, GONE, MOVED = "", "failing", "empty", "silent", "gone", "moved"


@dataclass(frozen=True, kw_only=True)
class Patience:
    """When a feed's trouble is worth a line: `[fetch] alert_after_…`."""

    failures: int = 3  # failed readings in a row
    empty: timedelta = timedelta(days=3)  # no entry at all for so long
    silent: timedelta = timedelta(days=30)  # nothing new for so long


def health(state: FeedState, *, now: datetime, patience: Patience) -> str:
    """Return how a feed is: WELL, FAILING, EMPTY, SILENT, GONE, or MOVED (well, at another address for good)."""
    if state.gone:
        return GONE
    if state.failures >= patience.failures:
        return FAILING
    if state.failures:
        # Not often enough to be told; what was said before still stands.
        return state.alarm
    if state.empty_since is not None and now - state.empty_since >= patience.empty:
        return EMPTY
    if state.last_story is not None and now - state.last_story >= patience.silent:
        return SILENT
    return MOVED if state.moved_count >= CONFIRMATIONS else WELL


def told(before: FeedState, after: FeedState, *, name: str, now: datetime, patience: Patience) -> tuple[FeedState, str]:
    """Return the state with what is now told of the feed, and the line to say: "" where nothing changed."""
    found = health(after, now=now, patience=patience)
    if found == after.alarm:
        return after, ""
    line = _line(before, after, found, name, now)
    return replace(after, alarm=found, alarms=after.alarms + 1), line


def _line(before: FeedState, after: FeedState, found: str, name: str, now: datetime) -> str:
    if found == FAILING:
        return f"{name} has failed {after.failures} times in a row: {after.last_error}"
    if found == GONE:
        return f"{name} is {after.last_error}"
    if found == EMPTY and after.empty_since is not None:
        return f"{name} has been empty for {_days(now - after.empty_since)}; look whether its address is still right"
    if found == SILENT and after.last_story is not None:
        return f"{name} has brought nothing new for {_days(now - after.last_story)}; look whether it still goes on"
    if found == MOVED:
        back = f"{name} is back, and has moved" if before.alarm not in (WELL, MOVED) else f"{name} has moved"
        return f"{back} for good to {after.moved_to}; `digest feeds move` writes that into digest.toml"
    if before.alarm == FAILING:
        return f"{name} is back after {count_of(before.failures, 'failure')} in a row"
    if before.alarm == MOVED:
        return f"{name} answers at its own address again"
    return f"{name} is back"


def _days(time: timedelta) -> str:
    if time < timedelta(days=1):
        return f"{max(1, round(time / timedelta(hours=1)))} h"
    return count_of(time.days, "day")
