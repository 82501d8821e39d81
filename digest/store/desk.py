"""The desk's people, their sessions, and the log of who did what."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from digest.dates import from_micros, to_micros
from digest.errors import UsageError
from digest.model.desk import Deed, DeskUser, Role, Visitor
from digest.store.engine import Store
from digest.store.house_tables import desk_log, desk_sessions, desk_users
from digest.store.stories import insert

# A session's last use is written down once in so long: reading a page does not write.
SEEN_EVERY = timedelta(minutes=1)
_TOKEN_BYTES = 32


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class DeskStore:
    """Users with their passwords' hashes, sessions by the hash of their token, and deeds."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # Users

    def users(self) -> tuple[DeskUser, ...]:
        """Return everybody who may log in, by name."""
        query = sa.select(desk_users).order_by(desk_users.c.name)
        with self.store.read() as connection:
            return tuple(
                DeskUser(name=row.name, role=Role(row.role), created=from_micros(row.created))
                for row in connection.execute(query)
            )

    def put_user(self, name: str, role: Role, password_hash: str, *, now: datetime) -> bool:
        """Add a user, or give a known one another role and password, which ends her sessions; tell if she is new."""
        moment = to_micros(now)
        row = {"name": name, "role": role.value, "password": password_hash, "created": moment, "changed": moment}
        statement = insert(self.store, desk_users).values(**row)
        changed = {key: row[key] for key in ("role", "password", "changed")}
        with self.store.write() as connection:
            known = connection.execute(sa.select(desk_users.c.name).where(desk_users.c.name == name)).first()
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))
            self._end_all(connection, name)
        return known is None

    def remove_user(self, name: str) -> None:
        """Remove a user and end her sessions; raises UsageError where there is none."""
        with self.store.write() as connection:
            gone = sa.delete(desk_users).where(desk_users.c.name == name).returning(desk_users.c.name)
            if connection.execute(gone).first() is None:
                raise UsageError(f"nobody is called {name!r}", where="NAME", fix="see `digest desk users list`")
            self._end_all(connection, name)

    def _end_all(self, connection: sa.Connection, name: str) -> None:
        """End the sessions of a user; those of whoever holds the terminal have a role of their own and stay."""
        theirs = sa.and_(desk_sessions.c.name == name, desk_sessions.c.role == "")
        connection.execute(sa.delete(desk_sessions).where(theirs))

    def password_hash(self, name: str) -> str:
        """Return the hash of a user's password, "" where there is no such user."""
        query = sa.select(desk_users.c.password).where(desk_users.c.name == name)
        with self.store.read() as connection:
            return str(connection.execute(query).scalar() or "")

    def renew_hash(self, name: str, password_hash: str) -> None:
        """Replace the hash of the same password, made with stronger parameters."""
        with self.store.write() as connection:
            connection.execute(sa.update(desk_users).where(desk_users.c.name == name).values(password=password_hash))

    # Sessions

    def open(self, name: str, *, role: Role | None, lasts: timedelta, now: datetime, kind: str = "session") -> str:
        """Open a session (or make a link that opens one) and return its token, of which only a hash is kept.

        ``role`` None means that of the user of this name, whatever it is when the session is used.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        moment = to_micros(now)
        row = {
            "token": _hash(token),
            "kind": kind,
            "name": name,
            "role": role.value if role is not None else "",
            "csrf": secrets.token_urlsafe(_TOKEN_BYTES),
            "created": moment,
            "seen": moment,
            "until": to_micros(now + lasts),
        }
        with self.store.write() as connection:
            connection.execute(sa.delete(desk_sessions).where(desk_sessions.c.until <= moment))
            connection.execute(sa.insert(desk_sessions).values(**row))
        return token

    def use_link(self, token: str, *, lasts: timedelta, now: datetime) -> str:
        """Use up a link and return the token of the session it opened; "" where it was used, is too old, or none."""
        mine = sa.and_(
            desk_sessions.c.token == _hash(token),
            desk_sessions.c.kind == "link",
            desk_sessions.c.until > to_micros(now),
        )
        gone = sa.delete(desk_sessions).where(mine).returning(desk_sessions.c.name, desk_sessions.c.role)
        with self.store.write() as connection:
            found = connection.execute(gone).first()
        if found is None:
            return ""
        return self.open(found.name, role=Role(found.role) if found.role else None, lasts=lasts, now=now)

    def visitor(self, token: str, *, idle: timedelta, now: datetime) -> Visitor | None:
        """Return whose session a token is; None where it ended, lay idle too long, or its user is gone."""
        moment = to_micros(now)
        mine = sa.and_(desk_sessions.c.token == _hash(token), desk_sessions.c.kind == "session")
        query = (
            sa.select(desk_sessions, desk_users.c.role.label("users_role"))
            .outerjoin(desk_users, desk_users.c.name == desk_sessions.c.name)
            .where(mine, desk_sessions.c.until > moment, desk_sessions.c.seen > to_micros(now - idle))
        )
        with self.store.read() as connection:
            row = connection.execute(query).first()
        role = (row.role or row.users_role) if row is not None else None
        if row is None or not role:
            return None
        if row.seen < to_micros(now - SEEN_EVERY):
            with self.store.write() as connection:
                connection.execute(sa.update(desk_sessions).where(mine).values(seen=moment))
        return Visitor(name=row.name, role=Role(role), csrf=row.csrf)

    def close(self, token: str) -> None:
        """End a session."""
        with self.store.write() as connection:
            connection.execute(sa.delete(desk_sessions).where(desk_sessions.c.token == _hash(token)))

    # The log

    def record(self, deed: Deed) -> None:
        """Write a line of the log."""
        row = {"at": to_micros(deed.at), "by": deed.by, "did": deed.did, "about": deed.about, "address": deed.address}
        with self.store.write() as connection:
            connection.execute(sa.insert(desk_log).values(**row))

    def deeds(self, *, limit: int) -> tuple[Deed, ...]:
        """Return the newest lines of the log, newest first."""
        query = sa.select(desk_log).order_by(desk_log.c.id.desc()).limit(limit)
        with self.store.read() as connection:
            return tuple(
                Deed(at=from_micros(row.at), by=row.by, did=row.did, about=row.about, address=row.address)
                for row in connection.execute(query)
            )
