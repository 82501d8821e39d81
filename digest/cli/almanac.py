"""`digest calendar`, `pause` and `log`: what will happen, what must not, what happened."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.session import JsonOption, Session, command, parse_day, to_second
from digest.errors import EXIT_DONE, UsageError
from digest.model.counting import count_of

if TYPE_CHECKING:
    from digest.wiring.almanac import Almanac


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    command(app, "calendar", example="digest calendar --days 14", exits=(0, 1, 2))(calendar)
    command(app, "pause", example="digest pause 2026-12-28", exits=(0, 1, 2))(pause)
    command(app, "log", example="digest log --edition 2026-11-23 --json", exits=(0, 1, 2))(log)


def _almanacs(session: Session) -> list[Almanac]:
    from digest.wiring.almanac import Almanac

    chosen = [session.digest()] if session.digest_name else list(session.settings.digests)
    return [Almanac(session.wiring, digest) for digest in chosen]


def calendar(
    session: Session,
    days: Annotated[
        int,
        typer.Option("--days", metavar="N", envvar="DIGEST_DAYS", min=1, max=366, help="How many days of each digest."),
    ] = 7,
    as_json: JsonOption = False,
) -> int:
    """Show what will happen to the next editions. Each as it goes without an editor."""
    found = [day for almanac in _almanacs(session) for day in almanac.calendar(days)]
    found.sort(key=lambda each: (each["edition"], each["digest"]))
    if as_json:
        session.emit(found)
        return EXIT_DONE
    several = len({each["digest"] for each in found}) > 1
    for each in found:
        day = date.fromisoformat(each["edition"])
        name = f"{each['digest']:10} " if several else ""
        session.say(f"{day:%a} {day}  {name}{each['will']}")
    if not found:
        session.say("No edition is due within a year; see [digest] days and skip.")
    return EXIT_DONE


def pause(
    session: Session,
    until: Annotated[
        str, typer.Argument(metavar="[UNTIL]", help="The first day that has an edition again: 2026-12-28, or 7d.")
    ] = "",
    off: Annotated[bool, typer.Option("--off", help="End the pause.")] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", envvar="DIGEST_BY", help="Who says so.")] = "",
) -> int:
    """Let a digest rest: no edition of a day before UNTIL. What is being sent goes on; `send --stop` stops it."""
    almanacs, who = _almanacs(session), session.who(by)
    if not off and not until:
        raise UsageError(
            "no day is given", where="UNTIL", fix="write `digest pause 2026-12-28`, or `digest pause --off`"
        )
    for almanac in almanacs:
        name = almanac.digest.name
        day = None if off else _until(until, almanac.today)
        before = almanac.pause(day, by=who)
        if day is not None:
            session.say(f"{name}: no edition before {day:%A %-d %B %Y}. End it with `digest pause --off`.")
        else:
            session.say(f"{name}: the pause until {before} is over." if before else f"{name}: it was not paused.")
    return EXIT_DONE


def _until(text: str, today: date) -> date:
    if text.endswith("d") and text[:-1].isdigit():
        return today + timedelta(days=int(text[:-1]))
    return parse_day(text, "UNTIL")


def log(
    session: Session,
    edition: Annotated[
        str,
        typer.Option("--edition", metavar="DAY", envvar="DIGEST_EDITION", help="Only this edition, with its edits."),
    ] = "",
    limit: Annotated[
        int,
        typer.Option(
            "--limit", metavar="N", envvar="DIGEST_LIMIT", min=1, max=5000, help="How many runs and editions."
        ),
    ] = 14,
    as_json: JsonOption = False,
) -> int:
    """Show what happened, and why a day has no edition. Runs, editions with their deliveries and edits."""
    day = parse_day(edition, "--edition") if edition else None
    documents = [almanac.log(limit=limit, day=day) for almanac in _almanacs(session)]
    if as_json:
        session.emit(documents if len(documents) > 1 else documents[0])
        return EXIT_DONE
    for document in documents:
        if len(documents) > 1:
            session.say(f"{document['digest']}:")
        for each in document["editions"]:
            session.say(_edition_line(each))
            for edit in each["edits"] if day else []:
                session.say(f"  {to_second(edit['at'])}  {edit['by']}: {edit['kind']} {edit['target']}".rstrip())
        if document["runs"]:
            session.say("Runs:")
        elif not document["editions"]:
            session.say("Nothing happened yet." if day is None else f"Nothing is on record of {day}.")
        for run in document["runs"]:
            session.say(_run_line(run))
            for line in run["lines"] if day or session.verbose else []:
                session.say(f"    {line}")
    return EXIT_DONE


def _edition_line(each: dict[str, Any]) -> str:
    reason = f": {each['reason']}" if each["reason"] else ""
    number = f"No. {each['number']}" if each["number"] else ""
    counts = each["deliveries"]
    told = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in counts.items() if n and state != "total")
    edits = f", {count_of(len(each['edits']), 'edit')}" if each["edits"] else ""
    return f"{each['edition']}  {number:9} {each['state']}{reason}{edits}" + (f"  [{told}]" if told else "")


def _run_line(run: dict[str, Any]) -> str:
    took = "did not end" if run["duration_s"] is None else f"{run['duration_s']:.1f} s"
    code = "" if run["exit_code"] is None else f"exit {run['exit_code']}"
    trouble = f"  {', '.join(run['trouble'])}" if run["trouble"] else ""
    return f"  {to_second(run['started'])}  {run['command']:8} {run['edition']}  {took:>10}  {code}{trouble}"
