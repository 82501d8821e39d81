"""`digest db backup`: one SQLite file that holds a publication as it was at one instant, made while others write.

A SQLite database is copied by SQLite's own backup, PostgreSQL by reading every table in one snapshot (REPEATABLE READ).
Both give the same kind of file: it needs no server's tools of the right version, can be restored into either kind of
database, and is a database itself, to be looked into. The tables are those the source has, also where they are older.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import from_micros
from digest.errors import DigestError, FileProblem, StoreError
from digest.store import migrations
from digest.store.copying import OF_THE_DATABASE, STEP, STEP_OF_BYTES, make_url_of
from digest.store.engine import Store, be_patient, engine_of
from digest.store.schema import metadata
from digest.store.search_index import INDEX

# Tables whose rows say how new a backup is, by their column of instants.
_NEWEST = (("runs", "started"), ("editions", "changed"), ("subscribers", "changed"), ("suppressions", "at"))


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What a backup holds."""

    file: Path
    size: int  # bytes
    rows: int
    revision: str  # of its tables
    newest: datetime | None  # when something in it changed last


def backup(url: str, file: Path) -> Backup:
    """Write a publication into a new file, check it, and return what it holds.

    The file is readable by us alone and appears whole or not at all. Raises FileProblem where it stands already or
    cannot be written, StoreError where the database cannot be read.
    """
    if file.exists():
        raise FileProblem("there is a file already", where=str(file), fix="name another; backups are never overwritten")
    partial = file.with_name(f".{file.name}.partial")
    source = make_url_of(url)
    try:
        with _new_file(partial):
            if source.get_backend_name() == "sqlite":
                copy_sqlite(sqlite_file(url), partial)
            else:
                _copy_snapshot(url, partial)
            made = look_into(partial)
            _settle(partial, file)
    except OSError as error:
        if isinstance(error, DigestError):
            raise
        raise FileProblem.unwritten(error, file, fix="free some space, or name another") from None
    return Backup(file=file, size=made.size, rows=made.rows, revision=made.revision, newest=made.newest)


@contextmanager
def _new_file(partial: Path) -> Iterator[None]:
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))  # it holds addresses
        yield
    finally:
        for ending in ("", "-wal", "-shm", "-journal", "-turn"):
            partial.with_name(partial.name + ending).unlink(missing_ok=True)


def _settle(partial: Path, file: Path) -> None:
    """Put a finished file in its place, on disk before its name is."""
    with partial.open("rb+") as written:
        os.fsync(written.fileno())
    os.link(partial, file)  # unlike a rename it never replaces what somebody else put there meanwhile
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sqlite_file(url: str) -> Path:
    """Return the file of a SQLite address; raises StoreError where there is none."""
    path = Path(make_url_of(url).database or "")
    if not path.is_file():
        raise StoreError("there is no such file", where=str(path), fix="correct [store] url")
    return path


def copy_sqlite(source: Path, into: Path) -> None:
    """Copy a SQLite database as it is at one instant; who writes meanwhile is not held up. Raises StoreError."""
    try:
        with closing(sqlite3.connect(source, timeout=10)) as old, closing(sqlite3.connect(into)) as new:
            # All pages in one step: in WAL mode that reads one snapshot and keeps no writer waiting.
            old.backup(new, pages=-1)
            new.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    except sqlite3.Error as error:
        raise _sentence(error, source, into) from None


def _sentence(error: sqlite3.Error, source: Path, into: Path) -> StoreError:
    text = str(error)
    if "full" in text or "I/O" in text:
        return StoreError(f"the backup cannot be written ({text})", where=str(into.parent), fix="free some space")
    return StoreError(
        f"the database cannot be read ({text})", where=str(source), fix="see `digest db check`; restore a backup"
    )


def _copy_snapshot(url: str, into: Path) -> None:
    """Copy every table of a PostgreSQL database, all as of one instant."""
    source = Store(engine_of(url), url)
    target = Store(engine_of(f"sqlite:///{into}"), f"sqlite:///{into}")
    try:
        with source.read() as connection:
            be_patient(connection)  # the disk written to may be slow
            migrations.make(target, migrations.revision(connection, where=source.name))
            for name in _names(target):
                _copy_table(connection, target, name)
        with target.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        source.close()
        target.close()
    with closing(sqlite3.connect(into)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _names(store: Store) -> Sequence[str]:
    """Return the tables of a publication in a database, those first that others refer to."""
    with store.read() as connection:
        there = set(sa.inspect(connection).get_table_names())
    there -= {"alembic_version", *(table.name for table in OF_THE_DATABASE)}
    there -= {name for name in there if name.startswith(INDEX)}  # made anew of search_items
    order = [table.name for table in metadata.sorted_tables if table.name in there]
    return [*order, *sorted(there - set(order))]


def _copy_table(connection: Connection, target: Store, name: str) -> None:
    columns = sa.inspect(connection).get_columns(name)
    table = sa.table(name, *(sa.column(column["name"]) for column in columns))
    step = STEP_OF_BYTES if any(isinstance(column["type"], sa.LargeBinary) for column in columns) else STEP
    rows = connection.execution_options(yield_per=step).execute(sa.select(table))
    for some in rows.mappings().partitions():
        with target.write() as into:
            into.execute(sa.insert(table), [dict(row) for row in some])


def look_into(file: Path) -> Backup:
    """Check a SQLite file that holds a publication and return what is in it. Raises StoreError, FileProblem."""
    if not file.is_file():
        raise FileProblem("there is no such file", where=str(file), fix="name a file that `digest db backup` wrote")
    try:
        with closing(sqlite3.connect(file)) as connection:
            problems = damage(connection)
            if problems:
                raise StoreError(f"it is damaged ({problems[0]})", where=str(file), fix="take another backup")
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            names = [row[0] for row in listed if not row[0].startswith(INDEX)]
            rows = sum(_scalar(connection, f'SELECT count(*) FROM "{name}"') for name in names)  # noqa: S608  # its own
            moments = [_scalar(connection, f"SELECT max({column}) FROM {name}") for name, column in _NEWEST]  # noqa: S608
    except sqlite3.Error as error:
        raise StoreError(
            f"it is no backup of a publication ({error})",
            where=str(file),
            fix="name a file that `digest db backup` wrote",
        ) from None
    newest = max((moment for moment in moments if moment), default=None)
    return Backup(
        file=file,
        size=file.stat().st_size,
        rows=rows - 1,  # that of alembic_version
        revision=found[0] if found else "",
        newest=None if newest is None else from_micros(newest),
    )


def _scalar(connection: sqlite3.Connection, query: str) -> Any:
    return connection.execute(query).fetchone()[0]


def damage(connection: sqlite3.Connection, *, most: int = 20) -> list[str]:
    """Return what SQLite finds wrong with a file: pages, indexes, rows that refer to nothing."""
    lines = [row[0] for row in connection.execute(f"PRAGMA integrity_check({most})") if row[0] != "ok"]
    strays = connection.execute("PRAGMA foreign_key_check").fetchmany(most)
    return lines + [f"a row of {row[0]} refers to a row of {row[2]} that is not there" for row in strays]


def rotate(folder: Path, pattern: str, keep: int, remove: Callable[[Path], None] = Path.unlink) -> list[Path]:
    """Remove the oldest files of a pattern, by name, until ``keep`` are left; return which."""
    old = sorted(folder.glob(pattern))[:-keep] if keep else []
    for path in old:
        remove(path)
    return old
