"""How the days of a digest stand, and which deliveries wait for their hour or missed it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as ClockTime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import from_micros, to_micros
from digest.model.editions import Edit, EditionState
from digest.model.mail import EditionKey
from digest.store.delivery_log import CLAIMED, EXPIRED, PLANNED, of
from digest.store.engine import Store
from digest.store.stories import instant
from digest.store.tables import deliveries, editions, edits, subscribers


@dataclass(frozen=True, kw_only=True)
class DayStanding:
    """Where the edition of a day stands, without its contents."""

    day: date
    state: EditionState
    reason: str
    number: int | None
    held: bool
    approved_at: datetime | None
    published_at: datetime | None


class CalendarStore:
    """What the calendar of runs asks, and what it writes into the ledger."""

    def __init__(self, store: Store, *, is_dead: Callable[[str], bool] = lambda owner: False) -> None:
        """``is_dead`` tells of an owner of leases whether it is known to have died."""
        self.store, self.is_dead = store, is_dead

    def days(self, digest: str, *, limit: int) -> tuple[DayStanding, ...]:
        """Return the newest days on record, newest first; nothing big is read."""
        columns = (
            editions.c.day, editions.c.state, editions.c.reason, editions.c.number, editions.c.held,
            editions.c.approved_at, editions.c.published_at,
        )  # fmt: skip
        query = sa.select(*columns).where(editions.c.digest == digest).order_by(editions.c.day.desc()).limit(limit)
        with self.store.read() as connection:
            return tuple(
                DayStanding(
                    day=date.fromisoformat(row.day),
                    state=EditionState(row.state),
                    reason=row.reason,
                    number=row.number,
                    held=bool(row.held),
                    approved_at=instant(row.approved_at),
                    published_at=instant(row.published_at),
                )
                for row in connection.execute(query)
            )

    def moved(self, digest: str, *, since: date) -> dict[date, ClockTime]:
        """Return the days from ``since`` on whose hand-over an editor moved, and to when."""
        mine = sa.and_(editions.c.digest == digest, editions.c.day >= since.isoformat())
        query = sa.select(editions.c.day, editions.c.opens).where(mine, editions.c.opens != "")
        with self.store.read() as connection:
            return {
                date.fromisoformat(row.day): ClockTime.fromisoformat(row.opens) for row in connection.execute(query)
            }

    def edits(self, key: EditionKey) -> tuple[Edit, ...]:
        """Return an edition's edits in order, without their values."""
        query = (
            sa.select(edits)
            .where(edits.c.digest == key.digest, edits.c.day == key.day.isoformat())
            .order_by(edits.c.sequence)
        )
        with self.store.read() as connection:
            return tuple(
                Edit(kind=row.kind, target=row.target, by=row.by, at=from_micros(row.at), sequence=row.sequence)
                for row in connection.execute(query)
            )

    def zones(self, digest: str) -> tuple[str, ...]:
        """Return the time zones of a digest's readers; "" is the publication's, and always there."""
        zone, found, last = subscribers.c.time_zone, {""}, ""
        wanted = ("|" + subscribers.c.digests + "|").contains(f"|{digest}|", autoescape=True)
        with self.store.read() as connection:
            # From one zone to the next in the index: a long list is not read for its few zones.
            while (
                following := connection.execute(sa.select(sa.func.min(zone)).where(zone > last)).scalar()
            ) is not None:
                last = str(following)
                someone = sa.select(sa.literal(1)).where(zone == last, wanted).limit(1)
                if connection.execute(someone).first() is not None:
                    found.add(last)
        return tuple(sorted(found))

    def expire_late(self, key: EditionKey, closed: Collection[str], *, reason: str, now: datetime) -> int:
        """Expire rows nobody tried yet of readers whose zone is among ``closed``; return how many.

        What the relay was offered in time and deferred is not late: it is tried until `give_up_after`. A row that a
        dead process had claimed was not tried either.
        """
        if not closed:
            return 0
        moment = to_micros(now)
        values = {"state": EXPIRED, "reply": reason, "owner": "", "lease_until": None, "changed": moment}
        theirs = sa.select(subscribers.c.id).where(subscribers.c.time_zone.in_(sorted(closed)))
        with self.store.write() as connection:
            idle = sa.or_(deliveries.c.state == PLANNED, self._abandoned(connection, key, moment))
            late = sa.and_(of(key), deliveries.c.attempts == 0, idle, deliveries.c.subscriber.in_(theirs))
            update = sa.update(deliveries).where(late).values(**values)
            return connection.execute(update.execution_options(preserve_rowcount=True)).rowcount

    def _abandoned(self, connection: Connection, key: EditionKey, moment: int) -> sa.ColumnElement[bool]:
        """Return the condition that a row is claimed by nobody alive."""
        claimed = sa.select(deliveries.c.owner).where(of(key), deliveries.c.state == CLAIMED).distinct()
        dead = [owner for owner in connection.execute(claimed).scalars() if self.is_dead(owner)]
        gone = sa.or_(deliveries.c.owner.in_(dead), deliveries.c.lease_until < moment)
        return sa.and_(deliveries.c.state == CLAIMED, gone)

    def waiting(self, key: EditionKey, *, now: datetime) -> tuple[int, datetime | None]:
        """Return how many planned rows wait for a later hour, and when the first of them comes."""
        query = sa.select(sa.func.count(), sa.func.min(deliveries.c.due)).where(
            of(key), deliveries.c.state == PLANNED, deliveries.c.due > to_micros(now)
        )
        with self.store.read() as connection:
            count, first = connection.execute(query).one()
        return int(count), instant(first)
