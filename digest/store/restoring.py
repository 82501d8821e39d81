"""`digest db restore`: a backup into the publication's database, so that nobody who left is mailed again.

All of it is one transaction of the database that is replaced: whoever leaves meanwhile waits, and is in it or after it.
Who left it since the backup stays away; editions up to now are set aside, because nobody knows which of their mails
went out after the backup; notices that waited then are not mailed now.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import to_micros
from digest.errors import StoreConflict, StoreError, UsageError
from digest.model.editions import RESTORED, EditionState
from digest.model.mail import EditionKey
from digest.store import upgrading
from digest.store.backups import backup, copy_sqlite, damage, look_into, sqlite_file
from digest.store.copying import copy_in, make_url_of, set_counters, step_of, tables_copied
from digest.store.delivery_log import CLAIMED, HANDED
from digest.store.engine import Store
from digest.store.locks import Locks
from digest.store.persons import Persons
from digest.store.stories import insert
from digest.store.subscribers import GONE
from digest.store.tables import deliveries, editions, notices, subscribers, suppressions

OPEN = tuple(state.value for state in (EditionState.DRAFT, EditionState.APPROVED, EditionState.SENDING))
FLAG = "--accept-lost-unsubscribes"


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What a restore did."""

    newest: datetime | None  # how new the backup is
    rows: int
    set_aside: tuple[EditionKey, ...]  # editions that nothing sends before a person approves them
    stayed_away: int  # suppressions that the backup did not have
    erased: int  # people erased since the backup, erased again
    missing: int  # active people of the replaced database that the backup does not have
    kept: Path | None  # the replaced database as it was; None = there was none


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a publication is restored."""

    folder: Path  # for the scratch copy and the backup of what is replaced
    digests: tuple[str, ...]  # whose locks are held meanwhile
    until: date  # today: editions of later days stay as they are
    due: Callable[[Store], Sequence[EditionKey]]  # days up to today that may have been sent since the backup
    hash_of: Callable[[str], str]  # what is kept of an erased address
    is_dead: Callable[[str], bool]  # whether an owner of leases is known to have died
    accept_lost: bool  # there is nothing to take unsubscribes from, and the operator knows what that means


def restore(url: str, file: Path, plan: Plan, *, now: Callable[[], datetime]) -> Restored:
    """Put a backup in the place of what a database holds, and return what was done.

    Raises StoreError where the backup or the database cannot be used, UsageError where unsubscribes would be lost and
    nobody accepted that, LockHeld and StoreConflict where a run or a send is under way. Then nothing has changed.
    """
    found, stamp = look_into(file), f"{now():%Y%m%dT%H%M%SZ}"
    replaced = _replaced(url)
    if replaced is not None and not plan.accept_lost:
        since = f"since {found.newest:%Y-%m-%d %H:%M} UTC" if found.newest else "since the backup"
        raise UsageError(
            f"{replaced}: whoever left {since} would be mailed again", where=FLAG,
            fix=f"name the database to be replaced in [store] url, or say {FLAG}",
        )  # fmt: skip
    scratch = plan.folder / f".restoring-{stamp}.db"
    with ExitStack() as opened:
        opened.callback(_remove, scratch)
        copy_sqlite(file, scratch)
        upgrading.upgrade(f"sqlite:///{scratch}")
        source = Store.open(f"sqlite:///{scratch}")
        opened.callback(source.close)
        aside = _set_aside(source, plan, now())
        damaged = replaced is None and _is_damaged(url)
        carried = _away_of(url) if damaged else []
        kept = _move_away(url, stamp) if damaged or replaced is not None else None
        target = Store.open(url)
        opened.callback(target.close)
        for name in sorted({*plan.digests, *_digests(target)}):
            opened.enter_context(Locks(target, now).hold(name, wait_s=0))
        with target.read() as connection:
            _must_rest(connection, plan, now(), where=target.name)
        if replaced is None and not damaged:
            kept = plan.folder / f"digest-before-restore-{stamp}.db"
            backup(url, kept)
        with target.write() as connection:
            return _Replacing(source, target, connection, plan, now()).go(found.newest, aside, kept, carried)


def _replaced(url: str) -> str | None:
    """Return why nothing can be taken over from a database, None where it can be."""
    parsed = make_url_of(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        return f"there is no database at {parsed.database}"
    try:
        store = Store.open(url)
    except StoreError as error:
        if parsed.get_backend_name() == "sqlite" and any(sign in error.what for sign in ("damaged", "no database")):
            return f"the database at {parsed.database} cannot be read ({error.what})"
        raise
    try:
        with store.read() as connection:
            some = [connection.execute(sa.select(table)).first() for table in (subscribers, suppressions, editions)]
            _away(connection)  # all of it is read: a damaged page shows here, and not half-way
    except StoreError as error:
        return f"the database at {store.name} cannot be read ({error.what})"
    finally:
        store.close()
    return None if any(some) else f"the database at {store.name} is empty"


def _is_damaged(url: str) -> bool:
    """Tell whether a SQLite file has damage: then it is put aside, and not written into."""
    if make_url_of(url).get_backend_name() != "sqlite":
        return False
    with closing(sqlite3.connect(sqlite_file(url))) as connection:
        return bool(damage(connection, most=1))


def _away_of(url: str) -> list[dict[str, Any]]:
    """Return what keeps people away in a database that is going to be put aside."""
    with closing(Store.open(url)) as store, store.read() as connection:
        return _away(connection)


def _away(connection: Connection) -> list[dict[str, Any]]:
    """Return what keeps people of a database away: suppressions, and what their status says."""
    rows = [dict(row) for row in connection.execute(sa.select(suppressions)).mappings()]
    gone = sa.select(subscribers.c.email_key, subscribers.c.status, subscribers.c.status_at).where(
        subscribers.c.status.in_(GONE)
    )
    return rows + [
        {"email_key": row.email_key, "digest": "", "reason": row.status, "at": row.status_at, "source": "status"}
        for row in connection.execute(gone)
    ]


def _move_away(url: str, stamp: str) -> Path | None:
    """Keep a file beside the new one; return where, None where there is none."""
    parsed = make_url_of(url)
    path = Path(parsed.database or "")
    if parsed.get_backend_name() != "sqlite" or not path.is_file():
        return None
    name = f"{path.name}.replaced-{stamp}"
    while path.with_name(name).exists():
        name += "-again"
    for ending in ("", "-wal", "-shm"):
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.rename(path.with_name(name + ending))
    return path.with_name(name)


def _remove(scratch: Path) -> None:
    for ending in ("", "-wal", "-shm", "-turn"):
        scratch.with_name(scratch.name + ending).unlink(missing_ok=True)


def _digests(store: Store) -> Sequence[str]:
    with store.read() as connection:
        return connection.execute(sa.select(editions.c.digest).distinct()).scalars().all()


def _set_aside(source: Store, plan: Plan, now: datetime) -> tuple[EditionKey, ...]:
    """Skip what could be sent again, in the scratch copy; return which editions."""
    due, moment = plan.due(source), to_micros(now)
    skipped = {"state": EditionState.SKIPPED.value, "reason": RESTORED, "changed": moment}
    with source.write() as connection:
        still = sa.and_(editions.c.day <= plan.until.isoformat(), editions.c.state.in_(OPEN))
        update = sa.update(editions).where(still).values(**skipped)
        rows = connection.execute(update.returning(editions.c.digest, editions.c.day)).all()
        found = {EditionKey(row.digest, date.fromisoformat(row.day)) for row in rows}
        for key in due:
            row = {"digest": key.digest, "day": key.day.isoformat(), **skipped}
            new = insert(source, editions).values(**row).on_conflict_do_nothing()
            if connection.execute(new.returning(editions.c.day)).first() is not None:
                found.add(key)
        waiting = notices.c.state.in_(("planned", "handed", "deferred", "in_doubt"))
        expired = {"state": "expired", "reply": RESTORED, "changed": moment}
        connection.execute(sa.update(notices).where(waiting).values(**expired))
    return tuple(sorted(found, key=lambda key: (key.day, key.digest)))


def _must_rest(connection: Connection, plan: Plan, now: datetime, *, where: str) -> None:
    """Raise StoreConflict where somebody alive is handing over."""
    leased = sa.and_(deliveries.c.state.in_((CLAIMED, HANDED)), deliveries.c.lease_until > to_micros(now))
    for owner in connection.execute(sa.select(deliveries.c.owner).where(leased).distinct()).scalars():
        if not plan.is_dead(owner):
            raise StoreConflict(
                f"an edition is being handed over by {owner}", where=where, fix="let it finish, or end it, then restore"
            )


class _Replacing:
    """The one transaction."""

    def __init__(self, source: Store, target: Store, connection: Connection, plan: Plan, now: datetime) -> None:
        self.source, self.target, self.connection, self.plan, self.now = source, target, connection, plan, now

    def go(
        self,
        newest: datetime | None,
        aside: tuple[EditionKey, ...],
        kept: Path | None,
        carried: Sequence[dict[str, Any]],
    ) -> Restored:
        """Do it and return what was restored; ``carried`` keeps people of a database away that was put aside."""
        if not self.target.is_sqlite:
            # Whoever leaves from here on waits, and leaves what was restored.
            names = ", ".join(f'"{table.name}"' for table in tables_copied())
            self.connection.exec_driver_sql(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
        _must_rest(self.connection, self.plan, self.now, where=self.target.name)
        away, active = [*carried, *_away(self.connection)], self._active()
        for table in reversed(tables_copied()):
            self.connection.execute(sa.delete(table))
        rows = sum(self._fill(table) for table in tables_copied())
        if not self.target.is_sqlite:
            set_counters(self.connection)
        stayed_away = self._keep_away(away)
        return Restored(
            newest=newest,
            rows=rows,
            set_aside=aside,
            stayed_away=stayed_away,
            erased=self._erase_again(away),
            missing=len(active - self._active(every=True)),
            kept=kept,
        )

    def _active(self, *, every: bool = False) -> set[str]:
        query = sa.select(subscribers.c.email_key)
        query = query if every else query.where(subscribers.c.status == "active")
        return set(self.connection.execute(query).scalars())

    def _fill(self, table: sa.Table) -> int:
        count = 0
        with self.source.read() as reading:
            rows = reading.execution_options(yield_per=step_of(table)).execute(sa.select(table))
            for some in rows.partitions():
                if self.target.is_sqlite:
                    self.connection.execute(sa.insert(table), [dict(row._mapping) for row in some])
                else:
                    copy_in(self.connection, table, some, self.target.name)
                count += len(some)
        return count

    def _keep_away(self, away: Collection[dict[str, Any]]) -> int:
        """Add what the backup does not know of; return how many."""
        count = sa.select(sa.func.count()).select_from(suppressions)
        before = self.connection.execute(count).scalar_one()
        if away:
            self.connection.execute(insert(self.target, suppressions).on_conflict_do_nothing(), list(away))
        fresh = int(self.connection.execute(count).scalar_one() - before)
        theirs = sa.and_(suppressions.c.email_key == subscribers.c.email_key, suppressions.c.digest == "")
        reason = sa.select(suppressions.c.reason).where(theirs, suppressions.c.reason.in_(GONE)).scalar_subquery()
        left = sa.and_(subscribers.c.status.not_in(GONE), reason.is_not(None))
        moment = to_micros(self.now)
        values = {"status": reason, "status_reason": RESTORED, "status_at": moment, "changed": moment}
        self.connection.execute(sa.update(subscribers).where(left).values(**values))
        return fresh

    def _erase_again(self, away: Collection[dict[str, Any]]) -> int:
        """Erase people whom the replaced database knew as erased; return how many there were."""
        hashes = {row["email_key"] for row in away if row["email_key"].startswith("hash:")}
        if not hashes:
            return 0
        persons, found = Persons(self.target), 0
        for key in sorted(self._active(every=True)):
            hashed = self.plan.hash_of(key)
            if hashed in hashes:
                alias = f"erased-{secrets.token_hex(8)}"
                persons.erase_within(self.connection, key, hashed=hashed, alias=alias, now=self.now)
                found += 1
        return found
