"""How alike stories are in words: sparse cosines of weighted terms, only where they are worth a look.

The weights are flatter than usual (the square root of the logarithmic idf): one shared rare name is no proof that two
stories tell one event. The commonest terms open no pair, they only add to one, which keeps 50,000 stories in seconds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from digest.stories.background import Background
from digest.stories.tokens import fold, words

BACKGROUND_STORIES = 2000  # how many stories the background stands for: keeps idf sane for a feed of 20
TITLE_WEIGHT = 2  # a word of the title counts twice
LEAST = 0.10  # smaller similarities are dropped; nothing was lost by it on labelled data
LEAST_OPENING = 0.07  # a pair is looked at when its rarer terms alone give this much
FREE_PAIRS = 2_000_000  # additions allowed for finding pairs whatever the number of stories …
PAIRS_A_STORY = 150  # … and for each story
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
    lengths: list[int]  # distinct terms of each document


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """Documents as counted terms; a term is an index."""

    terms: list[str]  # index -> term
    counts: list[dict[int, int]]  # for each document: term -> how often, the title twice
    frequency: list[int]  # documents that hold a term


def similarities(documents: Sequence[Document], background: Background) -> Similarities:
    """Return the cosine of every pair of documents that is at least LEAST.

    The order of the documents changes the last bits of a sum, so callers hand them over in a canonical order.
    """
    counted = _count(documents, background)
    vectors = _weigh(counted, len(documents), background)
    opening = _opening(counted.frequency, len(documents))
    return Similarities(rows=_pairs(vectors, opening), lengths=[len(count) for count in counted.counts])


def _count(documents: Sequence[Document], background: Background) -> _Counted:
    terms: list[str] = []
    index_of: dict[str, int] = {}
    of_word: dict[str, int] = {}  # -1 = says nothing
    counts: list[dict[int, int]] = []
    frequency: list[int] = []
    for document in documents:
        count: dict[int, int] = {}
        for weight, text in ((TITLE_WEIGHT, document.title), (1, document.teaser)):
            for word in words(text):
                index = of_word.get(word)
                if index is None:
                    term = fold(word)
                    if not term or term in background.stop or word in background.stop:
                        index = -1
                    else:
                        index = index_of.setdefault(term, len(terms))
                    of_word[word] = index
                    if index == len(terms):
                        terms.append(term)
                        frequency.append(0)
                if index < 0:
                    continue
                if index in count:
                    count[index] += weight
                else:
                    count[index] = weight
                    frequency[index] += 1
        counts.append(count)
    return _Counted(terms=terms, counts=counts, frequency=frequency)


def _weigh(counted: _Counted, documents: int, background: Background) -> list[Row]:
    """Return a unit vector for each document: (1 + ln count) · √ln(idf); terms of one document only add length."""
    idf = [
        math.sqrt(math.log((documents + BACKGROUND_STORIES + 1) / (held + BACKGROUND_STORIES * share + 1)))
        for held, share in zip(counted.frequency, map(background.share, counted.terms), strict=True)
    ]
    vectors: list[Row] = []
    for count in counted.counts:
        vector = {index: (1 + math.log(times)) * idf[index] for index, times in count.items()}
        length = math.sqrt(sum([weight * weight for weight in vector.values()])) or 1.0
        vectors.append({index: weight / length for index, weight in vector.items() if counted.frequency[index] > 1})
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


def _pairs(vectors: Sequence[Row], opening: Sequence[bool]) -> list[Row]:
    """Return the rows of cosines, built with an inverted index: each document meets those before it."""
    rows: list[Row] = [{} for _ in vectors]
    postings: list[list[tuple[int, float]]] = [[] for _ in opening]
    commons: list[Row] = []
    for here, vector in enumerate(vectors):
        sums: Row = {}
        get = sums.get
        common: Row = {}
        for index, weight in vector.items():
            if opening[index]:
                posting = postings[index]
                for other, its_weight in posting:
                    sums[other] = get(other, 0.0) + weight * its_weight
                posting.append((here, weight))
            else:
                common[index] = weight
        commons.append(common)
        row = rows[here]
        for other, similarity in sums.items():
            if similarity < LEAST_OPENING:
                continue
            others = commons[other]
            for index in common.keys() & others.keys():
                similarity += common[index] * others[index]
            if similarity >= LEAST:
                row[other] = rows[other][here] = min(similarity, 1.0)
    return rows
