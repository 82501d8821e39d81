"""The tables that keep the house running: who runs, rests, works, may come in, and how far a copy came."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Table,
    Text,
)

from digest.store.tables import Counter, Key, metadata

# Who holds an advisory lock (PostgreSQL): what is told to the one who waits.
lock_holders = Table(
    "lock_holders",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),  # JSON: pid, host, start
    Column("since", BigInteger, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("digest", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("command", Text, nullable=False),  # "run", "build", "send"
    Column("started", BigInteger, nullable=False),
    Column("finished", BigInteger),  # NULL = still running, or killed
    Column("exit_code", Integer),
    Column("summary", Text, nullable=False, server_default="{}"),  # JSON, no addresses
    Index(None, "digest", "started"),
    Index(None, "started"),
)

# Digests that rest: no edition of a day before `until`.
pauses = Table(
    "pauses",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("until", Text, nullable=False),  # ISO date of the first day that has an edition again
    Column("by", Text, nullable=False),  # who said so
    Column("at", BigInteger, nullable=False),
)

# What operators were told last, so that they are told once per change of state.
alarms = Table(
    "alarms",
    metadata,
    Column("topic", Text, primary_key=True),  # "run:daily"
    Column("state", Text, nullable=False),  # kinds of trouble, sorted, joined by "|"; "" = all is well
    Column("number", Integer, nullable=False),  # changes so far: part of a notice's key
    Column("changed", BigInteger, nullable=False),
)

# Rates held by all processes together: when a limit's next message may leave, and what an hour or a day has used.
paces = Table(
    "paces",
    metadata,
    Column("name", Text, primary_key=True),  # "second:", "second:@example.org", "minute:…", "day:2026-11-24"
    Column(
        "due", BigInteger, nullable=False, server_default="0"
    ),  # of limits a second; else the end of what is counted
    Column("used", BigInteger, nullable=False, server_default="0"),  # of limits an hour and a day
)

# Processes of `digest worker`, for `status`; whether one lives is told by its advisory lock.
workers = Table(
    "workers",
    metadata,
    Column("name", Text, primary_key=True),  # as in the ledger's owner
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),  # of the program
    Column("keys", Text, nullable=False, server_default=""),  # fingerprint of the publication's keys
    Column("started", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),  # last sign of life
    Column("doing", Text, nullable=False, server_default=""),  # what it is at
    Column("accepted", BigInteger, nullable=False, server_default="0"),  # messages since it started
)

# Who works at the desk from outside this machine.
desk_users = Table(
    "desk_users",
    metadata,
    Column("name", Key, primary_key=True),
    Column("role", Text, nullable=False),  # Role
    Column("password", Text, nullable=False),  # argon2id, with its parameters
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
)

# Open sessions of the desk, and links that open one, once. The token itself is known to the browser alone.
desk_sessions = Table(
    "desk_sessions",
    metadata,
    Column("token", Text, primary_key=True),  # hex SHA-256 of it
    Column("kind", Text, nullable=False),  # "session" or "link"
    Column("name", Key, nullable=False),
    Column("role", Text, nullable=False, server_default=""),  # of whoever holds the terminal; "" = as in desk_users
    Column("csrf", Text, nullable=False, server_default=""),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index(None, "name"),
)

# Who did what at the desk.
desk_log = Table(
    "desk_log",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("did", Text, nullable=False),
    Column("about", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False, server_default=""),
    Index(None, "at"),
)

# How far `digest db copy` into this database came, a row a table.
copies = Table(
    "copies",
    metadata,
    Column("name", Text, primary_key=True),  # of the table
    Column("source", Text, nullable=False),  # address of the database copied from, without a password
    Column("last", Text, nullable=False, server_default=""),  # JSON of the last key copied
    Column("rows", BigInteger, nullable=False, server_default="0"),
    Column("finished", BigInteger),  # when the whole copy was verified
)

# Which of Procrastinate's own migrations its tables beside ours have.
queue_migrations = Table(
    "queue_migrations",
    metadata,
    Column("name", Text, primary_key=True),  # of the SQL file
    Column("at", BigInteger, nullable=False),
)
