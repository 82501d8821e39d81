"""`digest archive build` and `retract`: the editions on the web."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.cli.session import JsonOption, Session, command, parse_day
from digest.errors import EXIT_ATTENTION, EXIT_DONE

group = typer.Typer(help="Look after the editions on the web.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(group, name="archive")


@command(group, "build", example="digest archive build --out /srv/www", exits=(0, 1, 2, 3, 5))
def build(
    session: Session,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", envvar="DIGEST_OUT", help="Folder to write into; [archive] dir without it."
        ),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            envvar="DIGEST_FRESH",
            help="Make every page again, also what did not change since the last build.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Bring the site up to date. What changed is written, the rest is left alone."""
    report = session.publisher.archive.build(out.absolute() if out is not None else None, fresh=fresh)
    if as_json:
        session.emit(report.document())
    else:
        session.say(report.line)
        if report.index is not None:
            session.say(report.index.line)
    for name in report.missing:
        session.warn(f"the picture {name} is in no store any more; its place stays empty")
    failed = report.index is not None and report.index.problem
    return EXIT_ATTENTION if report.missing or failed else EXIT_DONE


@command(group, "retract", example='digest archive retract 2026-11-23 --reason "It was a draft."', exits=(0, 1, 2, 3))
def retract(
    session: Session,
    day: Annotated[str, typer.Argument(metavar="DAY", help="The edition's day: 2026-11-23.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, as readers are told.")] = "",
) -> int:
    """Take an edition off the web. Its address says so (410), nothing leads to it; what was mailed stays mailed."""
    key = session.publisher.key(parse_day(day, "DAY"))
    session.publisher.archive.retract(key, reason)
    session.say(f"The edition of {key.day} is retracted; its address says so, and no list names it.")
    return EXIT_DONE
