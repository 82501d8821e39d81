"""When two stories are one event: when they are more alike than their surroundings usually are.

No threshold on similarity fits both a quiet day and one with hundreds of stories on one war. Measured against how alike
a story's next neighbours are (local scaling), one threshold fits all data tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from digest.stories.similarity import Row, Similarities

SHORT = 4  # similarity × m/(m + SHORT), m terms of the shorter story: short texts prove less
SAME_SOURCE = 0.4  # one source seldom files two stories on one event …
SAME_TEXT = 0.8  # … unless they are nearly one text
NEIGHBOURS = slice(1, 10)  # the surroundings are the 2nd to 10th neighbour: the first may be the event itself
QUIET, BUSY = 0.10, 0.33  # bounds of the surroundings: lonely stories need 0.15, wire copies (0.38 and more) merge
MARGIN = 0.05  # by so much a pair has to beat its surroundings
CUT = 0.5  # where it does exactly that
SAME_DAY_H = 36.0  # publishing times within so many hours say nothing against one event …
DOUBT_H = 72.0  # … and so many hours more halve the similarity


def doubted(found: Similarities, sources: Sequence[str], times: Sequence[datetime | None]) -> list[Row]:
    """Return the similarities less what speaks against them: one source, far apart in time.

    ``sources`` are "" and ``times`` None where unknown; an unknown one raises no doubt.
    """
    hours = [None if time is None else time.timestamp() / 3600 for time in times]
    rows: list[Row] = []
    for here, row in enumerate(found.rows):
        source, when = sources[here], hours[here]
        doubted: Row = {}
        for other, similarity in row.items():
            value = similarity
            if source and similarity < SAME_TEXT and source == sources[other]:
                value *= SAME_SOURCE
            then = hours[other]
            if when is not None and then is not None:
                late = abs(when - then) - SAME_DAY_H
                if late > 0:
                    value *= DOUBT_H / (DOUBT_H + late)
            doubted[other] = value
        rows.append(doubted)
    return rows


def scaled(rows: Sequence[Row], lengths: Sequence[int]) -> list[Row]:
    """Return for each story its neighbours with a value from 0 to 1: above CUT they beat their surroundings.

    ``rows`` are similarities less doubts, ``lengths`` the distinct terms of each story: short texts prove less.
    """
    trust = [length / (length + SHORT) for length in lengths]
    trusted = [
        {other: value * min(trust[here], trust[other]) for other, value in row.items()} for here, row in enumerate(rows)
    ]
    width = NEIGHBOURS.stop - NEIGHBOURS.start
    around = [
        math.sqrt(min(max(sum(sorted(row.values(), reverse=True)[NEIGHBOURS]) / width, QUIET), BUSY)) for row in trusted
    ]
    return [
        {other: value / (value + here * around[other] + MARGIN) for other, value in row.items()}
        for here, row in zip(around, trusted, strict=True)
    ]
