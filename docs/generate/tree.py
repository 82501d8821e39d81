"""The commands as Typer has them: names, help, options, examples and exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from typer.main import get_command

from digest.cli.app import app
from digest.cli.session import EXIT_MEANINGS, common_names

_EXIT = re.compile(r"^ +(\d+)  ", re.M)
_EXAMPLE = re.compile(r"Example:\n((?:  .*\n)+)")


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option or an argument."""

    name: str  # as typed: "--out DIR", "[DIR]"
    help: str
    default: str  # "" where there is none worth telling
    environment: str  # name of the variable, "" for none
    common: bool  # whether every command has it

    @property
    def is_argument(self) -> bool:
        """Whether it is told by its place."""
        return not self.name.startswith("-")


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command that does something, no group."""

    name: str  # "digest feeds add"
    help: str
    options: tuple[Option, ...]
    example: str
    exits: tuple[int, ...]

    @property
    def json_options(self) -> tuple[str, ...]:
        """Which options make it speak to machines."""
        return tuple(each.name for each in self.options if each.name in ("--json", "--jsonl"))


def groups() -> dict[str, str]:
    """Return the help of each group of commands by its name: "digest feeds", "digest desk users"."""
    return {name: _text(each.help) for name, each in _all("digest", _root()) if hasattr(each, "commands")}


def commands() -> Iterator[Command]:
    """Yield every command, those that stand alone first; a group that does something itself is one too."""
    found = [
        _command(name, each)
        for name, each in _all("digest", _root())
        if not each.hidden and (each.invoke_without_command if hasattr(each, "commands") else True)
    ]
    yield from sorted(found, key=lambda each: len(each.name.split()) > 2)


def _all(name: str, group: Any) -> Iterator[tuple[str, Any]]:
    for word, each in group.commands.items():
        yield f"{name} {word}", each
        if hasattr(each, "commands"):
            yield from _all(f"{name} {word}", each)


def _root() -> Any:
    return get_command(app)


def _command(name: str, found: Any) -> Command:
    epilog = found.epilog or ""
    example = _EXAMPLE.search(epilog)
    return Command(
        name=name,
        help=_text(found.help),
        options=tuple(_option(each) for each in found.params if not each.hidden),
        example="\n".join(line.strip() for line in example.group(1).splitlines()) if example else "",
        exits=tuple(code for code in map(int, _EXIT.findall(epilog)) if code in EXIT_MEANINGS),
    )


def _option(found: Any) -> Option:
    if not found.opts[0].startswith("-"):
        name = found.metavar or found.name.upper()
    else:
        name = ", ".join(sorted(found.opts, key=len))
        if found.secondary_opts:
            name += " / " + ", ".join(found.secondary_opts)
        if not found.is_flag:
            name += " " + (found.metavar or found.name.upper())
    return Option(
        name=name,
        help=_text(found.help) + _bounds(found),
        default=_default(found),
        environment=found.envvar or "",
        common=found.name in common_names(),
    )


def _bounds(found: Any) -> str:
    if found.min is None and found.max is None:
        return ""
    if found.max is None:
        return f" At least {found.min}."
    return f" {found.min or 0} to {found.max}."


def _default(found: Any) -> str:
    value = found.default
    if found.required or not found.show_default or value in (None, "", False, [], ()) or callable(value):
        return ""
    return "on" if value is True else str(getattr(value, "value", value))


def _text(text: str | None) -> str:
    return " ".join((text or "").split())
