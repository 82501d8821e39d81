"""The ledger: one row per edition and due subscriber, moved by the one rule of sending (design §4).

A row is ``planned → claimed → handed → accepted | deferred | refused | in_doubt``, or ``suppressed`` or ``expired``.
``handed`` is committed before a body is written, so after a crash exactly those rows are in doubt: at most one a
connection, each named. All of a process's commits go through the store's one grouping writer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import sqlalchemy as sa

from digest.dates import to_micros
from digest.errors import StoreConflict
from digest.model.editions import EditionState
from digest.model.mail import Counts, EditionKey, Outcome, Planned
from digest.store.claims import Claim, claim
from digest.store.delivery_log import (
    CLAIMED,
    DEFERRED,
    EXPIRED,
    HANDED,
    PLANNED,
    REFUSED,
    SENDING,
    DeliveryLog,
    edition_of,
    of,
    repeatable,
    suppressed,
)
from digest.store.engine import Store
from digest.store.stories import insert
from digest.store.tables import deliveries, editions, subscribers
from digest.store.turns import Turn, take_turns

# Rows planned in one transaction: the write lock is held for a few milliseconds (design §3).
PLAN_STEP = 2_000
SATURDAY = 5  # as date.weekday() counts

OPEN = (PLANNED, CLAIMED, HANDED, DEFERRED)


_AT_ONCE: Mapping[str, datetime] = {}


def _between(last: str, upto: str | None, column: sa.Column[str]) -> sa.ColumnElement[bool]:
    return sa.and_(column > last, *([] if upto is None else [column <= upto]))


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
        added, wanted = 0, self._due(key, sections)
        for step in self._steps():
            row = sa.select(
                sa.literal(key.digest), sa.literal(key.day.isoformat()), subscribers.c.id,
                sa.literal(PLANNED), due, sa.literal(moment),
            ).where(wanted, step(subscribers.c.id)).order_by(subscribers.c.id)  # fmt: skip
            # Who is planned already is left to the primary key. Asked for in the query, it would be a matter of
            # figures, which PostgreSQL has none of for a table that has just grown: it read the edition for each step.
            # All who plan at once go in one order, so that none waits for another in a circle.
            add = insert(self.store, deliveries).from_select(columns, row).on_conflict_do_nothing()
            with self.store.write() as connection:
                added += connection.execute(add.execution_options(preserve_rowcount=True)).rowcount
        return added

    def _due(self, key: EditionKey, sections: Iterable[str]) -> sa.ColumnElement[bool]:
        """Return the condition of those who are to get an edition, be they planned or not."""
        chosen = "|" + subscribers.c.sections + "|"
        return sa.and_(
            # Wrapped, so that no index on the status is taken: it would read the whole list for each step.
            sa.func.coalesce(subscribers.c.status, "") == "active",
            ("|" + subscribers.c.digests + "|").contains(f"|{key.digest}|", autoescape=True),
            sa.or_(subscribers.c.paused_until.is_(None), subscribers.c.paused_until <= key.day.isoformat()),
            sa.or_(
                subscribers.c.sections.is_(None),
                *(chosen.contains(f"|{slug}|", autoescape=True) for slug in sections),
            ),
            ~suppressed(key.digest),
            *([~subscribers.c.weekdays_only] if key.day.weekday() >= SATURDAY else []),
        )

    def _steps(self) -> Iterator[Callable[[sa.Column[str]], sa.ColumnElement[bool]]]:
        """Yield what of a column of ids belongs to a step: 2,000 people at a time, in the order of ids."""
        last = ""
        while True:
            edge = sa.select(subscribers.c.id).where(subscribers.c.id > last).order_by(subscribers.c.id)
            with self.store.read() as connection:
                upto = connection.execute(edge.offset(PLAN_STEP - 1).limit(1)).scalar()
            yield partial(_between, last, upto)
            if upto is None:
                return
            last = upto

    def _not_planned(self, key: EditionKey, sections: Iterable[str]) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the condition of those due and not planned yet, a step at a time."""
        wanted = self._due(key, sections)
        for step in self._steps():
            planned = sa.select(deliveries.c.subscriber).where(of(key), step(deliveries.c.subscriber))
            yield sa.and_(wanted, step(subscribers.c.id), subscribers.c.id.not_in(planned))

    def without_news(self, key: EditionKey, *, sections: Iterable[str]) -> int:
        """Return how many readers of a digest, of those who chose, chose none of ``sections``."""
        chosen = "|" + subscribers.c.sections + "|"
        theirs = sa.and_(
            subscribers.c.status == "active",
            ("|" + subscribers.c.digests + "|").contains(f"|{key.digest}|", autoescape=True),
            subscribers.c.sections.is_not(None),
            *(~chosen.contains(f"|{slug}|", autoescape=True) for slug in sections),
        )
        with self.store.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(subscribers).where(theirs)).scalar_one()

    def due_count(self, key: EditionKey, *, sections: Iterable[str]) -> int:
        """Return how many would be planned now."""
        with self.store.read() as connection:
            return sum(
                connection.execute(sa.select(sa.func.count()).select_from(subscribers).where(wanted)).scalar_one()
                for wanted in self._not_planned(key, sections)
            )

    def choices(self, key: EditionKey, *, sections: Iterable[str]) -> dict[str, int]:
        """Return how many due people made which choice of sections ("" = all, else slugs joined by "|")."""
        found: Counter[str] = Counter()
        choice = sa.func.coalesce(subscribers.c.sections, "")
        for wanted in self._not_planned(key, sections):
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
        wanted = Claim(
            key=key,
            owner=owner,
            limit=limit,
            moment=to_micros(now),
            lease_until=to_micros(now + timedelta(seconds=lease_s)),
            resend=self.on_doubt == "resend",
        )
        if not self.store.is_sqlite:  # beside the turns: nothing of ours waits for a claim
            with self.store.write() as connection:
                return claim(connection, wanted, is_dead=self.is_dead)
        # By the writer, so that a claim never waits for a lock that this very process holds.
        return self.store.submit(lambda connection: claim(connection, wanted, is_dead=self.is_dead)).result()

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

    def reopen(self, key: EditionKey, names: Sequence[str], *, due: datetime, now: datetime) -> None:
        """Have refused ones tried again at ``due``: refused → deferred; what the relay said stays on record."""
        values = {"state": DEFERRED, "due": to_micros(due), "changed": to_micros(now)}
        refused = sa.and_(of(key), deliveries.c.subscriber.in_(names), deliveries.c.state == REFUSED)
        with self.store.write() as connection:
            connection.execute(sa.update(deliveries).where(refused).values(**values))

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

        All open rows expire, or with ``give_up_before`` only deferred ones first tried before that. Each keeps the
        relay's last words behind the reason.
        """
        moment = to_micros(now)
        if give_up_before is None:
            old = sa.and_(of(key), deliveries.c.state.in_([PLANNED, CLAIMED, DEFERRED]))
        else:
            old = sa.and_(
                of(key), deliveries.c.state == DEFERRED, deliveries.c.first_attempt < to_micros(give_up_before)
            )
        said = sa.case((deliveries.c.reply == "", reason), else_=sa.literal(f"{reason}: ") + deliveries.c.reply)
        values = {"state": EXPIRED, "reply": said, "owner": "", "lease_until": None, "changed": moment}
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
