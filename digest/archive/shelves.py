"""Stories of a section on pages that never move: numbered from the oldest, so that a new edition changes the ends only.

A numbered page holds `SIZE` stories and is full; the section's own address holds the newest, at least `SIZE` and fewer
than twice as many, once there are so many.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

SIZE = 30  # stories of a numbered page


class Spot(NamedTuple):
    """One story of a section: which of an edition's. There are a hundred thousand of them in ten years."""

    day: date
    place: int  # among the section's items of that edition, 0 the first


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """One page of a section."""

    slug: str
    number: int  # 1 the oldest; 0 = the newest stories, at the section's own address
    spots: tuple[Spot, ...]  # oldest edition first, each edition's in its own order
    older: int  # number of the page before it, 0 = none
    newer: int  # number of the page after it, 0 = the section's own address
    stories: int  # of the section so far

    def fingerprint(self, days: dict[date, str]) -> str:
        """Return what changes when the page does; ``days`` says the same of each edition."""
        told = [f"{self.number} {self.older} {self.newer} {self.stories if not self.number else 0}"]
        for day, spots in groupby(self.spots, key=itemgetter(0)):
            told.append(f"{day} {days[day]} {' '.join(str(spot.place) for spot in spots)}")
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


class Shelving:
    """Lays out one section's stories while editions come in order, oldest first; holds no more than two pages."""

    def __init__(self, slug: str, size: int = SIZE) -> None:
        self.slug, self.size = slug, size
        self._held: list[Spot] = []
        self._full: tuple[Spot, ...] = ()  # the last full page: what follows it is known with the next one
        self._number = self._stories = 0

    def add(self, day: date, count: int) -> Iterator[Shelf]:
        """Take an edition's stories; yield each numbered page that is settled by now."""
        self._held += [Spot(day=day, place=place) for place in range(count)]
        self._stories += count
        while len(self._held) >= 2 * self.size:
            yield from self._settled(newer=self._number + 1)
            self._number += 1
            self._full, self._held = tuple(self._held[: self.size]), self._held[self.size :]

    def finish(self) -> Iterator[Shelf]:
        """Yield what is left: the last numbered page, and the section's own address."""
        yield from self._settled(newer=0)
        yield Shelf(
            slug=self.slug, number=0, spots=tuple(self._held), older=self._number, newer=0, stories=self._stories
        )

    def _settled(self, *, newer: int) -> Iterator[Shelf]:
        if self._full:
            number = self._number
            yield Shelf(
                slug=self.slug, number=number, spots=self._full, older=number - 1, newer=newer, stories=self._stories
            )
