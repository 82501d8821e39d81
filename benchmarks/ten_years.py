"""Ten years of editions that never were, and what is asked of them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate

from digest.model.mail import EditionKey
from digest.model.searching import Told

SECTIONS = tuple((slug, slug.title()) for slug in ("foreign", "defence", "video", "natural", "trade", "regional"))
SOURCES = tuple(f"Paper {number}" for number in range(40))
SYLLABLES = re.findall("..", "kalomiratevoselbriondashetupancordimfagrehuisjokelarmonevpriquarin")
FIRST = date(2016, 11, 28)


class World:
    """Fiction whose words are as common as words are: the n-th in about 1/n of the stories."""

    def __init__(self, seed: int = 4) -> None:
        self.random = random.Random(seed)
        chosen = self.random.choice
        self.words = list(
            dict.fromkeys("".join(chosen(SYLLABLES) for _ in range(chosen((2, 3, 4)))) for _ in range(30_000))
        )
        self._weights = list(accumulate(1 / (place + 10) for place in range(len(self.words))))

    def text(self, count: int) -> str:
        """Return so many words."""
        return " ".join(self.random.choices(self.words, cum_weights=self._weights, k=count)).capitalize()

    def edition(self, day: date, stories: int = 30) -> list[Told]:
        """Return the stories of a day; every second one says "harbour"."""
        made = []
        for number in range(stories):
            slug, title = SECTIONS[number % len(SECTIONS)]
            more = " harbour" if number % 2 else ""
            made.append(
                Told(
                    digest="daily", day=day, story=f"{day:%Y%m%d}{number:08}", section=slug, section_title=title,
                    headline=self.text(9), teaser=self.text(30) + more, source=self.random.choice(SOURCES),
                    url=f"https://read.example/{day}/{number}",
                )
            )  # fmt: skip
        return made


def editions(world: World, count: int) -> Iterator[tuple[EditionKey, list[Told]]]:
    """Yield so many days and their stories, oldest first."""
    for number in range(count):
        day = FIRST + timedelta(days=number)
        yield EditionKey("daily", day), world.edition(day)


def questions(world: World) -> dict[str, str]:
    """Return what is asked, by what it stands for."""
    common, usual, rare = world.words[0], world.words[60], world.words[9_000]
    return {
        "every second story": "harbour",
        "a common word": common,
        "a usual word": usual,
        "a rare word": rare,
        "three words": f"harbour {common} {usual}",
        "a phrase": f'"{common} {world.words[1]}"',
        "while typing": f"{usual} {common[:3]}",
        "no such word": "zzyzx",
    }
