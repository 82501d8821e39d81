"""The ledger: one row per edition and due subscriber, moved by the one rule of sending (design §4).

A row is ``planned → claimed → handed → accepted | deferred | refused | in_doubt``, or ``suppressed`` or ``expired``.
``handed`` is committed before a body is written, so after a crash exactly those rows are in doubt: at most one a
connection, each named. All of a process's commits go through the store's one grouping writer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import to_micros
from digest.errors import StoreConflict
from digest.model.editions import EditionState
from digest.model.mail import Counts, EditionKey, Format, Outcome, OutcomeKind, Planned
from digest.store.delivery_log import (
    CLAIMED,
    DEFERRED,
    EXPIRED,
    HANDED,
    IN_DOUBT,
    PLANNED,
    SENDING,
    DeliveryLog,
    edition_of,
    of,
    repeatable,
    suppressed,
)
from digest.store.engine import Store
from digest.store.tables import attempts, deliveries, editions, subscribers
from digest.store.turns import Turn, take_turns

# Rows planned in one transaction: the write lock is held for a few milliseconds (design §3).
PLAN_STEP = 2_000
IN_STEP = 500
SATURDAY = 5  # as date.weekday() counts

OPEN = (PLANNED, CLAIMED, HANDED, DEFERRED)


_AT_ONCE: Mapping[str, datetime] = {}


class Deliveries(DeliveryLog):
    """Satisfies the ports Ledger and LedgerReader."""

    def __init__(
        self,
        store: Store,
        *,
        on_doubt: Literal["resend", "hold"] = "resend",
        is_dead: Callable[[str], bool] = lambda owner: False,
    ) -> None:
        """``is_dead`` tells of an owner whether it is known to have died: its leases need not be waited for."""
        super().__init__(store, on_doubt=on_doubt)
        self.is_dead = is_dead

    # Planning

    def plan(
        self, key: EditionKey, *, sections: Iterable[str], now: datetime, openings: Mapping[str, datetime] = _AT_ONCE
    ) -> int:
        """Add one planned row per due subscriber that has none; return how many. In steps of 2,000 rows.

        Due is: active, subscribed to the digest, not suppressed for it or for all, not paused on the edition's day, no
        reader of weekdays on a weekend, and whose choice (none = all) holds one of ``sections``, the edition's sections
        that hold items. ``openings`` are the instants before which readers of a time zone get nothing. Moves the
        edition approved → sending. Raises StoreConflict where the edition is neither approved nor sending.
        """
        with self.store.write() as connection:
            begun = (
                sa.update(editions)
                .where(edition_of(key), editions.c.state.in_([EditionState.APPROVED.value, SENDING]))
                .values(state=SENDING, changed=to_micros(now))
            )
            if connection.execute(begun.returning(editions.c.day)).first() is None:
                raise StoreConflict(f"the edition of {key.day} is not approved", fix="approve it: `digest approve`")
        moment = to_micros(now)
        columns = ["digest", "day", "subscriber", "state", "due", "changed"]
        due = (
            sa.case(*((subscribers.c.time_zone == zone, to_micros(at)) for zone, at in openings.items()), else_=0)
            if openings
            else sa.literal(0)
        )
        added = 0
        for wanted in self._steps_of_people(key, sections):
            row = sa.select(
                sa.literal(key.digest), sa.literal(key.day.isoformat()), subscribers.c.id,
                sa.literal(PLANNED), due, sa.literal(moment),
            ).where(wanted)  # fmt: skip
            with self.store.write() as connection:
                add = sa.insert(deliveries).from_select(columns, row).execution_options(preserve_rowcount=True)
                added += connection.execute(add).rowcount
        return added

    def _steps_of_people(self, key: EditionKey, sections: Iterable[str]) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the condition of those due and not planned yet: 2,000 people at a time, in the order of ids."""
        chosen = "|" + subscribers.c.sections + "|"
        planned = sa.exists().where(of(key), deliveries.c.subscriber == subscribers.c.id)
        wanted = sa.and_(
            # Wrapped, so that no index on the status is taken: it would read the whole list for each step.
            sa.func.coalesce(subscribers.c.status, "") == "active",
            ("|" + subscribers.c.digests + "|").contains(f"|{key.digest}|", autoescape=True),
            sa.or_(subscribers.c.paused_until.is_(None), subscribers.c.paused_until <= key.day.isoformat()),
            sa.or_(
                subscribers.c.sections.is_(None),
                *(chosen.contains(f"|{slug}|", autoescape=True) for slug in sections),
            ),
            ~suppressed(key.digest),
            ~planned,
            *([~subscribers.c.weekdays_only] if key.day.weekday() >= SATURDAY else []),
        )
        last = ""
        while True:
            edge = sa.select(subscribers.c.id).where(subscribers.c.id > last).order_by(subscribers.c.id)
            with self.store.read() as connection:
                upto = connection.execute(edge.offset(PLAN_STEP - 1).limit(1)).scalar()
            yield sa.and_(wanted, subscribers.c.id > last, *([] if upto is None else [subscribers.c.id <= upto]))
            if upto is None:
                return
            last = upto

    def due_count(self, key: EditionKey, *, sections: Iterable[str]) -> int:
        """Return how many would be planned now."""
        with self.store.read() as connection:
            return sum(
                connection.execute(sa.select(sa.func.count()).select_from(subscribers).where(wanted)).scalar_one()
                for wanted in self._steps_of_people(key, sections)
            )

    def choices(self, key: EditionKey, *, sections: Iterable[str]) -> dict[str, int]:
        """Return how many due people made which choice of sections ("" = all, else slugs joined by "|")."""
        found: Counter[str] = Counter()
        choice = sa.func.coalesce(subscribers.c.sections, "")
        for wanted in self._steps_of_people(key, sections):
            query = sa.select(choice, sa.func.count()).where(wanted).group_by(choice)
            with self.store.read() as connection:
                found.update({row[0]: row[1] for row in connection.execute(query)})
        return dict(found)

    # Claiming

    def claim(self, key: EditionKey, *, owner: str, limit: int, lease_s: float, now: datetime) -> tuple[Planned, ...]:
        """Claim up to ``limit`` rows that are planned, or deferred and due; fewer means that no more are due now.

        Rows whose lease ran out, or whose owner died, are put right first: claimed → planned, handed → in_doubt with an
        attempt on record, and under on_doubt = "resend" in_doubt → planned again.
        """
        moment, lease = to_micros(now), to_micros(now + timedelta(seconds=lease_s))

        def change(connection: Connection) -> tuple[Planned, ...]:
            if not self._sending(connection, key):
                return ()
            self._recover(connection, key, moment)
            ids = self._due(connection, key, moment, limit)
            if not ids:
                return ()
            values = {"state": CLAIMED, "owner": owner, "lease_until": lease, "changed": moment}
            mine = sa.and_(of(key), deliveries.c.subscriber.in_(ids))
            connection.execute(sa.update(deliveries).where(mine).values(**values))
            return self._people(connection, key, ids)

        # By the writer, so that a claim never waits for a lock that this very process holds.
        return self.store.submit(change).result()

    def _due(self, connection: Connection, key: EditionKey, moment: int, limit: int) -> list[str]:
        found: list[str] = []
        # One state at a time and in the index's order: then no claim sorts, or even reads, the rows that wait.
        for state in (DEFERRED, PLANNED):
            query = (
                sa.select(deliveries.c.subscriber)
                .where(of(key), deliveries.c.state == state, deliveries.c.due <= moment)
                .order_by(deliveries.c.due)
                .limit(limit - len(found))
            )
            if not self.store.is_sqlite:
                query = query.with_for_update(skip_locked=True)
            found += connection.execute(query).scalars()
        return sorted(found)

    def _sending(self, connection: Connection, key: EditionKey) -> bool:
        state = connection.execute(sa.select(editions.c.state).where(edition_of(key))).scalar()
        return state == SENDING

    def _recover(self, connection: Connection, key: EditionKey, moment: int) -> None:
        # Chosen here and not in SQL: with conditions on lease and owner SQLite would read every row of the edition.
        taken = sa.select(
            deliveries.c.subscriber, deliveries.c.state, deliveries.c.owner, deliveries.c.lease_until
        ).where(of(key), deliveries.c.state.in_([CLAIMED, HANDED]))
        rows = connection.execute(taken).all()
        dead = {owner for owner in {row.owner for row in rows} if self.is_dead(owner)}
        lost = [row for row in rows if row.owner in dead or (row.lease_until or 0) < moment]
        back = {"state": PLANNED, "owner": "", "lease_until": None, "changed": moment}
        for step in _steps([row.subscriber for row in lost if row.state == CLAIMED]):
            ours = sa.and_(of(key), deliveries.c.subscriber.in_(step), deliveries.c.state == CLAIMED)
            connection.execute(sa.update(deliveries).where(ours).values(**back))
        for step in _steps([row.subscriber for row in lost if row.state == HANDED]):
            self._doubt(connection, key, step, moment)
        if self.on_doubt == "resend":
            again = sa.and_(of(key), repeatable(), deliveries.c.due <= moment)
            connection.execute(sa.update(deliveries).where(again).values(**back))

    def _doubt(self, connection: Connection, key: EditionKey, names: Sequence[str], moment: int) -> None:
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
        mine = sa.and_(of(key), deliveries.c.subscriber.in_(names))
        connection.execute(sa.update(deliveries).where(mine).values(doubt))

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
            .where(of(key), subscribers.c.id.in_(ids))
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
        turn = Turn(
            key=key,
            owner=owner,
            done=done,
            following=following,
            moment=to_micros(now),
            lease_until=to_micros(now + timedelta(seconds=lease_s)),
        )
        return self.store.submit_to(take_turns, turn).result()

    def release(self, key: EditionKey, *, owner: str, now: datetime) -> int:
        """Give back what this owner claimed and did not hand over: claimed → planned; return how many."""
        mine = sa.and_(of(key), deliveries.c.owner == owner, deliveries.c.state == CLAIMED)
        values = {"state": PLANNED, "owner": "", "lease_until": None, "changed": to_micros(now)}
        with self.store.write() as connection:
            done = connection.execute(
                sa.update(deliveries).where(mine).values(**values).returning(deliveries.c.subscriber)
            )
            return len(done.all())

    def stop(self, key: EditionKey, *, reason: str, now: datetime) -> Counts:
        """Stop an edition for good: nothing more is handed over from the next turn on; open rows expire.

        What is handed over at this moment keeps its outcome. Raises StoreConflict where it is neither approved nor
        sending.
        """
        moment = to_micros(now)
        with self.store.write() as connection:
            stopped = (
                sa.update(editions)
                .where(edition_of(key), editions.c.state.in_([EditionState.APPROVED.value, SENDING]))
                .values(state=EditionState.STOPPED.value, reason=reason, changed=moment)
                .returning(editions.c.day)
            )
            if connection.execute(stopped).first() is None:
                raise StoreConflict(f"the edition of {key.day} is not being sent", fix="see `digest status`")
            old = sa.and_(of(key), deliveries.c.state.in_([PLANNED, CLAIMED, DEFERRED]))
            values = {"state": EXPIRED, "reply": reason, "owner": "", "lease_until": None, "changed": moment}
            connection.execute(sa.update(deliveries).where(old).values(**values))
        return self.counts(key)

    def close(self, key: EditionKey, *, reason: str, give_up_before: datetime | None, now: datetime) -> Counts:
        """Expire open rows; set the edition finished when nothing is open; return the counts.

        All open rows expire, or with ``give_up_before`` only deferred ones first tried before that.
        """
        moment = to_micros(now)
        if give_up_before is None:
            old = sa.and_(of(key), deliveries.c.state.in_([PLANNED, CLAIMED, DEFERRED]))
        else:
            old = sa.and_(
                of(key), deliveries.c.state == DEFERRED, deliveries.c.first_attempt < to_micros(give_up_before)
            )
        values = {"state": EXPIRED, "reply": reason, "owner": "", "lease_until": None, "changed": moment}
        with self.store.write() as connection:
            connection.execute(sa.update(deliveries).where(old).values(**values))
            wanted: sa.ColumnElement[bool] = deliveries.c.state.in_(OPEN)
            if self.on_doubt == "resend":
                wanted = sa.or_(wanted, repeatable())
            rest = sa.select(deliveries.c.subscriber).where(of(key), wanted).limit(1)
            if connection.execute(rest).first() is None:
                done = {"state": EditionState.FINISHED.value, "changed": moment}
                sending = editions.c.state == SENDING
                connection.execute(sa.update(editions).where(edition_of(key), sending).values(**done))
        return self.counts(key)


def _steps(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield names a few hundred at a time: databases bound the values of one statement."""
    for start in range(0, len(names), IN_STEP):
        yield names[start : start + IN_STEP]
