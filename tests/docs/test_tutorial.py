"""Every command of the tutorial is run, in its order, as it stands there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Digest
from tests.cli.conftest import digest as digest  # the fixture
from tests.webd import Web, rss, web_server

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
INSTALLING = {"python3 -m venv .venv", ". .venv/bin/activate", "pip install newsletter-digest"}
PLACEHOLDER, SITE = "words of a headline", "https://example.org"


@pytest.fixture
def site() -> Iterator[Web]:
    with web_server() as web:
        moment = "Mon, 23 Nov 2026 05:10:00 GMT"
        feed = rss("Quay Notes", *((f"Boat {n} sails", f"{web.base}/boat-{n}", moment) for n in range(1, 5)))
        web.put("/feed.xml", feed, Content_Type="application/rss+xml")
        link = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
        web.put("/", f"<html><head>{link}</head><body>Quay Notes</body></html>", Content_Type="text/html")
        yield web


def lines() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", TUTORIAL.read_text(encoding="utf-8"), flags=re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_the_tutorial_works_as_it_stands(
    digest: Digest, site: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in lines():
        if line in INSTALLING:
            continue
        program, *words = shlex.split(line)
        if program == "cd":
            monkeypatch.chdir(Path.cwd() / words[0])
            continue
        assert program == "digest", f"the test does not know how to run {line!r}"
        outcome = digest(*(_meant(word, site) for word in words))
        assert outcome.code == 0, (line, outcome.err)
        if words[0] == "init" and len(words) > 1 and words[1] == "morning":
            # The site of this test stands on loopback, which nobody may read without saying so.
            with Path("morning/digest.toml").open("a", encoding="utf-8") as config:
                config.write('\n[fetch]\nallowed_hosts = ["127.0.0.1"]\n')
    sample = {path.name for path in (tmp_path / "paper" / "outbox").iterdir()}
    assert len(sample) == 10  # and the second `send` wrote no more
    (mine,) = (tmp_path / "morning" / "outbox").glob("*.eml")
    text = mine.read_text(encoding="utf-8")
    assert "you@example.org" in text
    assert "Boat 1 sails" in text


def _meant(word: str, site: Web) -> str:
    if word == SITE:
        return f"{site.base}/"
    if word == PLACEHOLDER:
        edition = json.loads(Path("preview/edition.json").read_text(encoding="utf-8"))
        return str(edition["sections"][0]["items"][0]["headline"])
    return word
