"""Write down what the migrations make of a new SQLite file: `python -m digest.store.migrations` after each new one."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from digest.store import fresh, migrations
from digest.store.engine import Store, engine_of

# Without what SQLite makes by itself: its own tables, and those behind the index of words.
_MADE = (
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'search\\_index\\_%' ESCAPE '\\' "
    "ORDER BY rowid"
)


def as_migrated() -> str:
    """Return what the migrations make of an empty SQLite file, as SQL."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "digest.db"
        url = f"sqlite:///{file}"
        with closing(Store(engine_of(url), url)) as store:
            migrations.make(store, "head")
        with closing(sqlite3.connect(file)) as connection:
            every = connection.execute(_MADE)
            made = ["\n".join(line.rstrip() for line in sql.splitlines()) for (sql,) in every]
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    return fresh.END.join([*made, f"INSERT INTO alembic_version VALUES ('{revision}')", ""])  # noqa: S608  # our own


if __name__ == "__main__":
    fresh.FILE.write_text(as_migrated(), encoding="utf-8")
