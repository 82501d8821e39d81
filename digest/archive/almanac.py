"""Months as grids of days: which had an edition, which had none and why."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from digest.model.archive import ArchivedDay
from digest.model.editions import EditionState


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A day in a grid."""

    day: date
    number: int | None = None  # of its edition, None without one
    is_open: bool = False  # it has a page to link to
    reason: str = ""  # why there is none to read, where that is on record


@dataclass(frozen=True, kw_only=True)
class Month:
    """A month as weeks of seven; None = a day of another month."""

    year: int
    month: int
    weeks: tuple[tuple[Cell | None, ...], ...]
    editions: int  # to be read


def cell_of(day: ArchivedDay, *, retracted: str) -> Cell:
    """Return a day's cell; ``retracted`` is what is said where its edition was taken off."""
    if day.is_open:
        return Cell(day=day.day, number=day.number, is_open=True)
    if day.retraction is not None:
        return Cell(day=day.day, reason=retracted)
    return Cell(day=day.day, reason=day.reason if day.state is EditionState.SKIPPED else "")


def month_of(year: int, month: int, days: Mapping[date, Cell], *, first_weekday: int) -> Month:
    """Return a month; ``first_weekday`` is 0 for Monday."""
    weeks = tuple(
        tuple(days.get(day, Cell(day=day)) if day.month == month else None for day in week)
        for week in calendar.Calendar(first_weekday).monthdatescalendar(year, month)
    )
    count = sum(cell is not None and cell.is_open for week in weeks for cell in week)
    return Month(year=year, month=month, weeks=weeks, editions=count)


def months(days: Iterable[date]) -> tuple[tuple[int, int], ...]:
    """Return (year, month) of each month that has one of these days, oldest first."""
    return tuple(sorted({(day.year, day.month) for day in days}))
