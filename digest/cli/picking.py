"""`digest pick`: what would be chosen, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.cli.session import Session, command, parse_time
from digest.errors import EXIT_DONE, UsageError


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    command(app, "pick", example="digest pick --explain", exits=(0, 1, 2))(pick)


def pick(
    session: Session,
    stories: Annotated[
        Path | None, typer.Option("--stories", metavar="FILE", help="Stories as JSON lines instead of the store's.")
    ] = None,
    at: Annotated[str, typer.Option("--at", metavar="TIME", envvar="DIGEST_AT", help="As if it were then.")] = "",
    explain: Annotated[bool, typer.Option("--explain", help="Tell of each story why it was chosen or passed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", envvar="DIGEST_JSON", help="Print a JSON document.")] = False,
) -> int:
    """Show what would be chosen and why, saving nothing."""
    from digest.pipeline import pick as picking

    moment = parse_time(at, "--at") if at else None
    if stories is not None:
        settings = session.settings if session.has_config else None
        try:
            with stories.open(encoding="utf-8") as lines:
                picked = picking.pick_file(
                    lines,
                    at=moment,
                    sections=settings.sections if settings else None,
                    weights=settings.weights if settings else None,
                )
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"it cannot be read ({error})", where=str(stories), fix="name a file of JSON lines"
            ) from None
    else:
        picked = session.publisher.pick(moment)
    if as_json:
        session.emit(picking.pick_document(picked))
    else:
        session.say(picking.explain_text(picked) if explain else picking.list_text(picked))
    return EXIT_DONE
