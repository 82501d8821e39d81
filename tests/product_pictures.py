"""Takes the pictures of the README: `python -m tests.product_pictures [FOLDER]`.

`mail.png`: one edition of the demo in a browser, on a phone at night and in a terminal. `desk.png`: the desk over the
same draft. All of it is made anew from the sample feeds of today; nothing is fetched but from loopback.
"""

from __future__ import annotations

import html
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from tests.browser import browser, page

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
HEIGHT, GAP, COLOURS = 940, 20, 192
GROUND = "#8A8F98"
TERMINAL = (
    "<!DOCTYPE html><meta charset='utf-8'><body style='margin:0;background:#14161A;color:#D8DEE4'>"
    "<pre style='font:13px/17px monospace;margin:18px 20px;white-space:pre-wrap'>{}</pre>"
)
CLI = [sys.executable, "-m", "digest.cli"]


def shot(started: Browser, address: str, *, width: int, dark: bool = False, scripts: bool = False) -> Image.Image:
    """Return a picture of a page's first pixels."""
    with page(started, width=width, height=HEIGHT, dark=dark, scripts=scripts) as opened:
        opened.goto(address)
        opened.wait_for_timeout(6_000 if scripts else 50)  # the desk checks the mail once it is shown
        return Image.open(io.BytesIO(opened.screenshot())).convert("RGB")


def saved(made: Image.Image, file: Path) -> None:
    """Write a picture with few colours: a repository keeps every version for good."""
    made.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    sys.stdout.write(f"{file}: {made.width} × {made.height}, {file.stat().st_size // 1000} kB\n")


def beside(views: list[Image.Image]) -> Image.Image:
    """Return views side by side."""
    made = Image.new("RGB", (sum(each.width + GAP for each in views) + GAP, HEIGHT + 2 * GAP), GROUND)
    place = GAP
    for each in views:
        made.paste(each, (place, GAP))
        place += each.width + GAP
    return made


def desk(started: Browser, config: Path) -> Image.Image:
    """Return the desk over the demo's draft."""
    call = [*CLI, "desk", "--port", "0", "--no-open", "-c", str(config)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        try:
            link = next(found.group() for line in running.stdout if (found := re.search(r"http://\S+", line)))
            return shot(started, link, width=1360, scripts=True)
        finally:
            running.terminate()


def main() -> int:
    """Make the demo and take both pictures; return an exit code."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        demo = Path(scratch) / "demo"
        subprocess.run([*CLI, "demo", str(demo)], check=True, stdout=subprocess.DEVNULL)
        mail, words = demo / "preview" / "edition.html", (demo / "preview" / "edition.txt").read_text(encoding="utf-8")
        terminal = demo / "terminal.html"
        terminal.write_text(TERMINAL.format(html.escape(words)), encoding="utf-8")
        with browser() as started:
            views = [
                shot(started, mail.as_uri(), width=640),
                shot(started, mail.as_uri(), width=375, dark=True),
                shot(started, terminal.as_uri(), width=620),
            ]
            saved(beside(views), out / "mail.png")
            saved(desk(started, demo / "digest.toml"), out / "desk.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
