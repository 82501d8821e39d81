"""The `digest` command: its groups, and how every error becomes one sentence and an exit code."""

from __future__ import annotations

import atexit
import copy
import gc
import inspect
import os
import re
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer
from typer.models import CommandInfo, TyperInfo

from digest import __version__
from digest.cli import (
    almanac,
    archive,
    bounces,
    checking,
    database,
    delivery,
    desk,
    dkim,
    doctor,
    editing,
    editions,
    edits_made,
    feeds,
    picking,
    searching,
    serve,
    setup,
    subscribers,
    worker,
)
from digest.cli.session import Start
from digest.errors import EXIT_FAILED, EXIT_TEMPORARY, DigestError, UsageError

app = typer.Typer(
    name="digest",
    help="Turns news feeds into a daily e-mail newsletter, and says why each story was picked.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)

_SURROGATE = re.compile("[\ud800-\udfff]")  # what Python makes of bytes that are no UTF-8


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"digest {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


setup.register(app)
database.register(app)
feeds.register(app)
picking.register(app)
editions.register(app)
archive.register(app)
checking.register(app)
doctor.register(app)
editing.register(app)
edits_made.register(app)
desk.register(app)
delivery.register(app)
dkim.register(app)
bounces.register(app)
almanac.register(app)
subscribers.register(app)
searching.register(app)
serve.register(app)
worker.register(app)


def needed(words: Sequence[str]) -> typer.Typer:
    """Return the application with no more commands than these words need.

    Making options of every command takes longer than all else of `digest --help`, which shows none of them.
    """
    if list(words) == ["--help"]:
        groups = [
            (each, _without_options(each.typer_instance)) for each in app.registered_groups if each.typer_instance
        ]
        return _with(
            [_bare(each) for each in app.registered_commands],
            [TyperInfo(instance, name=each.name) for each, instance in groups],
        )
    first = words[0] if words else ""
    alone = [each for each in app.registered_commands if each.name == first]
    grouped = [each for each in app.registered_groups if each.name == first]
    return _with(alone, grouped) if alone or grouped else app


def _with(alone: list[CommandInfo], grouped: list[TyperInfo]) -> typer.Typer:
    made = copy.copy(app)
    made.registered_commands, made.registered_groups = alone, grouped
    return made


def _bare(info: CommandInfo) -> CommandInfo:
    made = copy.copy(info)
    made.help, made.callback = inspect.getdoc(info.callback), _nothing
    return made


def _without_options(group: typer.Typer) -> typer.Typer:
    made = copy.copy(group)
    made.registered_commands, made.registered_groups, made.registered_callback = [], [], None
    return made


def _nothing() -> None:
    pass


def _refuse_undecodable(words: Sequence[str]) -> None:
    """Raise UsageError for a word that is no UTF-8, which neither a mail nor a database can hold, and names no file."""
    for word in words:
        if _SURROGATE.search(word) and not os.path.lexists(word):
            shown = word.encode("utf-8", "replace").decode("utf-8")
            raise UsageError(f"{shown!r} is not in UTF-8", where="command line", fix="set your terminal to UTF-8")


def run(arguments: Sequence[str] | None = None, *, start: Start | None = None) -> int:
    """Run one command and return its exit code; errors are told on stderr, a sentence a line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    start = start or Start()
    debug = "--debug" in words or bool(start.environment.get("DIGEST_DEBUG"))
    try:
        _refuse_undecodable(words)
        code = needed(words)(args=words, standalone_mode=False, obj=start, prog_name="digest")
    except DigestError as error:
        if debug:
            raise
        for line in str(error).splitlines():
            sys.stderr.write(f"digest: {line}\n")
        return error.exit_code
    except typer.TyperException as error:
        # Wrong words on the command line; what shows them is in the copy of click that Typer carries.
        shown = getattr(error, "show", None)
        if shown is not None:
            shown()
        else:
            sys.stderr.write(f"digest: {error.format_message()}\n")
        return int(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("digest: stopped; what was begun goes on with the next call\n")
        return EXIT_TEMPORARY
    except BrokenPipeError:
        # Whoever read our output left: nothing more to say, and no complaint of the interpreter at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except Exception as error:  # the last door: a user is never shown a traceback unasked
        if debug:
            raise
        sys.stderr.write(
            f"digest: something we did not expect: {type(error).__name__}: {error}; run again with --debug\n"
        )
        return EXIT_FAILED
    return int(code or 0)


# Commands that run for days collect as Python does: what one of a second may leave lying would grow in them (`serve`
# had 106 MB where it has 101 after 2,000 requests, `desk` 117 where it has 115 after 600).
STAYING = frozenset({"serve", "desk", "worker"})


def main() -> NoReturn:
    """Run the command line and exit."""
    if not set(sys.argv[1:2]) & STAYING:
        collect_seldom()
    # Pydantic looks through every installed package for plug-ins to load; nothing that digest.toml does not name is.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.exit(run())


def collect_seldom() -> None:
    """Look for cycles of dead objects less often than Python does, and not at all when the process ends.

    Modules and editions are many objects that live on: by Python's default of 700 the collector goes through them some
    hundred times, and once more at the end, which was a quarter of what a command takes (docs/performance.md). Memory
    stays what it was.
    """
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)
