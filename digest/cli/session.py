"""What every command shares: the common options, the settings behind them, and how a command speaks and ends.

Nothing heavy is imported at the top: `digest --help` starts without the database, the templates or the network.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import re
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.errors import EXIT_DONE, UsageError

if TYPE_CHECKING:
    from digest.config import DigestSettings, Settings
    from digest.ports import Clock, Resolver
    from digest.wiring import Wiring
    from digest.wiring.feeds import Feeds
    from digest.wiring.publisher import Publisher
    from digest.wiring.roster import Roster

JsonOption = Annotated[bool, typer.Option("--json", envvar="DIGEST_JSON", help="Print a JSON document.")]

EXIT_MEANINGS = {
    0: "done, or nothing to do",
    1: "failed",
    2: "wrong usage or configuration",
    3: "another run holds the lock",
    4: "waiting for approval",
    5: "done, but something needs a person",
    75: "temporary failure; the next run goes on",
}


@dataclass
class Start:
    """What a process (or a test) hands to the commands: its clock and its environment."""

    clock: Clock | None = None  # None = the machine's
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    ask: Callable[[str], bool] | None = None  # asks a person; None = nobody is there to answer
    resolver: Resolver | None = None  # asks the DNS; None = as this machine is set up


@dataclass
class Session:
    """One call of one command: its options, and lazily what they lead to."""

    start: Start
    config: Path
    digest_name: str
    quiet: bool
    verbose: bool
    debug: bool

    @functools.cached_property
    def settings(self) -> Settings:
        """The configuration; raises ConfigError with every problem."""
        from digest.config import load

        return load(self.config, self.start.environment)

    @functools.cached_property
    def wiring(self) -> Wiring:
        """The real things behind the ports."""
        from digest.wiring import Wiring

        return Wiring(self.settings, clock=self.start.clock)

    @functools.cached_property
    def publisher(self) -> Publisher:
        """The digest asked for, its steps bound to the real things."""
        from digest.wiring.publisher import Publisher

        return Publisher(self.wiring, self.digest())

    @functools.cached_property
    def roster(self) -> Roster:
        """The list of subscribers."""
        from digest.wiring.roster import Roster

        return Roster(self.wiring)

    @functools.cached_property
    def feeds(self) -> Feeds:
        """The publication's feeds."""
        from digest.wiring.feeds import Feeds

        return Feeds(self.wiring, self.config, self.start.environment)

    @property
    def has_config(self) -> bool:
        """Whether there is a configuration file to read."""
        return self.config.is_file()

    @property
    def clock(self) -> Clock:
        """The clock of this call, without loading anything else."""
        if self.start.clock is not None:
            return self.start.clock
        from digest.wiring import SystemClock

        return SystemClock()

    def digest(self) -> DigestSettings:
        """Return the digest asked for with --digest, the first without it; raises UsageError."""
        chosen = self.settings.digest(self.digest_name)
        if chosen is None:
            names = ", ".join(each.name for each in self.settings.digests)
            raise UsageError(f"there is no digest {self.digest_name!r}", where="--digest", fix=f"choose one of {names}")
        return chosen

    def say(self, text: str = "") -> None:
        """Print a line for people, on stdout, unless --quiet."""
        if not self.quiet:
            sys.stdout.write(text + "\n")

    def announce(self, link: str) -> None:
        """Print a link on a line of its own at once, also with --quiet: whoever started us waits for it."""
        sys.stdout.write(f"{link}\n")
        sys.stdout.flush()

    def warn(self, text: str) -> None:
        """Print a line about trouble, on stderr, always."""
        sys.stderr.write(text + "\n")

    def detail(self, text: str) -> None:
        """Print a line on stderr with --verbose."""
        if self.verbose:
            sys.stderr.write(text + "\n")

    def who(self, by: str = "", *, otherwise: str = "the command line") -> str:
        """Return who is at work, for the record: the name given, else the user's of this machine."""
        return by or self.start.environment.get("USER", "") or otherwise

    def ask(self, question: str) -> bool | None:
        """Ask a person yes or no; None where nobody is there to answer."""
        if self.start.ask is not None:
            return self.start.ask(question)
        if self.quiet or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return None
        return typer.confirm(question, default=True)

    def emit(self, document: object) -> None:
        """Print one JSON document on stdout, and nothing else there."""
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")

    def close(self) -> None:
        """Let go of whatever was opened."""
        if "wiring" in self.__dict__:
            self.wiring.close()


