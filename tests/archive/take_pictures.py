"""Takes the pictures of the archive under docs/pictures/archive: `python -m tests.archive.take_pictures [FOLDER]`.

Home and edition at 1440 and 390 pixels, light and dark: sixteen mornings of the demo's publication, one of them paused,
one with a correction, on a clock that stands still. It takes some minutes; nothing is fetched but from loopback.
"""

from __future__ import annotations

import io
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser

from digest.cli.app import run
from digest.cli.session import Start
from tests.archive.plain_server import plain_server
from tests.browser import browser, page
from tests.conftest import BASE_INSTANT, StandingClock

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures" / "archive"
MORNINGS, PAUSED = 15, 4  # mornings before the last; the one without an edition counts from there
PAGES = {"home": "/daily/", "edition": "/daily/2026/11/23/"}
WIDTHS = {1440: 760, 390: 390}  # of the window → of the picture
HIGHEST, MOST_BYTES = 2_400, 290_000
INTRO = "Good morning. A strait that two navies could not agree on is settled by the people who steer through it."


def publication(folder: Path) -> Path:
    """Make the demo and its mornings; return the folder of its site."""
    clock = StandingClock(BASE_INSTANT - timedelta(days=MORNINGS))
    config = folder / "digest.toml"

    def digest(*words: str) -> int:
        return run([*words, "--quiet"], start=Start(clock=clock, environment={}))

    digest("demo", str(folder))
    for number in range(MORNINGS + 1):
        own = ("-c", str(config))
        if number == MORNINGS - PAUSED:
            _pause(config, clock)
        else:
            digest("fetch", *own)
            digest("build", *own)
            if number == MORNINGS:
                digest("edit", "intro", INTRO, "--by", "Ada Merrow, editor", *own)
            digest("approve", *own)
            digest("send", *own)
        clock.advance(days=1)
    clock.instant = BASE_INSTANT + timedelta(hours=2.5)
    headline = _first(folder / "site" / "daily/2026/11/23/index.html")
    text = "The hall is the new market hall, not the old one, as the mail said."
    digest("edit", "correct", headline, "--text", text, "--edition", "2026-11-23", "-c", str(config))
    return folder / "site"


def _pause(config: Path, clock: StandingClock) -> None:
    from digest.config import load
    from digest.model.editions import EditionState
    from digest.wiring import Wiring

    wiring = Wiring(load(config, {}), clock=clock)
    key = wiring.key(wiring.settings.digests[0])
    wiring.editions.set_state(key, EditionState.SKIPPED, among=(), reason="paused", now=clock.now())
    wiring.close()


def _first(path: Path) -> str:
    import lxml.html

    page: Any = lxml.html.fromstring(path.read_bytes())
    return str(page.find_class("item")[0].get("id")).removeprefix("_")


def picture(started: Browser, address: str, width: int, dark: bool) -> bytes:
    """Return a picture of a page as PNG of few colours, below `MOST_BYTES`."""
    with page(started, width=width, height=1000, dark=dark, scripts=True) as opened:
        opened.goto(address)
        opened.evaluate("document.querySelectorAll('img').forEach(each => { each.loading = 'eager' })")
        opened.wait_for_load_state("networkidle")
        image = Image.open(io.BytesIO(opened.screenshot(full_page=True))).convert("RGB")
    shown = WIDTHS[width]
    image = image.resize((shown, round(image.height * shown / image.width)), Image.Resampling.LANCZOS)
    image = image.crop((0, 0, shown, min(image.height, HIGHEST)))
    for colours in (128, 64, 32, 16):
        buffer = io.BytesIO()
        image.quantize(colours).save(buffer, "PNG", optimize=True)
        if buffer.tell() <= MOST_BYTES:
            break
    return buffer.getvalue()


def main() -> None:
    """Take them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        site = publication(Path(made) / "halyard")
        with plain_server(site) as base, browser() as started:
            for name, path in PAGES.items():
                for width in WIDTHS:
                    for scheme in ("light", "dark"):
                        body = picture(started, base + path, width, scheme == "dark")
                        (folder / f"{name}-{width}-{scheme}.png").write_bytes(body)


if __name__ == "__main__":
    main()
