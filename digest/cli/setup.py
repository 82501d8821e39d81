"""Commands to come in this step."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
