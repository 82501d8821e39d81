"""The pages of a site: all of them read as files, one of each kind looked at in Chromium."""

from __future__ import annotations

import functools
import re
import threading
import time
from collections import Counter
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import lxml.html
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from benchmarks.searching_browser import Quiet
from tests.browser import browser, page

ALLOWED = 100_000  # bytes of a page without its pictures
LATE_S = 0.3  # how much later than the page its pictures come
CONTRAST = {"runOnly": ["color-contrast"]}
SHIFTED = """async () => {
  let shifted = 0;
  new PerformanceObserver(list => { for (const each of list.getEntries()) shifted += each.value; })
    .observe({type: 'layout-shift', buffered: true});
  const pause = (ms) => new Promise(done => setTimeout(done, ms));
  for (const each of document.images) {
    each.scrollIntoView();
    while (!each.complete) await pause(20);
  }
  await pause(300);
  return shifted;
}"""


def look(site: Path) -> None:
    """Print what every page of the site weighs and lacks, and how one of each kind does in Chromium."""
    largest, faults = dict[str, tuple[int, str]](), Counter[str]()
    pages = 0
    for path in site.rglob("*.html"):
        pages += 1
        name, body = path.relative_to(site).as_posix(), path.read_bytes()
        kind = re.sub(r"\d+", "N", re.sub(r"/section/[^/]+", "/section/*", name))
        largest[kind] = max(largest.get(kind, (0, "")), (len(body), name))
        faults.update(_faults(body, name))
    heavy = sum(size > ALLOWED for size, _ in largest.values())
    print(f"{pages} pages; those of {heavy} kinds of {len(largest)} are above {ALLOWED / 1000:.0f} kB; the largest:")
    for size, name in sorted(largest.values(), reverse=True)[:8]:
        print(f"  {size / 1000:6.1f} kB {name}")
    print(f"pictures without a size, scripts that block: {dict(faults) or 'none'}")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Late, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with browser() as started, page(started, width=1000) as opened:
            for _, name in sorted(largest.values(), key=lambda each: each[1]):
                if "mail" not in name and b'http-equiv="refresh"' not in (site / name).read_bytes():
                    _look(opened, f"http://127.0.0.1:{server.server_port}/{name}", name)
        server.shutdown()


def _faults(body: bytes, name: str) -> list[str]:
    """Return what would move words or hold up a page."""
    tree = lxml.html.fromstring(body)
    found = [f"blocking script: {name}" for each in tree.iter("script") if _blocks(each)]
    if "mail" not in name:
        found += [f"unsized: {name}" for each in tree.iter("img") if not (each.get("width") and each.get("height"))]
    return found


def _blocks(script: Any) -> bool:
    inert = script.get("type") in ("module", "application/ld+json")
    return not inert and script.get("async") is None and script.get("defer") is None


class _Late(Quiet):
    """Serves pictures later than pages, as the web does."""

    def do_GET(self) -> None:  # noqa: N802  # the library's name
        if self.path.startswith("/img/"):
            time.sleep(LATE_S)
        super().do_GET()


def _look(opened: Page, address: str, name: str) -> None:
    opened.goto(address, wait_until="domcontentloaded")
    shifted = opened.evaluate(SHIFTED)
    faint = 0
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        faint += Axe().run(opened, options=CONTRAST).violations_count
    print(f"  {name}: shifted by {shifted:.3f}, {faint} faults of contrast, light and dark", flush=True)
