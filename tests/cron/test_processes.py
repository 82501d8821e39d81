"""Real processes of `digest run`: two at the same moment, one that is told to stop, one that dies.

Ten pairs in all (fifty with DIGEST_SOAK=1): one edition a day, one message a person.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.store.engine import Store
from digest.subscribers.tokens import make_keys
from tests.conftest import fresh_postgres
from tests.simulation import Feeds
from tests.smtpd import Inbox, Script, scripted_server
from tests.webd import Web, web_server

ROOT = Path(__file__).parents[2]
SOAK = os.environ.get("DIGEST_SOAK") == "1"
FIRST = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)
READERS = 40
CONFIG = """\
[publication]
name = "The Slack Tide"
time_zone = "UTC"
from = "The Slack Tide <news@tide.example>"
public_url = "https://tide.example"

[[sections]]
slug = "news"
title = "News"

[[feeds]]
url = "@BASE@/calder"
section = "news"

[digest.daily]
time = "07:00"
not_after = "12:00"
approval = "automatic"

[delivery]
via = "smtp://127.0.0.1:@PORT@"
connections = 4
linger = "5s"

[fetch]
allowed_hosts = ["127.0.0.1"]
pages = 0

[store]
url = "@STORE@"
"""


class Runner:
    """The process that forks others (tests/cron/runner.py)."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.cron.runner"], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        assert self.stdout.readline() == "ready\n"

    def ask(self, document: dict[str, Any]) -> list[int]:
        self.stdin.write(json.dumps(document) + "\n")
        self.stdin.flush()
        return self.line()

    def line(self) -> list[int]:
        found = json.loads(self.stdout.readline())
        assert isinstance(found, list)
        return found

    def close(self) -> None:
        self.stdin.close()
        assert self.process.wait(timeout=180) == 0
        self.stdout.close()


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    made = Runner()
    yield made
    made.close()


class Publication:
    """A publication in a folder, and processes of it that begin at one moment."""

    def __init__(self, folder: Path, web: Web, inbox: Inbox, url: str, runner: Runner) -> None:
        self.folder, self.web, self.inbox = folder, web, inbox
        self.file, self.url, self.calls = folder / "digest.toml", url, 0
        text = CONFIG.replace("@BASE@", web.base).replace("@PORT@", str(inbox.port)).replace("@STORE@", url)
        self.file.write_text(text, encoding="utf-8")
        rows = "\n".join(f"reader{number:03}@read.example" for number in range(READERS))
        (folder / "subscribers.csv").write_text(f"email\n{rows}\n", encoding="utf-8")
        for name in ("keys/tokens", "keys/erasure"):
            make_keys(folder / name)
        self.feeds, self.runner = Feeds(7), runner

    def begin(self, at: datetime, *, processes: int = 1) -> list[int]:
        """Begin processes of `digest run`; return their numbers."""
        self.web.put("/calder", self.feeds.body("calder", at))
        self.calls += 1
        words = ["run", "-c", str(self.file)]
        ask = {"words": words, "at": at.isoformat(), "processes": processes, "out": str(self.out)}
        return self.runner.ask(ask)

    def ended(self) -> list[int]:
        """Wait for what began and return the exit codes; -9 where one was killed."""
        return self.runner.line()

    @property
    def out(self) -> Path:
        return self.folder / f"out{self.calls}"

    def got(self) -> Counter[tuple[str, str]]:
        """Return how often each person got each edition, notices apart."""
        found: Counter[tuple[str, str]] = Counter()
        for recipient, body in self.inbox.taken:
            head = body.partition(b"\r\n\r\n")[0].decode("latin-1")
            name = next(line for line in head.splitlines() if line.lower().startswith("message-id:"))
            found[recipient, name.partition("<")[2].split(".")[1]] += 1
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        store = Store.open(self.url)
        try:
            with store.read() as connection:
                return [tuple(row) for row in connection.exec_driver_sql(query)]
        finally:
            store.close()


@contextmanager
def publication(folder: Path, script: Script, runner: Runner, url: str = "") -> Iterator[Publication]:
    with web_server() as web, scripted_server(script) as inbox:
        yield Publication(folder, web, inbox, url or f"sqlite:///{folder / 'digest.db'}", runner)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_at_the_same_moment_make_one_edition_and_one_message_a_person(
    tmp_path: Path, kind: str, runner: Runner, request: pytest.FixtureRequest
) -> None:
    url = fresh_postgres(request.getfixturevalue("postgres")) if kind == "postgresql" else ""
    pairs = 25 if SOAK else 6 if kind == "sqlite" else 4
    with publication(tmp_path, Script(), runner, url) as place:
        ended: Counter[int] = Counter()
        for day in range(pairs):
            place.begin(FIRST + timedelta(days=day), processes=2)
            codes = place.ended()
            said = place.out.read_text(encoding="utf-8")
            ended.update(codes)
            # One does it; the other is told who runs, helps to hand over, or finds nothing left to do.
            assert 0 in codes or 75 in codes, said
            assert set(codes) <= {0, 3, 75}, said
            assert "Traceback" not in said
            if 3 in codes:
                # Whose run it is, it can say once that one has written its name beside the lock.
                assert "another run of 'daily' is under way" in said
            if 75 in codes:  # both handed over, and this one ended while the other still held a row
                place.begin(FIRST + timedelta(days=day, minutes=1))
                assert place.ended() == [0], place.out.read_text(encoding="utf-8")
        assert ended[3] >= 1, "they did meet"
        got = place.got()
        assert len(got) == READERS * pairs
        assert set(got.values()) == {1}
        states = place.rows("SELECT day, state, number FROM editions ORDER BY day")
        assert [row[1:] for row in states] == [("finished", number) for number in range(1, pairs + 1)]


def slowly(recipient: str) -> str:
    time.sleep(0.02)
    return "250 ok"


def test_told_to_stop_it_ends_the_hand_over_under_way_and_the_next_goes_on(tmp_path: Path, runner: Runner) -> None:
    with publication(tmp_path, Script(on_dot=slowly), runner) as place:
        (number,) = place.begin(FIRST)
        wait_for(lambda: len(place.inbox.taken) >= 10)
        os.kill(number, signal.SIGTERM)
        assert place.ended() == [75]
        assert len(place.inbox.taken) < READERS
        said = place.out.read_text(encoding="utf-8")
        assert "stopped: " in said
        ledger = dict(place.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))
        assert ledger["accepted"] == len(place.inbox.taken), "what the relay has is on record"
        assert set(ledger) == {"accepted", "planned"}, "and nothing is in doubt"
        ((code, summary),) = place.rows("SELECT exit_code, summary FROM runs")
        assert code == 75
        assert "stopped" in json.loads(summary)["trouble"]
        place.begin(FIRST + timedelta(minutes=15))
        assert place.ended() == [0]
        assert set(place.got().values()) == {1}
        assert len(place.got()) == READERS


def test_a_dead_holders_lock_is_free_at_once(tmp_path: Path, runner: Runner) -> None:
    """Killed while it reads the feeds, lock in hand: the next run neither waits nor asks."""
    with publication(tmp_path, Script(), runner) as place:
        (number,) = place.begin(FIRST)
        wait_for(lambda: place.web.times("/calder") > 0)
        os.kill(number, signal.SIGKILL)
        assert place.ended() == [-9]
        place.begin(FIRST + timedelta(minutes=1))
        assert place.ended() == [0], place.out.read_text(encoding="utf-8")
        assert set(place.got().values()) == {1}
        assert len(place.got()) == READERS


def wait_for(true: Any) -> None:
    until = time.monotonic() + 300
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)
