"""No query of a morning grows with history: every statement of a run is explained, with years behind it.

The gate's history is small enough to be made in seconds and large enough for the planner to mind; `DIGEST_SOAK=1` makes
a million subscribers and five million old deliveries.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from digest.dates import to_micros
from digest.store.composed import Composed
from digest.store.deliveries import PLAN_STEP
from digest.store.engine import Store
from tests.builders import KEY, approved
from tests.cli.conftest import Digest, digest, made_demo, publication
from tests.conftest import BASE_INSTANT, StandingClock, fresh_postgres
from tests.smtpd import Script, scripted_server

__all__ = ["digest", "made_demo", "publication"]
SOAK = os.environ.get("DIGEST_SOAK") == "1"
PEOPLE, DAYS, YEARS = (1_000_000, 5, 5) if SOAK else (6_000, 10, 2)
STORIES = 110  # days of stories: [retention] took the others on the mornings before, but for some days
SHOWN = DAYS if SOAK else 2  # days of those whose editions are online: their pages are made again in the run
# What grows with the years. The list itself (subscribers, suppressions) is walked once a morning, by its key.
HISTORY = frozenset({"deliveries", "attempts", "stories", "pages", "runs", "notices", "returns", "sent_events"})
NOW, DAY = to_micros(BASE_INSTANT), 86_400_000_000


@dataclass
class Heard:
    """Every statement that went to the database, once."""

    statements: dict[str, Any] = field(default_factory=dict)

    def hear(self, text: str, given: Any) -> None:
        # The table an import stages its rows in is gone by the time we explain; it meets the list alone.
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", text) and "staged_subscribers" not in text:
            self.statements.setdefault(text, given)


@contextmanager
def hearing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    heard, plain = Heard(), Composed.__call__

    def before(connection: Connection, cursor: Any, text: str, given: Any, context: Any, many: bool) -> None:
        heard.hear(text, given[0] if many and given else given)

    def call(self: Composed, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        every = {**self.fixed, **values}
        heard.hear(self.text, every if self.places is None else tuple(every[name] for name in self.places))
        return plain(self, connection, **values)

    event.listen(Engine, "before_cursor_execute", before)
    monkeypatch.setattr(Composed, "__call__", call)
    yield heard
    event.remove(Engine, "before_cursor_execute", before)


def series(count: int, *, sqlite: bool) -> str:
    """Rows g = 1 … count."""
    if sqlite:
        return (
            f"(WITH RECURSIVE s(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM s WHERE g < {count}) SELECT g FROM s) AS n"
        )
    return f"generate_series(1, {count}) AS n(g)"


def grow(store: Store) -> None:
    """Put years of history behind a publication: mornings like the first, people who read another digest."""
    lite = store.is_sqlite

    def day(ago: str) -> str:
        return f"date('2026-11-22', '-' || ({ago}) || ' days')" if lite else f"(date '2026-11-22' - ({ago}))::text"

    year, people = YEARS * 365, series(PEOPLE, sqlite=lite)
    old = f"{NOW} - g * CAST({DAY} AS bigint)"
    statements = [
        "INSERT INTO subscribers (id, email, email_key, digests, status, status_at, created, changed)"
        f" SELECT 'h' || g, 'h' || g || '@old.example', 'h' || g || '@old.example', 'weekly', 'active', 1, 1, 1"
        f" FROM {people}",
        # Days that were sent, and years of days without news before them: those are read back at no cost.
        "INSERT INTO editions (digest, day, state, number, base, built_at, version, approved_at, published_at,"
        f" listed_at, changed) SELECT 'daily', {day('g')}, 'finished', 100000 - g, base, {old}, 'v', {old}, {old},"
        f" {old}, {old} FROM editions, {series(SHOWN, sqlite=lite)} WHERE digest = 'daily'",
        f"INSERT INTO editions (digest, day, state, changed) SELECT 'daily', {day(f'g + {SHOWN}')}, 'skipped', {old}"
        f" FROM {series(year, sqlite=lite)}",
        f"INSERT INTO deliveries (digest, day, subscriber, state, attempts, changed) SELECT 'daily', {day('d.g')},"
        f" 'h' || n.g, 'accepted', 1, {NOW} - d.g * CAST({DAY} AS bigint)"
        f" FROM {people}, {series(DAYS, sqlite=lite).replace(' n', ' d')}",
        "INSERT INTO attempts (digest, day, subscriber, at, outcome) SELECT digest, day, subscriber, changed,"
        " 'accepted' FROM deliveries",
        # Those of the last weeks are read as background of picking: one feed is enough; older ones need no words. What
        # [retention] takes away went on the mornings before, but for some days.
        f"INSERT INTO stories SELECT id || g, feed, canonical_url || g, seen - g * CAST({DAY} AS bigint), changed,"
        f" published - g * CAST({DAY} AS bigint), CASE WHEN g < 20 THEN body ELSE '{{}}' END"
        f" FROM stories, {series(STORIES, sqlite=lite)} WHERE g >= 20 OR feed = (SELECT min(feed) FROM stories)",
        f"INSERT INTO pages SELECT 'https://old.example/' || g, '{{}}', {NOW} - g * CAST(60000000 AS bigint)"
        f" FROM {series(year * 20, sqlite=lite)}",
        "INSERT INTO runs (digest, day, command, started, finished, exit_code)"
        f" SELECT 'daily', {day('g / 50')}, 'run', {NOW} - CAST(g AS bigint) * 300000000, {NOW}, 0"
        f" FROM {series(year * 20, sqlite=lite)}",
        "INSERT INTO notices (key, kind, recipient, body, state, created, changed)"
        f" SELECT 'old' || g, 'alert', 'ops@old.example', '{{}}', 'accepted', {old}, {NOW} - g * CAST(60000000 AS bigint)"
        f" FROM {series(year * 10, sqlite=lite)}",
        "INSERT INTO returns (fingerprint, subscriber, kind, at)"
        f" SELECT 'old' || g, 'h' || g, 'bounce', {NOW} - g * CAST(60000000 AS bigint) FROM {series(year * 10, sqlite=lite)}",
        f"INSERT INTO sent_events SELECT digest, {day('g')}, lead, body FROM sent_events,"
        f" {series(year // 9, sqlite=lite)}",
    ]
    with store.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def explained(store: Store, heard: Heard) -> list[str]:
    """Return what reads a table of history from end to end, a line each."""
    wrong: list[str] = []
    with store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for text, given in heard.statements.items():
            if store.is_sqlite:
                rows = driver.execute(f"EXPLAIN QUERY PLAN {text}", given).fetchall()
                found = [row[3].split()[1] for row in rows if row[3].startswith("SCAN ")]
            else:
                plan = psycopg.ClientCursor(driver).execute(f"EXPLAIN (FORMAT JSON) {text}", given).fetchall()
                found = list(scanned(plan[0][0][0]["Plan"], limited=False))
            wrong += [f"{table}: {' '.join(text.split())[:400]}" for table in found if table in HISTORY]
    return wrong


def scanned(node: dict[str, Any], *, limited: bool) -> Iterator[str]:
    """Yield the tables that a plan reads from end to end, be it by an index."""
    whole = node["Node Type"] == "Seq Scan" or ("Index" in node["Node Type"] and "Index Cond" not in node)
    limited = limited or node["Node Type"] == "Limit"
    if whole and not (limited and "Index" in node["Node Type"]) and "Relation Name" in node:
        yield node["Relation Name"]
    for below in node.get("Plans", ()):
        yield from scanned(below, limited=limited)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_query_of_a_morning_reads_history_from_end_to_end(
    digest: Digest, publication: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    url = f"sqlite:///{publication.parent}/digest.db"
    assert digest("approve", "-c", publication).code == 0
    if kind == "postgresql":
        moved = fresh_postgres(request.getfixturevalue("postgres"))
        assert digest("db", "copy", "--to", moved, "-c", publication).code == 0
        url = moved
    tomorrow = StandingClock(BASE_INSTANT + timedelta(days=1))
    with contextlib.closing(Store.open(url)) as store, scripted_server(Script()) as inbox:
        grow(store)
        run = ("run", "--via", f"smtp://127.0.0.1:{inbox.port}")
        with hearing(monkeypatch) as heard:
            for words, code in ((run, 4), (("approve",), 0), (run, 0), (("status", "--json"), 0)):
                done = digest(*words, "-c", publication, moment=tomorrow, environment={"DIGEST_STORE_URL": url})
                assert done.code == code, done.err
        assert len(heard.statements) > 60
        wrong = explained(store, heard)
    assert not wrong, "\n".join(wrong)


def test_planning_on_tables_that_have_just_grown_looks_at_each_step_alone(postgres: str) -> None:
    """Without figures of a table PostgreSQL guesses; a plan that reads the edition for each person is no plan."""
    people = 1_000_000 if SOAK else 20_000
    with contextlib.closing(Store.open(fresh_postgres(postgres))) as store:
        ledger = approved(store, [])
        with store.write() as connection:
            for table in ("subscribers", "deliveries"):
                connection.exec_driver_sql(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
            connection.exec_driver_sql(
                "INSERT INTO subscribers (id, email, email_key, digests, status, status_at, created, changed)"
                " SELECT 'h' || g, 'h' || g || '@new.example', 'h' || g || '@new.example', 'daily', 'active', 1, 1, 1"
                f" FROM {series(people, sqlite=False)}"
            )
        steps: list[tuple[str, Any]] = []

        def before(connection: Connection, cursor: Any, text: str, given: Any, context: Any, many: bool) -> None:
            if text.startswith("INSERT INTO deliveries"):
                steps.append((text, given))

        event.listen(store.engine, "before_cursor_execute", before)
        assert ledger.plan(KEY, sections=("foreign", "trade"), now=BASE_INSTANT) == people
        event.remove(store.engine, "before_cursor_execute", before)
        assert len(steps) > people // PLAN_STEP
        with store.engine.connect() as connection:
            # Said again with all of them planned: it looks at as much, and finds nobody.
            said = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {steps[-2][0]}", steps[-2][1]).scalar()
    assert PLAN_STEP < looked_at(said[0]["Plan"]) < 6 * PLAN_STEP, said  # type: ignore[index]  # JSON


def looked_at(node: dict[str, Any]) -> float:
    """Return how many rows a plan that was carried out had in hand, those it dropped again included."""
    kinds = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck")
    own = sum(node.get(kind, 0) for kind in kinds) * node["Actual Loops"]
    return float(own + sum(looked_at(below) for below in node.get("Plans", ())))
