"""`digest serve`: the readers' pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.cli.delivery import ViaOption
from digest.cli.session import Session, command
from digest.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    command(app, "serve", example="digest serve --port 8025", exits=(0, 1, 2))(serve)


def serve(
    session: Session,
    host: Annotated[
        str, typer.Option("--host", metavar="HOST", envvar="DIGEST_HOST", help="Where to listen; [serve] host.")
    ] = "",
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", envvar="DIGEST_PORT", min=0, max=65_535, help="[serve] port; 0 = any."),
    ] = None,
    unix_socket: Annotated[
        str,
        typer.Option("--unix-socket", metavar="PATH", envvar="DIGEST_UNIX_SOCKET", help="Instead of host and port."),
    ] = "",
    path_prefix: Annotated[
        str,
        typer.Option("--path-prefix", metavar="/PATH", envvar="DIGEST_PATH_PREFIX", help="[serve] path_prefix."),
    ] = "",
    processes: Annotated[
        int,
        typer.Option(
            "--processes", metavar="N", min=1, max=64, envvar="DIGEST_PROCESSES", help="Processes at one socket."
        ),
    ] = 1,
    via: ViaOption = "",
) -> int:
    """Serve the readers' pages. Unsubscribe, preferences, sign-up, the archive, health and counts."""
    from dataclasses import replace

    from digest.public.server import serve as serve_pages

    settings = session.settings
    if path_prefix:
        if not path_prefix.startswith("/"):
            raise UsageError(f"{path_prefix!r} is no path", where="--path-prefix", fix="write it as /news")
        serving = replace(settings.serve, path_prefix=path_prefix.rstrip("/"))
        session.__dict__["settings"] = settings = replace(settings, serve=serving)
    asked = settings.serve

    return serve_pages(
        lambda: session.wiring,
        host=host or asked.host,
        port=asked.port if port is None else port,
        unix_socket=Path(unix_socket).absolute() if unix_socket else asked.unix_socket,
        path_prefix=asked.path_prefix,
        via=via,
        processes=processes,
        say=session.announce,
        warn=session.warn,
    )
