"""What ran, when, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from digest.dates import to_micros
from digest.store.codec import plain
from digest.store.engine import Store
from digest.store.house_tables import runs
from digest.store.stories import instant


class Runs:
    """The log of runs; no addresses are kept in it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def begin(self, digest: str, day: date, command: str, *, now: datetime) -> int:
        """Record that a command began; return the run's number."""
        row = {"digest": digest, "day": day.isoformat(), "command": command, "started": to_micros(now)}
        with self.store.write() as connection:
            return int(connection.execute(sa.insert(runs).values(**row).returning(runs.c.id)).scalar_one())

    def end(self, run: int, exit_code: int, summary: Mapping[str, Any], *, now: datetime) -> None:
        """Record how it ended."""
        values = {"finished": to_micros(now), "exit_code": exit_code, "summary": plain(dict(summary))}
        with self.store.write() as connection:
            connection.execute(sa.update(runs).where(runs.c.id == run).values(**values))

    def recent(self, digest: str, *, limit: int) -> tuple[dict[str, Any], ...]:
        """Return the newest runs' rows, newest first."""
        query = sa.select(runs).where(runs.c.digest == digest).order_by(runs.c.id.desc()).limit(limit)
        with self.store.read() as connection:
            return tuple(dict(row) for row in connection.execute(query).mappings())

    def last_start(self) -> datetime | None:
        """Return when the newest run of any digest began that knew its clock to be right."""
        refused = sa.and_(runs.c.exit_code.is_not(None), runs.c.exit_code.in_((1, 2)))
        query = sa.select(sa.func.max(runs.c.started)).where(runs.c.command == "run", sa.not_(refused))
        with self.store.read() as connection:
            return instant(connection.execute(query).scalar())

    def last(self, digest: str) -> dict[str, Any] | None:
        """Return the newest run's row, or None."""
        query = sa.select(runs).where(runs.c.digest == digest).order_by(runs.c.id.desc()).limit(1)
        with self.store.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else dict(row)
