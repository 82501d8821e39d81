"""What can be wrong with a shared database is one sentence each, on a real PostgreSQL: nothing is begun, no traceback."""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from digest.errors import StoreError
from digest.store import engine, queue_schema
from digest.store.engine import Store
from digest.store.workers import WorkerRow, Workers
from tests.cli.conftest import Digest, Outcome, digest, made_demo, publication
from tests.conftest import fresh_postgres
from tests.scale.conftest import OwnServer

__all__ = ["digest", "made_demo", "publication"]


@pytest.fixture
def moved(postgres: str) -> str:
    """The address of a migrated, empty database."""
    return fresh_postgres(postgres)


def as_user(url: str, name: str) -> str:
    return sa.make_url(url).set(username=name).render_as_string(hide_password=False)


def sql(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def one_sentence(outcome: Outcome, *parts: str, code: int = 1) -> None:
    assert (outcome.code, outcome.out) == (code, ""), outcome.err
    assert outcome.err.count("\n") == 1, outcome.err
    for part in parts:
        assert part in outcome.err


def test_tables_older_and_newer_than_the_program(digest: Digest, publication: Path, moved: str) -> None:
    at = {"DIGEST_STORE_URL": moved}
    sql(moved, "UPDATE alembic_version SET version_num = '0003'")
    words: tuple[str, ...]
    for words in (("status",), ("run",), ("worker",)):
        one_sentence(digest(*words, "-c", publication, environment=at), "older digest (0003", "run `digest db upgrade`")
    sql(moved, "UPDATE alembic_version SET version_num = '9999'")
    for words in (("status",), ("run",), ("worker",), ("db", "upgrade")):
        one_sentence(digest(*words, "-c", publication, environment=at), "newer digest (9999", "upgrade digest")


def test_a_user_without_permission(digest: Digest, publication: Path, moved: str) -> None:
    sql(
        moved,
        "DROP ROLE IF EXISTS looker",
        "CREATE ROLE looker LOGIN",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker",
    )
    at = {"DIGEST_STORE_URL": as_user(moved, "looker")}
    assert digest("subscribers", "list", "-c", publication, environment=at).code == 0, "she may look"
    added = digest("subscribers", "add", "ada@read.example", "-c", publication, environment=at)
    one_sentence(added, "our database user may not do this", "GRANT")
    sql(moved, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM looker")
    one_sentence(digest("run", "-c", publication, environment=at), "our database user may not do this", "postgresql.md")
    sql(moved, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    one_sentence(digest("db", "upgrade", "-c", publication, environment=at), "may not use the schema", "GRANT")


def test_no_more_connections(digest: Digest, publication: Path, moved: str) -> None:
    sql(moved, "DROP ROLE IF EXISTS few", "CREATE ROLE few LOGIN CONNECTION LIMIT 1")
    at = {"DIGEST_STORE_URL": as_user(moved, "few")}
    with contextlib.closing(psycopg.connect(as_user(moved, "few").replace("+psycopg", ""))):
        refused = digest("status", "-c", publication, environment=at)
    one_sentence(refused, "takes no more connections of this user or database", "max_connections")


def test_a_server_that_is_full_and_one_that_is_a_replica(
    digest: Digest, publication: Path, own_server: OwnServer
) -> None:
    own_server.sql(
        "CREATE DATABASE publication", "CREATE ROLE plain LOGIN SUPERUSER", "ALTER SYSTEM SET max_connections = 8"
    )
    Store.open(own_server.url("publication")).close()
    own_server.control("-m", "fast", "restart")
    at = {"DIGEST_STORE_URL": own_server.url("publication")}
    with contextlib.ExitStack() as held:
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                held.enter_context(contextlib.closing(psycopg.connect(own_server.url().replace("+psycopg", ""))))
        one_sentence(digest("status", "-c", publication, environment=at), "takes no more connections")
    (own_server.folder / "standby.signal").touch()
    own_server.control("-m", "fast", "restart")
    for words in (("status",), ("run",), ("worker",), ("db", "upgrade")):
        one_sentence(digest(*words, "-c", publication, environment=at), "replica", "name the primary in [store] url")


def test_a_server_that_went_for_good_is_waited_for_once(
    digest: Digest, publication: Path, own_server: OwnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "RECONNECT_S", 5.0)
    url = own_server.url()
    with contextlib.closing(Store.open(url)) as store:
        assert store.submit(lambda connection: 1).result(timeout=60) == 1
        own_server.control("-m", "immediate", "stop")
        began = time.monotonic()
        waiting = [store.submit(lambda connection: 1) for _ in range(40)]
        for future in waiting:
            with pytest.raises(StoreError):
                future.result(timeout=190)
        assert time.monotonic() - began < 100, "one after the other they would take 200 s"
        one_sentence(
            digest("status", "-c", publication, environment={"DIGEST_STORE_URL": url}), "does not answer", "start it"
        )
        own_server.control("restart")
        assert store.submit(lambda connection: 1).result(timeout=60) == 1, "it goes on where the server is back"


class Hidden(importlib.machinery.PathFinder):
    """Finds everything but a package, as where its extra was not installed."""

    hidden = ("procrastinate", "psycopg_pool")

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname.partition(".")[0] in cls.hidden:
            return None
        return super().find_spec(fullname, path, target)


@contextlib.contextmanager
def without(*names: str) -> Iterator[None]:
    """Take packages away, as where they were not installed."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in sys.modules if name.partition(".")[0] in names]:
            patch.delitem(sys.modules, name)
        patch.setattr(
            sys,
            "meta_path",
            [finder for finder in sys.meta_path if finder is not importlib.machinery.PathFinder] + [Hidden],
        )
        patch.setattr(Hidden, "hidden", names)
        importlib.invalidate_caches()
        yield


def test_the_engine_is_not_installed(digest: Digest, publication: Path, moved: str) -> None:
    at = {"DIGEST_STORE_URL": moved}
    with without("procrastinate", "psycopg_pool"):
        assert importlib.util.find_spec("procrastinate") is None
        said = digest("worker", "-c", publication, environment=at)
        one_sentence(said, "procrastinate", 'pip install "newsletter-digest[scale]"')
        assert digest("status", "-c", publication, environment=at).code == 0, "everything else works without it"
        assert digest("db", "upgrade", "-c", publication, environment=at).code == 0
    with without("psycopg"):
        said = digest("status", "-c", publication, environment=at)
        one_sentence(said, "psycopg", 'pip install "newsletter-digest[postgresql]"')


def test_workers_on_sqlite_without_a_queue_and_with_other_keys(digest: Digest, publication: Path, moved: str) -> None:
    one_sentence(digest("worker", "-c", publication), "workers need PostgreSQL", "digest db copy", code=2)
    at = {"DIGEST_STORE_URL": moved}
    one_sentence(
        digest("worker", "-c", publication, environment=at), "no tables of the queue", "run `digest db upgrade`"
    )
    assert digest("db", "upgrade", "-c", publication, environment=at).code == 0
    with contextlib.closing(Store.open(moved)) as store:
        assert queue_schema.complaint(store) == ""
        now = datetime(2026, 11, 23, 6, 40, tzinfo=UTC)
        row = WorkerRow(
            name="w", host="mill", pid=1, version="1", keys="others", started=now, seen=now, doing="", accepted=0
        )
        Workers(store).report(row)
    one_sentence(
        digest("worker", "-c", publication, environment=at),
        "keys here are not those of the worker on mill",
        "copy its keys",
        code=2,
    )
