"""The database: one Store over SQLite or PostgreSQL, with plain reads, immediate writes and one grouping writer.

SQLite runs in WAL with ``synchronous=FULL`` (the ledger must survive a power cut), takes its write lock at the start of
a transaction (BEGIN IMMEDIATE, so that two writers wait instead of failing half-way) and waits 10 s for it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from digest.errors import StoreError
from digest.store.failures import PRIMARY, is_gone, sentence_of
from digest.store.tables import REVISION

T = TypeVar("T")
V = TypeVar("V")
_Waiting = tuple[Callable[[Connection, list[Any]], list[Any]], Any, Future[Any]]

BUSY_TIMEOUT_S = 10.0
# SQLite waits for the disk at each commit: the ledger survives a power cut. (Tests, which cut no power, do not wait.)
SYNCHRONOUS = "FULL"
# Changes that wait are committed together, at most so many: a transaction stays short (design §3: <= 20 ms).
GROUP = 200
BY_HAND = "BY HAND"  # the writer thread's: it says BEGIN and COMMIT to the driver itself
# A group waits so many seconds for one more change: connections that share a processor come in one by one.
GATHER_S = 0.0003
# So long a change waits for a PostgreSQL server that went away, looking now and then.
RECONNECT_S, RECONNECT_STEP_S = 30.0, 0.2
# A server that went away without a word (its machine died, a cable was pulled) is given up after about a minute:
# without these a statement would wait for hours.
_SERVER_WAITS = {
    "connect_timeout": int(BUSY_TIMEOUT_S),
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
}
# A process frozen inside a transaction (its machine sleeps, somebody stopped it) holds the rows it touched, and no
# lease frees them: after so long PostgreSQL ends its connection, and it finds that out when it wakes.
IDLE_S = 30
_KINDS = "write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"


def without_password(url: str) -> str:
    """Return a database address as it may be shown."""
    return make_url(url).render_as_string(hide_password=True)


def engine_of(url: str) -> Engine:
    """Return SQLAlchemy's engine of a database, nothing asked of it yet; raises StoreError for what is no address."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        # The text may hold a password, so it is not shown.
        raise StoreError("this is no address of a database", where="[store] url", fix=_KINDS) from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError("this kind of database is not known", where=without_password(url), fix=_KINDS)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            _make_folder(Path(parsed.database).parent)
        engine = sa.create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        engine = sa.create_engine(url, pool_pre_ping=True, connect_args=_SERVER_WAITS)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError(
            "PostgreSQL needs the package psycopg",
            where=without_password(url),
            fix='install it: pip install "newsletter-digest[postgresql]"',
        ) from None
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, record: Any) -> None:
    # Said once the connection stands: poolers refuse it among the words of the start.
    connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_S}s'")
    connection.commit()


