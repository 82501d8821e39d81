"""A reader's way through real parts: Chromium, the served pages, an SMTP server, the editions, and the list."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser import browser, page
from tests.cli.conftest import Digest, change
from tests.conftest import StandingClock
from tests.smtpd import Inbox, aiosmtpd_server, free_port

DORA = "dora@read.example"


@contextmanager
def served(publication: Path, inbox: Inbox) -> Iterator[str]:
    """`digest serve` in a process of its own; yield its address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    change(publication, r'^public_url = ".*"$', f'public_url = "{base}"')
    words = ["serve", "-c", str(publication), "--port", str(port), "--via", f"smtp://127.0.0.1:{inbox.port}"]
    process = subprocess.Popen([sys.executable, "-m", "digest", *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().strip() == f"{base}/"
        yield base
    finally:
        process.terminate()
        assert process.wait(120) == 0
        process.stdout.close()


def awaited(inbox: Inbox, wanted: Callable[[EmailMessage], bool]) -> EmailMessage:
    """Return the newest message of Dora's that is wanted, waiting for it."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for recipient, body in reversed(inbox.taken):
            if recipient == DORA:
                message = Inbox(taken=[(recipient, body)]).message(DORA)
                if wanted(message):
                    return message
        time.sleep(0.05)
    pytest.fail(f"it never came; there were {inbox.recipients}")


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def without_faults(opened: Page) -> None:
    """Fail on anything axe finds, in the light and in the dark."""
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        opened.emulate_media(color_scheme=scheme)
        found = Axe().run(opened)
        assert found.violations_count == 0, found.generate_report()
        width = opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0, "nothing is wider than the phone"


def send_edition(digest: Digest, publication: Path, inbox: Inbox) -> None:
    for words in (("fetch",), ("build",), ("approve",), ("send", "--via", f"smtp://127.0.0.1:{inbox.port}")):
        outcome = digest(*words, "-c", publication)
        assert outcome.code == 0, (words, outcome.err)


def test_from_sign_up_to_leaving_for_good(digest: Digest, publication: Path, clock: StandingClock) -> None:
    """Without JavaScript, on a phone."""
    with (
        aiosmtpd_server() as inbox,
        served(publication, inbox) as base,
        browser() as started,
        page(started, width=375, scripts=False) as opened,
    ):
        opened.goto(f"{base}/signup")
        opened.get_by_label("E-mail address").fill(DORA)
        opened.get_by_role("button", name="Sign up").click()
        opened.get_by_role("heading", name="Look into your mailbox").wait_for()
        asked = awaited(inbox, lambda message: "Confirm" in message["Subject"])
        link = re.search(rf"^{base}/c/\S+", text_of(asked), re.M)
        assert link is not None
        assert not is_listed(digest, publication)

        opened.goto(link.group())
        opened.get_by_role("button", name="Yes, send it to me").click()
        opened.get_by_role("heading", name="You are on the list").wait_for()
        assert is_listed(digest, publication)
        opened.locator('a[href*="/p/"]').first.click()
        for box in opened.locator('input[name="sections"]').all():
            box.set_checked(box.get_attribute("value") == "trade")
        opened.get_by_role("button", name="Save").click()
        opened.get_by_text("Saved. The next edition is as you chose.").wait_for()

        send_edition(digest, publication, inbox)
        edition = awaited(inbox, lambda message: "List-Unsubscribe" in message)
        text = text_of(edition)
        assert re.search(r"^TRADE|^Trade$", text, re.M)
        assert "Foreign Affairs" not in text

        leave = re.search(rf"<({base}/u/[^>]+)>", edition["List-Unsubscribe"].replace("\n", "").replace(" ", ""))
        assert leave is not None
        opened.goto(leave.group(1))
        assert is_listed(digest, publication), "to look at the page changes nothing"
        opened.get_by_role("button", name="Unsubscribe", exact=True).click()
        opened.get_by_role("heading", name="You are unsubscribed.").wait_for()

        file = publication.parent / "again.csv"
        file.write_text(f"email\n{DORA.upper()}\n", encoding="utf-8")
        again = digest("subscribers", "import", file, "-c", publication)
        assert "1 left earlier and stay away" in again.out
        clock.advance(days=1)
        before = inbox.recipients.count(DORA)
        send_edition(digest, publication, inbox)
        assert inbox.recipients.count(DORA) == before
        assert len(inbox.recipients) > before


def is_listed(digest: Digest, publication: Path) -> bool:
    people = digest("subscribers", "list", "--status", "active", "--json", "-c", publication).json
    return any(each["email"] == DORA for each in people)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_page_of_a_reader_is_accessible_on_a_phone(digest: Digest, publication: Path, language: str) -> None:
    words = ("subscribers", "add", DORA, "--language", language, "-c", publication)
    assert digest(*words).code == 0
    with (
        aiosmtpd_server() as inbox,
        served(publication, inbox) as base,
        browser() as started,
        page(started, width=375) as opened,
    ):
        opened.goto(f"{base}/signup/link?lang={language}")
        without_faults(opened)
        opened.locator('input[type="email"]').fill(DORA)
        opened.locator("main button.btn").first.click()
        opened.wait_for_load_state()
        without_faults(opened)
        found = re.findall(rf"^{base}/\S+", text_of(awaited(inbox, lambda message: True)), re.M)
        ours = [link for link in found if re.search("/[pu]/", link)]
        assert len(ours) >= 2
        for address in (f"{base}/signup?lang={language}", f"{base}/nowhere", *ours):
            opened.goto(address)
            without_faults(opened)
        assert opened.locator("html").get_attribute("lang") == language
        assert opened.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
