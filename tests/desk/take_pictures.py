"""Takes the pictures of the desk: `python -m tests.desk.take_pictures [FOLDER]`.

The demo's draft of today after a few edits: closed and with an item opened, at 1440, 1024 and 390 pixels, by day and by
night; and what two editors see who change the same headline.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser import browser, page
from tests.desk.desk_process import desk
from tests.product_pictures import CLI, saved

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures" / "desk"
SIZES = ((1440, 900), (1024, 768), (390, 844))
INTRO = "Good morning. A land bill goes back, two coasts share their pilots, and *somebody counted the herring*."


def edited(opened: Page) -> None:
    """Do a little of a morning's work."""
    opened.get_by_role("textbox", name="Intro").fill(INTRO)
    opened.get_by_role("textbox", name="Intro").blur()
    opened.locator("#sec-foreign button.t").nth(1).focus()
    opened.keyboard.press("p")
    opened.locator("#sec-foreign .tag.pin").wait_for()
    opened.locator("#sec-defence button.t").nth(2).focus()
    opened.keyboard.press("d")
    opened.locator("#sec-defence .gone").wait_for()
    opened.locator("#sec-foreign button.t").nth(1).click()
    opened.locator(".open textarea[name=headline]").fill("Two rival coasts put their pilots in one boat")
    opened.locator(".open textarea[name=headline]").blur()
    opened.locator(".open .was").wait_for()
    opened.keyboard.press("Escape")
    opened.wait_for_timeout(1500)


def still(opened: Page) -> Image.Image:
    """Return what is seen once nothing moves any more."""
    opened.mouse.move(0, 0)
    opened.wait_for_timeout(2500)
    return Image.open(io.BytesIO(opened.screenshot())).convert("RGB")


def views(started: Browser, base: str, state: Path, out: Path) -> None:
    """Take every width by day and by night."""
    for dark in (False, True):
        night = "dark" if dark else "light"
        for width, height in SIZES:
            context = started.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                storage_state=state,
                reduced_motion="reduce",
            )
            opened = context.new_page()
            opened.goto(base)
            opened.locator("#bar[data-draft]").wait_for()
            if dark and width > 390:
                opened.get_by_label("Dark", exact=True).check()
            saved(still(opened), out / f"desk-{width}-{night}.png")
            if width == 390:
                opened.locator("body").press("2" if dark else "3")
                saved(still(opened), out / f"desk-{width}-{night}-{'preview' if dark else 'candidates'}.png")
            elif width == 1440:
                opened.locator("#sec-foreign button.t").nth(1).click()
                opened.locator(".open .bars").wait_for()
                opened.locator(".open").evaluate("each => each.scrollIntoView({ block: 'end' })")
                opened.get_by_role("tab", name="History").click()
                opened.locator("input[name=width][value='700']").check()
                saved(still(opened), out / f"desk-{width}-{night}-open.png")
            context.close()


def main() -> int:
    """Make the demo, edit it, and take the pictures; return an exit code."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        demo, state = Path(scratch) / "demo", Path(scratch) / "state.json"
        subprocess.run([*CLI, "demo", str(demo)], check=True, stdout=subprocess.DEVNULL)
        with desk(demo / "digest.toml") as link, browser() as started:
            with page(started, width=1440) as opened:
                opened.goto(link)
                base = opened.url
                opened.context.storage_state(path=state)
                edited(opened)
            views(started, base, state, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
