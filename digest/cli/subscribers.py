"""`digest subscribers …`: the list."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import typer

from digest.cli.session import JsonOption, Session, command
from digest.dates import iso
from digest.errors import EXIT_ATTENTION, EXIT_DONE, RosterError, UsageError
from digest.model.counting import count_of

group = typer.Typer(help="Look after the subscribers.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(group, name="subscribers")


ReviveOption = Annotated[
    str,
    typer.Option(
        "--resubscribe", metavar="REASON", help="Bring back who left, and keep this reason; never the erased."
    ),
]


def spooled(stream: BinaryIO) -> BinaryIO:
    """Return what a stream holds as a file of its own: a list is read twice, first for its encoding."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by whoever reads it
    shutil.copyfileobj(stream, file)
    file.seek(0)
    return cast(BinaryIO, file)


@command(group, "import", example="digest subscribers import list.csv", exits=(0, 1, 2, 5))
def import_(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A CSV file, or - for standard input.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Let the file win over what readers set themselves.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", envvar="DIGEST_DRY_RUN", help="Say what would change, and change nothing.")
    ] = False,
    resubscribe: ReviveOption = "",
) -> int:
    """Add and update people from a CSV file. Nobody is removed, and who left stays away."""
    name = Path("stdin.csv" if file == "-" else file)
    try:
        with spooled(sys.stdin.buffer) if file == "-" else name.open("rb") as data:
            report = session.roster.import_file(
                data, name.name, beside=name, overwrite=overwrite, dry_run=dry_run, revive=resubscribe
            )
    except OSError as error:
        raise RosterError(
            f"it cannot be read ({error.strerror or error})", where=file, fix="name a CSV file you may read"
        ) from None
    session.say(report.line)
    for line in filter(None, (*report.rejected, *report.warnings, report.lost)):
        session.warn(line)
    if report.rejected_file is not None:
        session.warn(f"Correct them in {report.rejected_file} and import that file.")
    return EXIT_ATTENTION if report.rejected else EXIT_DONE


