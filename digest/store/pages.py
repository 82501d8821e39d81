"""What the pages of stories say of themselves, read once each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from digest.dates import to_micros
from digest.model.news import PageMetadata
from digest.store.codec import dump, load
from digest.store.engine import Store
from digest.store.stories import MANY, insert
from digest.store.tables import pages as table


class Pages:
    """Satisfies the port PageStore."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def pages(self, urls: Iterable[str]) -> Mapping[str, PageMetadata]:
        """Return what is known of these addresses; a page that says nothing is known to say nothing."""
        asked, found = sorted(set(urls)), dict[str, PageMetadata]()
        with self.store.read() as connection:
            for start in range(0, len(asked), MANY):
                query = sa.select(table.c.url, table.c.body).where(table.c.url.in_(asked[start : start + MANY]))
                found |= {url: load(PageMetadata, body) for url, body in connection.execute(query)}
        return found

    def save_pages(self, said: Mapping[str, PageMetadata], *, now: datetime) -> None:
        """Keep what pages say, by address. Raises StoreError."""
        with self.store.write() as connection:
            for url, page in sorted(said.items()):
                row = {"body": dump(page), "changed": to_micros(now)}
                new = insert(self.store, table).values(url=url, **row)
                connection.execute(new.on_conflict_do_update(index_elements=["url"], set_=row))
