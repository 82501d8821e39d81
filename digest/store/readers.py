"""What readers do themselves: leave, come back at once, choose. One write a group of them (`Store.submit_to`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from digest.dates import from_micros, to_micros
from digest.model.mail import Subscriber
from digest.store.engine import Store
from digest.store.stories import insert
from digest.store.subscribers import person_of
from digest.store.tables import subscribers, suppressions

UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A person, and what she left."""

    person: Subscriber
    left: Mapping[str, datetime]  # digest ("" = every one) -> since when
    since: datetime  # when the status became what it is
    created: datetime
    own: frozenset[str]  # what she set herself
    reasons: Mapping[str, str]  # digest -> why it is suppressed

    def gets(self, digest: str) -> bool:
        """Tell whether she gets a digest, pauses apart."""
        active = self.person.status.value == "active" and digest in self.person.digests
        return active and not {"", digest} & self.left.keys()


@dataclass(frozen=True, kw_only=True)
class _Leave:
    subscriber: str
    digest: str  # "" = every digest
    source: str
    moment: int


class Readers:
    """What the readers' pages write."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def standing(self, subscriber_id: str) -> Standing | None:
        """Return how a person stands, or None where there is no such person."""
        with self.store.read() as connection:
            row = connection.execute(sa.select(subscribers).where(subscribers.c.id == subscriber_id)).mappings().first()
            if row is None:
                return None
            query = sa.select(suppressions).where(suppressions.c.email_key == row["email_key"])
            left = connection.execute(query).all()
        return Standing(
            person=person_of(row),
            left={each.digest: from_micros(each.at) for each in left},
            since=from_micros(row["status_at"]),
            created=from_micros(row["created"]),
            own=frozenset(filter(None, row["own"].split("|"))),
            reasons={each.digest: each.reason for each in left},
        )

    def find(self, words: str, digest: str, *, limit: int) -> tuple[Subscriber, ...]:
        """Return who gets a digest and has the words in name or address: that very address first, then by address."""
        key = words.casefold()
        gone = sa.select(suppressions.c.email_key).where(
            suppressions.c.email_key == subscribers.c.email_key, suppressions.c.digest.in_([digest, ""])
        )
        # SQLite folds the case of ASCII alone: "ödön" is also looked for as a name is written.
        names = [subscribers.c.name.icontains(each, autoescape=True) for each in (words, words.title())]
        query = sa.select(subscribers).where(
            subscribers.c.status == "active",
            ("|" + subscribers.c.digests + "|").contains(f"|{digest}|", autoescape=True),
            sa.or_(subscribers.c.email_key.contains(key, autoescape=True), *names),
            ~gone.exists(),
        )
        best = sa.case((subscribers.c.email_key == key, 0), else_=1)
        with self.store.read() as connection:
            rows = connection.execute(query.order_by(best, subscribers.c.email_key).limit(limit)).mappings().all()
        return tuple(person_of(row) for row in rows)

    def leave(self, subscriber_id: str, digest: str, *, source: str, now: datetime) -> Future[bool]:
        """Have a person leave a digest, "" for all; the future tells whether there is such a person.

        Leaving the last one sets the status unsubscribed. Asked again, nothing changes. The future raises StoreError.
        """
        ask = _Leave(subscriber=subscriber_id, digest=digest, source=source, moment=to_micros(now))
        return self.store.submit_to(_leave_all, ask)

    def stay(self, subscriber_id: str, digest: str, *, now: datetime) -> bool:
        """Take back what the person did herself: lift her leaving of a digest; tell whether there was anything.

        Complaints, bounces and erasures are never lifted so.
        """
        with self.store.write() as connection:
            key = self._key(connection, subscriber_id)
            mine = sa.and_(
                suppressions.c.email_key == key,
                suppressions.c.digest.in_([digest, ""]),
                suppressions.c.reason == UNSUBSCRIBED,
            )
            lifted = connection.execute(sa.delete(suppressions).where(mine).returning(suppressions.c.digest)).all()
            values = {"status": "active", "status_reason": "taken back", **_at(now)}
            left = sa.and_(subscribers.c.id == subscriber_id, subscribers.c.status == UNSUBSCRIBED)
            back = connection.execute(sa.update(subscribers).where(left).values(**values).returning(subscribers.c.id))
            return bool(back.all()) or bool(lifted)

    def choose(self, subscriber_id: str, changes: Mapping[str, Any], *, source: str, now: datetime) -> bool:
        """Set what a person chose; imports leave it alone from now on. False where there is no such person.

        ``changes`` has fields of Subscriber. Digests she chose no more are suppressed, those she chose are not.
        """
        values = {name: _cell(name, value) for name, value in changes.items()}
        with self.store.write() as connection:
            mine = subscribers.c.id == subscriber_id
            row = connection.execute(sa.select(subscribers).where(mine)).mappings().first()
            if row is None:
                return False
            own = "|".join(sorted({*filter(None, row["own"].split("|")), *changes}))
            connection.execute(sa.update(subscribers).where(mine).values(**values, own=own, changed=to_micros(now)))
            if "digests" in changes:
                self._digests(connection, row, changes["digests"], source, now)
        return True

    def _digests(self, connection: Connection, row: Any, chosen: Collection[str], source: str, now: datetime) -> None:
        mine = sa.and_(suppressions.c.email_key == row["email_key"], suppressions.c.reason == UNSUBSCRIBED)
        connection.execute(sa.delete(suppressions).where(mine, suppressions.c.digest.in_(list(chosen))))
        dropped = [name for name in row["digests"].split("|") if name and name not in chosen]
        if dropped:
            rows = [_suppression(row["email_key"], name, source, to_micros(now)) for name in dropped]
            connection.execute(insert(self.store, suppressions).on_conflict_do_nothing(), rows)

    def _key(self, connection: Connection, subscriber_id: str) -> str:
        query = sa.select(subscribers.c.email_key).where(subscribers.c.id == subscriber_id)
        return connection.execute(query).scalar() or ""

    def by_status(self) -> dict[str, int]:
        """Return how many people have each status."""
        query = sa.select(subscribers.c.status, sa.func.count()).group_by(subscribers.c.status)
        with self.store.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}


def _at(now: datetime) -> dict[str, int]:
    return {"status_at": to_micros(now), "changed": to_micros(now)}


def _cell(name: str, value: Any) -> Any:
    if name in ("sections", "digests"):
        return None if value is None else "|".join(value)
    return value.isoformat() if isinstance(value, date) else value


def _suppression(key: str, digest: str, source: str, moment: int) -> dict[str, Any]:
    return {"email_key": key, "digest": digest, "reason": UNSUBSCRIBED, "at": moment, "source": source}


def _leave_all(connection: Connection, asks: list[_Leave]) -> list[bool]:
    """Have everybody leave who asked, in a handful of statements for all of them."""
    ids = {ask.subscriber for ask in asks}
    columns = (subscribers.c.id, subscribers.c.email_key, subscribers.c.digests)
    people = {row.id: row for row in connection.execute(sa.select(*columns).where(subscribers.c.id.in_(ids)))}
    known = [ask for ask in asks if ask.subscriber in people]
    if known:
        _suppress(connection, [_row(people[ask.subscriber].email_key, ask) for ask in known])
        keys = {row.email_key for row in people.values()}
        query = sa.select(suppressions.c.email_key, suppressions.c.digest).where(suppressions.c.email_key.in_(keys))
        gone = {(row.email_key, row.digest) for row in connection.execute(query)}
        last = [ask for ask in known if not _gets_more(people[ask.subscriber], gone)]
        if last:
            _suppress(connection, [_row(people[ask.subscriber].email_key, ask, digest="") for ask in last])
            _set_unsubscribed(connection, last)
    return [ask.subscriber in people for ask in asks]


def _row(key: str, ask: _Leave, digest: str | None = None) -> dict[str, Any]:
    return _suppression(key, ask.digest if digest is None else digest, ask.source, ask.moment)


def _gets_more(person: Any, gone: Collection[tuple[str, str]]) -> bool:
    if (person.email_key, "") in gone:
        return False
    return any((person.email_key, name) not in gone for name in person.digests.split("|") if name)


def _suppress(connection: Connection, rows: list[dict[str, Any]]) -> None:
    kind = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(kind.insert(suppressions).on_conflict_do_nothing(), rows)


def _set_unsubscribed(connection: Connection, asks: list[_Leave]) -> None:
    for source in {ask.source for ask in asks}:
        ids = [ask.subscriber for ask in asks if ask.source == source]
        moment = max(ask.moment for ask in asks)
        values = {"status": UNSUBSCRIBED, "status_reason": source, "status_at": moment, "changed": moment}
        mine = sa.and_(subscribers.c.id.in_(ids), subscribers.c.status.in_(["active", "pending"]))
        connection.execute(sa.update(subscribers).where(mine).values(**values))
