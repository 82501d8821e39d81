"""Search over ten years in Chromium: an index made by Pagefind, asked in a new page with an empty cache each time.

What is timed begins with the reader's key and ends when the first stories stand there.
"""

from __future__ import annotations

import functools
import os
import re
import statistics
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import date, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.ten_years import FIRST, World, editions, questions
from digest.config import load
from digest.model.mail import EditionKey
from digest.model.searching import Told
from digest.wiring import Wiring
from digest.wiring.archive import ArchiveKeeper
from tests.browser import browser, page

ROUNDS = 5
KEY_MS = 120  # between two keys of a quick typist: 500 in a minute
ALLOWED_MS = 300
CONFIG = """[publication]
name = "The Morning Halyard"
from = "news@halyard.example"
public_url = "https://halyard.example"
[[sections]]
slug = "foreign"
title = "Foreign Affairs"
"""


def in_chromium(folder: Path, world: World, count: int) -> None:
    """Make the index of an archive's stories unless ``folder`` holds it, and search it in a browser."""
    site = folder / "site"
    whole = (site / "search" / "parts.json").is_file()
    file = folder / "digest.toml"
    file.write_text(CONFIG, encoding="utf-8")
    with closing(Wiring(load(file, {}))) as wiring:
        held, keeper = Held(editions(world, count)), ArchiveKeeper(wiring)
        wiring.__dict__["search"] = held  # the store is measured apart
        began = time.perf_counter()
        print(f"\nPagefind: {keeper.put_search(site).line} {time.perf_counter() - began:.1f} s")
        if not whole:
            today = FIRST + timedelta(days=count)
            began = time.perf_counter()
            held.stories[today] = world.edition(today)
            print(f"  one edition more: {keeper.put_search(site).line} {time.perf_counter() - began:.1f} s")
    files = [path.stat().st_size for path in (site / "search").rglob("*") if path.is_file()]
    print(f"  {sum(files) / 1e6:.0f} MB in {len(files)} files", flush=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with browser() as started:
            _ask(started, f"http://127.0.0.1:{server.server_port}/search/", world)
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

    def due(self) -> tuple[()]:
        """Return nothing: all is in it."""
        return ()


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

    def handle(self) -> None:
        """Serve a connection until a page that is closed leaves it."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _ask(started: Browser, base: str, world: World) -> None:
    asked = [(name, words, "") for name, words in questions(world).items()]
    asked += [("of a year", "harbour", f"year={FIRST.year + 1}"), ("in a section", "harbour", "section=defence")]
    most = dict.fromkeys(("pasted", "again", "typed", "at once"), 0.0)
    print(f"  medians of {ROUNDS} and the worst, ms:")
    for name, words, more in asked:
        took: dict[str, list[int]] = {way: [] for way in most}
        spent = []
        for _ in range(ROUNDS):
            with page(started, width=1000) as opened:
                _open(opened, base, "warm", more)
                opened.locator("#_q").press("Control")
                opened.wait_for_timeout(KEY_MS)
                opened.locator("#_q").fill(words)
                before = processor()
                opened.wait_for_timeout(2 * KEY_MS)
                took["pasted"].append(_entered(opened, words))
                spent.append((processor() - before) * 1000)
                took["again"].append(_entered(opened, words))
                said = opened.locator("#_said").inner_text()
            with page(started, width=1000) as opened:
                _open(opened, base, "warm", more)
                opened.locator("#_q").press_sequentially(words, delay=KEY_MS)
                took["typed"].append(_took(opened, words))
            with page(started, width=1000) as opened:
                _open(opened, base, "ready", more)
                opened.locator("#_q").fill(words)
                took["at once"].append(_entered(opened, words))
        told = ", ".join(f"{way} {statistics.median(each):3.0f} ({max(each)})" for way, each in took.items())
        print(f"  {name:20} {told}; of the processor {statistics.median(spent):.0f}; {said}", flush=True)
        most = {way: max(each, statistics.median(took[way])) for way, each in most.items()}
    for way, slowest in most.items():
        print(f"  slowest median, {way}: {slowest:.0f} ms ({slowest / ALLOWED_MS:.2f} of the {ALLOWED_MS} ms allowed)")
    print(f"  load {os.getloadavg()[0]:.1f}")


def processor() -> float:
    """Return the processor's seconds of all processes that this one started and that are running."""
    parents, seconds = dict[int, int](), dict[int, float]()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            process = int(stat.parent.name)
            parents[process] = int(fields[1])
            seconds[process] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ours(process: int) -> bool:
        return process in parents and (parents[process] == os.getpid() or ours(parents[process]))

    return sum(spent for process, spent in seconds.items() if ours(process))


def _open(opened: Page, base: str, state: str, more: str) -> None:
    """Open the page and wait until it can be used ("ready"), or has settled ("warm")."""
    opened.goto(base)
    opened.wait_for_function(f"'{state}' in document.getElementById('_search').dataset")
    for name, value in re.findall(r"(\w+)=(\w+)", more):
        opened.locator(f"#_{name}").select_option(value)


def _entered(opened: Page, words: str) -> int:
    opened.locator("#_q").press("Enter")
    return _took(opened, words)


def _took(opened: Page, words: str) -> int:
    """Return the milliseconds from the key until the first stories stood there, as the page counted them."""
    told = "([words]) => new URLSearchParams(location.search).get('q') === words && "
    opened.wait_for_function(f"{told}document.getElementById('_search').dataset.took", arg=[words])
    return int(opened.get_attribute("#_search", "data-took") or 0)
