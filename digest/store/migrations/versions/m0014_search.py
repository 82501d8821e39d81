"""Stories of listed editions can be searched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is searched, and the index of its words in each database's own way."""
    op.create_table(
        "search_items",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("indexed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_items"),
    )
    op.create_index("ix_search_items_digest_day", "search_items", ["digest", "day"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5(headline, body, facets, "
            "prefix = '3 4', tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\")"
        )
        return
    op.execute("CREATE TABLE search_index (id bigint PRIMARY KEY, words tsvector NOT NULL)")
    # The words lie beside the rows: who looks for ids reads a twentieth of the pages.
    op.execute("ALTER TABLE search_index SET (toast_tuple_target = 128)")
    op.execute("ALTER TABLE search_index ALTER COLUMN words SET STORAGE EXTERNAL")
    op.execute("CREATE INDEX ix_search_index_words ON search_index USING gin (words)")
