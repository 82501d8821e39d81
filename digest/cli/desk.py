"""`digest desk`: the editor's desk, and who may work at it."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.cli import desk_users
from digest.cli.delivery import ViaOption
from digest.cli.session import Session, command
from digest.errors import EXIT_DONE

group = typer.Typer(help="The editor's desk, in a browser.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    desk_users.register(group)
    app.add_typer(group, name="desk")


@command(group, "", example="digest desk --port 8026", exits=(0, 1, 2))
def desk(
    session: Session,
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", envvar="DIGEST_DESK_HOST", help="Where to listen.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", envvar="DIGEST_DESK_PORT", min=0, max=65_535, help="0 = any free one."),
    ] = desk_users.PORT,
    no_open: Annotated[
        bool, typer.Option("--no-open", envvar="DIGEST_NO_OPEN", help="Only print the link; open no browser.")
    ] = False,
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", envvar="DIGEST_BY", help="Who edits; the user without it.")
    ] = "",
    via: ViaOption = "",
) -> int:
    """Open the editor's desk: what goes out and why, every edit, the real mail beside it.

    The link it prints opens the desk once, in one browser. From outside, people log in: `digest desk users`.
    """
    from digest.desk.server import serve

    session.publisher.via = via
    who = session.who(by, otherwise="the editor")
    serve(session.publisher, host=host, port=port, by=who, open_browser=not no_open, say=session.announce)
    return EXIT_DONE
