"""Running stories: the looser level above events, which measures how much attention a matter has.

A burst of hundreds of stories stays many events at the tight level. Joined further by average link, the tree of merges
shows where a matter ends: a node that stands high above its parent is one running story.
"""

from __future__ import annotations

from collections.abc import Sequence

from digest.stories.linkage import Merge, average_link
from digest.stories.similarity import Row

LOWEST = 0.005  # merges below this average say nothing
DAMPING = 0.02  # keeps the ratio of two tiny heights from meaning anything
WORTH = 0.5  # a node is worth its size times what its standing is above this
ALONE = 0.9  # a running story that stands out this clearly is one event …
SURROUNDED = 0.05  # … over a parent of at least this height: on a day of few stories everything stands alone

Event = list[int]
"""Indices of the stories that tell one event."""


def running_stories(events: Sequence[Event], similarity: Sequence[Row]) -> list[list[Event]]:
    """Return the events grouped into running stories; one that stands out clearly comes back as a single event.

    Of all nodes of the tree, none inside another, those are taken that maximise Σ size · (standing - WORTH), where
    standing = height / (height + height of the parent + DAMPING).
    """
    sizes = [len(event) for event in events]
    inner, between = _sums(events, similarity)
    merges = average_link(sizes, between, stop=LOWEST)
    heights = [total / (size * (size - 1)) if size > 1 else 0.0 for size, total in zip(sizes, inner, strict=True)]
    heights.extend(merge.height for merge in merges)
    above = _parents(heights, merges)
    standing = [height / (height + over + DAMPING) for height, over in zip(heights, above, strict=True)]
    for merge in merges:
        sizes.append(sizes[merge.left] + sizes[merge.right])
    worth = [size * (stands - WORTH) for size, stands in zip(sizes, standing, strict=True)]
    best = [max(0.0, value) for value in worth[: len(events)]]
    parts: list[list[list[Event]]] = [[[event]] for event in events]
    inside: set[int] = set()
    for node, merge in enumerate(merges, len(events)):
        apart = best[merge.left] + best[merge.right]
        found = parts[merge.left] + parts[merge.right]
        parts[merge.left], parts[merge.right] = [], []
        inside.update((merge.left, merge.right))
        if worth[node] > 0 and worth[node] >= apart:
            whole = [event for part in found for event in part]
            alone = heights[node] >= ALONE * (heights[node] + max(above[node], SURROUNDED) + DAMPING)
            found = [[sorted(story for event in whole for story in event)] if alone else whole]
        best.append(max(worth[node], apart))
        parts.append(found)
    return [part for node, found in enumerate(parts) if node not in inside for part in found]


def _sums(events: Sequence[Event], similarity: Sequence[Row]) -> tuple[list[float], list[Row]]:
    """Return the sum of similarities inside each event (each pair twice), and between events."""
    event_of = {story: number for number, event in enumerate(events) for story in event}
    inner = [0.0] * len(events)
    between: list[Row] = [{} for _ in events]
    for story, row in enumerate(similarity):
        own = event_of[story]
        sums = between[own]
        for other, value in row.items():
            its = event_of[other]
            if its == own:
                inner[own] += value
            else:
                sums[its] = sums.get(its, 0.0) + value
    return inner, between


def _parents(heights: Sequence[float], merges: Sequence[Merge]) -> list[float]:
    """Return for every node the height of its parent, 0 at the top."""
    above = [0.0] * len(heights)
    for merge in merges:
        above[merge.left] = above[merge.right] = merge.height
    return above
