"""`digest subscribers …`: the list."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.session import Session, command
from digest.errors import EXIT_ATTENTION, EXIT_DONE, RosterError

group = typer.Typer(help="Look after the subscribers.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(group, name="subscribers")


@command(group, "import", example="digest subscribers import list.csv", exits=(0, 1, 2, 5))
def import_(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A CSV file, or - for standard input.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Let the file win over what readers set themselves.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
) -> int:
    """Add and update people from a CSV file; nobody is removed, and who left stays away."""
    if file == "-":
        data, name = sys.stdin.buffer.read(), Path("stdin.csv")
    else:
        name = Path(file)
        try:
            data = name.read_bytes()
        except OSError as error:
            raise RosterError(
                f"it cannot be read ({error.strerror or error})", where=file, fix="name a CSV file you may read"
            ) from None
    report = session.roster.import_file(data, name.name, beside=name, overwrite=overwrite, dry_run=dry_run)
    session.say(report.line)
    for line in (*report.rejected, *report.warnings):
        session.warn(line)
    if report.rejected_file is not None:
        session.warn(f"Correct them in {report.rejected_file} and import that file.")
    return EXIT_ATTENTION if report.rejected else EXIT_DONE


@command(group, "list", example="digest subscribers list --status active", exits=(0, 1, 2))
def list_(
    session: Session,
    status: Annotated[
        str, typer.Option("--status", metavar="STATUS", help="active, pending, unsubscribed, bounced or complained.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", envvar="DIGEST_JSON", help="Print a JSON document.")] = False,
) -> int:
    """List the subscribers, by address."""
    people = session.wiring.subscribers.subscribers(status=status)
    if as_json:
        session.emit(
            [
                {
                    "email": each.email,
                    "name": each.name,
                    "status": each.status.value,
                    "sections": list(each.sections) if each.sections is not None else None,
                    "digests": list(each.digests),
                    "format": each.format,
                    "language": each.language,
                    "time_zone": each.time_zone,
                    "paused_until": each.paused_until.isoformat() if each.paused_until else None,
                }
                for each in people
            ]
        )
        return EXIT_DONE
    count = 0
    for each in people:
        count += 1
        chosen = "all sections" if each.sections is None else ", ".join(each.sections)
        session.say(f"{each.email:36} {each.status.value:12} {each.format:5} {chosen}")
    session.say(f"{count} subscribers")
    return EXIT_DONE


@command(group, "export", example="digest subscribers export > list.csv", exits=(0, 1, 2))
def export(session: Session) -> int:
    """Write the whole list as CSV to standard output; it imports again unchanged."""
    for line in session.roster.export():
        sys.stdout.write(line)
    return EXIT_DONE


@command(group, "remove", example="digest subscribers remove reader@example.org", exits=(0, 1, 2))
def remove(session: Session, address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Who leaves.")]) -> int:
    """Unsubscribe an address for good: it is suppressed, whatever is imported later."""
    known = session.roster.remove(address)
    session.say(f"{address} is unsubscribed. " + ("" if known else "It was not on the list; it stays off it."))
    return EXIT_DONE
