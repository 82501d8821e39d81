"""Readers choose for themselves: sign-ups that wait to be confirmed, and mail on weekdays only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of sign-ups and the readers' column."""
    key = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
    op.create_table(
        "signups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", key, nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("digests", sa.Text(), nullable=False),
        sa.Column("sections", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("consent", sa.Text(), server_default="{}", nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_signups"),
    )
    op.create_index("ix_signups_email_key", "signups", ["email_key"])
    op.create_index("ix_signups_asked_at", "signups", ["asked_at"])
    op.add_column(
        "subscribers", sa.Column("weekdays_only", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
