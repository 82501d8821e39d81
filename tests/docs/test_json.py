"""docs/reference/json.md explains every key that a command prints for machines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docs.generate import REFERENCE
from docs.generate.tree import commands
from tests.cli.conftest import Digest
from tests.cli.conftest import digest as digest  # the fixtures
from tests.cli.conftest import made_demo as made_demo
from tests.cli.conftest import publication as publication
from tests.conftest import StandingClock

PAGE = REFERENCE / "json.md"
FEED = """<rss version="2.0"><channel><title>Harbour Notes</title><item><title>Ferry sails</title>
<link>https://harbour.example/ferry</link><guid>ferry</guid></item></channel></rss>"""
BOUNCE = b"From: a@example.org\nTo: b@example.org\nSubject: Out\n\nI am away.\n"


def paths(document: Any, at: str = "") -> Iterator[str]:
    """Yield the path of each key: `clusters[].lead`."""
    if isinstance(document, list):
        for each in document:
            yield from paths(each, f"{at}[]")
    elif isinstance(document, dict):
        for key, value in document.items():
            path = f"{at}.{key}" if at else key
            yield path
            yield from paths(value, path)


def documented() -> dict[str, list[str]]:
    """Return the paths explained for each command, a `*` standing for any key."""
    parts = re.split(r"^## `(.+)`$", PAGE.read_text(encoding="utf-8"), flags=re.M)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    found = {name: re.findall(r"^\| `([^`]+)` \|", text, re.M) for name, text in sections.items()}
    for name, text in sections.items():
        for other in re.findall(r"^Keys as in `(.+)`\.$", text, re.M):
            found[name] = found[name] + found[other]
    return found


def covered(path: str, known: list[str]) -> bool:
    return any(re.fullmatch(re.escape(each).replace(r"\*", ".+"), path) for each in known)


@pytest.fixture
def said(digest: Digest, publication: Path, tmp_path: Path, clock: StandingClock) -> dict[str, list[Any]]:
    """Return what each command printed as JSON over a morning of the sample publication."""
    made: dict[str, list[Any]] = {}
    (tmp_path / "saved.xml").write_text(FEED, encoding="utf-8")
    (tmp_path / "none.xml").write_text("nothing", encoding="utf-8")
    box = tmp_path / "box"
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True)
    (box / "new" / "1").write_bytes(BOUNCE)
    config = publication
    story = json.loads((publication.parent / "preview" / "edition.json").read_text(encoding="utf-8"))
    made["digest preview"] = [story]
    headline = story["sections"][0]["items"][0]["headline"]
    key = tmp_path / "dkim.pem"

    def ask(*words: object, codes: tuple[int, ...] = (0,)) -> None:
        outcome = digest(*words, "-c", config)
        assert outcome.code in codes, (words, outcome)
        lines = outcome.out.splitlines() if "--jsonl" in words else [outcome.out]
        given = [str(each) for each in words]
        name = next(each.name for each in sorted(commands(), key=lambda each: -len(each.name.split()))
                    if each.name.split()[1:] == given[: len(each.name.split()) - 1])  # fmt: skip
        made.setdefault(name, []).extend(json.loads(line) for line in lines)

    ask("feeds", "read", tmp_path / "saved.xml", tmp_path / "none.xml", "--jsonl", codes=(5,))
    ask("feeds", "list", "--json")
    ask("feeds", "check", "--json")
    ask("pick", "--json")
    ask("pick", "--json", "--set", "weight.sources=2")
    ask("build", "--json")
    ask("explain", headline, "--json")
    assert digest("edit", "pin", headline, "-c", config).code == 0
    ask("edit", "list", "--json")
    ask("check", "--json", codes=(0, 1))
    ask("calendar", "--json")
    ask("desk", "log", "--json")
    ask("desk", "users", "list", "--json")
    assert digest("approve", "-c", config).code == 0
    refused = digest("send", "--dry-run", "--json", "-c", config)
    assert (refused.code, refused.out) == (2, "")
    assert "--json" in refused.err
    ask("send", "--json", codes=(0, 5))
    ask("search", headline, "--json")
    ask("search", "--like", headline, "--json")
    ask("archive", "build", "--json")
    ask("status", "--json")
    ask("log", "--json")
    ask("log", "--edition", clock.now().date(), "--json")
    ask("dkim", "keygen", "--selector", "nov", "--out", key, "--json")
    text = config.read_text(encoding="utf-8")
    text = text.replace("[delivery]\n", '[delivery]\nreturn_path = "bounces@halyard.example"\n')
    signing = f'[delivery.dkim]\nselector = "nov"\nkey_file = "{key}"\n'
    config.write_text(f"{text}\n{signing}[delivery.bounces]\n", encoding="utf-8")
    ask("dkim", "show", "--json")
    ask("bounces", "read", box, "--json", codes=(0, 5))
    ask("doctor", "--offline", "--json", codes=(0, 5))
    ask("db", "backup", tmp_path / "backup.db", "--json")
    ask("subscribers", "list", "--json")
    person = made["digest subscribers list"][0][0]["email"]
    ask("subscribers", "show", person, "--json")
    ask("subscribers", "erase", person, "--yes", "--json")
    return made


def test_every_command_that_speaks_to_machines_is_explained() -> None:
    speaking = {each.name for each in commands() if each.json_options} | {"digest preview"}
    lacking = speaking - set(documented())
    assert not lacking, f"docs/reference/json.md: explain {', '.join(sorted(lacking))}"


def test_every_key_that_is_printed_for_machines_is_explained(said: dict[str, list[Any]]) -> None:
    known = documented()
    assert {each.name for each in commands() if each.json_options} <= set(said), "run it in `said`, too"
    lacking = {
        name: sorted({path for each in printed for path in paths(each) if not covered(path, known.get(name, []))})
        for name, printed in said.items()
    }
    assert not {name: keys for name, keys in lacking.items() if keys}
