"""What the archive asks: published editions in pages, how each day stands, and what was corrected or taken off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from digest.dates import to_micros
from digest.errors import StoreError
from digest.model.archive import ArchivedDay, Retraction
from digest.model.editions import Edit, EditionRecord, EditionState
from digest.model.mail import EditionKey
from digest.store.editions import edit_of, record_of
from digest.store.engine import Store
from digest.store.stories import instant
from digest.store.tables import editions, edits

PAGE = 20  # editions read at once: some megabytes


class Archive:
    """What the archive shows."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def days(self, digest: str) -> tuple[ArchivedDay, ...]:
        """Return how each day of a digest on record stands, oldest first; no edition's contents are read."""
        counted = (
            sa.select(edits.c.day, sa.func.count().label("edits"))
            .where(edits.c.digest == digest)
            .group_by(edits.c.day)
            .subquery()
        )
        columns = (
            editions.c.day, editions.c.state, editions.c.number, editions.c.version,
            editions.c.published_at, editions.c.listed_at, editions.c.retracted_at,
        )  # fmt: skip
        ours = editions.c.digest == digest
        query = (
            sa.select(*columns, sa.func.coalesce(counted.c.edits, 0).label("edits"))
            .outerjoin(counted, counted.c.day == editions.c.day)
            .where(ours)
            .order_by(editions.c.day)
        )
        # Texts are asked for where there are any: the rest is in the index alone.
        reasons = sa.select(editions.c.day, editions.c.reason).where(ours, editions.c.reason != "")
        taken_off = sa.select(editions.c.day).where(ours, editions.c.retracted_at.is_not(None))
        retractions = sa.select(editions.c.day, editions.c.retraction).where(ours, editions.c.day.in_(taken_off))
        with self.store.read() as connection:
            rows = connection.execute(query).mappings().all()
            why = {row.day: row.reason for row in connection.execute(reasons)}
            said = {row.day: row.retraction for row in connection.execute(retractions)}
        return tuple(_day(digest, dict(row), why.get(row["day"], ""), said.get(row["day"], "")) for row in rows)

    def published(
        self,
        digest: str,
        *,
        after: date | None = None,
        before: date | None = None,
        newest: bool = False,
        limit: int = 0,
    ) -> Iterator[EditionRecord]:
        """Yield editions whose page is online, retracted ones too, in bounded memory: oldest first, or newest first.

        ``after`` and ``before`` are days that are not included. It is read in pages, each as of its own moment.
        """
        left = limit or 10**9
        while left > 0:
            page = self._page(digest, after, before, newest, min(PAGE, left))
            yield from page
            if len(page) < min(PAGE, left):
                return
            left -= len(page)
            after, before = (after, page[-1].day) if newest else (page[-1].day, before)

    def _page(
        self, digest: str, after: date | None, before: date | None, newest: bool, limit: int
    ) -> list[EditionRecord]:
        order = editions.c.day.desc() if newest else editions.c.day
        query = sa.select(editions).where(editions.c.digest == digest, editions.c.published_at.is_not(None))
        if after is not None:
            query = query.where(editions.c.day > after.isoformat())
        if before is not None:
            query = query.where(editions.c.day < before.isoformat())
        with self.store.read() as connection:
            rows = connection.execute(query.order_by(order).limit(limit)).mappings().all()
            return [record_of(connection, dict(row)) for row in rows]

    def retract(self, key: EditionKey, reason: str, *, now: datetime) -> None:
        """Take an edition off the archive, or change why; raise StoreError where it was never published."""
        moment = to_micros(now)
        values = {"retracted_at": sa.func.coalesce(editions.c.retracted_at, moment), "retraction": reason}
        its = sa.and_(
            editions.c.digest == key.digest,
            editions.c.day == key.day.isoformat(),
            editions.c.published_at.is_not(None),
        )
        with self.store.write() as connection:
            done = sa.update(editions).where(its).values(**values, changed=moment).returning(editions.c.day)
            if connection.execute(done).first() is None:
                raise StoreError(f"the edition of {key.day} was never published", fix="nothing is there to retract")

    def corrections(self, digest: str, *, since: datetime, until: datetime) -> tuple[tuple[date, Edit], ...]:
        """Return corrections made at since < t <= until, oldest first, each with the day of its edition."""
        made = sa.and_(edits.c.kind == "correct", edits.c.at > to_micros(since), edits.c.at <= to_micros(until))
        query = (
            sa.select(edits).where(made, edits.c.digest == digest).order_by(edits.c.at, edits.c.day, edits.c.sequence)
        )
        with self.store.read() as connection:
            return tuple(
                (date.fromisoformat(row["day"]), edit_of(dict(row))) for row in connection.execute(query).mappings()
            )


def _day(digest: str, row: Mapping[str, Any], reason: str, retraction: str) -> ArchivedDay:
    at = instant(row["retracted_at"])
    return ArchivedDay(
        digest=digest,
        day=date.fromisoformat(row["day"]),
        state=EditionState(row["state"]),
        number=row["number"],
        reason=reason,
        version=row["version"],
        edits=row["edits"],
        published_at=instant(row["published_at"]),
        listed_at=instant(row["listed_at"]),
        retraction=Retraction(reason=retraction, at=at) if at is not None else None,
    )
