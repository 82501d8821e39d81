"""Prepared pictures, by the address and style they were prepared for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from digest.dates import to_micros
from digest.model.editions import Picture
from digest.store.codec import dump, load
from digest.store.editions import keep
from digest.store.engine import Store
from digest.store.stories import MANY, insert
from digest.store.tables import contents, pictures


class Pictures:
    """Satisfies the port PictureStore."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def pictures(self, wanted: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Picture | str]:
        """Return what is known of (url, style): a picture, or the reason why it cannot be used."""
        found: dict[tuple[str, str], Picture | str] = {}
        asked = set(wanted)
        urls = sorted({url for url, _ in asked})
        with self.store.read() as connection:
            for start in range(0, len(urls), MANY):
                query = sa.select(pictures).where(pictures.c.url.in_(urls[start : start + MANY]))
                for row in connection.execute(query.order_by(pictures.c.url, pictures.c.style)):
                    if (row.url, row.style) in asked:
                        known = load(Picture, row.body) if row.name else str(json.loads(row.body))
                        found[row.url, row.style] = known
        return found

    def save_picture(
        self, url: str, style: str, picture: Picture | str, body: bytes, media_type: str, *, now: datetime
    ) -> None:
        """Keep a prepared picture and its bytes, or the reason why there is none (then body is empty)."""
        usable = isinstance(picture, Picture)
        row = {
            "name": picture.name if isinstance(picture, Picture) else "",
            "body": dump(picture) if usable else json.dumps(picture),
            "created": to_micros(now),
        }
        with self.store.write() as connection:
            if isinstance(picture, Picture):
                # Two hashes: the name readers see, and the store's own of the bytes.
                keep(self.store, connection, f"picture:{picture.name}", body, media_type, now)
            new = insert(self.store, pictures).values(url=url, style=style, **row)
            connection.execute(new.on_conflict_do_update(index_elements=["url", "style"], set_=row))

    def content(self, name: str) -> tuple[bytes, str] | None:
        """Return bytes and media type of a picture's name ("HASH.jpg") or of a hash, or None."""
        query = sa.select(contents.c.body, contents.c.media_type).where(contents.c.hash.in_([name, f"picture:{name}"]))
        with self.store.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else (bytes(row.body), row.media_type)
