"""Processes of `digest worker`, as they report themselves: what `digest status` shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.dates import from_micros, to_micros
from digest.store.engine import Store
from digest.store.house_tables import workers
from digest.store.stories import insert

ALIVE = timedelta(seconds=60)  # one that was not seen for so long is silent
FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class WorkerRow:
    """One worker."""

    name: str
    host: str
    pid: int
    version: str
    keys: str  # fingerprint of the publication's keys
    started: datetime
    seen: datetime
    doing: str
    accepted: int  # messages since it started


class Workers:
    """The workers on record."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def report(self, worker: WorkerRow) -> None:
        """Record a worker's sign of life, and forget those silent for a day."""
        values = {
            "host": worker.host, "pid": worker.pid, "version": worker.version, "keys": worker.keys,
            "started": to_micros(worker.started), "seen": to_micros(worker.seen),
            "doing": worker.doing, "accepted": worker.accepted,
        }  # fmt: skip
        with self.store.write() as connection:
            new = insert(self.store, workers).values(name=worker.name, **values)
            connection.execute(new.on_conflict_do_update(index_elements=["name"], set_=values))
            connection.execute(sa.delete(workers).where(workers.c.seen < to_micros(worker.seen - FORGOTTEN)))

    def leave(self, name: str) -> None:
        """Forget a worker that ended in good order."""
        with self.store.write() as connection:
            connection.execute(sa.delete(workers).where(workers.c.name == name))

    def all(self) -> tuple[WorkerRow, ...]:
        """Return every worker on record, by name."""
        with self.store.read() as connection:
            rows = connection.execute(sa.select(workers).order_by(workers.c.name)).mappings().all()
        return tuple(
            WorkerRow(**{**row, "started": from_micros(row["started"]), "seen": from_micros(row["seen"])})
            for row in rows
        )

    def alive(self, now: datetime) -> tuple[WorkerRow, ...]:
        """Return those seen within the last minute."""
        return tuple(worker for worker in self.all() if worker.seen > now - ALIVE)
