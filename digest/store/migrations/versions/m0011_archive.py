"""An edition can be taken off the archive, and its corrections are found by when they were made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add when and why an edition was retracted, and the index of edits by kind and time."""
    op.add_column("editions", sa.Column("retracted_at", sa.BigInteger()))
    op.add_column("editions", sa.Column("retraction", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_edits_kind_at", "edits", ["kind", "at"])
