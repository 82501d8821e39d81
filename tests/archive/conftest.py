"""A publication whose archive holds what a test puts into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from digest.mail.parts import encode
from digest.model.editions import Edition
from digest.model.mail import EditionKey
from digest.wiring import Wiring
from digest.wiring.archive import ArchiveKeeper
from tests.builders import rendered
from tests.conftest import StandingClock
from tests.publication import wired

CONFIG = """
[publication]
name = "The Morning Halyard"
tagline = "World news, hoisted before seven"
time_zone = "Europe/Lisbon"
from = "The Morning Halyard <news@halyard.example>"
public_url = "https://halyard.example"
[[sections]]
slug = "foreign"
title = "Foreign Affairs"
[[sections]]
slug = "trade"
title = "Trade"
[digest.daily]
[digest.weekly]
title = "The Halyard Weekly"
days = ["mon"]
[delivery]
via = "eml:outbox"
"""


@dataclass
class Shelved:
    """An archive and what is behind it."""

    wiring: Wiring
    keeper: ArchiveKeeper
    folder: Path  # of the site

    def put(self, edition: Edition, number: int = 1, *, listed: bool = True) -> EditionKey:
        """Put an approved edition into the store, online and listed."""
        editions, now = self.wiring.editions, self.wiring.clock.now()
        key = EditionKey(edition.digest, edition.day)
        editions.save_base(edition, now=now)
        mail = encode(rendered(), edition, number=number, language="en")
        editions.approve(key, [replace(mail, number=number)], [], edits=0, by="test", now=now)
        editions.mark(key, "published", now=now)
        if listed:
            editions.mark(key, "listed", now=now)
        return key

    def page(self, digest: str, day: date) -> str:
        """Return an edition's page."""
        return (self.folder / f"{digest}/{day:%Y/%m/%d}/index.html").read_text(encoding="utf-8")


Made = Callable[..., Shelved]


@pytest.fixture
def made(tmp_path: Path, clock: StandingClock) -> Iterator[Made]:
    """Make a publication; further configuration may be given."""
    wirings: list[Wiring] = []

    def make(more: str = "") -> Shelved:
        wiring = wired(tmp_path, CONFIG + more, clock)
        wirings.append(wiring)
        return Shelved(wiring, ArchiveKeeper(wiring), wiring.settings.archive_dir)

    yield make
    for wiring in wirings:
        wiring.close()


@pytest.fixture
def archive(made: Made) -> Shelved:
    return made()
