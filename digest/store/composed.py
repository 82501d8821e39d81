"""Statements composed and compiled once, for what a send does thousands of times.

Composing them anew took 5 ms of a turn's 5.8, SQLAlchemy's cache and results still a fifth of a millisecond a call
(measured): so these go to the driver as they are, within a transaction of SQLAlchemy's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection


class Composed:
    """One statement for one kind of database."""

    def __init__(self, statement: sa.Executable, *, is_sqlite: bool) -> None:
        dialect = sqlite.dialect() if is_sqlite else postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.text, self.fixed, self.places = str(compiled), compiled.params, compiled.positiontup

    def __call__(self, connection: Connection, **values: str | int) -> list[tuple[Any, ...]]:
        """Return the rows, none for a statement without any. Raises what the driver raises."""
        every = {**self.fixed, **values}
        given = every if self.places is None else tuple(every[name] for name in self.places)
        driver = connection.connection.driver_connection
        assert driver is not None
        cursor = driver.execute(self.text, given)
        return list(cursor.fetchall()) if cursor.description else []


def names_in(parameter: str, *, is_sqlite: bool) -> sa.Select[tuple[str]]:
    """Return a query of the texts in the JSON list that one parameter carries: any number of them, one statement."""
    document = sa.bindparam(parameter, type_=sa.Text)
    if is_sqlite:
        return sa.select(sa.func.json_each(document).table_valued("value", name="each").c.value)
    each = sa.func.jsonb_array_elements_text(sa.cast(document, JSONB)).table_valued("value", name="each")
    return sa.select(each.c.value)


def as_list(names: Iterable[str]) -> str:
    """Return what `names_in` reads."""
    return json.dumps(list(names))
