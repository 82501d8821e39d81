"""What a morning asks of tables that grow with the years has an index."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add indexes for what was read from end to end."""
    op.drop_index("ix_stories_published", "stories")
    op.create_index("ix_stories_published_seen", "stories", ["published", "seen"])
    op.create_index("ix_pages_changed", "pages", ["changed"])
    op.create_index("ix_notices_changed", "notices", ["changed"])
    op.create_index("ix_runs_started", "runs", ["started"])
    op.create_index("ix_subscribers_time_zone", "subscribers", ["time_zone"])
