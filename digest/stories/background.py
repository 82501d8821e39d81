"""How common a term is in news anyway: what makes a shared word proof of one event, or of nothing.

A publication's own past stories say it best. For its first days a short shipped table of common words stands in, and
weighs as much as `SHIPPED_STORIES` stories ever after, so that 20 past stories do not call every word rare or common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from digest.model.news import Story
from digest.model.tokens import fold, terms, words

# How many stories the shipped table stands for when it is blended with a publication's own.
SHIPPED_STORIES = 500
# A term of fewer past stories is rare whatever it is; keeping them would only keep memory.
FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class Background:
    """What is common in news; terms it does not hold are rare."""

    shares: Mapping[str, float]  # term -> share of stories that hold it, 0 to 1
    stop: frozenset[str] = frozenset()  # terms that say nothing about any event

    def share(self, term: str) -> float:
        """Return the share of stories that hold a term, 0 where it is rare or unknown."""
        return self.shares.get(term, 0.0)


@cache
def shipped() -> Background:
    """Return the table of common words that comes with the program."""
    shares: dict[str, float] = {}
    stop: set[str] = set()
    text = files("digest.stories").joinpath("common_words.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        head, _, rest = line.partition(" ")
        found = [term for term in map(fold, words_of_line(rest)) if term]
        if head == "stop":
            stop.update(found)
            stop.update(words_of_line(rest))
        elif head and head != "#":
            for term in found:
                shares[term] = max(shares.get(term, 0.0), float(head) / 100)
    return Background(shares=shares, stop=frozenset(stop))


def words_of_line(line: str) -> list[str]:
    """Return the words of a line of the table, however long it is."""
    return [word for chunk in line.split() for word in words(chunk)]


def background_of(past: Iterable[Story]) -> Background:
    """Return what is common in a publication: its past stories, blended with the shipped table."""
    table = shipped()
    counts: Counter[str] = Counter()
    stories = 0
    for story in past:
        stories += 1
        counts.update({*terms(story.headline), *terms(story.teaser)} - table.stop)
    if not stories:
        return table
    whole = SHIPPED_STORIES + stories
    shares = {term: share * SHIPPED_STORIES / whole for term, share in table.shares.items()}
    for term, count in counts.items():
        if count >= FEWEST:
            shares[term] = shares.get(term, 0.0) + count / whole
    return Background(shares=shares, stop=table.stop)
