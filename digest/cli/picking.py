"""`digest pick`: what would be chosen, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.session import JsonOption, Session, command, parse_time
from digest.errors import EXIT_DONE, UsageError

if TYPE_CHECKING:
    from digest.pipeline.picked import Picked


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    command(app, "pick", example="digest pick --explain", exits=(0, 1, 2))(pick)


def pick(
    session: Session,
    stories: Annotated[
        Path | None,
        typer.Option(
            "--stories", metavar="FILE", envvar="DIGEST_STORIES", help="Stories as JSON lines instead of the store's."
        ),
    ] = None,
    at: Annotated[str, typer.Option("--at", metavar="TIME", envvar="DIGEST_AT", help="As if it were then.")] = "",
    explain: Annotated[
        bool, typer.Option("--explain", envvar="DIGEST_EXPLAIN", help="Tell of each story why it was chosen or passed.")
    ] = False,
    as_json: JsonOption = False,
    tried: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=NUMBER", help="Try a weight or a section's setting, and see what changes."),
    ] = None,
) -> int:
    """Show what would be chosen and why, saving nothing."""
    from digest.editions.trial import differences
    from digest.pipeline import pick as picking

    usual = _picked(session, stories, at, ())
    picked = _picked(session, stories, at, tried) if tried else usual
    changes = differences(usual.sections, picked.sections) if tried else []
    if as_json:
        document = picking.pick_document(picked)
        session.emit({**document, "changes": changes} if tried else document)
        return EXIT_DONE
    if tried:
        session.say(picking.changes_text(changes))
    if explain or not tried:
        session.say(picking.explain_text(picked) if explain else picking.list_text(picked))
    return EXIT_DONE


def _picked(session: Session, stories: Path | None, at: str, tried: Sequence[str]) -> Picked:
    from digest.editions.trial import with_settings
    from digest.model.editions import Weights
    from digest.pipeline import pick as picking

    moment = parse_time(at, "--at") if at else None
    if stories is None:
        return session.publisher.pick(moment, tried=tried)
    settings = session.settings if session.has_config else None
    weights, sections = with_settings(
        tried,
        settings.weights if settings else Weights(),
        settings.sections if settings else (picking.ALL,),
    )
    try:
        with stories.open(encoding="utf-8") as lines:
            return picking.pick_file(
                lines,
                at=moment,
                sections=sections,
                weights=weights,
                bars=settings.bars if settings else None,
                own=session.wiring.terms if settings else (),
            )
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"it cannot be read ({reason})", where=str(stories), fix="name a file of JSON lines") from None
