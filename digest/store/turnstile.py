"""Turns of SQLite's one write lock, among processes: nobody who writes without a pause keeps the others out.

SQLite's own waiting sleeps up to 100 ms between tries. Beside a sender, which lets the lock go for a third of a
millisecond, it is always too late: an unsubscribe took seconds. So who wants to write goes through a turnstile first, a
lock of its own file, and lets it go when it has the database. Who has just written finds it taken by whoever waits.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

STEP_S = 0.0003


def turnstile(database: Path) -> int | None:
    """Return an open file beside the database to be passed to `begin_writing`; None where none can be made."""
    try:
        return os.open(database.with_name(f"{database.name}-turn"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None  # a folder that can only be read: writing will fail for a better reason


def begin_writing(connection: sqlite3.Connection, turn: int | None, *, timeout_s: float) -> None:
    """Begin a writing transaction; raises sqlite3.OperationalError ("database is locked") after ``timeout_s``."""
    until = time.monotonic() + timeout_s
    connection.execute("PRAGMA busy_timeout=0")
    try:
        _pass(turn, until)
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(STEP_S)
            else:
                return
    finally:
        if turn is not None:
            with suppress(OSError):
                fcntl.flock(turn, fcntl.LOCK_UN)
        connection.execute(f"PRAGMA busy_timeout={int(timeout_s * 1000)}")


def _pass(turn: int | None, until: float) -> None:
    """Wait for the turnstile; after the time it is as good as passed, and the database says what is wrong."""
    while turn is not None and time.monotonic() < until:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(STEP_S)
        except OSError:
            return  # a file system without locks
        else:
            return
