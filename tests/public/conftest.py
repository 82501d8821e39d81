"""A publication with its readers' pages, asked over ASGI."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from digest.model.mail import Subscriber
from digest.public.app import application
from digest.wiring import Wiring
from tests.builders import person
from tests.conftest import StandingClock
from tests.publication import wired

CONFIG = """
[publication]
name = "The Morning Halyard"
tagline = "World news, hoisted before seven"
time_zone = "Europe/Lisbon"
from = "The Morning Halyard <news@halyard.example>"
postal_address = "4 Ropewalk Steps, Port Iselin"
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
days = ["sat"]
[delivery]
via = "eml:outbox"
"""


class Client:
    """Asks an application, one request after the other; redirects are not followed."""

    def __init__(self, app: ASGIApp, address: str = "198.51.100.7") -> None:
        self.app, self.address = app, address

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, client=(self.address, 5000))
            async with httpx.AsyncClient(transport=transport, base_url="https://halyard.example") as client:
                return await client.request(method, path, **how)

        return asyncio.run(ask())

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        return self.request("POST", path, **how)


@dataclass
class House:
    """A publication whose pages can be asked."""

    wiring: Wiring
    client: Client
    folder: Path

    def token(self, purpose: str = "u", name: str = "ada", digest: str = "daily") -> str:
        return self.wiring.tokens.sign(purpose, f"id-{name}", digest)

    def gets(self, name: str = "ada", digest: str = "daily") -> bool:
        stands = self.wiring.readers.standing(f"id-{name}")
        return stands is not None and stands.gets(digest)

    def reader(self, name: str = "ada") -> Subscriber:
        found = self.wiring.subscribers.subscriber(email_key=f"{name}@example.org")
        assert found is not None
        return found

    def mails(self) -> list[str]:
        """The texts of the notices handed over so far."""
        self.wiring.deliver_notices()
        import email
        import email.policy

        folder = self.folder / "outbox" / "notices"
        found = []
        for path in sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            part = message.get_body(("plain",))
            assert part is not None
            found.append(
                f"To: {message['To']}\nSubject: {message['Subject']}\n\n{part.get_content()}".replace("\r\n", "\n")
            )
        return found

    def link(self, mail: str, purpose: str) -> str:
        found = re.search(rf"^https://halyard\.example(/{purpose}/\S+)$", mail, re.M)
        assert found is not None, mail
        return found.group(1)


Opened = Callable[..., House]


@pytest.fixture
def opened(tmp_path: Path, clock: StandingClock) -> Iterator[Opened]:
    """Open a publication with readers ada, bea and cid; further configuration may be given."""
    wirings: list[Wiring] = []

    def make(more: str = "", *, readers: int = 3, store_url: str = "") -> House:
        wiring = wired(tmp_path, CONFIG + more, clock, store_url=store_url)
        people = [person(name, digests=("daily", "weekly")) for name in ("ada", "bea", "cid")[:readers]]
        wiring.subscribers.merge(people, now=clock.now())
        client = Client(application(wiring, deliver=False))
        wirings.append(wiring)
        return House(wiring, client, tmp_path)

    yield make
    for wiring in wirings:
        wiring.close()


@pytest.fixture
def house(opened: Opened) -> House:
    return opened()
