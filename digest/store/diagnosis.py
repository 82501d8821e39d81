"""What `digest doctor` asks a database: how large it is, what time it has, and whether it takes a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from digest.store.engine import Store
from digest.store.house_tables import alarms
from digest.store.tables import REVISION, subscribers


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was seen."""

    size: int  # bytes
    version: str  # of SQLite or PostgreSQL
    active: int  # readers
    now: datetime | None  # a server's clock; None where the database is a file

    @property
    def line(self) -> str:
        """One line for people."""
        return f"{self.version}, {self.size / 1e6:.1f} MB, tables {REVISION}, writable"


def facts(store: Store) -> Facts:
    """Return what a database says of itself; raise StoreError where it cannot be read or takes no change."""
    _try_changing(store)
    with store.read() as connection:
        count = sa.select(sa.func.count()).select_from(subscribers).where(subscribers.c.status == "active")
        active = int(connection.execute(count).scalar_one())
        if store.is_sqlite:
            version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
            path = Path(make_url(store.url).database or "")
            return Facts(size=path.stat().st_size, version=f"SQLite {version}", active=active, now=None)
        size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
        version = connection.exec_driver_sql("SHOW server_version").scalar_one()
        moment = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return Facts(size=int(size), version=f"PostgreSQL {version.split()[0]}", active=active, now=moment.astimezone(UTC))


def _try_changing(store: Store) -> None:
    """Write a row and delete it again: a database that may only be read, or a full disk, says so here."""
    topic = "doctor"
    with store.write() as connection:
        connection.execute(sa.insert(alarms).values(topic=topic, state="", number=0, changed=0))
        connection.execute(sa.delete(alarms).where(alarms.c.topic == topic))
