"""Every `digest …` that README and the pages print is understood by the command line: commands, options, their order."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from typer import TyperException
from typer.main import get_command

from digest.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "howto").glob("*.md"),
         *(ROOT / "docs" / "explain").glob("*.md")]  # fmt: skip
FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.M | re.S)
SHELLS = ("", "sh", "text")
INLINE = re.compile(r"`(digest [a-z][^`]*)`")
CALL = re.compile(r'(?:^|[/|"]|&& |\* +)digest ([a-z][^\n]*)', re.M)
END_OF_CALL = {"|", ">", "<", "&&", ";", "…", "…;"}


def words_of(call: str) -> list[str]:
    """Return the words of a call up to a pipe, a comment or an ellipsis."""
    closed = call if call.count('"') % 2 == 0 else call.rstrip('"')  # /etc/aliases: "|digest …"
    words = shlex.split(" ".join(closed.split()), comments=True)
    return list(takewhile(lambda word: word not in END_OF_CALL, words))


def understand(call: str, *, whole: bool) -> None:
    """Let the command line read a call without doing it; raise TyperException where it does not understand.

    What is named within a sentence need not be ``whole``: its command and options must be known, arguments may lack.
    """
    command: Any = get_command(app)
    rest = words_of(call)
    while hasattr(command, "commands") and rest and rest[0] in command.commands:
        command = command.commands[rest.pop(0)]
    if whole:
        if hasattr(command, "commands") and (rest or not command.invoke_without_command):
            raise TyperException("no such command")
        command.make_context("digest", rest)
        return
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
    unknown = [word for word in rest if word.startswith("--") and word not in known]
    if unknown or (hasattr(command, "commands") and rest):
        raise TyperException(f"no such option or command: {' '.join(unknown or rest)}")


def calls(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each call of a page, and whether it stands on its own to be typed."""
    yield from ((call, True) for kind, block in FENCED.findall(text) for call in CALL.findall(block) if kind in SHELLS)
    yield from ((span.removeprefix("digest "), False) for span in INLINE.findall(FENCED.sub("", text)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_call_on_a_page_is_understood(page: Path) -> None:
    wrong = []
    for call, whole in calls(page.read_text(encoding="utf-8")):
        try:
            understand(call, whole=whole)
        except TyperException as error:
            wrong.append(f"digest {call}: {error.format_message()}")
    assert not wrong


# What a variable left in a shell must not answer for a person: what says yes to a danger, and the content of one call.
BY_HAND = {
    "--accept-lost-unsubscribes", "--clock-is-right", "--keep", "--no-backup", "--off", "--overwrite", "--remove",
    "--resubscribe", "--stop", "--withdraw", "--yes",
    "--after", "--byline", "--digests", "--format", "--headline", "--kicker", "--label", "--language", "--like", "--line",
    "--name", "--person", "--place", "--placement", "--reason", "--role", "--sections", "--seen", "--set", "--source",
    "--story", "--teaser", "--test", "--text", "--time-zone", "--url", "--weight",
}  # fmt: skip
BY_HAND_OF = {
    ("feeds add", "--section"), ("edit pin", "--section"), ("edit add", "--section"),
    ("send", "--limit"), ("send", "--out"), ("dkim keygen", "--out"),
}  # fmt: skip


def options(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str, object]]:
    """Yield each command's options: its words, the option, its variable."""
    for name, each in getattr(command, "commands", {}).items():
        yield from options(each, (*path, name))
    if not hasattr(command, "commands"):
        yield from ((" ".join(path), each.opts[0], each.envvar) for each in command.params if each.opts[0][0] == "-")


def test_how_a_command_works_can_be_set_in_the_environment() -> None:
    found = list(options(get_command(app)))
    without = {(words, option) for words, option, variable in found if variable is None and option != "--help"}
    assert {each for each in without if each[1] not in BY_HAND} == BY_HAND_OF
    named = {option: str(variable) for _, option, variable in found if variable is not None}
    assert {option for option, variable in named.items() if not variable.startswith("DIGEST_")} == set()
    assert {option for _, option in without} >= BY_HAND - set(named)
