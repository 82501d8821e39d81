"""Digests that rest until a day."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa

from digest.dates import to_micros
from digest.store.engine import Store
from digest.store.house_tables import pauses
from digest.store.stories import insert


class Pauses:
    """What `digest pause` says."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def until(self, digest: str) -> date | None:
        """Return the first day that has an edition again; None where the digest does not rest."""
        with self.store.read() as connection:
            found = connection.execute(sa.select(pauses.c.until).where(pauses.c.digest == digest)).scalar()
        return None if found is None else date.fromisoformat(found)

    def set(self, digest: str, until: date | None, *, by: str, now: datetime) -> None:
        """Let a digest rest until a day; None ends its rest."""
        with self.store.write() as connection:
            connection.execute(sa.delete(pauses).where(pauses.c.digest == digest))
            if until is not None:
                row = {"digest": digest, "until": until.isoformat(), "by": by, "at": to_micros(now)}
                connection.execute(insert(self.store, pauses).values(**row))
