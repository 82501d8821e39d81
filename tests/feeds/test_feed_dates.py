from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.feeds.feed_dates import understand


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sat, 21 Nov 2026 07:05:09 +0100", (2026, 11, 21, 6, 5, 9)),
        ("Sat, 21 Nov 2026 07:05 EST", (2026, 11, 21, 12, 5)),
        ("2026-11-21T07:05:09.75-08:00", (2026, 11, 21, 15, 5, 9)),
        ("2026-11-21T7:5", None),
        ("20261121T070509Z", (2026, 11, 21, 7, 5, 9)),
        ("2026-325", (2026, 11, 21)),
        ("sam., 21 nov. 2026 07:05:00 +0100", (2026, 11, 21, 6, 5)),
        ("mar., 01 déc. 2026 07:05:00 +0000", (2026, 12, 1, 7, 5)),
        ("Sonnabend, 21. März 2026, 7.05 Uhr", (2026, 3, 21, 7, 5)),
        ("21 ноября 2026 07:05", (2026, 11, 21, 7, 5)),
        ("2026年11月21日 07:05", (2026, 11, 21, 7, 5)),
        ("2026년 11월 21일 오후 7:05", (2026, 11, 21, 10, 5)),
        ("November 21st, 2026 at 7:05 p.m.", (2026, 11, 21, 19, 5)),
        ("21/11/2026 07:05", (2026, 11, 21, 7, 5)),
        ("Sat Nov 21 07:05:00 PST 2026", (2026, 11, 21, 15, 5)),
        ("Tue, 21 Jul 2026 07:05:00 PT", (2026, 7, 21, 14, 5)),
        ("Mon, 31 Dec 2026 24:00:00 GMT", (2027, 1, 1)),
        ("1795244709", (2026, 11, 21, 7, 5, 9)),
        *[
            (text, None)
            for text in (
                "",
                "soon",
                "yesterday",
                "12:30",
                "21 Nov",
                "32 Nov 2026",
                "2026-13-45",
                "0001-01-01T00:00:00Z",
            )
        ],
        *[(text, None) for text in ("Version 1.2.2026", "99999", "3 days ago", "May 2026 is good", "1.2.3")],
    ],
)
def test_dates(text: str, expected: tuple[int, ...] | None) -> None:
    instant, note = understand(text)
    if expected is None:
        assert (instant, note) == (None, "unknown")
    else:
        year, month, day, hour, minute, second = (*expected, 0, 0, 0)[:6]
        assert instant == datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def test_a_date_without_zone_is_the_feed_s_and_says_so() -> None:
    assert understand("2026-11-21 07:05", time_zone="Europe/Berlin") == (
        datetime(2026, 11, 21, 6, 5, tzinfo=UTC),
        "no zone",
    )
    assert understand("2026-11-21 07:05", time_zone="Nowhere/Such")[0] == datetime(2026, 11, 21, 7, 5, tzinfo=UTC)


@given(st.text(max_size=60))
def test_nothing_makes_it_stumble(text: str) -> None:
    instant, note = understand(text)
    assert (instant is None) == (note == "unknown")


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_iso_dates_come_back(instant: datetime) -> None:
    whole = instant.replace(microsecond=0)
    assert understand(whole.isoformat()) == (whole, "")
