"""When two stories are one event: when they are more alike than their surroundings usually are.

No threshold on similarity fits both a quiet day and one with hundreds of stories on one war. Measured against how alike
a story's next neighbours are (local scaling), one threshold fits all data tried.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from digest.stories.similarity import Row, Similarities

FEW = 6  # similarity × n/(n + FEW), n terms in common: what rests on few words proves less
SAME_SOURCE = 0.4  # one source seldom files two stories on one event …
SAME_TEXT = 0.8  # … unless they are nearly one text
NEIGHBOURS = slice(1, 8)  # the surroundings are the 2nd to 8th neighbour: the first may be the event itself
QUIET, BUSY = 0.055, 0.21  # bounds of the surroundings: lonely stories need little, wire copies merge on any day
MARGIN = 0.027  # by so much a pair has to beat its surroundings
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


def scaled(rows: Sequence[Row], shared: Sequence[Mapping[int, int]]) -> list[Row]:
    """Return for each story its neighbours with a value from 0 to 1: above CUT they beat their surroundings.

    ``rows`` are similarities less doubts, ``shared`` how many terms each pair has in common.
    """
    trust = [count / (count + FEW) for count in range(max((max(row.values()) for row in shared if row), default=0) + 1)]
    trusted = [
        {other: value * trust[common[other]] for other, value in row.items()}
        for row, common in zip(rows, shared, strict=True)
    ]
    width = NEIGHBOURS.stop - NEIGHBOURS.start
    around = [
        math.sqrt(min(max(sum(sorted(row.values(), reverse=True)[NEIGHBOURS]) / width, QUIET), BUSY)) for row in trusted
    ]
    return [
        {other: value / (value + here * around[other] + MARGIN) for other, value in row.items()}
        for here, row in zip(around, trusted, strict=True)
    ]
