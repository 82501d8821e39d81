"""Takes the pictures of the desk's states: `python -m tests.desk.take_states [FOLDER]`.

The morning of 23 November 2026 as two editors live it: approving, a stale approval, a conflict, a send under way and
stopped, a connection lost, the calendar, the log-in page; light and dark, wide and on a phone.
"""

from __future__ import annotations

import io
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from PIL import Image
from playwright.sync_api import Page

from digest.cli.app import run
from digest.cli.session import Start
from digest.config import load
from digest.desk.app import application
from digest.desk.gate import Gate
from digest.model.editions import EditionState
from digest.model.mail import EditionKey
from digest.wiring import Wiring
from digest.wiring.publisher import Publisher
from tests.browser import browser, page
from tests.cli.conftest import change
from tests.conftest import StandingClock
from tests.product_pictures import saved
from tests.smtpd import Script, scripted_server

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures" / "desk"
PASSWORD = "four ropes and a lantern"
EDITED, LOOKED = datetime(2026, 11, 23, 6, 30, tzinfo=UTC), datetime(2026, 11, 23, 6, 42, tzinfo=UTC)


@contextmanager
def served(publisher: Publisher) -> Iterator[tuple[str, Gate]]:
    """Serve a desk in a thread; yield its address and the application."""
    app = application(publisher)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", app
    finally:
        app.live.close()
        server.should_exit = True
        thread.join(10)


def still(opened: Page) -> Image.Image:
    """Return what is seen once nothing moves any more."""
    opened.mouse.move(0, 0)
    opened.wait_for_timeout(2_000)
    return Image.open(io.BytesIO(opened.screenshot())).convert("RGB")


def history(publisher: Publisher) -> None:
    """Put days behind this one: sent, without news, never run."""
    editions, now = publisher.wiring.editions, LOOKED
    for back, reason in ((3, "empty: no feed had news"), (5, "too late: nobody approved it in time")):
        key = EditionKey("daily", (now - timedelta(days=back)).date())
        editions.set_state(key, EditionState.SKIPPED, among=(), reason=reason, now=now)


def main() -> int:
    """Make the demo of that morning and take the pictures; return an exit code."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    out.mkdir(parents=True, exist_ok=True)
    taken: list[str] = []
    go_on = threading.Event()

    def slow(recipient: str) -> str:
        taken.append(recipient)
        if len(taken) == 3:
            return "451 4.7.1 come back later"
        if len(taken) > 6:
            go_on.wait(60)
        return "250 2.0.0 taken"

    with tempfile.TemporaryDirectory() as scratch, scripted_server(Script(on_dot=slow)) as relay:
        folder = Path(scratch) / "demo"
        assert run(["demo", str(folder)], start=Start(clock=StandingClock(EDITED), environment={})) == 0
        config = folder / "digest.toml"
        change(config, r"^\[digest\.daily\]$", '[digest.daily]\ntime = "07:00"\nnot_after = "09:00"')
        change(config, r"^via = .*$", f'via = "smtp://127.0.0.1:{relay.port}"\nconnections = 1')
        wiring = Wiring(load(config, {}), clock=StandingClock(LOOKED))
        publisher = Publisher(wiring, wiring.settings.digests[0])
        history(publisher)
        with served(publisher) as (base, app), browser() as started:
            app.pages.door.put_user("Jonne", "editor", PASSWORD)
            _pictures(started, base, app, out)
            go_on.set()
        wiring.close()
    return 0


def _pictures(started: object, base: str, app: Gate, out: Path) -> None:
    with (
        page(started, width=1440) as ada,  # type: ignore[arg-type]  # what `browser` gives
        page(started, width=1024, height=768, dark=True) as jonne,  # type: ignore[arg-type]
        page(started, width=390, height=844) as phone,  # type: ignore[arg-type]
    ):
        for each in (ada, jonne, phone):
            each.set_default_timeout(60_000)
        jonne.goto(f"{base}/")
        saved(still(jonne), out / "log-in-1024-dark.png")
        for each in (jonne, phone):
            each.goto(f"{base}/")
            each.get_by_label("Name").fill("Jonne")
            each.get_by_label("Password").fill(PASSWORD)
            each.get_by_role("button", name="Log in").click()
        ada.goto(f"{base}/enter/{app.pages.door.link('Ada')}")
        ada.locator("#bar[data-state=draft]").wait_for()
        ada.keyboard.press("Control+Enter")
        ada.locator("#decide .kv").wait_for()
        saved(still(ada), out / "approve-1440-light.png")

        first = "#sec-foreign button.t"
        jonne.locator(first).first.click()
        theirs = jonne.locator(".open textarea[name=headline]")
        theirs.fill("Jonne’s words for it")
        theirs.press("Enter")
        ada.locator("#top:has-text('Draft 2')").wait_for()
        ada.locator("#decide .go").click()
        ada.locator("#decide .warn").wait_for()
        saved(still(ada), out / "stale-1440-light.png")
        ada.locator("#decide [data-shut]").last.click()

        theirs.focus()
        theirs.fill("Jonne’s other words for it")
        ada.locator(first).first.click()
        ada.locator(".open textarea[name=headline]").fill("What Ada makes of it")
        ada.locator(".open textarea[name=headline]").press("Enter")
        jonne.locator("#top:has-text('Draft 3')").wait_for()
        theirs.press("Enter")
        jonne.locator(".clash").wait_for()
        jonne.locator(".clash").scroll_into_view_if_needed()
        saved(still(jonne), out / "conflict-1024-dark.png")
        jonne.locator(".clash [data-do=theirs]").click()

        ada.keyboard.press("Escape")
        ada.keyboard.press("Escape")
        ada.locator("#bar [data-ask=approve]").click()
        ada.locator("#decide .go").click()
        ada.locator("#bar[data-state=approved]").wait_for()
        saved(still(phone), out / "approved-390-light.png")
        ada.locator("#bar [data-ask=send]").click()
        ada.locator("#decide .go").click()
        ada.locator("#bar[data-state=sending]").wait_for()
        ada.locator("#bar dd:text-is('5')").wait_for()
        saved(still(ada), out / "sending-1440-light.png")
        saved(still(phone), out / "sending-390-light.png")
        ada.goto(f"{base}/calendar")
        saved(still(ada), out / "calendar-1440-light.png")
        app.live.close()
        jonne.route("**/events", lambda route: route.abort())
        jonne.locator("#lost p:text('gone')").wait_for()
        saved(still(jonne), out / "lost-1024-dark.png")


if __name__ == "__main__":
    sys.exit(main())
