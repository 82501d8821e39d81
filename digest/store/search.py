"""Search over every story of every listed edition, and what has to be put into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import to_micros
from digest.errors import StoreError
from digest.model.mail import EditionKey
from digest.model.searching import Answer, Hit, Question, Told
from digest.store.codec import dump, load
from digest.store.engine import Store
from digest.store.search_index import A_DAY, EVER, Index, first_of
from digest.store.tables import editions, edits
from digest.store.tables import search_items as items

# One at a time gives out the ids of a day (PostgreSQL; SQLite's write lock does it).
LOCK = 0x64696765_7365  # "digese"
STEP = 500  # stories a transaction when the index is made anew


def _of(key: EditionKey) -> sa.ColumnElement[bool]:
    return sa.and_(items.c.digest == key.digest, items.c.day == key.day.isoformat())


class Search:
    """Satisfies the port SearchStore."""

    def __init__(self, store: Store) -> None:
        self.store, self._index = store, Index(store)

    # Asking

    def find(self, question: Question, *, limit: int = 20, offset: int = 0) -> Answer:
        """Return the best matches, best first. A question without a term finds nothing. Raises StoreError."""
        if not question.terms:
            return Answer(hits=(), total=0)
        with self.store.read() as connection:
            ranked, total = self._index.ranked(connection, question, limit=limit, offset=offset)
            told = self._told(connection, [number for number, _ in ranked])
        hits = tuple(Hit(told=told[number], score=score) for number, score in ranked if number in told)
        return Answer(hits=hits, total=total)

    def like(
        self, words: Sequence[str], stories: Sequence[str], *, before: date | None = None, limit: int = 100
    ) -> tuple[Told, ...]:
        """Return stories of editions before a day that share the most of some terms, or tell one of some stories."""
        until = first_of(before) if before else EVER
        with self.store.read() as connection:
            numbers = self._index.like(connection, words, stories, until=until, limit=limit)
            told = self._told(connection, numbers)
        return tuple(told[number] for number in numbers if number in told)

    def _told(self, connection: Connection, numbers: Sequence[int]) -> dict[int, Told]:
        query = sa.select(items.c.id, items.c.body).where(items.c.id.in_(numbers))
        return {number: load(Told, body) for number, body in connection.execute(query)}

    def each(self, digest: str = "", *, since: date | None = None, until: date | None = None) -> Iterator[Told]:
        """Yield every story in it in the order of days, in bounded memory."""
        low, high = first_of(since) if since else 0, first_of(until) + A_DAY if until else EVER
        while True:
            query = sa.select(items.c.id, items.c.body).where(items.c.id >= low, items.c.id < high)
            if digest:
                query = query.where(items.c.digest == digest)
            with self.store.read() as connection:
                rows = connection.execute(query.order_by(items.c.id).limit(STEP)).all()
            yield from (load(Told, row.body) for row in rows)
            if len(rows) < STEP:
                return
            low = rows[-1].id + 1

    def days(self) -> tuple[tuple[str, date, int, int], ...]:
        """Return the editions in it as (digest, day, stories, when they were indexed), oldest first."""
        query = (
            sa.select(
                items.c.digest, items.c.day, sa.func.count().label("stories"), sa.func.max(items.c.indexed).label("at")
            )
            .group_by(items.c.digest, items.c.day)
            .order_by(items.c.day, items.c.digest)
        )
        with self.store.read() as connection:
            rows = connection.execute(query).all()
        return tuple((row.digest, date.fromisoformat(row.day), row.stories, row.at) for row in rows)

    def facets(self) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
        """Return the sections (slug, newest title) and the sources of all stories, in alphabetical order."""
        sections: dict[str, str] = {}
        sources: set[str] = set()
        for told in self.each():
            sections[told.section] = told.section_title
            sources.add(told.source)
        ordered = tuple(sorted(sections.items(), key=lambda each: each[1].casefold()))
        return ordered, tuple(sorted(sources - {""}, key=str.casefold))

    # Keeping it

    def put(self, key: EditionKey, told: Sequence[Told], *, now: datetime) -> None:
        """Replace an edition's stories; none take it out. Raises StoreError."""
        with self.store.write() as connection:
            if not self.store.is_sqlite:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            old = connection.execute(sa.select(items.c.id).where(_of(key))).scalars().all()
            self._index.remove(connection, old)
            connection.execute(sa.delete(items).where(_of(key)))
            first = first_of(key.day)
            query = sa.select(sa.func.max(items.c.id)).where(items.c.id >= first, items.c.id < first + A_DAY)
            free = (connection.execute(query).scalar() or first) + 1
            if free + len(told) > first + A_DAY:
                raise StoreError(f"{key.day} holds more stories than can be searched")
            rows = list(enumerate(told, free))
            own = {"digest": key.digest, "day": key.day.isoformat(), "indexed": to_micros(now)}
            made = [{"id": number, "body": dump(each), **own} for number, each in rows]
            if made:
                connection.execute(sa.insert(items), made)
                self._index.add(connection, rows)

    def due(self) -> tuple[EditionKey, ...]:
        """Return the listed editions that are not in it, or as they were before a correction; oldest first."""
        indexed = (
            sa.select(items.c.digest, items.c.day, sa.func.min(items.c.indexed).label("at"))
            .group_by(items.c.digest, items.c.day)
            .subquery()
        )
        changed = (
            sa.select(sa.func.max(edits.c.at))
            .where(edits.c.digest == editions.c.digest, edits.c.day == editions.c.day)
            .scalar_subquery()
        )
        same = sa.and_(indexed.c.digest == editions.c.digest, indexed.c.day == editions.c.day)
        query = (
            sa.select(editions.c.digest, editions.c.day)
            .outerjoin(indexed, same)
            .where(editions.c.listed_at.is_not(None), editions.c.retracted_at.is_(None))
            .where(sa.or_(indexed.c.at.is_(None), indexed.c.at < changed))
            .order_by(editions.c.day, editions.c.digest)
        )
        return self._keys(query)

    def gone(self) -> tuple[EditionKey, ...]:
        """Return the editions in it that are listed no more."""
        listed = sa.exists().where(
            editions.c.digest == items.c.digest,
            editions.c.day == items.c.day,
            editions.c.listed_at.is_not(None),
            editions.c.retracted_at.is_(None),
        )
        return self._keys(sa.select(items.c.digest, items.c.day).where(~listed).distinct())

    def _keys(self, query: sa.Select[tuple[str, str]]) -> tuple[EditionKey, ...]:
        with self.store.read() as connection:
            return tuple(EditionKey(row.digest, date.fromisoformat(row.day)) for row in connection.execute(query))

    def mend(self) -> bool:
        """Make the index anew where it lacks stories, as after a copy or a restore; tell whether it did."""
        with self.store.read() as connection:
            there = connection.execute(sa.select(sa.func.count()).select_from(items)).scalar_one()
            if there == self._index.count(connection):
                return False
        with self.store.write() as connection:
            self._index.clear(connection)
        low = 0
        while True:
            with self.store.write() as connection:
                query = sa.select(items.c.id, items.c.body).where(items.c.id > low).order_by(items.c.id).limit(STEP)
                rows = [(number, load(Told, body)) for number, body in connection.execute(query)]
                self._index.remove(connection, [number for number, _ in rows])
                self._index.add(connection, rows)
            if len(rows) < STEP:
                return True
            low = rows[-1][0]
