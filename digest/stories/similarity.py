"""How alike stories are in words: sparse cosines of weighted terms, only where they are worth a look.

The weights are flatter than usual (the square root of the logarithmic idf): one shared rare name is no proof that two
stories tell one event. The commonest terms open no pair, they only add to one, which keeps 50,000 stories in seconds.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import chain

from digest.model.tokens import fold, words
from digest.stories.background import Background

BACKGROUND_STORIES = 2000  # how many stories the background stands for: keeps idf sane for a feed of 20
TITLE_WEIGHT = 2  # a word of the title counts twice
LEAST = 0.10  # smaller similarities are dropped; nothing was lost by it on labelled data
LEVELS = (0.10, 0.16, 0.22, 0.28)  # a term is filed once for each of these weights it reaches …
MEETINGS = 3  # … and two documents are compared when they meet so often: one shared word is chance
NOTHING = -1  # the number of a word that says nothing
FREE_PAIRS = 2_000_000  # meetings allowed for finding pairs whatever the number of stories …
PAIRS_A_STORY = 100  # … and for each story
RARE_ENOUGH = 20  # a term in so few stories opens pairs however many there are

Row = dict[int, float]
"""Neighbour -> similarity, both by index."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """The words of a story, or of several with the same wording."""

    title: str
    teaser: str


@dataclass(frozen=True, kw_only=True)
class Similarities:
    """Who is like whom."""

    rows: list[Row]  # for each document its neighbours, both ways; similarities from LEAST to 1
    shared: list[dict[int, int]]  # the same neighbours -> how many distinct terms they share


class _Lexicon(dict[str, int]):
    """Word -> the number of its term, given out as words come in; NOTHING for a word that says nothing."""

    def __init__(self, stop: Set[str]) -> None:
        super().__init__()
        self.terms: dict[str, int] = {}  # term -> its number, in the order of numbers
        self._stop = stop

    def __missing__(self, word: str) -> int:
        term = fold(word)
        telling = bool(term) and term not in self._stop and word not in self._stop
        self[word] = number = self.terms.setdefault(term, len(self.terms)) if telling else NOTHING
        return number


def similarities(documents: Sequence[Document], background: Background) -> Similarities:
    """Return the cosine of every pair of documents that is at least LEAST.

    The order of the documents changes the last bits of a sum, so callers hand them over in a canonical order.
    """
    lexicon = _Lexicon(background.stop)
    counts = [_count(document, lexicon) for document in documents]
    held = Counter(chain.from_iterable(counts))
    frequency = [held[number] for number in range(len(lexicon.terms))]
    shares = list(map(background.share, lexicon.terms))
    vectors = _weigh(counts, frequency, shares)
    return _pairs(vectors, _opening(frequency, len(documents)))


def _count(document: Document, lexicon: _Lexicon) -> Counter[int]:
    """Return how often a document holds each term, the title's twice."""
    title, teaser = words(document.title), words(document.teaser)
    count = Counter(map(lexicon.__getitem__, chain(*[title] * TITLE_WEIGHT, teaser)))
    del count[NOTHING]
    return count


def _weigh(counts: Sequence[Counter[int]], frequency: Sequence[int], shares: Sequence[float]) -> list[Row]:
    """Return a unit vector for each document: (1 + ln count) · √ln(idf); terms of one document only add length."""
    whole = len(counts) + BACKGROUND_STORIES + 1
    idf = [
        math.sqrt(math.log(whole / (held + BACKGROUND_STORIES * share + 1)))
        for held, share in zip(frequency, shares, strict=True)
    ]
    most = max((max(count.values(), default=0) for count in counts), default=0)
    damped = [0.0, *(1 + math.log(times) for times in range(1, most + 1))]
    vectors: list[Row] = []
    for count in counts:
        vector = {term: damped[times] * idf[term] for term, times in count.items()}
        length = math.sqrt(sum([weight * weight for weight in vector.values()])) or 1.0
        vectors.append({term: weight / length for term, weight in vector.items() if frequency[term] > 1})
    return vectors


def _opening(frequency: Sequence[int], documents: int) -> list[bool]:
    """Return for each term whether it may open a pair: the rarest may, as far as the work allowed reaches."""
    allowed = max(PAIRS_A_STORY * documents, FREE_PAIRS)
    work = 0.0
    most = 0
    for held, terms in sorted(Counter(frequency).items()):
        work += terms * held * held / 2
        if work > allowed and held > RARE_ENOUGH:
            break
        most = held
    return [2 <= held <= most for held in frequency]


def _pairs(vectors: Sequence[Row], opening: Sequence[bool]) -> Similarities:
    """Return who is like whom, by an inverted index: each document meets those before it that share rarer terms.

    A term is filed once for every level its weight reaches, so that documents meet the more often the more it weighs
    in both. Only those that meet often enough are compared in full: nearly all others share one word by chance.
    """
    rows: list[Row] = [{} for _ in vectors]
    shared: list[dict[int, int]] = [{} for _ in vectors]
    filed: list[list[list[int]]] = [[[] for _ in LEVELS] if opens else [] for opens in opening]
    for here, vector in enumerate(vectors):
        postings: list[list[int]] = []
        for term, weight in vector.items():
            if opening[term]:
                postings += filed[term][: bisect(LEVELS, weight)]
        met = Counter(chain.from_iterable(postings))
        for posting in postings:
            posting.append(here)
        terms = vector.keys()
        row, common = rows[here], shared[here]
        for other in [other for other, times in met.items() if times >= MEETINGS]:
            its = vectors[other]
            both = terms & its.keys()
            similarity = sum([vector[term] * its[term] for term in both])
            if similarity >= LEAST:
                row[other] = rows[other][here] = min(similarity, 1.0)
                common[other] = shared[other][here] = len(both)
    return Similarities(rows=rows, shared=shared)
