"""Forgetting what nobody needs any more, a little at a time: no transaction holds the write lock for long."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import to_micros
from digest.model.editions import EditionState
from digest.model.mail import DeliveryState
from digest.store.engine import Store
from digest.store.house_tables import desk_log, runs
from digest.store.stories import insert
from digest.store.tables import attempts, deliveries, delivery_counts, editions, notices, pages, returns, stories

STEP = 1_000
OVER = tuple(state.value for state in (EditionState.FINISHED, EditionState.STOPPED, EditionState.SKIPPED))
SETTLED = tuple(
    state.value
    for state in (
        DeliveryState.ACCEPTED, DeliveryState.REFUSED, DeliveryState.IN_DOUBT,
        DeliveryState.SUPPRESSED, DeliveryState.EXPIRED,
    )
)  # fmt: skip


class Housekeeping:
    """What is deleted, and what remains of it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def deliveries(self, before: date) -> int:
        """Turn the deliveries of editions before a day into counts; return how many rows went."""
        # Asked of each edition, not of the ledger: that one is read from end to end otherwise.
        theirs = sa.exists().where(deliveries.c.digest == editions.c.digest, deliveries.c.day == editions.c.day)
        old = sa.select(editions.c.digest, editions.c.day).where(
            editions.c.day < before.isoformat(), editions.c.state.in_(OVER), theirs
        )
        with self.store.read() as connection:
            found = connection.execute(old).all()
        gone = 0
        for digest, day in found:
            while True:
                with self.store.write() as connection:
                    step = self._fold(connection, digest, day)
                gone += step
                if step < STEP:
                    break
        return gone

    def _fold(self, connection: Connection, digest: str, day: str) -> int:
        """Fold one step of an edition's deliveries into its counts."""
        mine = sa.and_(deliveries.c.digest == digest, deliveries.c.day == day)
        rows = connection.execute(
            sa.select(deliveries.c.subscriber, deliveries.c.state)
            .where(mine)
            .order_by(deliveries.c.subscriber)
            .limit(STEP)
        ).all()
        if not rows:
            return 0
        counts: dict[str, int] = {}
        for row in rows:
            counts[row.state] = counts.get(row.state, 0) + 1
        for state, count in counts.items():
            new = insert(self.store, delivery_counts).values(digest=digest, day=day, state=state, count=count)
            more = {"count": delivery_counts.c.count + count}
            connection.execute(new.on_conflict_do_update(index_elements=["digest", "day", "state"], set_=more))
        last = rows[-1].subscriber
        connection.execute(sa.delete(deliveries).where(mine, deliveries.c.subscriber <= last))
        tried = sa.and_(attempts.c.digest == digest, attempts.c.day == day, attempts.c.subscriber <= last)
        connection.execute(sa.delete(attempts).where(tried))
        return len(rows)

    def stories(self, before: datetime) -> int:
        """Delete stories first seen before an instant, and what their pages said; return how many.

        Editions keep theirs.
        """
        moment = to_micros(before)
        gone = self._delete(stories, stories.c.id, stories.c.seen < moment)
        return gone + self._delete(pages, pages.c.url, pages.c.changed < moment)

    def runs(self, before: datetime) -> int:
        """Delete the records of runs begun before an instant; return how many."""
        return self._delete(runs, runs.c.id, runs.c.started < to_micros(before))

    def desk(self, before: datetime) -> int:
        """Delete lines of the desk's log from before an instant, as it names addresses; return how many."""
        return self._delete(desk_log, desk_log.c.id, desk_log.c.at < to_micros(before))

    def returns(self, before: datetime) -> int:
        """Delete what came back before an instant; return how many. Suppressions stay."""
        return self._delete(returns, returns.c.fingerprint, returns.c.at < to_micros(before))

    def notices(self, before: datetime) -> int:
        """Delete notices settled before an instant; return how many."""
        old = sa.and_(notices.c.changed < to_micros(before), notices.c.state.in_(SETTLED))
        return self._delete(notices, notices.c.key, old)

    def _delete(self, table: sa.Table, key: sa.Column[object], old: sa.ColumnElement[bool]) -> int:
        gone = 0
        while True:
            some = sa.select(key).where(old).limit(STEP)
            with self.store.write() as connection:
                delete = sa.delete(table).where(key.in_(some), old).execution_options(preserve_rowcount=True)
                step = connection.execute(delete).rowcount
            gone += step
            if not step:
                return gone
