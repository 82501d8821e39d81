from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from digest.feeds.health import Patience, told
from digest.model.news import FeedState

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
PATIENCE = Patience(failures=3, empty=timedelta(days=3), silent=timedelta(days=30))
WELL = FeedState(url="https://a.example/feed", last_success=NOW, last_story=NOW - timedelta(days=1))


def line(before: FeedState, after: FeedState) -> str:
    return told(before, replace(after, alarm=before.alarm, alarms=before.alarms), name="A", now=NOW, patience=PATIENCE)[
        1
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"failures": 2, "last_error": "no answer"}, ""),
        ({"failures": 3, "last_error": "no answer"}, "A has failed 3 times in a row: no answer"),
        ({"gone": True, "last_error": "retired: 410"}, "A is retired: 410"),
        ({"empty_since": NOW - timedelta(days=2)}, ""),
        (
            {"empty_since": NOW - timedelta(days=3)},
            "A has been empty for 3 days; look whether its address is still right",
        ),
        (
            {"last_story": NOW - timedelta(days=31)},
            "A has brought nothing new for 31 days; look whether it still goes on",
        ),
        ({"moved_to": "https://b.example/", "moved_count": 2}, ""),
        (
            {"moved_to": "https://b.example/", "moved_count": 3},
            "A has moved for good to https://b.example/; `digest feeds move` writes that into digest.toml",
        ),
    ],
)
def test_a_change_for_the_worse_is_one_line(change: dict[str, object], said: str) -> None:
    assert line(WELL, replace(WELL, **change)) == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ({"alarm": "failing", "failures": 7}, "A is back after 7 failures in a row"),
        ({"alarm": "empty"}, "A is back"),
        ({"alarm": "silent"}, "A is back"),
        ({"alarm": "moved"}, "A answers at its own address again"),
    ],
)
def test_coming_back_is_one_line(before: dict[str, object], said: str) -> None:
    assert line(replace(WELL, **before), WELL) == said  # type: ignore[arg-type]


def test_what_was_told_is_not_told_again() -> None:
    failing = replace(WELL, failures=3, last_error="no answer")
    state, first = told(WELL, failing, name="A", now=NOW, patience=PATIENCE)
    assert first
    assert (state.alarm, state.alarms) == ("failing", 1)
    again, second = told(state, replace(state, failures=4), name="A", now=NOW, patience=PATIENCE)
    assert second == ""
    assert again.alarms == 1
    # Two failures after a recovery nobody was told of are no new alarm, and no recovery either.
    wavering = replace(state, failures=1)
    assert told(state, wavering, name="A", now=NOW, patience=PATIENCE)[1] == ""
