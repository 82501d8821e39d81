"""`digest desk users …` and `digest desk log`: who may work at the desk, and who did what there."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Annotated

import typer

from digest.cli.session import JsonOption, Session, command, to_second
from digest.dates import iso
from digest.errors import EXIT_DONE, UsageError

EXITS = (0, 1, 2)
PORT = 8026
users = typer.Typer(
    help="Who may log in at the desk from outside this machine.", no_args_is_help=True, rich_markup_mode=None
)


def register(desk: typer.Typer) -> None:
    """Add these commands to the group of `digest desk`."""
    desk.add_typer(users, name="users")
    command(desk, "link", example="digest desk link", exits=EXITS)(link)
    command(desk, "log", example="digest desk log --limit 20", exits=EXITS)(log)


@command(users, "add", example='digest desk users add "Ada Merrow" --role editor', exits=EXITS)
def add(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As the history shows it.")],
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="editor, or viewer: look and not change.")] = (
        "editor"
    ),
) -> int:
    """Add a user, or give one another password and role. The password is asked for, or read from standard input."""
    from digest.wiring.desk import Door

    door = Door(session.wiring)
    name = door.named(name, role)
    new = door.put_user(name, role, _password())
    session.say(
        f"{name} may log in as {role}." if new else f"{name} is {role} now, with the new password; her sessions ended."
    )
    return EXIT_DONE


def _password() -> str:
    """Return a password typed twice, or the first line of standard input. It is never an argument: `ps` shows those."""
    if sys.stdin.isatty():
        given = getpass("Password: ")
        if given != getpass("Once more: "):
            raise UsageError("the two passwords differ", fix="type the same one twice")
        return given
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise UsageError("no password was given", where="standard input", fix="type it, or pass it in by a pipe")
    return given


@command(users, "remove", example='digest desk users remove "Ada Merrow"', exits=EXITS)
def remove(session: Session, name: Annotated[str, typer.Argument(metavar="NAME", help="As `list` shows it.")]) -> int:
    """Remove a user; open sessions end at once. What the user did stays on record."""
    from digest.wiring.desk import Door

    Door(session.wiring).remove_user(name)
    session.say(f"{name} may not log in any more.")
    return EXIT_DONE


@command(users, "list", example="digest desk users list", exits=EXITS)
def list_(session: Session, as_json: JsonOption = False) -> int:
    """List who may log in, and as what."""
    found = session.wiring.desk.users()
    if as_json:
        session.emit([{"name": each.name, "role": each.role.value, "created": iso(each.created)} for each in found])
        return EXIT_DONE
    for each in found:
        session.say(f"{each.role.value:8} {each.name}")
    if not found:
        session.say("Nobody; the desk is open on this machine only. Add somebody with `digest desk users add NAME`.")
    return EXIT_DONE


def link(
    session: Session,
    port: Annotated[
        int, typer.Option("--port", metavar="N", envvar="DIGEST_DESK_PORT", min=1, max=65_535, help="Where it answers.")
    ] = PORT,
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", envvar="DIGEST_BY", help="Who edits; the user without it.")
    ] = "",
) -> int:
    """Print another link that opens a desk that runs. Once, in one browser, within twelve hours."""
    from digest.wiring.desk import Door

    who = session.who(by, otherwise="the editor")
    base = session.settings.publication.desk_url or f"http://127.0.0.1:{port}"
    session.announce(f"{base}/enter/{Door(session.wiring).link(who)}")
    return EXIT_DONE


def log(
    session: Session,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", envvar="DIGEST_LIMIT", min=1, max=10_000, help="How many lines.")
    ] = 50,
    as_json: JsonOption = False,
) -> int:
    """Show who did what at the desk, newest first."""
    found = session.wiring.desk.deeds(limit=limit)
    if as_json:
        session.emit(
            [
                {"at": iso(each.at), "by": each.by, "did": each.did, "about": each.about, "address": each.address}
                for each in found
            ]
        )
        return EXIT_DONE
    for each in found:
        at = to_second(iso(each.at))
        session.say(f"{at}  {each.by or '-':20} {each.did:10} {each.about}  {each.address}".rstrip())
    return EXIT_DONE
