"""From each version whose tables ever stood on main to today's, forwards, with rows in every table, on both."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from digest.store import migrations, upgrading
from digest.store.engine import Store, engine_of
from digest.store.tables import REVISION

OLD = [script.revision for script in migrations.scripts_of().walk_revisions() if script.revision != REVISION]


def empty(url: str) -> Store:
    """The database without any table."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).unlink(missing_ok=True)
    store = Store(engine_of(url), url)
    if not store.is_sqlite:
        with store.write() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    return store


def value(column: sa.Column[Any], number: int) -> Any:
    if isinstance(column.type, sa.Boolean):
        return bool(number % 2)
    if isinstance(column.type, sa.LargeBinary):
        return random.Random(number).randbytes(9)
    if isinstance(column.type, sa.Integer | sa.BigInteger):
        return number
    return f"{{}}{number}" if column.name in ("body", "consent") else f"text {number}"


def fill(connection: sa.Connection) -> dict[str, int]:
    """Put three rows into every table there is; return how many each has."""
    there = sa.MetaData()
    there.reflect(connection)
    counts = {}
    for table in there.sorted_tables:
        if table.name == "alembic_version" or table.name.startswith("search_index"):  # kept by the databases themselves
            continue
        rows = [{column.name: value(column, number) for column in table.columns} for number in (1, 2, 3)]
        connection.execute(sa.insert(table), rows)
        counts[table.name] = len(rows)
    return counts


@pytest.mark.parametrize("revision", OLD)
def test_every_older_database_is_brought_up_with_its_rows(store_url: str, revision: str) -> None:
    with contextlib.closing(empty(store_url)) as old:
        with old.write() as connection:
            migrations.migrate(connection, migrations.scripts_of(), revision)
        with old.write() as connection:
            counts = fill(connection)
    assert len(counts) >= 15
    assert upgrading.upgrade(store_url) == (revision, REVISION)
    assert upgrading.check(store_url).problems == ()
    with contextlib.closing(Store.open(store_url)) as store, store.read() as connection:
        found = {
            name: connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()
            for name in counts
        }
    assert found == counts
