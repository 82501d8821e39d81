"""Bringing a database to this version's tables, forward only, with Alembic run from inside the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from digest.errors import StoreError
from digest.store.schema import metadata

if TYPE_CHECKING:
    from digest.store.engine import Store

# Two processes that meet an empty database: one migrates, the other waits (PostgreSQL; SQLite's write lock does it).
MIGRATION_LOCK = 0x64696765_7374  # "digest"


@dataclass(frozen=True, kw_only=True)
class SchemaState:
    """Which revision a database has, and what is wrong with it."""

    current: str  # "" = no tables of ours
    head: str  # of this version of the program
    problems: tuple[str, ...] = ()


def scripts_of() -> ScriptDirectory:
    """Return the migrations of this version, one linear chain."""
    config = Config()
    # Alembic reads % as the start of an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def state_of(connection: sa.Connection, scripts: ScriptDirectory) -> tuple[str, str]:
    """Return the revision a database has, "" for none, and this version's."""
    current = MigrationContext.configure(connection).get_current_revision() or ""
    return current, scripts.get_current_head() or ""


def migrate(connection: sa.Connection, scripts: ScriptDirectory, to: str = "head") -> None:
    """Bring a database to a revision, in the transaction given."""

    def steps(revision: object, context: object) -> object:
        return scripts._upgrade_revs(to, revision)  # type: ignore[arg-type]  # what Alembic's own command calls

    environment = EnvironmentContext(Config(), scripts, fn=steps, destination_rev=to)
    environment.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    environment.run_migrations()


def ensure(store: Store, *, create: bool) -> None:
    """Give an empty database its tables; raise StoreError where they are older or newer than this program."""
    scripts = scripts_of()
    with store.read() as connection:
        current, head = state_of(connection, scripts)
        empty = not current and not sa.inspect(connection).has_table("stories")
    if current == head:
        return
    if empty and create:
        with store.write() as connection:
            fence(store, connection)
            if state_of(connection, scripts)[0] != head:
                migrate(connection, scripts)
        return
    raise StoreError(complaint(current, head, scripts), where=store.name, fix=remedy(current, scripts))


def fence(store: Store, connection: sa.Connection) -> None:
    """Let nobody else migrate this database until the transaction given ends."""
    if not store.is_sqlite:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})


def is_known(revision: str, scripts: ScriptDirectory) -> bool:
    """Tell whether a revision is one of this version's, or none."""
    return not revision or revision in {script.revision for script in scripts.walk_revisions()}


def complaint(current: str, head: str, scripts: ScriptDirectory) -> str:
    """Return what is wrong with a database of another revision."""
    if not is_known(current, scripts):
        return f"the database has tables of a newer digest ({current}; this one knows up to {head})"
    return f"the database has tables of an older digest ({current or 'none'}; this one wants {head})"


def remedy(current: str, scripts: ScriptDirectory) -> str:
    """Return what to do about it."""
    return "run `digest db upgrade`" if is_known(current, scripts) else "upgrade digest, or restore a backup"


def make(store: Store, revision: str) -> None:
    """Give an empty database the tables of a revision, which may be an older one."""
    with store.write() as connection:
        migrate(connection, scripts_of(), revision)


def revision(connection: sa.Connection, *, where: str) -> str:
    """Return which revision a database has; raise StoreError where it has none, or one of a newer program."""
    scripts = scripts_of()
    current, head = state_of(connection, scripts)
    if not current:
        raise StoreError("it holds no publication", where=where, fix="correct [store] url")
    if not is_known(current, scripts):
        raise StoreError(complaint(current, head, scripts), where=where, fix=remedy(current, scripts))
    return current


def differences(connection: sa.Connection) -> tuple[str, ...]:
    """Return how a database's tables differ from `digest.store.tables`, a line each."""
    context = MigrationContext.configure(connection, opts={"compare_type": False, "include_object": _ours})
    return tuple(f"the tables differ: {difference!r}"[:300] for difference in compare_metadata(context, metadata))


def _ours(item: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
    return not (kind == "table" and reflected and other is None)
