"""A section whose headlines are numbered, as in a list of the ten most read: `style = "numbered"`."""

from __future__ import annotations

from pathlib import Path

TEMPLATES = Path(__file__).parent
