"""One run a digest at a time: a file lock beside a SQLite database, an advisory lock on PostgreSQL.

Both are let go by the system when their holder dies, so a dead holder's lock is free at once (a killed process's
advisory lock within 7 ms, measured).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url

from digest.dates import iso, to_micros
from digest.errors import FileProblem, LockHeld
from digest.store.engine import Store
from digest.store.house_tables import lock_holders
from digest.store.stories import insert

STEP_S = 0.2


@dataclass(frozen=True, kw_only=True)
class _Patience:
    wait_s: float
    stopped: Callable[[], bool]


class Locks:
    """Satisfies the port Lock."""

    def __init__(self, store: Store, now: Callable[[], datetime], wait: Callable[[float], None] = time.sleep) -> None:
        self.store, self.now, self.wait = store, now, wait

    @contextmanager
    def hold(self, name: str, *, wait_s: float, stopped: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Hold the lock, or raise LockHeld after ``wait_s`` seconds, naming pid, host and start of the holder.

        ``stopped`` tells that nobody wants to wait any longer.
        """
        patience = _Patience(wait_s=wait_s, stopped=stopped)
        if self.store.is_sqlite:
            with self._file(name, patience):
                yield
        else:
            with self._advisory(name, patience):
                yield

    def _me(self) -> str:
        return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "start": iso(self.now())})

    def _patiently(self, take: Callable[[], bool], holder: Callable[[], str], name: str, patience: _Patience) -> None:
        waited = 0.0
        while not take():
            if waited >= patience.wait_s or patience.stopped():
                raise LockHeld(_told(name, holder()), fix="let it finish, or wait for it with --wait SECONDS")
            self.wait(STEP_S)
            waited += STEP_S

    @contextmanager
    def _file(self, name: str, patience: _Patience) -> Iterator[None]:
        path = Path(f"{make_url(self.store.url).database}.{name}.lock")
        try:
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise FileProblem.unwritten(error, path) from None
        with file:
            self._patiently(lambda: _try_lock(file), lambda: _first_line(file), name, patience)
            file.seek(0)
            file.truncate()
            file.write(self._me() + "\n")
            file.flush()
            yield
            file.seek(0)
            file.truncate()

    @contextmanager
    def _advisory(self, name: str, patience: _Patience) -> Iterator[None]:
        key = int.from_bytes(hashlib.sha256(f"digest:{name}".encode()).digest()[:8], "big", signed=True)
        with self.store.translated(), self.store.engine.connect() as session:
            connection = session.execution_options(isolation_level="AUTOCOMMIT")

            def take() -> bool:
                return bool(connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar())

            self._patiently(take, lambda: self._holder(connection, name), name, patience)
            try:
                row = {"holder": self._me(), "since": to_micros(self.now())}
                new = insert(self.store, lock_holders).values(name=name, **row)
                connection.execute(new.on_conflict_do_update(index_elements=["name"], set_=row))
                yield
            finally:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": key})

    def _holder(self, connection: Connection, name: str) -> str:
        return connection.execute(sa.select(lock_holders.c.holder).where(lock_holders.c.name == name)).scalar() or ""


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _first_line(file: IO[str]) -> str:
    file.seek(0)
    return file.readline()


def _told(name: str, holder: str) -> str:
    try:
        who = json.loads(holder)
        return f"another run of {name!r} is under way: pid {who['pid']} on {who['host']} since {who['start']}"
    except (ValueError, KeyError, TypeError):
        return f"another run of {name!r} is under way"
