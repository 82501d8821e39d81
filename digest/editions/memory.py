"""What earlier editions told: not told again unless it has moved on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

from digest.editions.rank import source_of
from digest.model.editions import SentEvent
from digest.model.news import Cluster

NEW_SOURCES = 2  # so many sources more than were counted then, and the event has moved on
SAME_HEADLINE = 0.6  # share of words two headlines have in common from which they say the same (Jaccard)
SAME_EVENT = (
    0.75  # the same for an event whose stories are all new: only a near-equal headline proves it is the old one
)

HeadlineWords = Callable[[str], Collection[str]]
"""Returns the terms of a headline."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """How an event of today relates to an earlier edition."""

    day: date  # of the latest edition that had it
    moved_on: str = ""  # what is new, a plain clause; "" = nothing: it is not news


class Memory:
    """Finds the earlier edition that had an event."""

    def __init__(self, past: Sequence[SentEvent], words: HeadlineWords) -> None:
        """Take what was told, in any order."""
        self._past = sorted(past, key=lambda event: (event.day, event.lead), reverse=True)
        self._words = words
        self._headlines = [frozenset(words(event.headline)) for event in self._past]
        self._of_story: dict[str, list[int]] = {}
        self._of_word: dict[str, list[int]] = {}
        for number, event in enumerate(self._past):
            for story in {event.lead, *event.stories}:
                self._of_story.setdefault(story, []).append(number)
            for word in self._headlines[number]:
                self._of_word.setdefault(word, []).append(number)

    def told(self, cluster: Cluster) -> Told | None:
        """Return what an earlier edition told of an event, or None where it is new."""
        ids = {story.id for story in cluster.stories} | {copy.story.id for copy in cluster.duplicates}
        numbers = {number for story in ids for number in self._of_story.get(story, ())}
        headline = frozenset(self._words(cluster.lead.headline))
        if not numbers:
            near = {number for word in headline for number in self._of_word.get(word, ())}
            numbers = {number for number in near if jaccard(headline, self._headlines[number]) >= SAME_EVENT}
            if not numbers:
                return None
        latest = self._past[min(numbers)]
        fresh = {source_of(story) for story in cluster.stories if story.id not in self._of_story}
        known = {source for number in numbers for source in self._past[number].sources}
        added = len(fresh - known)
        if added >= NEW_SOURCES:
            return Told(day=latest.day, moved_on=f"{added} new sources")
        alike = max(jaccard(headline, self._headlines[number]) for number in numbers)
        if cluster.lead.id not in self._of_story and alike < SAME_HEADLINE:
            return Told(day=latest.day, moved_on="a new headline")
        return Told(day=latest.day)

    def told_story(self, story_id: str) -> bool:
        """Tell whether a story was part of an event told before."""
        return story_id in self._of_story


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Return the share of words two headlines have in common, from 0 to 1."""
    return len(left & right) / len(left | right) if left and right else 0.0
