"""A story is kept once a feed that tells it, and what its page says is kept too.

With one row a story, the feed that answered last decided its words: the order of arrival showed in the edition.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = "id, feed, canonical_url, seen, changed, published, body"


def upgrade() -> None:
    """Make the table anew with its new key, which SQLite cannot change in place, and add the pages."""
    for index in ("ix_stories_feed_seen", "ix_stories_published", "ix_stories_seen"):
        op.drop_index(index, table_name="stories")
    op.rename_table("stories", "stories_0001")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE stories_0001 RENAME CONSTRAINT pk_stories TO pk_stories_0001")
    op.create_table(
        "stories",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "feed", name="pk_stories"),
    )
    op.execute(f"INSERT INTO stories ({_COLUMNS}) SELECT {_COLUMNS} FROM stories_0001")  # noqa: S608  # our own words
    op.drop_table("stories_0001")
    op.create_index("ix_stories_feed_seen", "stories", ["feed", "seen"])
    op.create_index("ix_stories_published", "stories", ["published"])
    op.create_index("ix_stories_seen", "stories", ["seen"])
    op.create_table(
        "pages",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("url", name="pk_pages"),
    )
