"""The tables, as they are to stay. Times are integers: microseconds since 1970 in UTC.

JSON lives in text columns and is opaque to SQL: what is searched or compared has a column of its own. ``day`` is the
ISO date of an edition, so that it sorts as it reads. Migrations (digest/store/migrations) make these tables; a test
compares both.
"""

from __future__ import annotations

from sqlalchemy import (
    TEXT,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

# The migration that makes these tables.
REVISION = "0015"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Compared and ordered byte by byte on both databases: a list reads the same whatever the server's locale.
Key = Text().with_variant(TEXT(collation="C"), "postgresql")
# SQLite gives INTEGER PRIMARY KEY a counter; PostgreSQL wants a big identity column.
Counter = BigInteger().with_variant(Integer, "sqlite")

stories = Table(
    "stories",
    metadata,
    Column("id", Text, primary_key=True),  # Story.id
    Column("feed", Text, primary_key=True),  # address of a feed it was read in: each feed tells it in its own words
    Column("canonical_url", Text, nullable=False),
    Column("seen", BigInteger, nullable=False),  # when first read; never changes
    Column("changed", BigInteger, nullable=False),  # when its text last changed
    Column("published", BigInteger),  # NULL = unknown
    Column("body", Text, nullable=False),  # the Story as JSON
    Index(None, "seen"),
    Index(None, "published", "seen"),  # by their own time; undated ones (NULL) by when they were seen
    Index(None, "feed", "seen"),
)

pages = Table(
    "pages",
    metadata,
    Column("url", Text, primary_key=True),  # Story.url
    Column("body", Text, nullable=False),  # the PageMetadata as JSON
    Column("changed", BigInteger, nullable=False),
    Index(None, "changed"),
)

feed_states = Table(
    "feed_states",
    metadata,
    Column("url", Text, primary_key=True),  # as configured
    Column("body", Text, nullable=False),  # the FeedState as JSON
    Column("changed", BigInteger, nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("state", Text, nullable=False),  # EditionState
    Column("reason", Text, nullable=False, server_default=""),  # why skipped or stopped
    Column("number", Integer),  # given at the first approval
    Column("base", Text),  # the built Edition as JSON; NULL for a day skipped before a build
    Column("built_at", BigInteger),  # cut-off of the base
    Column("version", Text, nullable=False, server_default=""),  # hash of the parts once approved
    Column("held", Boolean, nullable=False, server_default=text("false")),
    Column("draft", Integer, nullable=False, server_default="0"),  # grows with every edit and every base that differs
    Column("opens", Text, nullable=False, server_default=""),  # "07:30" where an editor moved the hand-over
    Column("approved_at", BigInteger),
    Column("approved_by", Text, nullable=False, server_default=""),
    Column("published_at", BigInteger),
    Column("listed_at", BigInteger),
    Column("changed", BigInteger, nullable=False),
    Column("retracted_at", BigInteger),  # taken off the archive
    Column("retraction", Text, nullable=False, server_default=""),  # why, as told to readers
    UniqueConstraint("digest", "number"),
    Index(None, "digest", "state"),
    # All that a calendar asks: in SQLite what stands behind the base is reached through the whole of it.
    Index(
        "ix_editions_standing",
        *("digest", "day", "state", "number", "version", "published_at", "listed_at", "retracted_at"),
    ),
)

edits = Table(
    "edits",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("sequence", Integer, primary_key=True),  # 1, 2, 3 …; appended only as the next one
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False, server_default=""),
    Column("value", Text, nullable=False),  # JSON
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    ForeignKeyConstraint(["digest", "day"], ["editions.digest", "editions.day"], ondelete="CASCADE"),
    Index(None, "kind", "at"),
)

# Content-addressed bytes: encoded parts, prepared pictures. A hash is written once and never changed.
contents = Table(
    "contents",
    metadata,
    Column("hash", Text, primary_key=True),  # hex SHA-256 of body
    Column("media_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
)

# Which parts a version of an edition consists of: one row a language.
edition_parts = Table(
    "edition_parts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    ForeignKeyConstraint(["digest", "day"], ["editions.digest", "editions.day"], ondelete="CASCADE"),
    ForeignKeyConstraint(["hash"], ["contents.hash"]),
)

# A prepared picture by the address it came from, so that a rebuild fetches nothing twice.
pictures = Table(
    "pictures",
    metadata,
    Column("url", Text, primary_key=True),
    Column("style", Text, primary_key=True),  # what it was prepared for: feature, cards, video
    Column("name", Text, nullable=False),  # "HASH.jpg"; "" = it could not be used
    Column("body", Text, nullable=False),  # the Picture as JSON, or the reason as a JSON string
    Column("created", BigInteger, nullable=False),
)

# What was sent, remembered for longer than the suppression window: the fingerprints of events.
sent_events = Table(
    "sent_events",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("lead", Text, primary_key=True),  # story id
    Column("body", Text, nullable=False),  # the SentEvent as JSON
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Text, primary_key=True),  # random, never used again
    Column("email", Text, nullable=False),  # as written; what is mailed
    Column("email_key", Key, nullable=False),  # normalised; what is compared
    Column("name", Text, nullable=False, server_default=""),
    Column("sections", Text),  # "trade|world", NULL = all
    Column("digests", Text, nullable=False, server_default="daily"),  # "daily|weekly"
    Column("format", Text, nullable=False, server_default="html"),
    Column("language", Text, nullable=False, server_default=""),
    Column("time_zone", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False),
    Column("status_reason", Text, nullable=False, server_default=""),
    Column("status_at", BigInteger, nullable=False),
    Column("paused_until", Text),  # ISO date
    Column("consent", Text, nullable=False, server_default="{}"),  # JSON
    Column("attributes", Text, nullable=False, server_default="{}"),  # JSON: further columns of the CSV
    Column("own", Text, nullable=False, server_default=""),  # "sections|format": what the reader set herself
    Column("weekdays_only", Boolean, nullable=False, server_default=text("false")),  # nothing on Saturdays and Sundays
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    UniqueConstraint("email_key"),
    Index(None, "status"),
    Index(None, "time_zone"),
)

# Sign-ups that wait for their confirmation (double opt-in), and for a while those that were confirmed.
signups = Table(
    "signups",
    metadata,
    Column("id", Text, primary_key=True),  # random; what the confirmation link carries
    Column("email", Text, nullable=False),
    Column("email_key", Key, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("digests", Text, nullable=False),  # "daily|weekly"
    Column("sections", Text),  # NULL = all
    Column("language", Text, nullable=False, server_default=""),
    Column("consent", Text, nullable=False, server_default="{}"),  # JSON: source and text shown
    Column("asked_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Index(None, "email_key"),
    Index(None, "asked_at"),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("email_key", Key, primary_key=True),  # normalised address, or "hash:…" once erased
    Column("digest", Text, primary_key=True),  # "" = every digest
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
)

# The ledger: one row per edition and due subscriber.
deliveries = Table(
    "deliveries",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("subscriber", Text, primary_key=True),
    Column("state", Text, nullable=False),  # DeliveryState
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due", BigInteger, nullable=False, server_default="0"),  # not before; 0 = at once
    Column("first_attempt", BigInteger),  # give_up_after counts from here
    Column("owner", Text, nullable=False, server_default=""),  # who holds the lease
    Column("lease_until", BigInteger),
    Column("message_id", Text, nullable=False, server_default=""),
    Column("reply", Text, nullable=False, server_default=""),
    Column("changed", BigInteger, nullable=False),
    Index(None, "digest", "day", "state", "due"),
    Index(None, "subscriber"),
    sqlite_with_rowid=False,
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("digest", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("subscriber", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),  # OutcomeKind
    Column("code", Integer, nullable=False, server_default="0"),
    Column("enhanced", Text, nullable=False, server_default=""),
    Column("phase", Text, nullable=False, server_default=""),
    Column("reply", Text, nullable=False, server_default=""),
    Index(None, "digest", "day", "subscriber"),
    Index(None, "subscriber"),
)

# Messages that came back, one row a message and person: a mailbox read twice counts once.
returns = Table(
    "returns",
    metadata,
    Column("fingerprint", Text, primary_key=True),  # SHA-256 of the message
    Column("subscriber", Text, primary_key=True),  # "" = nobody we know
    Column("kind", Text, nullable=False),  # ReturnKind
    Column("day", Text, nullable=False, server_default=""),  # of the edition where it is known, else of the reading
    Column("permanent", Boolean, nullable=False, server_default=text("false")),
    Column("code", Text, nullable=False, server_default=""),  # RFC 3463
    Column("reply", Text, nullable=False, server_default=""),
    Column("at", BigInteger, nullable=False),
    Index(None, "subscriber"),
    Index(None, "at"),
)

# Counts that remain when old deliveries are pruned.
delivery_counts = Table(
    "delivery_counts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("key", Text, primary_key=True),  # the same key is queued once
    Column("kind", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("body", Text, nullable=False),  # the Notice as JSON
    Column("state", Text, nullable=False),  # planned, handed, accepted, deferred, refused, in_doubt, expired
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due", BigInteger, nullable=False, server_default="0"),
    Column("reply", Text, nullable=False, server_default=""),
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Index(None, "state", "due"),
    Index(None, "changed"),
)

# Files merged into the roster, by the hash of their bytes: an unchanged one is not read again.
rosters = Table(
    "rosters",
    metadata,
    Column("path", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("merged_at", BigInteger, nullable=False),
)

# Stories as listed editions told them: what is searched. The index of their words, `search_index`, is made of these
# rows by digest/store/search_index.py: FTS5 on SQLite, a tsvector on PostgreSQL.
search_items = Table(
    "search_items",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # grows with the day: see search_index.first_of
    Column("digest", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("body", Text, nullable=False),  # the Told as JSON
    Column("indexed", BigInteger, nullable=False),
    Index(None, "digest", "day"),
)
