"""Sign-ups by double opt-in: kept apart from the list until the person confirms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import from_micros, iso, to_micros
from digest.model.mail import SignUp
from digest.store.codec import plain
from digest.store.engine import Store
from digest.store.stories import instant
from digest.store.tables import signups, subscribers, suppressions

# Sign-ups are forgotten after this long, confirmed or not: what is confirmed stands in the list.
KEPT = timedelta(days=30)


class Confirmation(StrEnum):
    """What became of a confirmation."""

    CONFIRMED = "confirmed"
    USED = "used"  # confirmed before
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class SignUps:
    """The sign-ups that wait."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def add(self, asked: SignUp) -> None:
        """Keep a sign-up, and forget the oldest ones."""
        row = {
            "id": asked.id,
            "email": asked.email,
            "email_key": asked.email_key,
            "name": asked.name,
            "digests": "|".join(asked.digests),
            "sections": None if asked.sections is None else "|".join(asked.sections),
            "language": asked.language,
            "consent": plain(dict(asked.consent)),
            "asked_at": to_micros(asked.asked_at),
        }
        with self.store.write() as connection:
            old = signups.c.asked_at < to_micros(asked.asked_at - KEPT)
            connection.execute(sa.delete(signups).where(old))
            connection.execute(sa.insert(signups).values(**row))

    def signup(self, signup_id: str) -> SignUp | None:
        """Return one sign-up, or None."""
        with self.store.read() as connection:
            row = connection.execute(sa.select(signups).where(signups.c.id == signup_id)).mappings().first()
        if row is None:
            return None
        return SignUp(
            id=row["id"],
            email=row["email"],
            email_key=row["email_key"],
            name=row["name"],
            digests=tuple(filter(None, row["digests"].split("|"))),
            sections=None if row["sections"] is None else tuple(filter(None, row["sections"].split("|"))),
            language=row["language"],
            consent=json.loads(row["consent"]),
            asked_at=from_micros(row["asked_at"]),
            confirmed_at=instant(row["confirmed_at"]),
        )

    def waiting(self) -> int:
        """Return how many wait for their confirmation."""
        query = sa.select(sa.func.count()).select_from(signups).where(signups.c.confirmed_at.is_(None))
        with self.store.read() as connection:
            return connection.execute(query).scalar_one()

    def confirm(
        self, signup_id: str, *, new_id: str, hashes: Sequence[str], asked_after: datetime, now: datetime
    ) -> tuple[Confirmation, str]:
        """Put who asked on the list, once; return what became of it and the subscriber's id.

        Her own word lifts what suppressed her, ``hashes`` of an erased address included. ``new_id`` is for a new
        person. Sign-ups not asked after ``asked_after`` are expired.
        """
        with self.store.write() as connection:
            query = sa.select(signups).where(signups.c.id == signup_id)
            row = connection.execute(query if self.store.is_sqlite else query.with_for_update()).mappings().first()
            if row is None:
                return Confirmation.UNKNOWN, ""
            if row["confirmed_at"] is not None:
                return Confirmation.USED, self._id_of(connection, row["email_key"])
            if row["asked_at"] <= to_micros(asked_after):
                return Confirmation.EXPIRED, ""
            done = sa.update(signups).where(signups.c.id == signup_id).values(confirmed_at=to_micros(now))
            connection.execute(done)
            person = self._put(connection, row, new_id, now)
            keys = [row["email_key"], *hashes]
            digests = ["", *filter(None, row["digests"].split("|"))]
            lifted = sa.and_(suppressions.c.email_key.in_(keys), suppressions.c.digest.in_(digests))
            connection.execute(sa.delete(suppressions).where(lifted))
            return Confirmation.CONFIRMED, person

    def _id_of(self, connection: Connection, key: str) -> str:
        return connection.execute(sa.select(subscribers.c.id).where(subscribers.c.email_key == key)).scalar() or ""

    def _put(self, connection: Connection, row: Any, new_id: str, now: datetime) -> str:
        moment = to_micros(now)
        consent = {
            **json.loads(row["consent"]),
            "asked_at": iso(from_micros(row["asked_at"])),
            "confirmed_at": iso(now),
        }
        values = {
            "digests": row["digests"],
            "sections": row["sections"],
            "language": row["language"],
            "status": "active",
            "status_reason": "confirmed by mail",
            "status_at": moment,
            "paused_until": None,
            "consent": plain(consent),
            "changed": moment,
            "own": "digests|sections",
        }
        query = sa.select(subscribers).where(subscribers.c.email_key == row["email_key"])
        known = connection.execute(query).mappings().first()
        if known is None:
            new = {**values, "id": new_id, "email": row["email"], "email_key": row["email_key"], "name": row["name"]}
            connection.execute(sa.insert(subscribers).values(**new, created=moment))
            return new_id
        if known["status"] == "active":  # a further digest is added to those she has
            both = [*known["digests"].split("|"), *row["digests"].split("|")]
            values |= {"digests": "|".join(dict.fromkeys(filter(None, both))), "sections": known["sections"]}
            values |= {"language": known["language"], "paused_until": known["paused_until"]}
        values["name"] = known["name"] or row["name"]
        values["own"] = "|".join(sorted({*filter(None, known["own"].split("|")), "digests", "sections"}))
        connection.execute(sa.update(subscribers).where(subscribers.c.id == known["id"]).values(**values))
        return str(known["id"])
