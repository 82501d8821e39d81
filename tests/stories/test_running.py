"""Running stories gather the events of one matter; groups keep every leaf."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.stories.linkage import average_link, groups
from digest.stories.running import running_stories
from digest.stories.similarity import Row


def rows_of(size: int, pairs: dict[tuple[int, int], float]) -> list[Row]:
    rows: list[Row] = [{} for _ in range(size)]
    for (left, right), value in pairs.items():
        if left != right:
            rows[left][right] = rows[right][left] = value
    return rows


def test_average_link_merges_the_nearest_and_stops_in_time() -> None:
    rows = rows_of(5, {(0, 1): 0.9, (1, 2): 0.7, (0, 2): 0.5, (3, 4): 0.4, (2, 3): 0.2})
    assert groups(5, average_link([1] * 5, rows, stop=0.5)) == [[0, 1, 2], [3], [4]]
    merges = average_link([1] * 5, rows, stop=0.01)
    assert [round(merge.height, 9) for merge in merges] == [0.9, 0.6, 0.4, round(0.2 / 6, 9)]


def test_a_matter_of_several_events_is_one_running_story() -> None:
    rows = rows_of(7, {(0, 1): 0.5, (2, 3): 0.5, (0, 2): 0.25, (1, 3): 0.25, (0, 3): 0.25, (1, 2): 0.25, (4, 5): 0.3})
    found = running_stories([[0, 1], [2, 3], [4], [5], [6]], rows)
    assert sorted(sorted(part) for part in found) == [[[0, 1], [2, 3]], [[4], [5]], [[6]]]


pairs = st.dictionaries(st.tuples(st.integers(0, 7), st.integers(0, 7)), st.floats(0.1, 1.0), max_size=20)


@given(pairs)
def test_every_story_stays_once(pairs: dict[tuple[int, int], float]) -> None:
    rows = rows_of(8, pairs)
    events = groups(8, average_link([1] * 8, rows, stop=0.5))
    found = running_stories(events, rows)
    assert sorted(story for part in found for event in part for story in event) == list(range(8))


@given(pairs, st.floats(0.05, 0.9))
def test_merges_are_at_least_the_stop_and_never_above_their_parts(
    pairs: dict[tuple[int, int], float], stop: float
) -> None:
    merges = average_link([1] * 8, rows_of(8, pairs), stop=stop)
    heights = {8 + number: merge.height for number, merge in enumerate(merges)}
    for merge in merges:
        assert merge.height >= stop
        assert all(heights.get(part, 1.0) >= merge.height - 1e-12 for part in (merge.left, merge.right))
