"""Whether the machine's clock can be right: editions, deadlines and retries hang on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from digest.dates import iso
from digest.errors import ClockWrong

# This program did not exist before: a clock that says so lost its battery.
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
# Runs jump back by minutes when a clock is set; by a day only when it was wrong, or is.
BACK = timedelta(days=1)
# Nobody's newsletter rests for half a year without a person looking after it.
FORWARD = timedelta(days=180)
_FIX = "set the clock (`timedatectl status`); if it is right, say so once with --clock-is-right"


def check_clock(now: datetime, last: datetime | None) -> None:
    """Raise ClockWrong where ``now`` cannot be right beside the last run, which believed in its clock."""
    if now < EARLIEST:
        raise ClockWrong(f"the clock says {iso(now)}, before this program was made", where="clock", fix=_FIX)
    if last is None:
        return
    if now < last - BACK:
        raise ClockWrong(f"the clock says {iso(now)}, and the last run was at {iso(last)}", where="clock", fix=_FIX)
    if now > last + FORWARD:
        days = (now - last).days
        raise ClockWrong(f"the clock says {iso(now)}, {days} days after the last run", where="clock", fix=_FIX)
