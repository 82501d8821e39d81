"""The reference says what the code says: every command, option, key, exit code, check code, metric and JSON key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

import digest
from digest.check.codes import CODES
from digest.errors import (
    EXIT_APPROVAL,
    EXIT_ATTENTION,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_LOCKED,
    EXIT_TEMPORARY,
    EXIT_USAGE,
)
from docs.generate import REFERENCE, stale
from docs.generate.keys import own_keys, tables
from docs.generate.tree import commands

EXITS = (EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_LOCKED, EXIT_APPROVAL, EXIT_ATTENTION, EXIT_TEMPORARY)


def test_what_is_made_from_the_code_is_what_the_code_says_now() -> None:
    names = ", ".join(path.name for path in stale())
    assert not names, f"{names}: run `make docs` (or `python -m docs.generate`) and commit what it wrote"


def test_every_command_has_a_help_an_example_that_calls_it_and_exit_codes() -> None:
    lacking = [
        each.name
        for each in commands()
        if not (each.help and each.exits and each.exits[0] == EXIT_DONE and each.name in each.example)
    ]
    assert not lacking


def test_every_option_says_what_it_does() -> None:
    assert not [f"{each.name} {option.name}" for each in commands() for option in each.options if not option.help]


def test_every_exit_code_is_explained_and_used() -> None:
    page = (REFERENCE / "exit-codes.md").read_text(encoding="utf-8")
    for code in EXITS:
        assert re.search(rf"^\| {code} \| .+ \| .+ \|$", page, re.M), f"{code} is not explained"


def sections_of(page: Path) -> dict[str, str]:
    """Return the text below each heading, whatever its level."""
    parts = re.split(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    found = {"": parts[0]}
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        found[heading] = text
    return found


@pytest.mark.parametrize(("table", "model"), list(tables()), ids=lambda each: each if isinstance(each, str) else "")
def test_every_key_is_explained_in_the_section_of_its_table(table: str, model: type[BaseModel]) -> None:
    bare = table.strip("[]")
    above = bare.rpartition(".")[0]
    sections = sections_of(REFERENCE / "configuration.md")
    named = [text for heading, text in sections.items() if f"[{bare}]" in heading]
    outer = [text for heading, text in sections.items() if above and f"[{above}]" in heading and f"[{bare}]" in text]
    text = "\n".join(named or outer or [sections["digest.toml"]])
    # `dark_…` stands for each colour in dark mode.
    keys = [key for key, _ in own_keys(model) if not (bare == "theme" and key.startswith("dark_"))]
    lacking = [key for key in keys if f"`{key}`" not in text]
    assert not lacking, f"docs/reference/configuration.md, {table or 'top level'}: explain {', '.join(lacking)}"


def test_every_code_that_a_check_gives_is_in_the_reference() -> None:
    package = Path(digest.__file__).parent
    given = {
        code
        for file in package.rglob("*.py")
        for code in re.findall(r'\bcode="([a-z][a-z-]+)"|\bfound\(\s*"([a-z-]+)"', file.read_text(encoding="utf-8"))
        for code in code
        if code
    }
    assert len(given) > 20
    assert not given - set(CODES)


def test_commands_speak_in_the_words_of_the_glossary() -> None:
    avoided = (
        r"\b(campaigns?|articles?|blacklist|blocklist|excerpts?|dek|segments?|merge tags?|opt(?:ed)? out|issues?)\b"
    )
    said = {each.name: " ".join((each.help, *(option.help for option in each.options))) for each in commands()}
    wrong = {name: found.group() for name, text in said.items() if (found := re.search(avoided, text, re.I))}
    assert not wrong, "see docs/glossary.md"
