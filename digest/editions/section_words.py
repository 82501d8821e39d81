"""What the words of a story say about its section, learnt from the day's other stories and used only where sure.

A naive Bayes model over the words an event uses. How sure it must be is measured on the very stories it learns from,
each guessed by a model that has not seen its event; below `PRECISION` it says nothing at all.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

PRECISION = 0.93  # share of the guesses that must be right on events not seen
FEWEST = 30  # events with a known section below which nothing is learnt
FEWEST_RIGHT = 10  # guesses a threshold must rest on
SMOOTHING = 0.2  # added to every count (Lidstone)

Example = tuple[frozenset[str], str]
"""The words of an event and its section's slug."""


def learn(examples: Sequence[Example]) -> Callable[[frozenset[str]], str]:
    """Return a function from the words of an event to a slug, or "" where it is not sure enough."""
    if len(examples) < FEWEST or len({slug for _, slug in examples}) < 2:
        return lambda _: ""
    model = _Model(examples)
    guesses = [(*model.guess(text, without=slug), slug) for text, slug in examples]
    threshold = _threshold([(margin, guess == slug) for guess, margin, slug in guesses])

    def section_of(text: frozenset[str]) -> str:
        guess, margin = model.guess(text)
        return guess if margin >= threshold else ""

    return section_of


def _threshold(guesses: Sequence[tuple[float, bool]]) -> float:
    """Return the lowest margin from which on the guesses are right often enough; infinity where none is."""
    lowest, right = math.inf, 0
    for count, (margin, is_right) in enumerate(sorted(guesses, key=lambda each: (-each[0], each[1])), 1):
        right += is_right
        if count >= FEWEST_RIGHT and right >= PRECISION * count:
            lowest = margin
    return lowest


class _Model:
    def __init__(self, examples: Sequence[Example]) -> None:
        self.events = Counter(slug for _, slug in examples)
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        for text, slug in examples:
            self.counts[slug].update(text)
        self.totals = {slug: sum(count.values()) for slug, count in self.counts.items()}
        self.vocabulary = len({word for count in self.counts.values() for word in count})

    def guess(self, text: frozenset[str], without: str = "") -> tuple[str, float]:
        """Return the likeliest section and by how much a word it beats the next (0 or more).

        ``without`` names the section the text itself was counted in, to guess as if it had not been.
        """
        known = [word for word in sorted(text) if any(self._seen(word, slug, without) for slug in self.counts)]
        scored = sorted((-self._likelihood(known, slug, without), slug) for slug in self.counts)
        if len(scored) < 2:
            return "", 0.0
        # Words come together, so evidence grows slower than their number: the root keeps long texts from being sure.
        return scored[0][1], (scored[1][0] - scored[0][0]) / math.sqrt(len(known) + 1)

    def _seen(self, word: str, slug: str, without: str) -> int:
        return self.counts[slug][word] - (slug == without)

    def _likelihood(self, text: Sequence[str], slug: str, without: str) -> float:
        events = self.events[slug] - (slug == without)
        if events == 0:
            return -math.inf
        # The total keeps the text's own words even when it is guessed without them: taking them out would raise the
        # likelihood of every other word under its own section, and so give it away.
        whole = math.log(self.totals[slug] + SMOOTHING * self.vocabulary)
        return math.log(events) + sum([math.log(self._seen(word, slug, without) + SMOOTHING) - whole for word in text])
