"""How quick the desk is with 300 candidates, measured in a real browser: `python -m benchmarks.desk`.

Prints the time to the first paint, the bytes a first visit loads (without pictures), and how long an edit takes from
the key that makes it until the mail that holds it is seen. Medians; the worst beside them.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page

from digest.config import load
from digest.model.news import Story
from digest.wiring import Wiring
from digest.wiring.publisher import Publisher
from tests.browser import browser

SECTIONS, STORIES = 10, 60  # each section shows 5 and tells why its 30 best were passed
VISITS, EDITS = 7, 25
ENDS = ("mar", "vel", "tor", "ish", "gan", "lun", "sed", "pol", "rik", "dae", "ost", "ven")
MEASURE = """async ([field, value]) => {
  const each = document.querySelector(field), seen = new Promise((done) => {
    document.addEventListener("desk:shown", () => requestAnimationFrame(() => done(performance.now())), { once: true });
  });
  const start = performance.now();
  each.value = value;
  each.dispatchEvent(new Event("change", { bubbles: true }));
  const took = (await seen) - start;
  return [took, document.getElementById("mail").contentDocument.body.innerText.includes(value)];
}"""
MOVE = """async () => {
  const seen = new Promise((done) => {
    document.addEventListener("desk:shown", () => requestAnimationFrame(() => done(performance.now())), { once: true });
  });
  const start = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", altKey: true, bubbles: true }));
  return (await seen) - start;
}"""


def publication(folder: Path) -> Path:
    """Make a publication with 300 candidates in its draft; return its digest.toml."""
    file = folder / "digest.toml"
    sections = "".join(
        f'[[sections]]\nslug = "s{n}"\ntitle = "Section {n}"\nstyle = "{style}"\nstories = 5\nper_source = 9\n'
        f'per_kicker = 9\n[[feeds]]\nurl = "https://read.example/{n}"\nname = "Feed {n}"\nsection = "s{n}"\n'
        for n, style in enumerate(("feature", "cards", "headlines", "brief", "headlines") * 2)
    )
    head = '[publication]\nname = "Bench"\nfrom = "Bench <b@bench.example>"\npublic_url = "https://bench.example"\n'
    postal = 'postal_address = "1 Quay"\n'
    file.write_text(f'{head}{postal}{sections}[digest.daily]\n[fetch]\npages = 0\n[delivery]\nvia = "eml:outbox"\n')
    wiring = Wiring(load(file, {}))
    try:
        now = wiring.clock.now()
        wiring.stories.save_stories(list(_stories(wiring)), now=now - timedelta(minutes=1))
        draft = Publisher(wiring, wiring.settings.digests[0]).build().edition
    finally:
        wiring.close()
    passed = sum(len(filled.passed) for filled in draft.sections)
    print(f"{len(draft.items)} items, {passed} candidates")
    return file


def _stories(wiring: Wiring) -> list[Story]:
    chance, now = random.Random(11), wiring.clock.now()
    found = []
    for number in range(SECTIONS * STORIES):
        section = number % SECTIONS
        # Every story is an event of its own: words that no other has.
        names = ["".join(chance.choices(ENDS, k=4)).capitalize() for _ in range(9)]
        headline = f"{names[0]} and {names[1]} agree on {names[2]} after the talks at {names[3]}"
        teaser = f"{names[4]} of {names[5]} says that {names[6]} will have it by spring. {names[7]} is not so sure."
        seen = now - timedelta(minutes=chance.randrange(10, 900))
        found.append(
            Story(
                id=f"{number:016x}",
                url=f"https://read.example/{section}/{number}",
                title=headline,
                headline=headline,
                kicker=names[3],
                teaser=teaser,
                summary=teaser,
                source=f"Source {chance.randrange(40)}",
                feed=f"https://read.example/{section}",
                feed_name=f"Feed {section}",
                published=seen,
                seen=seen,
                position=1 + number // SECTIONS,
                section=f"s{section}",
            )
        )
    return found


def visits(started: Browser, base: str, state: Path) -> None:
    """Open the desk anew, each time with an empty cache."""
    paints, sizes = [], []
    for _ in range(VISITS):
        context = started.new_context(viewport={"width": 1440, "height": 900}, storage_state=state)
        page = context.new_page()
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        loaded: dict[str, float] = {}
        kinds: dict[str, str] = {}
        network.on(
            "Network.responseReceived", lambda event, kinds=kinds: kinds.update({event["requestId"]: event["type"]})
        )
        network.on(
            "Network.loadingFinished",
            lambda event, loaded=loaded: loaded.update({event["requestId"]: event["encodedDataLength"]}),
        )
        page.goto(base)
        page.wait_for_timeout(1500)
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        sizes.append(sum(size for request, size in loaded.items() if kinds.get(request) != "Image"))
        context.close()
    print(f"first paint {statistics.median(paints):.0f} ms (worst {max(paints):.0f})")
    print(f"first visit {statistics.median(sizes) / 1000:.0f} kB loaded, pictures left out")


def edits(page: Page) -> None:
    """Rewrite and move items."""
    page.locator("button.t").first.click()
    page.locator(".open textarea[name=headline]").wait_for()
    rewrites = []
    for number in range(EDITS):
        took, there = page.evaluate(MEASURE, [".open textarea[name=headline]", f"Words number {number} of our own"])
        assert there, "the mail shows the new words"
        rewrites.append(took)
        page.wait_for_timeout(150)
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    moves = []
    for number in range(EDITS):
        page.locator(f"#sec-s{number % SECTIONS} button.t").first.focus()
        moves.append(page.evaluate(MOVE))
        page.wait_for_timeout(150)
    for name, took in (("rewrite", rewrites), ("move", moves)):
        print(f"{name}: in the preview after {statistics.median(took):.0f} ms (worst {max(took):.0f})")


def main() -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        file = publication(Path(folder))
        words = ["desk", "-c", str(file), "--no-open", "--port", "0", "--by", "Ada"]
        process = subprocess.Popen([sys.executable, "-m", "digest", *words], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            link = process.stdout.readline().strip()
            with browser() as started:
                context = started.new_context(viewport={"width": 1440, "height": 900})
                page = context.new_page()
                page.goto(link)
                page.wait_for_timeout(1500)
                base, state = page.url, Path(folder) / "state.json"
                context.storage_state(path=state)
                edits(page)
                context.close()
                visits(started, base, state)
        finally:
            process.terminate()
            process.wait(20)


if __name__ == "__main__":
    main()
