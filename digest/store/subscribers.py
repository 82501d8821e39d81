"""The list: staged imports, suppressions that always win, and who is who."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import from_micros, to_micros
from digest.model.mail import Format, Subscriber, SubscriberStatus, Suppression
from digest.store.codec import plain
from digest.store.engine import Store, be_patient
from digest.store.stories import insert
from digest.store.tables import rosters, subscribers, suppressions

BATCH = 2_000
DOUBLED = 50  # addresses in several rows that are named
# Columns of a file that an import may set; what a reader set herself is kept unless overwritten.
COLUMNS = (
    "name", "sections", "digests", "format", "language", "time_zone", "weekdays_only", "paused_until", "attributes",
)  # fmt: skip
GONE = (SubscriberStatus.UNSUBSCRIBED.value, SubscriberStatus.BOUNCED.value, SubscriberStatus.COMPLAINED.value)

_staged_metadata = sa.MetaData()
staged = sa.Table(
    "staged_subscribers",
    _staged_metadata,
    *(sa.Column(column.name, column.type) for column in subscribers.columns),
    sa.Column("position", sa.Integer),  # of the row in the file: of two with one address the later counts
    sa.Column("key_hash", sa.Text),  # as an erased address is kept; only where one is
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What a merge did, row by row."""

    added: int
    updated: int
    unchanged: int
    left: int  # people who left: they stay away
    doubled: tuple[str, ...] = ()  # addresses that stood in several rows, the first fifty; the last row counts
    revived: int = 0  # people who left and were brought back, because the publisher said so and why


