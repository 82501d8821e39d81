"""What a database's own errors mean: one sentence for people, and whether to try again."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from digest.errors import StoreError


def sentence_of(error: Exception, where: str) -> StoreError:
    """Return the StoreError of what a driver raised: what happened in ``where``, and what to do."""
    text = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
    low = text.lower()
    for sign, what, fix in _CAUSES:
        if sign in low:
            return StoreError(what, where=where, fix=fix)
    return StoreError(f"the database failed ({text[:300]})", where=where)


def is_gone(error: BaseException) -> bool:
    """Tell whether an error means that the server went away, for a restart perhaps: what failed may be tried again."""
    text = f"{error} {error.__cause__ or ''}".lower()
    return any(sign in text for sign in _GONE)


_GONE = (
    "terminating connection",
    "server closed the connection",
    "connection refused",
    "is starting up",
    "is shutting down",
    "in recovery mode",
    "not yet accepting connections",
    "connection is lost",
    "the connection is closed",
    "no such file or directory",  # of the server's socket
)


_FEWER = "raise its max_connections, or run fewer workers and web processes"
_GRANT = "GRANT it what docs/howto/postgresql.md lists"
PRIMARY = "name the primary in [store] url"

_CAUSES = (
    ("too many clients", "the database takes no more connections", _FEWER),
    ("remaining connection slots", "the database takes no more connections", _FEWER),
    ("too many connections for", "the database takes no more connections of this user or database", _FEWER),
    ("read-only transaction", "the database may only be read: it is a replica, or its user may not write", PRIMARY),
    ("permission denied", "our database user may not do this", _GRANT),
    ("no schema has been selected", "our database user may not use the schema", _GRANT),
    ("must be owner of", "our database user does not own the tables", "let their owner run `digest db upgrade`"),
    ("no pg_hba.conf entry", "the database does not let us in", "allow our host and user in its pg_hba.conf"),
    ("terminating connection", "the database ended our connection", "it may be restarting: run this again"),
    ("server closed the connection", "the database ended our connection", "it may be restarting: run this again"),
    ("is starting up", "the database is starting", "run this again in a moment"),
    ("is shutting down", "the database is being stopped", "start it again"),
    ("database is locked", "another process holds the database for more than 10 s", "try again when it is done"),
    ("readonly database", "the database may only be read", "make the file and its folder writable for us"),
    ("unable to open database", "the database cannot be opened", "check the folder and its permissions"),
    ("disk is full", "the disk is full", "free some space and run again; nothing is lost"),
    ("disk i/o error", "the disk is full, or fails", "free some space, or look at the disk; then run again"),
    ("no space left", "the disk is full", "free some space and run again; nothing is lost"),
    ("not a database", "this file is no database", "name another file in [store] url"),
    ("malformed", "the database file is damaged", "restore a backup"),
    ("password authentication failed", "the database refuses our password", "set DIGEST_STORE_URL"),
    ("connection refused", "the database does not answer", "start it, or correct [store] url"),
    ("is the server running", "the database does not answer", "start it, or correct [store] url"),
    ("could not translate host name", "the database's host is unknown", "correct [store] url"),
    ("failed to resolve host", "the database's host is unknown", "correct [store] url"),
    ("timeout expired", "the database does not answer within 10 s", "check its host and firewall"),
    ("does not exist", "the database or a table of it does not exist", "create it, then run `digest db upgrade`"),
    ("no such table", "the database lacks a table", "run `digest db upgrade`"),
)
