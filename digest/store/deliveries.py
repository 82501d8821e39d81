"""The ledger: one row per edition and due subscriber, moved by the one rule of sending (design §4).

A row is ``planned → claimed → handed → accepted | deferred | refused | in_doubt``, or ``suppressed`` or ``expired``.
``handed`` is committed before a body is written, so after a crash exactly those rows are in doubt: at most one a
connection, each named. All of a process's commits go through the store's one grouping writer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import date, datetime, timedelta
from typing import Literal, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import from_micros, to_micros
from digest.errors import StoreConflict
from digest.model.editions import EditionState
from digest.model.mail import (
    Attempt,
    Counts,
    Delivery,
    DeliveryState,
    EditionKey,
    Format,
    Outcome,
    OutcomeKind,
    Planned,
)
from digest.store.engine import Store
from digest.store.stories import instant
from digest.store.tables import attempts, deliveries, delivery_counts, editions, subscribers, suppressions

# Rows planned in one transaction: the write lock is held for a few milliseconds (design §3).
PLAN_STEP = 2_000

PLANNED, CLAIMED, HANDED = DeliveryState.PLANNED.value, DeliveryState.CLAIMED.value, DeliveryState.HANDED.value
DEFERRED, IN_DOUBT = DeliveryState.DEFERRED.value, DeliveryState.IN_DOUBT.value
SUPPRESSED, EXPIRED = DeliveryState.SUPPRESSED.value, DeliveryState.EXPIRED.value
OPEN = (PLANNED, CLAIMED, HANDED, DEFERRED)
# A doubtful delivery is repeated at most so often in all; then it stays in doubt for a person to decide.
MOST_ATTEMPTS_IN_DOUBT = 4


def _of(key: EditionKey) -> sa.ColumnElement[bool]:
    return sa.and_(deliveries.c.digest == key.digest, deliveries.c.day == key.day.isoformat())


def _edition(key: EditionKey) -> sa.ColumnElement[bool]:
    return sa.and_(editions.c.digest == key.digest, editions.c.day == key.day.isoformat())


class Deliveries:
    """Satisfies the ports Ledger and LedgerReader."""

    def __init__(
        self,
        store: Store,
        *,
        on_doubt: Literal["resend", "hold"] = "resend",
        is_dead: Callable[[str], bool] = lambda owner: False,
    ) -> None:
        """``is_dead`` tells of an owner whether it is known to have died: its leases need not be waited for."""
        self.store, self.on_doubt, self.is_dead = store, on_doubt, is_dead

    # Planning

    def plan(self, key: EditionKey, *, sections: Iterable[str], now: datetime) -> int:
        """Add one planned row per due subscriber that has none; return how many. In steps of 2,000 rows.

        Due is: active, subscribed to the digest, not suppressed for it or for all, not paused on the edition's day, and
        whose choice (none = all) holds one of ``sections``, the edition's sections that hold items. Moves the edition
        approved → sending. Raises StoreConflict where the edition is neither approved nor sending.
        """
        with self.store.write() as connection:
            begun = (
                sa.update(editions)
                .where(_edition(key), editions.c.state.in_([EditionState.APPROVED.value, EditionState.SENDING.value]))
                .values(state=EditionState.SENDING.value, changed=to_micros(now))
            )
            if connection.execute(begun.returning(editions.c.day)).first() is None:
                raise StoreConflict(f"the edition of {key.day} is not approved", fix="approve it: `digest approve`")
        held, last, added = frozenset(sections), "", 0
        while True:
            with self.store.write() as connection:
                rows = self._candidates(connection, key, last)
                due = [
                    {"digest": key.digest, "day": key.day.isoformat(), "subscriber": row.id, "state": PLANNED}
                    for row in rows
                    if _wants(row.sections, held)
                ]
                if due:
                    moment = to_micros(now)
                    connection.execute(sa.insert(deliveries), [{**each, "changed": moment} for each in due])
            added += len(due)
            if len(rows) < PLAN_STEP:
                return added
            last = rows[-1].id

    def _candidates(self, connection: Connection, key: EditionKey, last: str) -> list[sa.Row[tuple[str, str]]]:
        planned = sa.exists().where(_of(key), deliveries.c.subscriber == subscribers.c.id)
        query = (
            sa.select(subscribers.c.id, subscribers.c.sections)
            .where(
                subscribers.c.id > last,
                subscribers.c.status == "active",
                ("|" + subscribers.c.digests + "|").like(f"%|{key.digest}|%"),
                sa.or_(subscribers.c.paused_until.is_(None), subscribers.c.paused_until <= key.day.isoformat()),
                ~_suppressed(key),
                ~planned,
            )
            .order_by(subscribers.c.id)
            .limit(PLAN_STEP)
        )
        return list(connection.execute(query).all())  # type: ignore[arg-type]  # rows are tuples of the two columns

    def due_count(self, key: EditionKey, *, sections: Iterable[str]) -> int:
        """Return how many would be planned now."""
        held, last, count = frozenset(sections), "", 0
        while True:
            with self.store.read() as connection:
                rows = self._candidates(connection, key, last)
            count += sum(_wants(row.sections, held) for row in rows)
            if len(rows) < PLAN_STEP:
                return count
            last = rows[-1].id

    # Claiming

    def claim(self, key: EditionKey, *, owner: str, limit: int, lease_s: float, now: datetime) -> tuple[Planned, ...]:
        """Claim up to ``limit`` rows that are planned, or deferred and due; fewer means that no more are due now.

        Rows whose lease ran out, or whose owner died, are put right first: claimed → planned, handed → in_doubt with an
        attempt on record, and under on_doubt = "resend" in_doubt → planned again.
        """
        moment = to_micros(now)
        with self.store.write() as connection:
            if not self._sending(connection, key):
                return ()
            self._recover(connection, key, moment)
            due = sa.or_(
                deliveries.c.state == PLANNED, sa.and_(deliveries.c.state == DEFERRED, deliveries.c.due <= moment)
            )
            query = (
                sa.select(deliveries.c.subscriber).where(_of(key), due).order_by(deliveries.c.subscriber).limit(limit)
            )
            if not self.store.is_sqlite:
                query = query.with_for_update(skip_locked=True)
            ids = [row.subscriber for row in connection.execute(query)]
            if not ids:
                return ()
            lease = to_micros(now + timedelta(seconds=lease_s))
            values = {"state": CLAIMED, "owner": owner, "lease_until": lease, "changed": moment}
            mine = sa.and_(_of(key), deliveries.c.subscriber.in_(ids))
            connection.execute(sa.update(deliveries).where(mine).values(**values))
            return self._people(connection, key, ids)

    def _sending(self, connection: Connection, key: EditionKey) -> bool:
        state = connection.execute(sa.select(editions.c.state).where(_edition(key))).scalar()
        return state == EditionState.SENDING.value

    def _recover(self, connection: Connection, key: EditionKey, moment: int) -> None:
        owners = sa.select(deliveries.c.owner).where(_of(key), deliveries.c.state.in_([CLAIMED, HANDED])).distinct()
        dead = [row.owner for row in connection.execute(owners) if self.is_dead(row.owner)]
        lost = sa.and_(_of(key), sa.or_(deliveries.c.lease_until < moment, deliveries.c.owner.in_(dead)))
        back = {"state": PLANNED, "owner": "", "lease_until": None, "changed": moment}
        connection.execute(sa.update(deliveries).where(lost, deliveries.c.state == CLAIMED).values(**back))
        doubtful = sa.select(deliveries.c.subscriber).where(lost, deliveries.c.state == HANDED)
        names = [row.subscriber for row in connection.execute(doubtful)]
        if names:
            note = "the sender died with it handed over"
            record = {
                "digest": key.digest,
                "day": key.day.isoformat(),
                "at": moment,
                "outcome": OutcomeKind.IN_DOUBT.value,
                "phase": "body",
                "reply": note,
            }
            connection.execute(sa.insert(attempts), [{**record, "subscriber": name} for name in names])
            doubt = {
                "state": IN_DOUBT,
                "owner": "",
                "lease_until": None,
                "reply": note,
                "changed": moment,
                "attempts": deliveries.c.attempts + 1,
            }
            mine = sa.and_(_of(key), deliveries.c.subscriber.in_(names))
            connection.execute(sa.update(deliveries).where(mine).values(doubt))
        if self.on_doubt == "resend":
            again = sa.and_(_of(key), _repeatable(), deliveries.c.due <= moment)
            connection.execute(sa.update(deliveries).where(again).values(**back))

    def _people(self, connection: Connection, key: EditionKey, ids: list[str]) -> tuple[Planned, ...]:
        query = (
            sa.select(
                subscribers.c.id,
                subscribers.c.email,
                subscribers.c.name,
                subscribers.c.sections,
                subscribers.c.format,
                subscribers.c.language,
                subscribers.c.attributes,
                deliveries.c.attempts,
            )
            .join(deliveries, deliveries.c.subscriber == subscribers.c.id)
            .where(_of(key), subscribers.c.id.in_(ids))
            .order_by(subscribers.c.id)
        )
        return tuple(
            Planned(
                subscriber=row.id,
                email=row.email,
                name=row.name,
                sections=None if row.sections is None else tuple(filter(None, row.sections.split("|"))),
                format=cast(Format, row.format),
                language=row.language,
                attempts=row.attempts,
                attributes=json.loads(row.attributes),
            )
            for row in connection.execute(query)
        )

    # The one rule

    def turn(
        self, key: EditionKey, *, owner: str, done: Outcome | None, following: str | None, lease_s: float, now: datetime
    ) -> bool:
        """Record ``done`` and move ``following`` claimed → handed in one commit; tell whether it may be handed over.

        False: the claim is no longer ours, the person is suppressed (recorded so), or the edition is not sending any
        more; then ``following`` was not moved to handed. Commits of all connections are grouped.
        """

        def change(connection: Connection) -> bool:
            moment = to_micros(now)
            if done is not None:
                self._record(connection, key, owner, done)
            if following is None:
                return False
            return self._hand(connection, key, owner, following, moment, to_micros(now + timedelta(seconds=lease_s)))

        future: Future[bool] = self.store.submit(change)
        return future.result()

    def _record(self, connection: Connection, key: EditionKey, owner: str, done: Outcome) -> None:
        moment = to_micros(done.at)
        row = sa.and_(_of(key), deliveries.c.subscriber == done.subscriber)
        if done.kind is OutcomeKind.RETURNED:
            values: dict[str, object] = {"state": PLANNED, "owner": "", "lease_until": None, "changed": moment}
            ours = sa.and_(row, deliveries.c.owner == owner, deliveries.c.state.in_([CLAIMED, HANDED]))
            connection.execute(sa.update(deliveries).where(ours).values(values))
            return
        record = {
            "digest": key.digest,
            "day": key.day.isoformat(),
            "subscriber": done.subscriber,
            "at": moment,
            "outcome": done.kind.value,
            "code": done.code,
            "enhanced": done.enhanced,
            "phase": done.phase,
            "reply": done.reply[:500],
        }
        connection.execute(sa.insert(attempts).values(**record))
        values = {
            "state": done.kind.value,
            "owner": "",
            "lease_until": None,
            "reply": done.reply[:500],
            "due": to_micros(done.next_attempt) if done.next_attempt else 0,
            "attempts": deliveries.c.attempts + 1,
            "first_attempt": sa.func.coalesce(deliveries.c.first_attempt, moment),
            "changed": moment,
        }
        ours = sa.and_(row, deliveries.c.owner == owner, deliveries.c.state.in_([CLAIMED, HANDED]))
        # An accepted one is the truth even where our lease ran out meanwhile: nobody shall send it again.
        if done.kind is OutcomeKind.ACCEPTED:
            ours = sa.and_(row, deliveries.c.state != DeliveryState.ACCEPTED.value)
        connection.execute(sa.update(deliveries).where(ours).values(values))

    def _hand(
        self, connection: Connection, key: EditionKey, owner: str, following: str, moment: int, lease: int
    ) -> bool:
        row = sa.and_(
            _of(key),
            deliveries.c.subscriber == following,
            deliveries.c.owner == owner,
            deliveries.c.state == CLAIMED,
        )
        stays = sa.exists().where(subscribers.c.id == following, subscribers.c.status == "active", ~_suppressed(key))
        sending = sa.exists().where(_edition(key), editions.c.state == EditionState.SENDING.value)
        handed = {"state": HANDED, "lease_until": lease, "changed": moment}
        update = sa.update(deliveries).where(row, stays, sending).values(**handed)
        if connection.execute(update.returning(deliveries.c.subscriber)).first() is not None:
            return True
        gone = {"state": SUPPRESSED, "owner": "", "lease_until": None, "changed": moment}
        connection.execute(sa.update(deliveries).where(row, ~stays).values(**gone))
        return False

    def release(self, key: EditionKey, *, owner: str, now: datetime) -> int:
        """Give back what this owner claimed and did not hand over: claimed → planned; return how many."""
        mine = sa.and_(_of(key), deliveries.c.owner == owner, deliveries.c.state == CLAIMED)
        values = {"state": PLANNED, "owner": "", "lease_until": None, "changed": to_micros(now)}
        with self.store.write() as connection:
            done = connection.execute(
                sa.update(deliveries).where(mine).values(**values).returning(deliveries.c.subscriber)
            )
            return len(done.all())

    # Asking

    def counts(self, key: EditionKey) -> Counts:
        """Return the rows by state; pruned ones included."""
        live = sa.select(deliveries.c.state, sa.func.count()).where(_of(key)).group_by(deliveries.c.state)
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
            .where(_of(key), deliveries.c.state == state)
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
            waits = sa.or_(waits, _repeatable())
        query = sa.select(sa.func.min(deliveries.c.due)).where(_of(key), waits)
        with self.store.read() as connection:
            return instant(connection.execute(query).scalar())

    def close(self, key: EditionKey, *, reason: str, give_up_before: datetime | None, now: datetime) -> Counts:
        """Expire open rows; set the edition finished when nothing is open; return the counts.

        All open rows expire, or with ``give_up_before`` only deferred ones first tried before that.
        """
        moment = to_micros(now)
        if give_up_before is None:
            old = sa.and_(_of(key), deliveries.c.state.in_([PLANNED, CLAIMED, DEFERRED]))
        else:
            old = sa.and_(
                _of(key), deliveries.c.state == DEFERRED, deliveries.c.first_attempt < to_micros(give_up_before)
            )
        values = {"state": EXPIRED, "reply": reason, "owner": "", "lease_until": None, "changed": moment}
        with self.store.write() as connection:
            connection.execute(sa.update(deliveries).where(old).values(**values))
            wanted: sa.ColumnElement[bool] = deliveries.c.state.in_(OPEN)
            if self.on_doubt == "resend":
                wanted = sa.or_(wanted, _repeatable())
            rest = sa.select(deliveries.c.subscriber).where(_of(key), wanted).limit(1)
            if connection.execute(rest).first() is None:
                done = {"state": EditionState.FINISHED.value, "changed": moment}
                sending = editions.c.state == EditionState.SENDING.value
                connection.execute(sa.update(editions).where(_edition(key), sending).values(**done))
        return self.counts(key)


def _suppressed(key: EditionKey) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        suppressions.c.email_key == subscribers.c.email_key, suppressions.c.digest.in_(["", key.digest])
    )


def _repeatable() -> sa.ColumnElement[bool]:
    return sa.and_(deliveries.c.state == IN_DOUBT, deliveries.c.attempts < MOST_ATTEMPTS_IN_DOUBT)


def _wants(chosen: str | None, held: frozenset[str]) -> bool:
    return chosen is None or not held.isdisjoint(chosen.split("|"))