class Subscribers:
    """Satisfies the port SubscriberStore."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def merge(
        self,
        rows: Iterable[Subscriber],
        *,
        columns: Collection[str] = COLUMNS,
        overwrite: bool = False,
        dry_run: bool = False,
        revive: str = "",
        hash_of: Callable[[str], str] | None = None,
        now: datetime,
    ) -> Merged:
        """Stage rows, then merge them in one transaction: add and update, never remove, never revive who left.

        Of two rows with one address the later counts. ``columns`` are those the file has; others are left as they are.
        What a reader set herself wins unless ``overwrite``. With ``dry_run`` only the counts are made. ``revive`` is a
        reason: then people who left come back, those erased excepted, whom ``hash_of`` recognises. Raises StoreError,
        and then nothing has changed.
        """
        with self.store.translated(), self.store.engine.connect() as connection:
            try:
                doubled = self._stage(connection, rows, hash_of, now)
                merging = connection.execution_options(sqlite_begin="IMMEDIATE")
                with merging.begin() as transaction:
                    done = self._merge(merging, frozenset(columns), overwrite, revive, to_micros(now))
                    if dry_run:
                        transaction.rollback()
            finally:
                with connection.begin():
                    staged.drop(connection, checkfirst=True)
        return replace(done, doubled=doubled)

    def _stage(
        self,
        connection: Connection,
        rows: Iterable[Subscriber],
        hash_of: Callable[[str], str] | None,
        now: datetime,
    ) -> tuple[str, ...]:
        """Fill a temporary table: it takes no lock that an unsubscribe would wait for; return who stands twice."""
        moment = to_micros(now)

        def row_of(position: int, person: Subscriber) -> dict[str, Any]:
            hashed = hash_of(person.email_key) if hash_of is not None and erased else ""
            return _row(person, moment) | {"position": position, "key_hash": hashed}

        with connection.begin():
            be_patient(connection)  # rows may come from a pipe that takes its time
            staged.drop(connection, checkfirst=True)
            staged.create(connection)
            kept = sa.select(suppressions.c.email_key).where(suppressions.c.email_key.startswith("hash:")).limit(1)
            erased = connection.execute(kept).first() is not None
            stream = enumerate(rows)
            while batch := [row_of(at, each) for at, each in islice(stream, BATCH)]:
                connection.execute(sa.insert(staged), batch)
            connection.exec_driver_sql("CREATE INDEX staged_subscribers_key ON staged_subscribers (email_key)")
            often = sa.select(sa.func.min(staged.c.email)).group_by(staged.c.email_key).having(sa.func.count() > 1)
            doubled = tuple(connection.execute(often.order_by(staged.c.email_key).limit(DOUBLED)).scalars())
            later = staged.alias("later")
            twice = sa.exists().where(later.c.email_key == staged.c.email_key, later.c.position > staged.c.position)
            connection.execute(sa.delete(staged).where(twice))
        return doubled

    def _merge(self, connection: Connection, columns: frozenset[str], overwrite: bool, revive: str, now: int) -> Merged:
        total = connection.execute(sa.select(sa.func.count()).select_from(staged)).scalar_one()
        revived = self._revive(connection, revive, now) if revive else 0
        # As it is, or as it is kept once erased; two conditions, each with an index.
        away = sa.or_(
            *(
                sa.exists().where(suppressions.c.email_key == key, suppressions.c.digest == "")
                for key in (staged.c.email_key, staged.c.key_hash)
            )
        )
        known = subscribers.c.email_key == staged.c.email_key
        gone = sa.exists().where(known, subscribers.c.status.in_(GONE))
        left = connection.execute(sa.select(sa.func.count()).select_from(staged).where(sa.or_(away, gone))).scalar_one()
        connection.execute(sa.delete(staged).where(sa.or_(away, gone)))
        values: dict[str, Any] = {"email": staged.c.email}
        for name in COLUMNS:
            if name in columns:
                theirs = sa.true() if overwrite else sa.not_(subscribers.c.own.like(f"%{name}%"))
                values[name] = sa.case((theirs, staged.c[name]), else_=subscribers.c[name])
        leaves = staged.c.status.in_(GONE)
        values["status"] = sa.case((leaves, staged.c.status), else_=subscribers.c.status)
        differs = sa.or_(*(subscribers.c[name].is_distinct_from(value) for name, value in values.items()))
        update = sa.update(subscribers).where(known, differs).values(**values, changed=now)
        # Counted by the database: rows handed back only to be counted took 200 MB of a million.
        updated = connection.execute(update).rowcount
        names = [column.name for column in subscribers.columns]
        new = sa.select(*(staged.c[name] for name in names)).where(~sa.exists().where(known))
        add = sa.insert(subscribers).from_select(names, new).execution_options(preserve_rowcount=True)
        added = connection.execute(add).rowcount
        self._suppress_imported(connection, now)
        return Merged(
            added=added, updated=updated, unchanged=total - left - added - updated, left=left, revived=revived
        )

    def _revive(self, connection: Connection, reason: str, now: int) -> int:
        """Bring people of the file back who left, for a reason that is kept; those erased excepted."""
        wanted = sa.select(staged.c.email_key).where(staged.c.status.not_in(GONE))
        lifted = sa.delete(suppressions).where(suppressions.c.email_key.in_(wanted), suppressions.c.reason != "erased")
        strangers = {row[0] for row in connection.execute(lifted.returning(suppressions.c.email_key))}
        values = {"status": "active", "status_reason": f"resubscribed: {reason}", "status_at": now, "changed": now}
        back = sa.update(subscribers).where(subscribers.c.email_key.in_(wanted), subscribers.c.status.in_(GONE))
        people = connection.execute(back.values(**values).returning(subscribers.c.email_key)).all()
        return len(strangers | {row[0] for row in people})

    def _suppress_imported(self, connection: Connection, now: int) -> None:
        """Keep what a row says of somebody who left: a promise like any other."""
        gone = sa.select(
            staged.c.email_key, sa.literal(""), staged.c.status, sa.literal(now), sa.literal("import")
        ).where(staged.c.status.in_(GONE))
        new = insert(self.store, suppressions).from_select(["email_key", "digest", "reason", "at", "source"], gone)
        connection.execute(new.on_conflict_do_nothing())

    def subscribers(self, *, digest: str = "", status: str = "") -> Iterator[Subscriber]:
        """Yield subscribers ordered by address, in bounded memory."""
        for row in self._rows(status):
            person = person_of(row)
            if not digest or digest in person.digests:
                yield person

    def dated(self) -> Iterator[tuple[Subscriber, datetime, datetime]]:
        """Yield everybody ordered by address, with since when the status stands and when the row came."""
        for row in self._rows(""):
            yield person_of(row), from_micros(row["status_at"]), from_micros(row["created"])

    def _rows(self, status: str) -> Iterator[Any]:
        last = ""
        while True:
            query = sa.select(subscribers).where(subscribers.c.email_key > last)
            if status:
                query = query.where(subscribers.c.status == status)
            with self.store.read() as connection:
                rows = connection.execute(query.order_by(subscribers.c.email_key).limit(BATCH)).mappings().all()
            yield from rows
            if len(rows) < BATCH:
                return
            last = rows[-1]["email_key"]

    def attribute_names(self) -> tuple[str, ...]:
        """Return the names of all further columns that anybody has, sorted."""
        query = sa.select(subscribers.c.attributes).where(subscribers.c.attributes != "{}").distinct()
        with self.store.read() as connection:
            return tuple(sorted({name for (body,) in connection.execute(query) for name in json.loads(body)}))

    def subscriber(self, *, email_key: str = "", subscriber_id: str = "") -> Subscriber | None:
        """Return one subscriber, or None."""
        wanted = subscribers.c.id == subscriber_id if subscriber_id else subscribers.c.email_key == email_key
        with self.store.read() as connection:
            row = connection.execute(sa.select(subscribers).where(wanted)).mappings().one_or_none()
        return None if row is None else person_of(row)

    def suppress(self, suppression: Suppression) -> bool:
        """Record it, set the status when it covers every digest; return False where it stood already."""
        row = {
            "email_key": suppression.email_key,
            "digest": suppression.digest,
            "reason": suppression.reason,
            "at": to_micros(suppression.at),
            "source": suppression.source,
        }
        new = insert(self.store, suppressions).values(**row).on_conflict_do_nothing()
        with self.store.write() as connection:
            fresh = connection.execute(new.returning(suppressions.c.email_key)).first() is not None
            if fresh and not suppression.digest and suppression.reason in GONE:
                values = {
                    "status": suppression.reason,
                    "status_reason": suppression.source,
                    "status_at": row["at"],
                    "changed": row["at"],
                }
                mine = subscribers.c.email_key == suppression.email_key
                connection.execute(sa.update(subscribers).where(mine).values(**values))
        return fresh

    def suppressions(self) -> Iterator[Suppression]:
        """Yield every suppression ordered by address and digest."""
        query = sa.select(suppressions).order_by(suppressions.c.email_key, suppressions.c.digest)
        with self.store.read() as connection:
            rows = connection.execute(query).mappings().all()
        for row in rows:
            yield Suppression(
                email_key=row["email_key"],
                digest=row["digest"],
                reason=row["reason"],
                at=from_micros(row["at"]),
                source=row["source"],
            )

    def merged_file(self, path: str) -> str:
        """Return the hash of a roster file as it was last merged; "" = never."""
        with self.store.read() as connection:
            return connection.execute(sa.select(rosters.c.hash).where(rosters.c.path == path)).scalar() or ""

    def merged_rows(self, path: str) -> int:
        """Return how many rows a roster file had when it was merged last; 0 = never."""
        with self.store.read() as connection:
            return connection.execute(sa.select(rosters.c.rows).where(rosters.c.path == path)).scalar() or 0

    def remember_file(self, path: str, key: str, rows: int, *, now: datetime) -> None:
        """Remember that a roster file was merged as it is."""
        row = {"hash": key, "rows": rows, "merged_at": to_micros(now)}
        new = insert(self.store, rosters).values(path=path, **row)
        with self.store.write() as connection:
            connection.execute(new.on_conflict_do_update(index_elements=["path"], set_=row))


def _row(person: Subscriber, now: int) -> dict[str, Any]:
    return {
        "id": person.id,
        "email": person.email,
        "email_key": person.email_key,
        "name": person.name,
        "sections": None if person.sections is None else "|".join(person.sections),
        "digests": "|".join(person.digests),
        "format": person.format,
        "language": person.language,
        "time_zone": person.time_zone,
        "status": person.status.value,
        "status_reason": person.status_reason,
        "status_at": now,
        "paused_until": person.paused_until.isoformat() if person.paused_until else None,
        "consent": plain(dict(person.consent)) if person.consent else "{}",
        "attributes": plain(dict(person.attributes)) if person.attributes else "{}",
        "own": "",
        "weekdays_only": person.weekdays_only,
        "created": now,
        "changed": now,
    }


def person_of(row: Any) -> Subscriber:
    """Return the subscriber of a row."""
    return Subscriber(
        id=row["id"],
        email=row["email"],
        email_key=row["email_key"],
        name=row["name"],
        sections=None if row["sections"] is None else tuple(filter(None, row["sections"].split("|"))),
        digests=tuple(filter(None, row["digests"].split("|"))),
        format=cast(Format, row["format"]),
        language=row["language"],
        time_zone=row["time_zone"],
        status=SubscriberStatus(row["status"]),
        status_reason=row["status_reason"],
        consent=json.loads(row["consent"]),
        paused_until=date.fromisoformat(row["paused_until"]) if row["paused_until"] else None,
        attributes=json.loads(row["attributes"]),
        weekdays_only=bool(row["weekdays_only"]),
    )
