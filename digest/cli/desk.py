"""`digest desk`: the editor's desk, and who may work at it."""

from __future__ import annotations

import typer

from digest.cli import desk_users

group = typer.Typer(help="The editor's desk.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    desk_users.register(group)
    app.add_typer(group, name="desk")
