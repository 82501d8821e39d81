"""What came back: one row a message and person, so that a mailbox read twice counts once."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa

from digest.dates import to_micros
from digest.model.returned import Recorded
from digest.store.engine import Store
from digest.store.stories import insert
from digest.store.tables import deliveries, returns


class Returns:
    """Satisfies the port ReturnStore."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def is_known(self, fingerprint: str) -> bool:
        """Tell whether a message was read before."""
        query = sa.select(returns.c.fingerprint).where(returns.c.fingerprint == fingerprint).limit(1)
        with self.store.read() as connection:
            return connection.execute(query).first() is not None

    def record(self, each: Recorded, *, now: datetime) -> None:
        """Keep what a message was; once."""
        row = {
            "fingerprint": each.fingerprint,
            "subscriber": each.subscriber,
            "kind": each.kind,
            "day": each.day.isoformat() if each.day else "",
            "permanent": each.permanent,
            "code": each.code,
            "reply": each.reply,
            "at": to_micros(now),
        }
        with self.store.write() as connection:
            connection.execute(insert(self.store, returns).values(**row).on_conflict_do_nothing())

    def bounced_in_a_row(self, subscriber: str, day: date, *, since: date) -> tuple[date, ...]:
        """Return the days, newest first, whose copy came back, up to the newest that was accepted and did not.

        ``day`` is one of them, be it on record or not yet.
        """
        mine = sa.select(returns.c.day).where(
            returns.c.subscriber == subscriber, returns.c.kind == "bounce", returns.c.day >= since.isoformat()
        )
        taken = sa.select(deliveries.c.day).where(
            deliveries.c.subscriber == subscriber,
            deliveries.c.state == "accepted",
            deliveries.c.day >= since.isoformat(),
        )
        with self.store.read() as connection:
            bounced = {day, *(date.fromisoformat(text) for (text,) in connection.execute(mine) if text)}
            arrived = {date.fromisoformat(text) for (text,) in connection.execute(taken)} - bounced
        # A copy of the last days may still come back: only what lies before the newest bounce is a success.
        success = max((each for each in arrived if each < max(bounced)), default=date.min)
        return tuple(sorted((each for each in bounced if each > success), reverse=True))
