"""Stories and what was learnt about feeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import from_micros, to_micros
from digest.model.news import FeedState, Story
from digest.store.codec import dump, load
from digest.store.engine import Store
from digest.store.tables import feed_states, stories

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

# Rows read at once by id: below SQLite's limit of bound values.
MANY = 500


def insert(store: Store, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that can carry ON CONFLICT on the store's database."""
    # One of them is not needed, and loading it takes longer than reading a feed.
    if store.is_sqlite:
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


class Stories:
    """Satisfies the port StoryStore."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def save_stories(self, saved: Iterable[Story], *, now: datetime) -> int:
        """Insert new stories, refresh changed ones keeping `seen`; return how many were new. Raises StoreError.

        A story that several feeds tell is kept once each, all with the earliest `seen`: which feed answered first
        changes nothing.
        """
        unique = {(story.id, story.feed): story for story in saved}
        if not unique:
            return 0
        with self.store.write() as connection:
            known = self._known(connection, sorted({id_ for id_, _ in unique}))
            first = _first_seen(known)
            fresh = []
            for key, story in unique.items():
                seen = min(first.get(story.id) or story.seen or now, story.seen or now)
                old = known.get(key)
                if old is None:
                    fresh.append(self._row(story, seen, now))
                elif (new := replace(story, seen=old.seen or now)) != old:
                    here = sa.and_(stories.c.id == story.id, stories.c.feed == story.feed)
                    row = self._row(new, new.seen or now, now)
                    connection.execute(sa.update(stories).where(here).values(**row))
            if fresh:
                connection.execute(sa.insert(stories), fresh)
        return len({row["id"] for row in fresh} - set(first))

    def _known(self, connection: Connection, ids: list[str]) -> dict[tuple[str, str], Story]:
        """Return what is known of these stories, by id and feed."""
        found: dict[tuple[str, str], Story] = {}
        for start in range(0, len(ids), MANY):
            chosen = stories.c.id.in_(ids[start : start + MANY])
            query = sa.select(stories.c.id, stories.c.feed, stories.c.body).where(chosen)
            found |= {(id_, feed): load(Story, body) for id_, feed, body in connection.execute(query)}
        return found

    @staticmethod
    def _row(story: Story, seen: datetime, now: datetime) -> dict[str, object]:
        told = story.published if story.date_note != "future" else None
        return {
            "id": story.id,
            "feed": story.feed,
            "canonical_url": story.url,
            "seen": to_micros(seen),
            "changed": to_micros(now),
            "published": None if told is None else to_micros(told),
            "body": dump(story if story.seen == seen else replace(story, seen=seen)),
        }

    def stories_between(self, start: datetime, end: datetime, *, limit: int = 0) -> tuple[Story, ...]:
        """Return stories whose `published`, or else `seen`, lies in start < t <= end, ordered by id and feed.

        A date in the future counts as none. With ``limit``, the newest so many. A story is there once a feed.
        """
        dated = _between(stories.c.published, start, end)
        undated = _between(stories.c.seen, start, end).where(stories.c.published.is_(None))
        # Each half in the order of an index: what lies outside, years of it, is not even looked at.
        halves = [
            query.order_by(sa.desc("moment"), stories.c.id, stories.c.feed).limit(limit).subquery().select()
            if limit
            else query
            for query in (dated, undated)
        ]
        both = sa.union_all(*halves)
        if limit:
            both = both.order_by(sa.desc("moment"), "id", "feed").limit(limit)
        with self.store.read() as connection:
            found = [load(Story, row.body) for row in connection.execute(both)]
        return tuple(sorted(found, key=lambda story: (story.id, story.feed)))

    def story(self, story_id: str) -> Story | None:
        """Return one story, or None; of several feeds' versions that of the feed whose address sorts first."""
        query = sa.select(stories.c.body).where(stories.c.id == story_id).order_by(stories.c.feed).limit(1)
        with self.store.read() as connection:
            body = connection.execute(query).scalar()
        return None if body is None else load(Story, body)

    def find(self, words: str) -> Story | None:
        """Return the story with an id, the only one whose id begins so, or the one at an address; else None."""
        table = stories.c
        if words.lower().startswith(("http://", "https://")):
            # Written in several ways an address is one; here only the way it came is looked up.
            query = sa.select(table.id).where(table.canonical_url.in_([words, words.rstrip("/"), f"{words}/"]))
        elif len(words) >= 4 and words.isalnum():
            query = sa.select(table.id).where(table.id >= words.lower(), table.id < words.lower() + "\x7f")
        else:
            return None
        with self.store.read() as connection:
            ids = connection.execute(query.distinct().limit(2)).scalars().all()
        return self.story(ids[0]) if len(ids) == 1 else None

    def feed_states(self) -> Mapping[str, FeedState]:
        """Return what is known of each feed, by configured address."""
        with self.store.read() as connection:
            rows = connection.execute(sa.select(feed_states.c.url, feed_states.c.body)).all()
        return {url: load(FeedState, body) for url, body in rows}

    def save_feed_states(self, states: Iterable[FeedState], *, now: datetime) -> None:
        """Replace the states of these feeds. Raises StoreError."""
        with self.store.write() as connection:
            rows = [{"url": state.url, "body": dump(state), "changed": to_micros(now)} for state in states]
            if rows:
                made = insert(self.store, feed_states)
                said = {name: made.excluded[name] for name in ("body", "changed")}
                connection.execute(made.on_conflict_do_update(index_elements=["url"], set_=said), rows)


def _between(column: sa.Column[Any], start: datetime, end: datetime) -> sa.Select[Any]:
    moment = column.label("moment")
    query = sa.select(stories.c.body, moment, stories.c.id, stories.c.feed)
    return query.where(column > to_micros(start), column <= to_micros(end))


def _first_seen(known: Mapping[tuple[str, str], Story]) -> dict[str, datetime]:
    """Return by id when a story was first read in any feed."""
    first: dict[str, datetime] = {}
    for (id_, _), story in known.items():
        if story.seen is not None:
            first[id_] = min(first.get(id_, story.seen), story.seen)
    return first


def instant(micros: int | None) -> datetime | None:
    """Return the instant of a column, or None."""
    return None if micros is None else from_micros(micros)
