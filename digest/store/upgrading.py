"""A database's tables beside this program's, by its address: which it has, whether they are sound, and an upgrade."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from digest.errors import StoreError
from digest.store.backups import damage
from digest.store.engine import Store, engine_of
from digest.store.migrations import (
    SchemaState,
    complaint,
    differences,
    fence,
    is_known,
    migrate,
    remedy,
    scripts_of,
    state_of,
)


def standing(url: str) -> tuple[str, str]:
    """Return the revision a database has, "" for one without tables, and this program's. Raises StoreError."""
    store, scripts = Store(engine_of(url), url), scripts_of()
    try:
        with store.read() as connection:
            return state_of(connection, scripts)
    finally:
        store.close()


def upgrade(url: str) -> tuple[str, str]:
    """Bring a database to this version's tables; return the revision before and after. Raises StoreError."""
    store, scripts = Store(engine_of(url), url), scripts_of()
    try:
        with store.write() as connection:
            fence(store, connection)
            current, head = state_of(connection, scripts)
            if not is_known(current, scripts):
                raise StoreError(complaint(current, head, scripts), where=store.name, fix=remedy(current, scripts))
            if current != head:
                migrate(connection, scripts)
            return current, head
    finally:
        store.close()


def check(url: str) -> SchemaState:
    """Return the revision of a database and how its tables differ from what they should be. Raises StoreError."""
    store, scripts = Store(engine_of(url), url), scripts_of()
    try:
        with store.read() as connection:
            current, head = state_of(connection, scripts)
            if current != head:
                problem = f"{complaint(current, head, scripts)}; {remedy(current, scripts)}"
                return SchemaState(current=current, head=head, problems=(problem,))
            damaged = _damage(connection) if store.is_sqlite else ()
            return SchemaState(current=current, head=head, problems=(*damaged, *differences(connection)))
    finally:
        store.close()


def _damage(connection: sa.Connection) -> tuple[str, ...]:
    driver: Any = connection.connection.driver_connection
    return tuple(f"the database file is damaged: {line}; restore a backup" for line in damage(driver))
