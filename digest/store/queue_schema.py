"""The queue's own tables beside ours: made and brought up by `digest db upgrade`, counted by `digest status`.

Procrastinate ships its schema and migrations as SQL files, to be applied by hand in order. We keep which of them a
database has; files of a version older than its schema are never run again.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.errors import StoreError
from digest.store.engine import Store
from digest.store.house_tables import queue_migrations

JOBS = "procrastinate_jobs"
_INSTALL = 'install it: pip install "newsletter-digest[scale]"'


def is_installed() -> bool:
    """Tell whether the extra `scale` is there."""
    return all(importlib.util.find_spec(name) is not None for name in ("procrastinate", "psycopg_pool"))


def must_be_installed() -> None:
    """Raise StoreError where the extra `scale` is missing."""
    if not is_installed():
        raise StoreError("workers need the package procrastinate, which is not installed", fix=_INSTALL)


def upgrade(store: Store, *, moment: int) -> Sequence[str]:
    """Make the queue's tables on PostgreSQL, or apply what they lack; return the files applied. Raises StoreError."""
    from procrastinate.schema import SchemaManager

    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    with store.write() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": 0x71756575_65})  # "queue"
        done = set(connection.execute(sa.select(queue_migrations.c.name)).scalars())
        if not _has_tables(connection):
            _run(connection, SchemaManager.get_schema())
            todo = [file.name for file in files]
            applied: Sequence[str] = ["schema.sql"]
        elif not done:
            raise StoreError(
                "it holds tables of Procrastinate that we did not make", where=store.name,
                fix="keep the queue of another program in another database",
            )  # fmt: skip
        else:
            newer = sorted(done - {file.name for file in files})
            if newer:
                raise StoreError(
                    f"its queue was made by a newer Procrastinate ({newer[-1]})", where=store.name,
                    fix="upgrade the package procrastinate here too",
                )  # fmt: skip
            applied = todo = [file.name for file in files if file.name not in done]
            for file in files:
                if file.name in todo:
                    _run(connection, file.read_text(encoding="utf-8"))
        if todo:
            rows = [{"name": name, "at": moment} for name in todo]
            connection.execute(sa.insert(queue_migrations), rows)
    return applied


def complaint(store: Store) -> str:
    """Return what is wrong with the queue's tables, "" where nothing is. Raises StoreError."""
    from procrastinate.schema import SchemaManager

    files = {file.name for file in Path(SchemaManager.get_migrations_path()).glob("*.sql")}
    with store.read() as connection:
        done = set(connection.execute(sa.select(queue_migrations.c.name)).scalars())
        if not done or not _has_tables(connection):
            return "the database has no tables of the queue"
    if files - done:
        return "the database has tables of an older queue"
    return "the database has tables of a newer queue" if done - files else ""


def counts(store: Store) -> dict[str, int] | None:
    """Return the queue's jobs by state, None where the database has no queue."""
    if store.is_sqlite:
        return None
    with store.read() as connection:
        if not _has_tables(connection):
            return None
        rows = connection.execute(sa.text(f"SELECT status::text, count(*) FROM {JOBS} GROUP BY status"))  # noqa: S608
        found = {str(state): int(count) for state, count in rows}
    return {state: found.get(state, 0) for state in ("todo", "doing", "failed")}


def waiting(store: Store, task: str, arguments: dict[str, str], *, most: int) -> int:
    """Return how many jobs of a task with these arguments wait to be begun, counted up to ``most``."""
    query = sa.text(
        f"SELECT count(*) FROM (SELECT 1 FROM {JOBS} WHERE status = 'todo' AND task_name = :task"  # noqa: S608
        " AND args @> CAST(:arguments AS jsonb) LIMIT :most) AS found"
    )
    with store.read() as connection:
        given = {"task": task, "arguments": json.dumps(arguments), "most": most}
        return int(connection.execute(query, given).scalar_one())


def _has_tables(connection: Connection) -> bool:
    return connection.execute(sa.text("SELECT to_regclass(:name)"), {"name": JOBS}).scalar() is not None


def _run(connection: Connection, text: str) -> None:
    """Run a file of several statements as it is."""
    driver: Any = connection.connection.driver_connection
    driver.execute(text)
