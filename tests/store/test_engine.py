"""Opening, migrating, and the grouping writer, on both databases."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.errors import StoreError
from digest.model.mail import Subscriber
from digest.store import engine, fresh, migrations, upgrading
from digest.store.codec import dump
from digest.store.engine import Store, engine_of, without_password
from digest.store.migrations.__main__ import as_migrated
from digest.store.schema import metadata
from digest.store.stories import Stories
from digest.store.subscribers import Subscribers
from digest.store.tables import REVISION, feed_states
from tests.builders import NOW, person, story
from tests.conftest import DURABLE, fresh_postgres, fresh_sqlite


def put(url: str) -> sa.Insert:
    return sa.insert(feed_states).values(url=url, body="{}", changed=0)


def count(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(feed_states)).scalar_one())


def test_migrated_tables_are_the_tables(store: Store) -> None:
    with store.read() as connection:
        assert migrations.differences(connection) == ()
        # The index of words is not SQLAlchemy's to describe: FTS5 with tables of its own, or a tsvector.
        names = {name for name in sa.inspect(connection).get_table_names() if not name.startswith("search_index")}
        assert names == {*metadata.tables, "alembic_version"}
    state = upgrading.check(store.url)
    assert state.current == state.head == REVISION
    assert state.problems == ()


def test_a_new_file_gets_at_once_what_the_migrations_make() -> None:
    told = "a migration changed the tables: run `python -m digest.store.migrations`"
    # Spaces are SQLAlchemy's to choose, and may change with its version.
    assert fresh.FILE.read_text(encoding="utf-8").split() == as_migrated().split(), told


def test_a_file_that_holds_something_else_keeps_it(tmp_path: Path) -> None:
    file = tmp_path / "digest.db"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE notes (words TEXT)")
    Store.open(f"sqlite:///{file}").close()
    assert upgrading.check(f"sqlite:///{file}").problems == ()
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_of_two_that_meet_a_new_file_one_makes_its_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'digest.db'}"
    with ThreadPoolExecutor(4) as pool:
        for store in pool.map(Store.open, [url] * 4):
            store.close()
    assert upgrading.check(url).problems == ()


def test_a_commit_is_on_the_disk_before_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SYNCHRONOUS", DURABLE)  # the other tests do not wait for the disk
    with contextlib.closing(Store.open(fresh_sqlite(tmp_path / "digest.db"))) as store, store.read() as connection:
        said = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "journal_mode")]
    assert said == [2, "wal"]  # 2 is FULL


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    before, after = upgrading.upgrade(store.url)
    assert before == after


def test_an_older_database_is_refused_with_what_to_do(store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
    with pytest.raises(StoreError, match="run `digest db upgrade`"):
        Store.open(store.url)


def test_a_newer_database_is_refused(store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer digest"):
        Store.open(store.url)
    with pytest.raises(StoreError, match="newer digest"):
        upgrading.upgrade(store.url)


def test_an_older_database_is_brought_up_with_its_stories(store_url: str) -> None:
    url = store_url
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).unlink()
    else:
        with contextlib.closing(Store.open(url)) as store, store.write() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    old = Store(engine_of(url), url)
    with old.write() as connection:
        migrations.migrate(connection, migrations.scripts_of(), "0001")
        body = dump(story("a", seen=NOW)).replace("'", "''")
        connection.exec_driver_sql(f"INSERT INTO stories VALUES ('a', '{story('a').feed}', 'u', 5, 6, 7, '{body}')")
    old.close()
    with pytest.raises(StoreError, match="run `digest db upgrade`"):
        Store.open(url)
    assert upgrading.upgrade(url) == ("0001", REVISION)
    assert upgrading.check(url).problems == ()
    with contextlib.closing(Store.open(url)) as store:
        assert Stories(store).story("a") == story("a", seen=NOW)


def test_a_difference_is_told(store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("DROP TABLE rosters")
    (problem,) = upgrading.check(store.url).problems
    assert "rosters" in problem


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def half() -> None:
        with store.write() as connection:
            connection.execute(put("https://a.example/"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert count(store) == 0


def test_a_failing_change_takes_nothing_of_its_neighbours(store: Store) -> None:
    def bad(connection: Connection) -> None:
        connection.execute(put("https://half.example/"))
        connection.execute(put("https://a.example/"))

    futures: list[Future[Any]] = [
        store.submit(lambda connection: bool(connection.execute(put("https://a.example/")))),
        store.submit(bad),
        store.submit(lambda connection: bool(connection.execute(put("https://b.example/")))),
    ]
    assert futures[0].result()
    with pytest.raises(StoreError):
        futures[1].result()
    assert futures[2].result()
    assert count(store) == 2


def test_what_was_submitted_is_done_before_closing(store_url: str) -> None:
    first = Store.open(store_url)
    futures = [first.submit(lambda c, n=n: bool(c.execute(put(f"https://{n}.example/")))) for n in range(500)]  # type: ignore[misc]  # n is bound per change
    first.close()
    assert all(future.done() for future in futures)
    again = Store.open(store_url)
    assert count(again) == 500
    again.close()


def test_no_change_waits_for_another_however_short_the_gathering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "GATHER_S", 1e-6)  # over before anybody can look twice, as on a busy machine
    fresh_sqlite(tmp_path / "digest.db")
    interval, over = sys.getswitchinterval(), threading.Event()

    def keep_busy() -> None:
        while not over.is_set():
            sum(range(1000))

    threads = [threading.Thread(target=keep_busy) for _ in range(6)]
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        with contextlib.closing(Store.open(f"sqlite:///{tmp_path / 'digest.db'}")) as store:
            try:
                for _ in range(250):
                    assert store.submit(lambda connection: 1).result(timeout=60) == 1
            finally:
                store._queue.put(None)  # where the writer waits for ever, this test shall not
    finally:
        over.set()
        sys.setswitchinterval(interval)
        for thread in threads:
            thread.join()


def test_what_is_frozen_inside_a_transaction_holds_nothing_for_long(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.store.engine.IDLE_S", 1)
    url = fresh_postgres(postgres)

    def freeze(frozen: Store, other: Store) -> None:
        with frozen.write() as connection:
            connection.execute(put("https://a.example/"))
            other.submit(lambda connection: bool(connection.execute(put("https://a.example/")))).result(timeout=120)

    with contextlib.closing(Store.open(url)) as frozen, contextlib.closing(Store.open(url)) as other:
        with pytest.raises(StoreError, match="the database ended our connection"):
            freeze(frozen, other)
        assert count(other) == 1


def test_a_roster_may_come_as_slowly_as_it_likes(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.store.engine.IDLE_S", 1)

    def slowly() -> Iterator[Subscriber]:
        yield person("first")
        threading.Event().wait(1.5)
        yield person("second")

    with contextlib.closing(Store.open(fresh_postgres(postgres))) as store:
        assert Subscribers(store).merge(slowly(), now=NOW).added == 2


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "digest.db"
    path.write_text("Dear diary, this is not a database at all. " * 50)
    with pytest.raises(StoreError, match="this file is no database"):
        Store.open(f"sqlite:///{path}")


def test_a_server_that_is_not_there_is_one_sentence_without_the_password() -> None:
    with pytest.raises(StoreError) as caught:
        Store.open("postgresql+psycopg://digest:hunter2@127.0.0.1:1/digest")
    assert "does not answer" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("hunter2", "no address of a database"),
        ("mysql://u:hunter2@h/d", "kind of database is not known"),
        ("sqlite:////proc/nowhere/digest.db", "folder cannot be made"),
    ],
)
def test_an_address_that_cannot_be_used_is_one_sentence(url: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason) as caught:
        Store.open(url)
    assert "hunter2" not in str(caught.value)


def test_a_change_may_fail_in_any_way(store: Store) -> None:
    held = threading.Event()
    store.submit(lambda connection: held.wait())
    good = store.submit(lambda connection: bool(connection.execute(put("https://a.example/"))))
    bad = store.submit(lambda connection: 1 // 0)
    held.set()
    assert good.result()
    with pytest.raises(ZeroDivisionError):
        bad.result()
    assert count(store) == 1


def test_passwords_are_hidden() -> None:
    assert without_password("postgresql+psycopg://u:hunter2@h/d") == "postgresql+psycopg://u:***@h/d"
