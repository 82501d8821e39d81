"""Stories and what was learnt about feeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from digest.dates import from_micros, to_micros
from digest.model.news import FeedState, Story
from digest.store.codec import dump, load
from digest.store.engine import Store
from digest.store.tables import feed_states, stories

# Rows read at once by id: below SQLite's limit of bound values.
MANY = 500


def insert(store: Store, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that can carry ON CONFLICT on the store's database."""
    return sqlite.insert(table) if store.is_sqlite else postgresql.insert(table)


class Stories:
    """Satisfies the port StoryStore."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def save_stories(self, saved: Iterable[Story], *, now: datetime) -> int:
        """Insert new stories, refresh changed ones keeping `seen`; return how many were new. Raises StoreError."""
        unique = {story.id: story for story in saved}
        if not unique:
            return 0
        with self.store.write() as connection:
            known = self._known(connection, list(unique))
            fresh = [self._row(story, story.seen or now, now) for key, story in unique.items() if key not in known]
            if fresh:
                connection.execute(sa.insert(stories), fresh)
            for key, old in known.items():
                seen = old.seen or now
                new = replace(unique[key], seen=seen)
                if new != old:
                    row = self._row(new, seen, now)
                    connection.execute(sa.update(stories).where(stories.c.id == key).values(**row))
        return len(fresh)

    def _known(self, connection: Connection, ids: list[str]) -> dict[str, Story]:
        found: dict[str, Story] = {}
        for start in range(0, len(ids), MANY):
            query = sa.select(stories.c.id, stories.c.body).where(stories.c.id.in_(ids[start : start + MANY]))
            found |= {key: load(Story, body) for key, body in connection.execute(query)}
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
            "body": dump(replace(story, seen=seen)),
        }

    def stories_between(self, start: datetime, end: datetime, *, limit: int = 0) -> tuple[Story, ...]:
        """Return stories whose `published`, or else `seen`, lies in start < t <= end, ordered by id.

        A date in the future counts as none. With ``limit``, the newest so many.
        """
        moment = sa.func.coalesce(stories.c.published, stories.c.seen)
        query = sa.select(stories.c.body).where(moment > to_micros(start), moment <= to_micros(end))
        if limit:
            query = query.order_by(moment.desc(), stories.c.id).limit(limit)
        with self.store.read() as connection:
            found = [load(Story, body) for (body,) in connection.execute(query)]
        return tuple(sorted(found, key=lambda story: story.id))

    def story(self, story_id: str) -> Story | None:
        """Return one story, or None."""
        with self.store.read() as connection:
            body = connection.execute(sa.select(stories.c.body).where(stories.c.id == story_id)).scalar()
        return None if body is None else load(Story, body)

    def feed_states(self) -> Mapping[str, FeedState]:
        """Return what is known of each feed, by configured address."""
        with self.store.read() as connection:
            rows = connection.execute(sa.select(feed_states.c.url, feed_states.c.body)).all()
        return {url: load(FeedState, body) for url, body in rows}

    def save_feed_states(self, states: Iterable[FeedState], *, now: datetime) -> None:
        """Replace the states of these feeds. Raises StoreError."""
        with self.store.write() as connection:
            for state in states:
                row = {"body": dump(state), "changed": to_micros(now)}
                statement = insert(self.store, feed_states).values(url=state.url, **row)
                connection.execute(statement.on_conflict_do_update(index_elements=["url"], set_=row))


def instant(micros: int | None) -> datetime | None:
    """Return the instant of a column, or None."""
    return None if micros is None else from_micros(micros)
