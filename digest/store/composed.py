"""Statements composed and compiled once, for what a send does thousands of times.

Composing them anew took 5 ms of a turn's 5.8, SQLAlchemy's cache and results still a fifth of a millisecond a call
(measured): so these go to the driver as they are, within a transaction of SQLAlchemy's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect


class Composed:
    """One statement for one kind of database."""

    def __init__(self, statement: sa.Executable, *, is_sqlite: bool) -> None:
        compiled = statement.compile(dialect=_dialect(is_sqlite=is_sqlite))  # type: ignore[attr-defined]
        self.text, self.fixed, self.places = str(compiled), compiled.params, compiled.positiontup

    def __call__(self, connection: Connection, **values: str | int) -> list[tuple[Any, ...]]:
        """Return the rows, none for a statement without any. Raises what the driver raises."""
        every = {**self.fixed, **values}
        given = every if self.places is None else tuple(every[name] for name in self.places)
        driver = connection.connection.driver_connection
        assert driver is not None
        cursor = driver.execute(self.text, given)
        return list(cursor.fetchall()) if cursor.description else []


def _dialect(*, is_sqlite: bool) -> Dialect:
    """Return the dialect of a kind of database; the other one is not even loaded."""
    if is_sqlite:
        from sqlalchemy.dialects import sqlite

        return sqlite.dialect()
    from sqlalchemy.dialects.postgresql import psycopg

    return psycopg.dialect()  # type: ignore[no-untyped-call]


def names_in(parameter: str, *, is_sqlite: bool) -> sa.Select[tuple[str]]:
    """Return a query of the texts in the JSON list that one parameter carries: any number of them, one statement."""
    document = sa.bindparam(parameter, type_=sa.Text)
    if is_sqlite:
        return sa.select(sa.func.json_each(document).table_valued("value", name="each").c.value)
    from sqlalchemy.dialects.postgresql import JSONB

    each = sa.func.jsonb_array_elements_text(sa.cast(document, JSONB)).table_valued("value", name="each")
    return sa.select(each.c.value)


def as_list(names: Iterable[str]) -> str:
    """Return what `names_in` reads."""
    return json.dumps(list(names))
