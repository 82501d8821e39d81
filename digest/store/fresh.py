"""The tables of a new SQLite file in one go: what the migrations leave behind, written down in fresh.sql.

Loading Alembic and going through every migration takes a fifth of a second, a seventh of a first fetch. A new migration
is followed by `python -m digest.store.migrations`, and a test compares both ways.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import Connection

FILE = Path(__file__).with_suffix(".sql")
END = ";\n"  # of a statement; none of them holds it


def is_empty(connection: Connection) -> bool:
    """Tell whether an SQLite file holds nothing at all."""
    return not connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()


def make(connection: Connection) -> None:
    """Make every table in an empty SQLite file, within the transaction given."""
    for statement in FILE.read_text(encoding="utf-8").split(END):
        if statement.strip():
            connection.exec_driver_sql(statement)
