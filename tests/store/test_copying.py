"""A publication moves into another database whole, resumes where it was cut, and is verified."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from digest.errors import LockHeld, StoreConflict, StoreError, UsageError
from digest.store import copying
from digest.store.copying import copy, table_hash, tables_copied
from digest.store.engine import Store
from digest.store.house_tables import runs
from digest.store.locks import Locks
from digest.store.tables import contents, editions, stories
from tests.builders import KEY, NOW
from tests.conftest import fresh_postgres


def now() -> Any:
    return NOW


def value(column: sa.Column[Any], number: int, rng: random.Random) -> Any:
    """A value of a column's kind, odd ones among them."""
    if column.nullable and number % 3 == 0:
        return None
    if isinstance(column.type, sa.Boolean):
        return bool(number % 2)
    if isinstance(column.type, sa.LargeBinary):
        return rng.randbytes(200) + b"\0"
    if isinstance(column.type, sa.Integer | sa.BigInteger):
        return number + 1 if column.primary_key or column.unique else rng.choice([0, number, 2**31 - 1])
    return f"{column.name} ünï\t\\N\n'{number:05}' 🗞"


def fill(store: Store, rows: int) -> None:
    """Put rows of every kind into every table of a publication."""
    rng = random.Random(12)
    with store.write() as connection:
        for table in tables_copied():
            made = [{column.name: value(column, number, rng) for column in table.columns} for number in range(rows)]
            for number, row in enumerate(made):
                for key in table.foreign_keys:
                    row[key.parent.name] = value(key.column, number, rng)
                    if key.column.table.name == "contents":
                        row[key.parent.name] = f"hash ünï\t\\N\n'{number:05}' 🗞"
            connection.execute(sa.insert(table), made)


@pytest.fixture(params=["to postgresql", "to sqlite"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Where from and where to, in each direction."""
    pair = f"sqlite:///{tmp_path / 'digest.db'}", fresh_postgres(request.getfixturevalue("postgres"))
    return pair if request.param == "to postgresql" else (pair[1], pair[0])


def hashes(url: str) -> dict[str, tuple[int, str]]:
    with contextlib.closing(Store.open(url)) as store:
        return {table.name: table_hash(store, table) for table in tables_copied()}


def test_every_table_is_the_same_afterwards(urls: tuple[str, str]) -> None:
    with contextlib.closing(Store.open(urls[0])) as store:
        fill(store, 130)
    before = hashes(urls[0])
    report = copy(*urls, now=now)
    assert report.rows == report.copied == 130 * len(tables_copied())
    assert hashes(urls[0]) == hashes(urls[1]) == before
    assert len({digest for _, digest in before.values()}) == len(before), "hashes tell tables apart"
    with contextlib.closing(Store.open(urls[1])) as new, new.write() as connection:
        added = connection.execute(
            sa.insert(runs).values(digest="daily", day="2026-11-24", command="run", started=1).returning(runs.c.id)
        )
        assert added.scalar_one() == 131, "numbers go on after the largest"
    again = copy(*urls, now=now)
    assert (again.finished, again.tables) == (NOW, ())


def test_a_copy_cut_short_goes_on_where_it_was(urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "STEP", 20)
    with contextlib.closing(Store.open(urls[0])) as store:
        fill(store, 90)
    seen: list[tuple[str, int]] = []

    class Cut(Exception):
        pass

    def cut(name: str, done: int, total: int) -> None:
        seen.append((name, done))
        if name == "subscribers" and done == 40:
            raise Cut

    with pytest.raises(Cut):
        copy(*urls, now=now, tell=cut)
    report = copy(*urls, now=now)
    left = {table.name: table.copied for table in report.tables}
    assert left["subscribers"] == 50
    assert all(left[name] == 0 for name, done in seen if done == 90)
    assert hashes(urls[0]) == hashes(urls[1])


def test_a_source_changed_meanwhile_is_found_and_copied_anew(urls: tuple[str, str]) -> None:
    with contextlib.closing(Store.open(urls[0])) as store:
        fill(store, 9)

        def change(name: str, done: int, total: int) -> None:
            if name == tables_copied()[-1].name:
                with store.write() as connection:
                    connection.execute(sa.update(editions).values(reason="changed"))

        with pytest.raises(StoreConflict, match="differ in editions"):
            copy(*urls, now=now, tell=change)
    report = copy(*urls, now=now)
    copied = {table.name for table in report.tables if table.copied}
    assert {"editions", "edits", "edition_parts"} == copied
    assert hashes(urls[0]) == hashes(urls[1])


def test_a_damaged_copy_is_found(urls: tuple[str, str]) -> None:
    with contextlib.closing(Store.open(urls[0])) as store:
        fill(store, 9)

    def damage(name: str, done: int, total: int) -> None:
        if name == tables_copied()[-1].name:
            with contextlib.closing(Store.open(urls[1])) as new, new.write() as connection:
                connection.execute(sa.update(contents).values(body=b"other"))

    with pytest.raises(StoreConflict, match="contents"):
        copy(*urls, now=now, tell=damage)


def test_a_target_in_use_is_refused(urls: tuple[str, str]) -> None:
    Store.open(urls[0]).close()
    with contextlib.closing(Store.open(urls[1])) as store:
        fill(store, 1)
    with pytest.raises(StoreConflict, match="holds a publication already"):
        copy(*urls, now=now)


def test_what_cannot_be_copied_is_one_sentence(tmp_path: Path, postgres: str) -> None:
    source = f"sqlite:///{tmp_path / 'digest.db'}"
    with pytest.raises(StoreError, match="no such file"):
        copy(source, f"sqlite:///{tmp_path / 'other.db'}", now=now)
    with contextlib.closing(Store.open(source)) as store:
        with pytest.raises(UsageError, match="same database"):
            copy(source, source, now=now)
        with store.write() as connection:
            connection.execute(
                sa.insert(stories).values(id="a", feed="f", canonical_url="u", seen=1, changed=1, body="a\0")
            )
        with pytest.raises(StoreError, match=r"stories \['a', 'f'\] holds a zero byte"):
            copy(source, fresh_postgres(postgres), now=now)
        with store.write() as connection:
            connection.execute(sa.delete(stories))
            connection.execute(
                sa.insert(editions).values(digest=KEY.digest, day=KEY.day.isoformat(), state="draft", changed=1)
            )
        with Locks(store, now).hold(KEY.digest, wait_s=0), pytest.raises(LockHeld, match="under way"):
            copy(source, fresh_postgres(postgres), now=now)
