"""The axis of the morning: what stands where, and that labels do not stand on each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from digest.desk.morning import NEAR, MorningLine, morning_line

LISBON = ZoneInfo("Europe/Lisbon")
SEVEN = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
NINE = SEVEN + timedelta(hours=2)


def line(now: datetime, built: datetime | None = SEVEN - timedelta(minutes=30)) -> MorningLine:
    return morning_line(now, zone=LISBON, opens=SEVEN, closes=NINE, built=built)


def test_a_morning_from_an_hour_before_to_half_an_hour_after() -> None:
    found = line(SEVEN - timedelta(minutes=18))
    assert [mark.text for mark in found.marks] == ["06:42", "06:00", "07:00 hand-over", "09:00 too late"]
    assert found.past == found.now == 20.0
    assert found.band == (28.57, 57.14)
    assert found.built == 14.29
    assert found.words == "It is 06:42. Hand-over from 07:00. Too late after 09:00. Built at 06:30."


def test_without_an_hour_there_is_no_band() -> None:
    found = morning_line(SEVEN, zone=LISBON, opens=None, closes=SEVEN + timedelta(hours=15), built=None)
    assert found.band is None
    assert found.marks[0].text == "07:00"
    assert "Hand-over" not in found.words


@given(st.integers(-600, 900))
def test_at_any_minute_nothing_leaves_the_axis(minutes: int) -> None:
    found = line(SEVEN + timedelta(minutes=minutes))
    assert all(0 <= mark.at <= 100 for mark in found.marks)
    now, *others = found.marks
    for other in others:
        if other.text.endswith("hand-over") and other.at >= now.at:
            assert other.at - now.at > NEAR or now.anchor == "end"
