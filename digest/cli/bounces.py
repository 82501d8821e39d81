"""`digest bounces …`: what comes back by mail."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.session import JsonOption, Session, command
from digest.errors import EXIT_DONE, EXIT_TEMPORARY, StoreError, UsageError

group = typer.Typer(help="Read what comes back by mail.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(group, name="bounces")


@command(group, "read", example="digest bounces read /var/mail/bounces", exits=(0, 1, 2, 75))
def read(
    session: Session,
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]",
            help="A maildir, an mbox, one message, or - for a pipe; without it, [delivery.bounces] mailbox.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Suppress whose address is gone or who complained. Mails to leave are honoured, what is not understood is kept."""
    from digest.mail.mailboxes import letters
    from digest.wiring.bounces import return_reader

    reader = return_reader(session.wiring)
    path = path or _mailbox(session)
    try:
        report = reader.read(letters(path, sys.stdin.buffer))
    except StoreError as error:
        if str(path) != "-":
            raise
        # A mail server that pipes into us keeps the message on 75, and returns it to its sender on anything else.
        session.warn(f"digest: {error}")
        return EXIT_TEMPORARY
    if as_json:
        session.emit(asdict(report))
        return EXIT_DONE
    session.say(report.summary)
    for line in report.lines:
        session.say(f"  {line}")
    return EXIT_DONE


def _mailbox(session: Session) -> Path:
    bounces = session.wiring.settings.delivery.bounces
    if bounces is None or bounces.mailbox is None:
        raise UsageError("no mailbox is named", fix="give its PATH, or write mailbox = '…' into [delivery.bounces]")
    return bounces.mailbox