def parse_day(text: str, option: str) -> date:
    """Return the day of an option such as --edition 2026-11-23; raises UsageError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no day", where=option, fix="write it as 2026-11-23") from None


def parse_time(text: str, option: str) -> datetime:
    """Return the instant of an option such as --at 2026-11-23T06:40:00Z; raises UsageError."""
    from digest.dates import parse_iso

    try:
        return parse_iso(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no instant with a zone", where=option, fix="write it as 2026-11-23T06:40:00Z"
        ) from None


def to_second(instant: str | None) -> str | None:
    """Return an instant of a JSON document as a person reads it: without a fraction of a second."""
    return instant and re.sub(r"\.\d+", "", instant)


def exit_codes(codes: Sequence[int]) -> str:
    """Return the exit codes of a command as lines for its help."""
    return "\n".join(f"  {code:>2}  {EXIT_MEANINGS[code]}" for code in codes)


_COMMON = {
    "config": (
        Annotated[
            Path,
            typer.Option(
                "--config", "-c", metavar="FILE", envvar="DIGEST_CONFIG", help="The publication's digest.toml."
            ),
        ],
        Path("digest.toml"),
    ),
    "digest_name": (
        Annotated[
            str,
            typer.Option(
                "--digest", metavar="NAME", envvar="DIGEST_DIGEST", help="Which digest; the first without it."
            ),
        ],
        "",
    ),
    "quiet": (
        Annotated[bool, typer.Option("--quiet", "-q", envvar="DIGEST_QUIET", help="Say nothing when all is well.")],
        False,
    ),
    "verbose": (
        Annotated[bool, typer.Option("--verbose", "-v", envvar="DIGEST_VERBOSE", help="Tell each step on stderr.")],
        False,
    ),
    "debug": (
        Annotated[bool, typer.Option("--debug", envvar="DIGEST_DEBUG", help="Show tracebacks.")],
        False,
    ),
}


def common_names() -> frozenset[str]:
    """Return the names of the parameters that every command has."""
    return frozenset(_COMMON)


def command(
    group: typer.Typer, name: str, *, example: str, exits: Sequence[int]
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Register a command that takes a Session first; the common options, an example and exit codes are added.

    With no name it is what the group itself does when none of its commands is called.
    """

    def register(function: Callable[..., int]) -> Callable[..., int]:
        call = _Call(function)
        epilog = f"\b\nExample:\n  {example}\n\n\b\nExit codes:\n{exit_codes(exits)}"
        if name:
            group.command(name, epilog=epilog)(call)
        else:
            group.callback(invoke_without_command=True, epilog=epilog)(call)
        return function

    return register


class _Call:
    """A command as Typer sees it; its parameters are worked out when they are asked for, as most never are."""

    def __init__(self, function: Callable[..., int]) -> None:
        self.function = function
        self.__name__, self.__doc__ = function.__name__, function.__doc__

    @functools.cached_property
    def __signature__(self) -> inspect.Signature:
        """The command's own parameters, then the common ones (PEP 362)."""
        hints = typing.get_type_hints(self.function, localns={"Session": Session}, include_extras=True)
        own = [
            parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in list(inspect.signature(self.function).parameters.values())[1:]
        ]
        common = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for key, (annotation, default) in _COMMON.items()
        ]
        context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        return inspect.Signature([*own, *common, context])

    @property
    def __annotations__(self) -> dict[str, Any]:  # type: ignore[override]  # an instance's, as a function has them
        return {each.name: each.annotation for each in self.__signature__.parameters.values()}

    def __call__(self, **values: Any) -> int:
        context: typer.Context = values.pop("context")
        if context.invoked_subcommand is not None:
            return EXIT_DONE
        start = context.obj or Start()
        session = Session(start=start, **{key: values.pop(key) for key in _COMMON})
        try:
            return self.function(session, **values)
        finally:
            session.close()
