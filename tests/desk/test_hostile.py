"""Feeds write what they like; the desk shows it as text. And what the desk owes everybody: names, focus, zoom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request

from digest.config import load
from digest.editions.revise import apply
from digest.model.editions import Edition, Related
from digest.wiring import Wiring
from tests.browser import browser, page
from tests.desk.desk_process import desk

# Twenty ways to run a script, each for the words a feed gives: they would call bad(), or load from elsewhere.
VECTORS = (
    "<script>bad()</script>",
    "<img src=x onerror=bad()>",
    "<svg onload=bad()>",
    "<svg><script>bad()</script></svg>",
    "<iframe srcdoc='<script>parent.bad()</script>'></iframe>",
    "<iframe src=javascript:bad()></iframe>",
    "<a href=javascript:bad()>read</a>",
    "<body onload=bad()>",
    "<details open ontoggle=bad()>",
    "<input autofocus onfocus=bad()>",
    "<video><source onerror=bad()></video>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=bad()>",
    '"><script>bad()</script>',
    "' autofocus onfocus='bad()",
    '" style="animation-name:x" onanimationstart="bad()',
    "</textarea><script>bad()</script>",
    "</title><script>bad()</script>",
    "<meta http-equiv=refresh content='0;url=javascript:bad()'>",
    "<base href=https://evil.example/><script src=x.js></script>",
    "<button hx-get=/d/ hx-trigger=load hx-on:click=bad() data-do=drop>press</button>",
    "{{ 7 * 7 }}${bad()}<template><script>bad()</script></template>",
)


def poisoned(base: Edition) -> Edition:
    """Return an edition whose every word a feed could write is one of the vectors."""
    numbers = iter(range(10_000))

    def bad() -> str:
        return VECTORS[next(numbers) % len(VECTORS)]

    def story(each: Any) -> Any:
        return replace(
            each, headline=bad(), title=bad(), kicker=bad(), teaser=bad(), summary=bad(), source=bad(), byline=bad(),
            dateline=bad(), feed_name=bad(), language="en",
        )  # fmt: skip

    def cluster(each: Any) -> Any:
        stories = {one.id: story(one) for one in each.stories}
        return replace(each, stories=tuple(stories.values()), lead=stories[each.lead.id], duplicates=())

    def item(each: Any) -> Any:
        made = cluster(each.cluster)
        lines = (Related(headline=bad(), url="https://read.example/1", source=bad()),)
        return replace(
            each, cluster=made, headline=bad(), kicker=bad(), teaser=bad(), related=lines, note=bad(), reason=bad()
        )

    sections = tuple(
        replace(
            filled,
            items=tuple(item(each) for each in filled.items),
            passed=tuple(replace(each, cluster=cluster(each.cluster), reason=bad()) for each in filled.passed),
        )
        for filled in base.sections
    )
    return replace(base, sections=sections, intro=bad(), subject=bad(), preheader=bad())


@pytest.fixture
def poisoned_desk(publication: Path) -> Iterator[str]:
    wiring = Wiring(load(publication, {}))
    try:
        key = wiring.key(wiring.settings.digests[0])
        record = wiring.editions.edition(key)
        assert record is not None
        assert record.base is not None
        wiring.editions.save_base(poisoned(apply(record.base, record.edits)), now=wiring.clock.now())
    finally:
        wiring.close()
    with desk(publication) as link:
        yield link


def test_nothing_a_feed_writes_ever_runs(poisoned_desk: str) -> None:
    with browser() as started, page(started, width=1440) as opened:
        asked: list[str] = []
        opened.on("request", lambda request: asked.append(_outside(request, poisoned_desk)))
        opened.on("dialog", lambda dialog: pytest.fail(dialog.message))
        opened.add_init_script("window.ran = []; window.bad = () => window.ran.push(document.title || 'a frame');")
        opened.goto(poisoned_desk)
        opened.frame_locator("#mail").locator("h3").first.wait_for()
        _never_ran(opened)
        # Opened, rewritten with a vector, searched, listed, checked, in every look: words stay words.
        opened.locator("button.t").first.click()
        field = opened.locator(".open textarea[name=headline]")
        assert field.input_value() in VECTORS
        field.fill(VECTORS[3])
        opened.keyboard.press("Enter")
        opened.locator(".open .was").wait_for()
        opened.get_by_role("searchbox").fill("script")
        for tab in ("History", "Checks", "Candidates"):
            opened.get_by_role("tab", name=tab).click()
        for look in ("Dark", "Inverted", "No pictures", "Text", "Light"):
            opened.get_by_label(look, exact=True).check()
            opened.wait_for_timeout(150)
        opened.get_by_role("button", name="Have we run this?").first.click()
        opened.wait_for_timeout(500)
        _never_ran(opened)
        assert [each for each in asked if each] == []
        # The mail opened by itself runs nothing either.
        mail = opened.locator("#mail").get_attribute("src")
        answer = opened.goto(opened.url.split("/d/")[0] + str(mail))
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert "allow-scripts" not in policy
        opened.wait_for_timeout(200)


def _outside(request: Request, link: str) -> str:
    """Return what was asked of anybody but the desk."""
    ours = link.split("/enter/")[0]
    return "" if request.url.startswith((ours, "data:", "about:", "blob:")) else request.url


def _never_ran(opened: Page) -> None:
    assert opened.evaluate("window.ran") == []
    assert [frame.name for frame in opened.frames if "javascript:" in frame.url] == []
    # No element of a vector became one of the page's own.
    assert (
        opened.locator(
            "main script, main iframe:not(#mail):not(.coming), main [onerror], main [onload], main base"
        ).count()
        == 0
    )


def test_everybody_can_work_at_the_desk(publication: Path) -> None:
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    with desk(publication) as link, browser() as started, page(started, width=1440) as opened:
        refused: list[str] = []
        opened.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        opened.goto(link)
        opened.locator("#bar").get_by_text("errors").wait_for()

        def without_faults(what: str, *, dark: bool = True, light: bool = True) -> None:
            for scheme in schemes[1 - light : 1 + dark]:
                opened.emulate_media(color_scheme=scheme)
                found = Axe().run(opened, options={"iframes": False})
                assert found.violations_count == 0, f"{what}, {scheme}: {found.generate_report()}"

        without_faults("the desk", dark=False)
        # Every control of an item can be reached by Tab alone, and what has the focus shows it.
        opened.locator("#sec-defence button.t").first.focus()
        opened.keyboard.press("Enter")
        opened.locator(".open").wait_for()
        reached = set()
        for _ in range(40):
            opened.keyboard.press("Tab")
            at = opened.evaluate(
                "() => { const e = document.activeElement, s = getComputedStyle(e), li = e.closest('.open');"
                " return li ? [e.dataset.do || e.name || e.dataset.hand || '', s.outlineStyle !== 'none' || s.outlineWidth !== '0px'] : null; }"
            )
            if at is None:
                break
            reached.add(at[0])
            assert at[1], f"{at[0]} shows that it has the focus"
        assert {"kicker", "headline", "teaser", "note", "section", "place", "join", "boost"} <= reached
        without_faults("an item opened")
        opened.get_by_role("tab", name="History").click()
        opened.keyboard.press("?")
        without_faults("the map of keys", light=False)
        opened.keyboard.press("Escape")
        # At 200 % zoom (720 CSS pixels of 1440) and on a phone nothing is wider than the window.
        for width in (720, 390):
            opened.set_viewport_size({"width": width, "height": 700})
            for column in ("1", "2", "3"):
                opened.locator("body").press(column)
                wide = opened.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, f"{width} pixels, column {column}"
            without_faults(f"{width} pixels", light=width == 390, dark=width == 720)
        assert refused == [], "the page keeps to its own policy"