@command(group, "list", example="digest subscribers list --status active", exits=(0, 1, 2))
def list_(
    session: Session,
    status: Annotated[
        str,
        typer.Option(
            "--status",
            metavar="STATUS",
            envvar="DIGEST_STATUS",
            help="active, pending, unsubscribed, bounced or complained.",
        ),
    ] = "",
    as_json: JsonOption = False,
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
    session.say(count_of(count, "subscriber"))
    return EXIT_DONE


@command(group, "add", example="digest subscribers add reader@example.org --sections trade", exits=(0, 1, 2))
def add(
    session: Session,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Who gets the digest from now on.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What she is called.")] = "",
    sections: Annotated[str, typer.Option("--sections", metavar="SLUG|…", help="Her sections; all without it.")] = "",
    digests: Annotated[str, typer.Option("--digests", metavar="NAME|…", help="Her digests; the first one.")] = "",
    format_: Annotated[str, typer.Option("--format", metavar="KIND", help="html or text.")] = "",
    language: Annotated[str, typer.Option("--language", metavar="TAG", help="Such as de.")] = "",
    time_zone: Annotated[str, typer.Option("--time-zone", metavar="ZONE", help="Such as Europe/Lisbon.")] = "",
    resubscribe: ReviveOption = "",
) -> int:
    """Put a person on the list, or change what it says. Only with her consent, which you keep."""
    given = {
        "name": name, "sections": sections, "digests": digests, "format": format_, "language": language,
        "time_zone": time_zone,
    }  # fmt: skip
    report = session.roster.add(address, {key: value for key, value in given.items() if value}, revive=resubscribe)
    done = (
        "added" if report.added else "brought back" if report.revived else "changed" if report.updated else "as before"
    )
    session.say(f"{address} is {done}." if report.added or report.revived else f"{address} was on the list: {done}.")
    for line in report.warnings:
        session.warn(line)
    return EXIT_DONE


@command(group, "show", example="digest subscribers show reader@example.org", exits=(0, 1, 2))
def show(
    session: Session,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Whose data.")],
    as_json: JsonOption = False,
) -> int:
    """Show all that is known of a person. Also what became of her editions of the last 35 days."""
    known = session.roster.known(address)
    if as_json:
        session.emit(known)
        return EXIT_DONE
    for line in told(address, known):
        session.say(line)
    return EXIT_DONE


def told(address: str, known: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is known of a person, a line each."""
    person = known["subscriber"]
    if person is None:
        yield f"{address} is not on the list."
    else:
        yield f"{person['email']}  {person['name']}".rstrip()
        since = f" since {person['status_since'][:10]}"
        yield f"  status       {person['status']}{since}" + (
            f" ({reason})" if (reason := person["status_reason"]) else ""
        )
        yield f"  sections     {', '.join(person['sections']) if person['sections'] is not None else 'all'}"
        rest = [person["format"], person["language"], person["time_zone"], "weekdays only" * person["weekdays_only"]]
        rest.append(f"paused until {person['paused_until']}" if person["paused_until"] else "")
        yield f"  gets         {', '.join(person['digests'])}: {', '.join(filter(None, rest))}"
        yield f"  on the list  since {person['created'][:10]}"
        if person["set_by_reader"]:
            yield f"  set herself  {', '.join(person['set_by_reader'])}"
        for name, value in person["consent"].items():
            yield f"  consent      {name}: {value}"
        for name, value in person["attributes"].items():
            yield f"  {name[:12]:12} {value}"
    for each in known["suppressions"]:
        whole = each["digest"] or "every digest"
        yield f"  suppressed   {whole}: {each['reason']} on {each['at'][:10]} ({each['source']})"
    for each in known["signups"]:
        confirmed = f"confirmed {each['confirmed_at'][:10]}" if each["confirmed_at"] else "not confirmed"
        yield f"  signed up    {each['asked_at'][:10]}, {confirmed}"
    for each in known["deliveries"]:
        tries = f", {each['attempts']} attempts" if each["attempts"] > 1 else ""
        yield f"  {each['edition']}   {each['digest']}: {each['state']}{tries}" + (
            f" ({each['reply']})" * bool(each["reply"])
        )
    if known["deliveries_before"]:
        yield "  before       " + ", ".join(f"{count} {state}" for state, count in known["deliveries_before"].items())


@command(group, "export", example="digest subscribers export > list.csv", exits=(0, 1, 2))
def export(
    session: Session,
    person: Annotated[
        str, typer.Option("--person", metavar="ADDRESS", help="Only what is kept of one person, as JSON, for her.")
    ] = "",
) -> int:
    """Write the whole list as CSV to standard output. With status, dates and reasons; it imports again unchanged."""
    if person:
        session.emit(session.roster.known(person))
        return EXIT_DONE
    for line in session.roster.export():
        sys.stdout.write(line)
    return EXIT_DONE


@command(group, "erase", example="digest subscribers erase reader@example.org --yes", exits=(0, 1, 2))
def erase(
    session: Session,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Who is forgotten.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Forget a person for good, and print the proof. History stays nameless, and a hash keeps her address away."""
    if not yes:
        answer = session.ask(f"Forget {address} for good? Nothing of it can be brought back.")
        if answer is None:
            raise UsageError("nobody is there to ask", where="digest subscribers erase", fix="say --yes")
        if not answer:
            session.say("Nothing was changed.")
            return EXIT_DONE
    done = session.roster.erase(address)
    left = session.roster.known(address)
    proof = {
        "address": address,
        "at": iso(session.clock.now()),
        "left": {
            "subscriber": left["subscriber"],
            "signups": len(left["signups"]),
            "deliveries": len(left["deliveries"]),
            "notices": len(left["notices"]),
            "suppressions": [each["reason"] for each in left["suppressions"]],
        },
    }
    if as_json:
        session.emit({**proof, "done": {name.replace(" ", "_"): count for name, count in done.items()}})
        return EXIT_DONE
    for name, count in done.items():
        session.say(f"{count:6} {name}")
    session.say(f"Looked up again: nothing is kept of {address} but the hash that keeps it away.")
    return EXIT_DONE


@command(group, "remove", example="digest subscribers remove reader@example.org", exits=(0, 1, 2))
def remove(session: Session, address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Who leaves.")]) -> int:
    """Unsubscribe an address for good. It is suppressed, whatever is imported later."""
    known = session.roster.remove(address)
    session.say(f"{address} is unsubscribed. " + ("" if known else "It was not on the list; it stays off it."))
    return EXIT_DONE
