"""A real Chromium for the tests of pages: found, or brought (`python tests/browser.py`, which `make test` runs first)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

# What a test waits for comes in a second; on a machine with ten times the work it can use, much later.
PATIENCE_MS = 180_000
expect.set_options(timeout=PATIENCE_MS)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Return the path of a Chromium on this machine, the system's first; None where there is none."""
    for name in _NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium; what pages load goes nowhere but to loopback in our tests."""
    path = chromium()
    assert path is not None, "there is no Chromium: run `make test`, which brings one, or install it"
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start as root, as which containers run.
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            yield started
        finally:
            started.close()


@contextmanager
def page(
    started: Browser, *, width: int = 700, height: int = 900, dark: bool = False, scripts: bool = True
) -> Iterator[Page]:
    """Open a page of its own; whatever the page's scripts throw fails the test when it is closed."""
    context = started.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    thrown: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: thrown.append(str(error)))
    try:
        yield opened
    finally:
        context.close()
    assert thrown == []


def bring() -> int:
    """Install Chromium where it is missing; return an exit code."""
    if chromium() is not None:
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-qq"], ["install", "-qq", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *words], env=quiet, stdout=subprocess.DEVNULL, check=False)
    if chromium() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if chromium() is None:
        missing = (
            "The tests of pages need Chromium: apt-get install chromium, or playwright install chromium --with-deps"
        )
        sys.stderr.write(f"{missing}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(bring())
