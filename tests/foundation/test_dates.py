"""Instants, edition days and windows, across the changes of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.dates import Window, at_local, aware, edition_day, from_micros, iso, parse_iso, to_micros

LISBON = ZoneInfo("Europe/Lisbon")
AUCKLAND = ZoneInfo("Pacific/Auckland")


def test_naive_instants_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="published must be aware"):
        aware(datetime(2026, 11, 23), "published")


@given(st.datetimes(timezones=st.timezones()))
def test_micros_are_exact_both_ways(instant: datetime) -> None:
    assert from_micros(to_micros(instant)) == instant.astimezone(UTC)


@given(st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=st.timezones()))
def test_iso_reads_back(instant: datetime) -> None:
    text = iso(instant)
    assert text is not None
    assert text.endswith("Z")
    assert parse_iso(text) == instant.astimezone(UTC)


def test_iso_of_nothing_is_nothing() -> None:
    assert iso(None) is None


def test_the_edition_day_is_the_zones() -> None:
    assert edition_day(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), AUCKLAND) == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (date(2026, 11, 23), time(7, 0), "2026-11-23T07:00:00Z"),
        (date(2026, 7, 23), time(7, 0), "2026-07-23T06:00:00Z"),
        (date(2026, 3, 29), time(1, 30), "2026-03-29T01:30:00Z"),  # the gap: 01:00 WET became 02:00 WEST
        (date(2026, 10, 25), time(1, 30), "2026-10-25T00:30:00Z"),  # the overlap: the first of the two
    ],
)
def test_local_times_across_dst(day: date, clock: time, expected: str) -> None:
    assert iso(at_local(day, clock, LISBON)) == expected


def test_a_window_is_open_at_its_start_and_closed_at_its_end() -> None:
    end = datetime(2026, 11, 23, 7, tzinfo=UTC)
    window = Window(start=end - timedelta(hours=1), end=end)
    assert end in window
    assert end - timedelta(hours=1) not in window
    with pytest.raises(ValueError, match="before it starts"):
        Window(start=end, end=end - timedelta(seconds=1))
