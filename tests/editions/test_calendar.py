"""When an edition is due, late, or nobody's business."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from digest.editions.calendar import Schedule, Standing, approves_itself, next_opening, opens, standing

LISBON = ZoneInfo("Europe/Lisbon")
WORKDAYS = Schedule(
    zone=LISBON,
    days=(0, 1, 2, 3, 4),
    time=time(7, 0),
    not_after=time(12, 0),
    skip=frozenset({date(2026, 12, 25)}),
    approval="automatic-after",
    approval_after=time(7, 30),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T06:59", Standing.EARLY),
        ("2026-11-23T07:00", Standing.DUE),
        ("2026-11-23T11:59", Standing.DUE),
        ("2026-11-23T12:00", Standing.LATE),
        ("2026-11-22T08:00", Standing.OFF),  # a Sunday
        ("2026-12-25T08:00", Standing.OFF),  # a holiday
        ("2026-07-23T06:00", Standing.DUE),  # 07:00 in summer time
    ],
)
def test_where_a_moment_lies(moment: str, expected: Standing) -> None:
    assert standing(at(moment), WORKDAYS) is expected


def test_without_a_time_any_hour_will_do() -> None:
    free = Schedule(zone=LISBON, days=(0, 1, 2, 3, 4, 5, 6))
    assert standing(at("2026-11-23T00:00"), free) is Standing.DUE
    assert opens(date(2026, 11, 23), free) is None


def test_the_next_opening_passes_over_weekends_and_holidays() -> None:
    assert next_opening(at("2026-12-24T08:00"), WORKDAYS) == at("2026-12-28T07:00")
    assert next_opening(at("2026-11-23T06:00"), WORKDAYS) == at("2026-11-23T07:00")
    assert next_opening(at("2026-11-23T06:00"), Schedule(zone=LISBON, days=())) is None


def test_a_draft_approves_itself_by_policy_alone() -> None:
    assert not approves_itself(at("2026-11-23T07:29"), WORKDAYS, held=False)
    assert approves_itself(at("2026-11-23T07:30"), WORKDAYS, held=False)
    assert not approves_itself(at("2026-11-23T07:30"), WORKDAYS, held=True)
    assert not approves_itself(at("2026-11-23T07:30"), Schedule(zone=LISBON, days=(0,)), held=False)
    assert approves_itself(at("2026-11-23T00:30"), Schedule(zone=LISBON, days=(0,), approval="automatic"), held=False)
