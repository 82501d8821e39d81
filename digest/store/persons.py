"""All that is kept of one person: shown, exported, erased. What is erased leaves a hash and counts, no address."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import from_micros, iso, to_micros
from digest.store.engine import Store
from digest.store.stories import insert
from digest.store.tables import attempts, deliveries, notices, returns, signups, subscribers, suppressions

HISTORY = timedelta(days=35)
_OPEN = ("planned", "claimed", "handed", "deferred", "in_doubt")


class Persons:
    """What is kept of a person, over all tables."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def known(self, email_key: str, *, hashed: str = "", today: date) -> dict[str, Any]:
        """Return everything kept of an address as JSON values; ``subscriber`` is None where she is not on the list.

        Deliveries of the last 35 days stand one by one, older ones as counts by state.
        """
        with self.store.read() as connection:
            query = sa.select(subscribers).where(subscribers.c.email_key == email_key)
            row = connection.execute(query).mappings().first()
            document: dict[str, Any] = {
                "subscriber": None if row is None else _subscriber(row),
                "suppressions": self._suppressions(connection, email_key, hashed),
                "signups": self._signups(connection, email_key),
                "deliveries": [],
                "deliveries_before": {},
            }
            if row is not None:
                since = (today - HISTORY).isoformat()
                document["deliveries"] = self._recent(connection, row["id"], since)
                document["deliveries_before"] = self._earlier(connection, row["id"], since)
            document["notices"] = self._notices(connection, row["email"] if row is not None else email_key)
        return document

    def _suppressions(self, connection: Connection, key: str, hashed: str) -> list[dict[str, Any]]:
        query = sa.select(suppressions).where(suppressions.c.email_key.in_([key, hashed or key]))
        rows = connection.execute(query.order_by(suppressions.c.digest)).all()
        return [
            {
                "digest": row.digest or None,
                "reason": row.reason,
                "at": iso(from_micros(row.at)),
                "source": row.source,
            }
            for row in rows
        ]

    def _signups(self, connection: Connection, key: str) -> list[dict[str, Any]]:
        query = sa.select(signups).where(signups.c.email_key == key).order_by(signups.c.asked_at)
        return [
            {
                "asked_at": iso(from_micros(row.asked_at)),
                "confirmed_at": iso(from_micros(row.confirmed_at)) if row.confirmed_at is not None else None,
                "digests": row.digests.split("|"),
                "consent": json.loads(row.consent),
            }
            for row in connection.execute(query)
        ]

    def _recent(self, connection: Connection, subscriber: str, since: str) -> list[dict[str, Any]]:
        query = sa.select(deliveries).where(deliveries.c.subscriber == subscriber, deliveries.c.day >= since)
        rows = connection.execute(query.order_by(deliveries.c.day.desc(), deliveries.c.digest)).all()
        return [
            {
                "digest": row.digest,
                "edition": row.day,
                "state": row.state,
                "attempts": row.attempts,
                "reply": row.reply,
                "changed": iso(from_micros(row.changed)),
            }
            for row in rows
        ]

    def _earlier(self, connection: Connection, subscriber: str, since: str) -> dict[str, int]:
        query = (
            sa.select(deliveries.c.state, sa.func.count())
            .where(deliveries.c.subscriber == subscriber, deliveries.c.day < since)
            .group_by(deliveries.c.state)
        )
        return {row[0]: row[1] for row in connection.execute(query)}

    def _notices(self, connection: Connection, address: str) -> list[dict[str, Any]]:
        query = sa.select(notices).where(sa.func.lower(notices.c.recipient) == address.lower())
        rows = connection.execute(query.order_by(notices.c.created)).all()
        return [
            {"kind": row.kind, "state": row.state, "queued": iso(from_micros(row.created)), "reply": row.reply}
            for row in rows
        ]

    def erase(self, email_key: str, *, hashed: str, alias: str, now: datetime) -> dict[str, int]:
        """Erase an address in one transaction; return how many rows of what were erased or made nameless.

        Deliveries and attempts stay as history under ``alias``, which is nobody's id, without the relay's words. The
        address stays away by ``hashed``.
        """
        with self.store.write() as connection:
            return self.erase_within(connection, email_key, hashed=hashed, alias=alias, now=now)

    def erase_within(
        self, connection: Connection, email_key: str, *, hashed: str, alias: str, now: datetime
    ) -> dict[str, int]:
        """Erase an address and return what `erase` returns, in a transaction that is under way."""
        done = {}
        query = sa.select(subscribers.c.id, subscribers.c.email).where(subscribers.c.email_key == email_key)
        person = connection.execute(query).first()
        addresses = {email_key, *([person.email.lower()] if person is not None else [])}
        if person is not None:
            done["deliveries made nameless"] = self._nameless(connection, person.id, alias, to_micros(now))
            done["attempts made nameless"] = len(
                connection.execute(
                    sa.update(attempts)
                    .where(attempts.c.subscriber == person.id)
                    .values(subscriber=alias, reply="")
                    .returning(attempts.c.id)
                ).all()
            )
            came_back = sa.delete(returns).where(returns.c.subscriber == person.id)
            done["bounces erased"] = len(connection.execute(came_back.returning(returns.c.fingerprint)).all())
            connection.execute(sa.delete(subscribers).where(subscribers.c.id == person.id))
        done["subscribers erased"] = int(person is not None)
        gone: tuple[tuple[str, sa.Table, sa.ColumnElement[bool]], ...] = (
            ("sign-ups erased", signups, signups.c.email_key == email_key),
            ("notices erased", notices, sa.func.lower(notices.c.recipient).in_(addresses)),
            ("suppressions replaced by a hash", suppressions, suppressions.c.email_key == email_key),
        )
        for name, table, mine in gone:
            first = next(iter(table.primary_key.columns))
            done[name] = len(connection.execute(sa.delete(table).where(mine).returning(first)).all())
        promise = {"email_key": hashed, "digest": "", "reason": "erased", "at": to_micros(now), "source": "erased"}
        new = insert(self.store, suppressions).values(**promise).on_conflict_do_nothing()
        connection.execute(new)
        return done

    def _nameless(self, connection: Connection, subscriber: str, alias: str, moment: int) -> int:
        mine = deliveries.c.subscriber == subscriber
        stopped = {"state": "suppressed", "owner": "", "lease_until": None, "changed": moment}
        connection.execute(sa.update(deliveries).where(mine, deliveries.c.state.in_(_OPEN)).values(**stopped))
        renamed = sa.update(deliveries).where(mine).values(subscriber=alias, reply="", message_id="")
        return len(connection.execute(renamed.returning(deliveries.c.day)).all())


def _subscriber(row: Any) -> dict[str, Any]:
    return {
        "email": row["email"],
        "name": row["name"],
        "sections": None if row["sections"] is None else list(filter(None, row["sections"].split("|"))),
        "digests": list(filter(None, row["digests"].split("|"))),
        "format": row["format"],
        "language": row["language"],
        "time_zone": row["time_zone"],
        "weekdays_only": bool(row["weekdays_only"]),
        "paused_until": row["paused_until"],
        "status": row["status"],
        "status_reason": row["status_reason"],
        "status_since": iso(from_micros(row["status_at"])),
        "set_by_reader": list(filter(None, row["own"].split("|"))),
        "consent": json.loads(row["consent"]),
        "attributes": json.loads(row["attributes"]),
        "created": iso(from_micros(row["created"])),
        "changed": iso(from_micros(row["changed"])),
    }
