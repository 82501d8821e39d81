"""All tables together: what migrations make, backups hold and copies copy."""

from __future__ import annotations

from digest.store import house_tables, tables

metadata = tables.metadata
assert house_tables.runs.metadata is metadata  # both files have to be read before the list is whole
