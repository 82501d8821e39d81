"""The outbox of mail that is no edition."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from digest.dates import to_micros
from digest.model.mail import DeliveryState, Notice, Outcome, OutcomeKind, QueuedNotice
from digest.store.codec import dump, load
from digest.store.engine import Store
from digest.store.stories import insert
from digest.store.tables import notices

# A notice that was handed and never settled is tried again after this long: an alert twice is better than none.
HANDED_AGAIN_S = 600


class Notices:
    """Satisfies the port NoticeStore."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def queue(self, notice: Notice, *, now: datetime) -> bool:
        """Queue a notice once by its key; False where it was queued before."""
        row = {
            "key": notice.key,
            "kind": notice.kind.value,
            "recipient": notice.recipient,
            "body": dump(notice),
            "state": DeliveryState.PLANNED.value,
            "due": to_micros(notice.at),
            "created": to_micros(now),
            "changed": to_micros(now),
        }
        new = insert(self.store, notices).values(**row).on_conflict_do_nothing()
        with self.store.write() as connection:
            return connection.execute(new.returning(notices.c.key)).first() is not None

    def due(self, *, now: datetime, limit: int = 100) -> tuple[QueuedNotice, ...]:
        """Return notices to be handed over now, oldest first, and mark them handed: nobody else gets them."""
        moment = to_micros(now)
        waiting = sa.or_(
            sa.and_(
                notices.c.state.in_([DeliveryState.PLANNED.value, DeliveryState.DEFERRED.value]),
                notices.c.due <= moment,
            ),
            sa.and_(
                notices.c.state == DeliveryState.HANDED.value, notices.c.changed <= moment - HANDED_AGAIN_S * 1_000_000
            ),
        )
        columns = (notices.c.key, notices.c.body, notices.c.attempts)
        query = sa.select(*columns).where(waiting).order_by(notices.c.created, notices.c.key).limit(limit)
        if not self.store.is_sqlite:
            query = query.with_for_update(skip_locked=True)
        with self.store.write() as connection:
            found = connection.execute(query).all()
            keys = [row.key for row in found]
            values = {"state": DeliveryState.HANDED.value, "changed": moment, "attempts": notices.c.attempts + 1}
            connection.execute(sa.update(notices).where(notices.c.key.in_(keys)).values(values))
        return tuple(QueuedNotice(notice=load(Notice, row.body), attempts=row.attempts) for row in found)

    def settle(self, key: str, outcome: Outcome, *, now: datetime) -> None:
        """Record what became of one."""
        state = {OutcomeKind.RETURNED: DeliveryState.PLANNED.value}.get(outcome.kind, outcome.kind.value)
        values = {"state": state, "reply": outcome.reply, "changed": to_micros(now)}
        if outcome.next_attempt is not None:
            values["due"] = to_micros(outcome.next_attempt)
        with self.store.write() as connection:
            connection.execute(sa.update(notices).where(notices.c.key == key).values(**values))

    def give_up(self, *, queued_before: datetime, now: datetime) -> int:
        """Expire what was tried in vain and queued before that instant; return how many."""
        tried = sa.and_(
            notices.c.state.in_([DeliveryState.PLANNED.value, DeliveryState.DEFERRED.value]),
            notices.c.attempts > 0,
            notices.c.created < to_micros(queued_before),
        )
        values = {"state": DeliveryState.EXPIRED.value, "changed": to_micros(now)}
        with self.store.write() as connection:
            done = connection.execute(sa.update(notices).where(tried).values(**values).returning(notices.c.key))
            return len(done.all())

    def counts(self) -> dict[str, int]:
        """Return how many notices stand in each state."""
        query = sa.select(notices.c.state, sa.func.count()).group_by(notices.c.state)
        with self.store.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}