def be_patient(connection: Connection) -> None:
    """Let the transaction given wait for as long as it likes: one that holds nothing others wait for."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the database's folder cannot be made ({error.strerror or error})", where=str(folder)
        ) from None


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by us, not by the driver
    wait = f"busy_timeout={int(BUSY_TIMEOUT_S * 1000)}"
    for pragma in ("journal_mode=WAL", f"synchronous={SYNCHRONOUS}", "foreign_keys=ON", wait):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    if kind != BY_HAND:
        connection.exec_driver_sql(f"BEGIN {kind}")


class Store:
    """An open database. Aggregates (stories, editions, subscribers …) are classes over it."""

    def __init__(self, engine: Engine, url: str) -> None:
        self.engine, self.url = engine, url
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._writer: threading.Thread | None = None
        self._starting = threading.Lock()
        self._lost = False  # the server went away, and did not come back in time
        self._kept: Connection | None = None  # the writer thread's own, on SQLite
        dbapi = engine.dialect.dbapi
        assert dbapi is not None
        self._driver_error: type[Exception] = dbapi.Error  # of statements that go to the driver as they are

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Store:
        """Open a database; an empty one gets its tables when ``create``. Raises StoreError.

        A database with older or newer tables is refused, with what to do.
        """
        store = cls(engine_of(url), url)
        try:
            if not store._is_current() and not (create and store._made_fresh()):
                # Alembic takes a quarter of a second to import, and is needed for what is old or strange only.
                from digest.store import migrations

                migrations.ensure(store, create=create)
        except BaseException:
            store.close()
            raise
        return store

    def _is_current(self) -> bool:
        """Tell whether the tables are those of this version; False also where nobody knows."""
        try:
            with self.engine.connect() as connection:
                if not self.is_sqlite and connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar():
                    raise StoreError("it is a replica, where nothing can be written", where=self.name, fix=PRIMARY)
                found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
        except DBAPIError:
            return False  # whatever is wrong, whoever looks closer says it
        return found == [REVISION]

    def _made_fresh(self) -> bool:
        """Give a new SQLite file its tables; False where it holds something already, or is another kind of database."""
        if not self.is_sqlite:
            return False
        from digest.store import fresh

        with self.read() as connection:
            if not fresh.is_empty(connection):
                return False
        with self.write() as connection:
            # Whoever came first has made them meanwhile.
            if fresh.is_empty(connection):
                fresh.make(connection)
        return self._is_current()

    @property
    def name(self) -> str:
        """The address as it may be shown."""
        return without_password(self.url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection in a reading transaction. Raises StoreError."""
        with self.translated(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a writing transaction, committed at its end. Raises StoreError."""
        with self.translated(), self.engine.connect() as connection:
            connection = connection.execution_options(sqlite_begin="IMMEDIATE")
            with connection.begin():
                yield connection

    @contextmanager
    def _write_as_writer(self) -> Iterator[Connection]:
        """Give the writer thread's connection, as `write` does.

        On SQLite it is kept, and begins and commits by the driver: both save a fifth of what a group of turns costs.
        """
        if not self.is_sqlite:
            with self.write() as connection:
                yield connection
            return
        with self.translated():
            if self._kept is None:
                self._kept = self.engine.connect().execution_options(sqlite_begin=BY_HAND)
            driver: Any = self._kept.connection.driver_connection
            try:
                driver.execute("BEGIN IMMEDIATE")
                yield self._kept
                driver.execute("COMMIT")
            except BaseException:
                with suppress(self._driver_error):  # where none was begun, or SQLite took it back by itself
                    driver.execute("ROLLBACK")
                self._let_go()
                raise

    def _let_go(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what the database raises in the block into StoreError, one sentence."""
        try:
            yield
        except (DBAPIError, self._driver_error) as error:
            raise sentence_of(error, self.name) from error
        except SQLAlchemyError as error:
            raise StoreError(f"the database failed ({error})", where=self.name) from error

    def submit(self, change: Callable[[Connection], T]) -> Future[T]:
        """Have a small change committed by the writer thread, together with others that wait; the future tells.

        A change that fails takes nothing of its neighbours with it: they are made again without it, so a change does
        nothing but on its connection.
        """
        return self.submit_to(_make_each, change)

    def submit_to(self, batch: Callable[[Connection, list[V]], list[T]], value: V) -> Future[T]:
        """Have a value handled by the writer thread, by one call of ``batch`` with all those that wait for it.

        ``batch`` returns a result a value, in their order. What fails is handled again one by one, as in `submit`.
        """
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_groups, name="digest-writer", daemon=True)
                self._writer.start()
        future: Future[T] = Future()
        self._queue.put((batch, value, future))
        return future

    def _write_groups(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            group, last = [first], False
            while len(group) < GROUP and not last:
                # Slept, for `get(timeout=…)` waits for ever where the time is over before it looks a second time: so
                # does CPython's SimpleQueue (seen with 3.11), and on a busy machine it was over.
                time.sleep(GATHER_S)
                came, last = self._came(GROUP - len(group))
                if not came:
                    break
                group += came
            self._commit(group)
            if last:
                return

    def _came(self, most: int) -> tuple[list[_Waiting], bool]:
        """Return up to ``most`` changes that wait by now, and whether they are the last."""
        came: list[_Waiting] = []
        with suppress(Empty):
            while len(came) < most:
                following = self._queue.get_nowait()
                if following is None:
                    return came, True
                came.append(following)
        return came, False

    def _commit(self, group: list[_Waiting]) -> None:
        # A server that was waited for in vain is not waited for again by each of those behind.
        until = time.monotonic() + (0.0 if self._lost else RECONNECT_S)
        while True:
            try:
                results = self._made(group)
            except BaseException as error:
                gone = not self.is_sqlite and is_gone(error)
                if gone and time.monotonic() < until:
                    # A server that is restarted comes back: what was to be recorded is not given up for that.
                    time.sleep(RECONNECT_STEP_S)
                    continue
                if gone or len(group) == 1:
                    self._lost = gone
                    for _, _, future in group:
                        future.set_exception(error)
                    return
                # One of them failed and took the others with it: each again, in a transaction of its own.
                for each in group:
                    self._commit([each])
                return
            self._lost = False
            for (_, _, future), result in zip(group, results, strict=True):
                future.set_result(result)
            return

    def _made(self, group: list[_Waiting]) -> list[Any]:
        results: list[Any] = []
        with self._write_as_writer() as connection:
            for batch, together in groupby(group, key=itemgetter(0)):
                results += batch(connection, [value for _, value, _ in together])
        return results

    def close(self) -> None:
        """Finish what waits and let go of every connection."""
        if self._writer is not None:
            self._queue.put(None)
            self._writer.join()
            self._writer = None
        self._let_go()
        self.engine.dispose()


def _make_each(connection: Connection, changes: list[Callable[[Connection], T]]) -> list[T]:
    return [change(connection) for change in changes]
