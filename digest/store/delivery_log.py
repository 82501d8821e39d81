"""How the ledger of an edition stands: what `status`, `log` and a lingering send ask."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import sqlalchemy as sa

from digest.dates import from_micros, to_micros
from digest.model.editions import EditionState
from digest.model.mail import Attempt, Counts, Delivery, DeliveryState, EditionKey, Outcome, OutcomeKind
from digest.store.engine import Store
from digest.store.stories import instant
from digest.store.tables import attempts, deliveries, delivery_counts, editions, subscribers, suppressions

PLANNED, CLAIMED, HANDED = DeliveryState.PLANNED.value, DeliveryState.CLAIMED.value, DeliveryState.HANDED.value
DEFERRED, IN_DOUBT = DeliveryState.DEFERRED.value, DeliveryState.IN_DOUBT.value
REFUSED = DeliveryState.REFUSED.value
SUPPRESSED, EXPIRED = DeliveryState.SUPPRESSED.value, DeliveryState.EXPIRED.value
SENDING = EditionState.SENDING.value
# A doubtful delivery is repeated at most so often in all; then it stays in doubt for a person to decide.
MOST_ATTEMPTS_IN_DOUBT = 4


def of(key: EditionKey) -> sa.ColumnElement[bool]:
    """Return the condition for the deliveries of an edition."""
    return sa.and_(deliveries.c.digest == key.digest, deliveries.c.day == key.day.isoformat())


def edition_of(key: EditionKey) -> sa.ColumnElement[bool]:
    """Return the condition for an edition."""
    return sa.and_(editions.c.digest == key.digest, editions.c.day == key.day.isoformat())


def suppressed(digest: str | sa.BindParameter[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a subscriber is suppressed for a digest or for all."""
    return sa.exists().where(
        suppressions.c.email_key == subscribers.c.email_key,
        sa.or_(suppressions.c.digest == "", suppressions.c.digest == digest),
    )


def repeatable() -> sa.ColumnElement[bool]:
    """Return the condition that a doubtful delivery may be repeated."""
    return sa.and_(deliveries.c.state == IN_DOUBT, deliveries.c.attempts < MOST_ATTEMPTS_IN_DOUBT)


class DeliveryLog:
    """Satisfies the port LedgerReader but for `close`."""

    def __init__(self, store: Store, *, on_doubt: Literal["resend", "hold"] = "resend") -> None:
        self.store, self.on_doubt = store, on_doubt

    def counts(self, key: EditionKey) -> Counts:
        """Return the rows by state; pruned ones included."""
        live = sa.select(deliveries.c.state, sa.func.count()).where(of(key)).group_by(deliveries.c.state)
        pruned = sa.select(delivery_counts.c.state, delivery_counts.c.count).where(
            delivery_counts.c.digest == key.digest, delivery_counts.c.day == key.day.isoformat()
        )
        found: dict[str, int] = {}
        with self.store.read() as connection:
            for query in (live, pruned):
                for state, count in connection.execute(query):
                    found[state] = found.get(state, 0) + count
        return Counts(**found)

    def in_state(self, key: EditionKey, state: str, *, limit: int) -> tuple[tuple[Delivery, str], ...]:
        """Return deliveries in a state, each with the person's address, ordered by address."""
        query = (
            sa.select(deliveries, subscribers.c.email)
            .join(subscribers, subscribers.c.id == deliveries.c.subscriber)
            .where(of(key), deliveries.c.state == state)
            .order_by(subscribers.c.email_key)
            .limit(limit)
        )
        with self.store.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(
            (
                Delivery(
                    edition=EditionKey(row["digest"], date.fromisoformat(row["day"])),
                    subscriber=row["subscriber"],
                    state=DeliveryState(row["state"]),
                    attempts=row["attempts"],
                    next_attempt=instant(row["due"] or None),
                    lease_until=instant(row["lease_until"]),
                    message_id=row["message_id"],
                    reply=row["reply"],
                ),
                row["email"],
            )
            for row in rows
        )

    def attempts(self, key: EditionKey, subscriber: str) -> tuple[Attempt, ...]:
        """Return every attempt on one person, oldest first."""
        query = (
            sa.select(attempts)
            .where(
                attempts.c.digest == key.digest,
                attempts.c.day == key.day.isoformat(),
                attempts.c.subscriber == subscriber,
            )
            .order_by(attempts.c.id)
        )
        with self.store.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(
            Attempt(
                edition=key,
                subscriber=subscriber,
                outcome=Outcome(
                    subscriber=subscriber,
                    kind=OutcomeKind(row["outcome"]),
                    at=from_micros(row["at"]),
                    code=row["code"],
                    enhanced=row["enhanced"],
                    reply=row["reply"],
                    phase=row["phase"],
                ),
            )
            for row in rows
        )

    def next_due(self, key: EditionKey) -> datetime | None:
        """Return when the next deferred row (under on_doubt = "resend" also a doubtful one) is due, or None."""
        waits: sa.ColumnElement[bool] = deliveries.c.state == DEFERRED
        if self.on_doubt == "resend":
            waits = sa.or_(waits, repeatable())
        query = sa.select(sa.func.min(deliveries.c.due)).where(of(key), waits)
        with self.store.read() as connection:
            return instant(connection.execute(query).scalar())

    def due_now(self, key: EditionKey, *, now: datetime, most: int) -> int:
        """Return how many rows may be claimed now, counted up to ``most``; what senders hold counts as one more."""
        due = sa.and_(of(key), deliveries.c.due <= to_micros(now))
        found = 0
        with self.store.read() as connection:
            for state in (PLANNED, DEFERRED):
                rows = sa.select(sa.literal(1)).where(due, deliveries.c.state == state).limit(most - found).subquery()
                found += connection.execute(sa.select(sa.func.count()).select_from(rows)).scalar_one()
            waits: sa.ColumnElement[bool] = deliveries.c.state.in_([CLAIMED, HANDED])
            if self.on_doubt == "resend":
                waits = sa.or_(waits, sa.and_(repeatable(), deliveries.c.due <= to_micros(now)))
            held = connection.execute(sa.select(sa.literal(1)).where(of(key), waits).limit(1)).first()
        return found + (held is not None)

    def handed_since(self, since: datetime) -> tuple[datetime, ...]:
        """Return when deliveries were handed over from ``since`` on, of every digest: what rates have to know."""
        changed = sa.select(editions.c.digest, editions.c.day).where(editions.c.changed >= to_micros(since)).subquery()
        query = sa.select(attempts.c.at).where(
            attempts.c.at >= to_micros(since), attempts.c.digest == changed.c.digest, attempts.c.day == changed.c.day
        )
        with self.store.read() as connection:
            return tuple(from_micros(at) for at in connection.execute(query).scalars())
