"""`digest db copy`: a whole publication from one database into another, a few thousand rows at a time.

How far it came is committed with the rows, so that a copy cut short goes on where it was. At its end every table of
both sides is read again: counts and hashes must be the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url

from digest.dates import to_micros
from digest.errors import StoreConflict, StoreError, UsageError
from digest.store.engine import Store
from digest.store.house_tables import copies, desk_sessions, lock_holders, paces, queue_migrations, workers
from digest.store.locks import Locks
from digest.store.schema import metadata
from digest.store.tables import editions

STEP = 5_000  # rows a transaction
STEP_OF_BYTES = 50  # of tables that hold pictures and parts
# What belongs to a database and its processes, not to the publication.
OF_THE_DATABASE = frozenset({copies, desk_sessions, lock_holders, paces, queue_migrations, workers})
SPACE = 1 << 256

Tell = Callable[[str, int, int], None]
"""Told a table, how many of its rows are copied, and how many there are."""


@dataclass(frozen=True, kw_only=True)
class TableCopy:
    """One table, the same on both sides."""

    name: str
    rows: int
    copied: int  # by this call
    hash: str  # hex; of all rows, whatever their order


@dataclass(frozen=True, kw_only=True)
class CopyReport:
    """What was copied and verified."""

    tables: tuple[TableCopy, ...]
    finished: datetime | None = None  # when an earlier call finished this copy; None = this one did

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def copied(self) -> int:
        """Rows that this call copied."""
        return sum(table.copied for table in self.tables)


def tables_copied() -> tuple[sa.Table, ...]:
    """Return the tables of a publication, those first that others refer to."""
    return tuple(table for table in metadata.sorted_tables if table not in OF_THE_DATABASE)


def copy(
    source: str, target: str, *, now: Callable[[], datetime], tell: Tell = lambda name, done, total: None
) -> CopyReport:
    """Copy a publication from one database into an empty one, or go on with a copy, and verify it.

    Raises StoreError, LockHeld where a run is under way in the source, StoreConflict where the target holds something
    else, and UsageError where both are the same.
    """
    if make_url_of(source) == make_url_of(target):
        raise UsageError("both are the same database", where="--to", fix="name another one")
    _must_be_there(source)
    with ExitStack() as opened:
        old = Store.open(source, create=False)
        opened.callback(old.close)
        new = Store.open(target)
        opened.callback(new.close)
        for name in _digests(old):
            # Asked, not held: what is written later is found when both sides are compared.
            with Locks(old, now).hold(name, wait_s=0):
                pass
        finished = _begin(old, new)
        if finished is not None:
            return CopyReport(tables=(), finished=finished)
        return _Copy(old, new, tell).go(now)


def make_url_of(url: str) -> sa.URL:
    """Return an address in parts; raises StoreError for what is none, without showing it."""
    try:
        return make_url(url)
    except sa.exc.ArgumentError:
        raise StoreError(
            "this is no address of a database", fix="write sqlite:///FILE or postgresql+psycopg://…"
        ) from None


def _must_be_there(url: str) -> None:
    parsed = make_url_of(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise StoreError("there is no such file", where=f"--from {parsed.render_as_string()}", fix="correct --from")


def _digests(store: Store) -> Sequence[str]:
    with store.read() as connection:
        return connection.execute(sa.select(editions.c.digest).distinct().order_by(editions.c.digest)).scalars().all()


def _begin(old: Store, new: Store) -> datetime | None:
    """Make sure that the target is empty or a copy of this source; return when that copy was finished."""
    from digest.dates import from_micros

    with new.write() as connection:
        begun = connection.execute(sa.select(copies)).all()
        if not begun:
            full = [table.name for table in tables_copied() if _is_full(connection, table)]
            if full:
                raise StoreConflict(
                    f"it holds a publication already (in {full[0]})", where=new.name, fix="name an empty database"
                )
            rows = [{"name": table.name, "source": old.name} for table in tables_copied()]
            connection.execute(sa.insert(copies), rows)
            return None
        other = {row.source for row in begun} - {old.name}
        if other:
            raise StoreConflict(
                f"a copy of {min(other)} into it is not finished" if any(row.finished is None for row in begun)
                else f"it holds a copy of {min(other)}",
                where=new.name, fix="go on with that one, or name an empty database",
            )  # fmt: skip
        ends = [row.finished for row in begun]
        return None if None in ends else from_micros(max(ends))


def _is_full(connection: Connection, table: sa.Table) -> bool:
    return connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None


class _Copy:
    """One call over two open databases."""

    def __init__(self, old: Store, new: Store, tell: Tell) -> None:
        self.old, self.new, self.tell = old, new, tell

    def go(self, now: Callable[[], datetime]) -> CopyReport:
        copied = {table.name: self._table(table) for table in tables_copied()}
        if not self.new.is_sqlite:
            with self.new.write() as connection:
                set_counters(connection)
        verified = [self._verified(table, copied[table.name]) for table in tables_copied()]
        different = [each for each, same in verified if not same]
        if different:
            self._forget(different)
            names = ", ".join(each.name for each in different)
            raise StoreConflict(
                f"both sides differ in {names}: the source was changed while it was copied", where=self.new.name,
                fix="stop what writes into the source, then run this again; it copies only those anew",
            )  # fmt: skip
        with self.new.write() as connection:
            connection.execute(sa.update(copies).values(finished=to_micros(now())))
        return CopyReport(tables=tuple(each for each, _ in verified))

    # Copying

    def _table(self, table: sa.Table) -> int:
        """Copy what is not copied yet; return how many rows."""
        with self.new.read() as connection:
            begun = connection.execute(
                sa.select(copies.c.last, copies.c.rows).where(copies.c.name == table.name)
            ).one_or_none()
        last, done = (json.loads(begun.last) if begun is not None and begun.last else None), begun.rows if begun else 0
        with self.old.read() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        copied = 0
        for rows in self._pages(table, last):
            self._put(table, rows, done + copied)
            copied += len(rows)
            self.tell(table.name, done + copied, total)
        return copied

    def _pages(self, table: sa.Table, last: list[Any] | None) -> Iterator[Sequence[sa.Row[Any]]]:
        key = list(table.primary_key.columns)
        step = step_of(table)
        while True:
            query = sa.select(table).order_by(*key).limit(step)
            if last is not None:
                query = query.where(
                    sa.tuple_(*key) > sa.tuple_(*(sa.literal(v, c.type) for v, c in zip(last, key, strict=True)))
                )
            with self.old.read() as connection:
                rows = connection.execute(query).all()
            if rows:
                yield rows
            if len(rows) < step:
                return
            last = [getattr(rows[-1], column.name) for column in key]

    def _put(self, table: sa.Table, rows: Sequence[sa.Row[Any]], before: int) -> None:
        """Insert rows and how far the copy came, in one transaction."""
        last = [getattr(rows[-1], column.name) for column in table.primary_key.columns]
        state = {"last": json.dumps(last), "rows": before + len(rows)}
        with self.new.write() as connection:
            if self.new.is_sqlite:
                connection.execute(sa.insert(table), [dict(row._mapping) for row in rows])
            else:
                copy_in(connection, table, rows, self.new.name)
            connection.execute(sa.update(copies).where(copies.c.name == table.name).values(**state))

    # Verifying

    def _verified(self, table: sa.Table, copied: int) -> tuple[TableCopy, bool]:
        was, now = table_hash(self.old, table), table_hash(self.new, table)
        return TableCopy(name=table.name, rows=now[0], copied=copied, hash=now[1]), was == now

    def _forget(self, different: Sequence[TableCopy]) -> None:
        """Empty tables that differ, and those that refer to them: the next call copies them anew."""
        names = {each.name for each in different}
        for table in tables_copied():  # those that others refer to come first
            if any(key.column.table.name in names for key in table.foreign_keys):
                names.add(table.name)
        with self.new.write() as connection:
            for table in reversed(tables_copied()):
                if table.name in names:
                    connection.execute(sa.delete(table))
            connection.execute(sa.update(copies).where(copies.c.name.in_(names)).values(last="", rows=0))


def set_counters(connection: Connection) -> None:
    """Have PostgreSQL count on from the largest number copied."""
    for table in tables_copied():
        for column in table.primary_key.columns:
            if column.autoincrement is True:
                largest = sa.select(sa.func.max(column)).scalar_subquery()
                sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
                connection.execute(
                    sa.select(sa.func.setval(sequence, sa.func.coalesce(largest, 1), largest.is_not(None)))
                )


def copy_in(connection: Connection, table: sa.Table, rows: Sequence[sa.Row[Any]], where: str) -> None:
    """Write rows into a table of PostgreSQL as fast as it takes them; raises StoreError naming a row it cannot keep."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as into:
        for row in rows:
            if any(isinstance(value, str) and "\0" in value for value in row):
                key = [getattr(row, column.name) for column in table.primary_key.columns]
                raise StoreError(
                    f"a text of {table.name} {key} holds a zero byte, which PostgreSQL cannot keep", where=where,
                    fix="correct that row in the source",
                )  # fmt: skip
            into.write_row(tuple(row))


def table_hash(store: Store, table: sa.Table) -> tuple[int, str]:
    """Return how many rows a table has and a hash of them all: the same on every kind of database, in any order."""
    count, total = 0, 0
    with store.read() as connection:
        rows = connection.execution_options(yield_per=step_of(table)).execute(sa.select(table))
        for row in rows:
            count += 1
            total += int.from_bytes(hashlib.sha256(repr(tuple(row)).encode("utf-8", "surrogatepass")).digest(), "big")
    return count, f"{total % SPACE:064x}"


def step_of(table: sa.Table) -> int:
    """Return how many rows of a table are taken at a time."""
    holds_bytes = any(isinstance(column.type, sa.LargeBinary) for column in table.columns)
    return STEP_OF_BYTES if holds_bytes else STEP
