"""The archive in Chromium, from a server that knows nothing of us: without JavaScript, on a phone, in the dark, by key."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image as PILImage
from playwright.sync_api import Page

from digest.model.editions import Edit, EditionState, Item, Note, Picture, Related, Sponsor
from digest.model.news import Cluster, Image
from tests.archive.conftest import Made, Shelved
from tests.archive.plain_server import plain_server
from tests.browser import browser, page
from tests.builders import DAY, edition, filled, item, story

SIZES = {"feature": (552, 311), "cards": (108, 81), "web": (360, 203), "video": (266, 150)}
PHOTO = "https://pictures.example/harbour.jpg"
COLOURS = ("color-contrast", "link-in-text-block")  # axe's rules that look at colours
SHIFTS = """() => new Promise(done => {
  let shifted = 0;
  new PerformanceObserver(list => { for (const each of list.getEntries()) shifted += each.value })
    .observe({type: 'layout-shift', buffered: true});
  window.scrollTo(0, document.body.scrollHeight);
  setTimeout(() => done(shifted), 600);
})"""
SIDEWAYS = """() => [...document.querySelectorAll('body *')].filter(each => {
  const style = getComputedStyle(each);
  return style.overflowX === 'auto' && each.scrollWidth > each.clientWidth && !each.querySelector('a');
}).length"""


def jpeg(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    PILImage.new("RGB", (width * 2, height * 2), "#806040").save(buffer, "JPEG")
    return buffer.getvalue()


def rich(archive: Shelved) -> None:
    """Put seventeen editions of every style into the archive: corrected, withdrawn, retracted, skipped."""
    wiring = archive.wiring
    for style, (width, height) in SIZES.items():
        shown = Picture(name=f"{style}.jpg", width=width, height=height, alt="A harbour at dawn")
        body = jpeg(width, height)
        wiring.pictures.save_picture(PHOTO, style, shown, body, "image/jpeg", now=wiring.clock.now())

    def told(name: str, pictured: bool = False, headline: str = "") -> Item:
        photo = Image(url=PHOTO, alt="A harbour at dawn") if pictured else None
        lead = story(name, image=photo, byline="Tessaly Brandt", dateline="Port Iselin")
        lines = (Related(headline=f"More of {name}", url="https://read.example/more", source="Tarn Radio"),)
        return replace(
            item(name),
            cluster=Cluster(stories=(lead,), lead=lead),
            headline=headline or lead.headline,
            kicker="Harbour" if name.endswith("1") else "",
            related=lines if pictured else (),
            update_of="2026-11-01" if name.endswith("2") else "",
        )

    for number in range(17):
        day = DAY - timedelta(days=16 - number)
        sections = (
            filled("foreign", [told(f"f{number}-{each}", not each) for each in range(4)], style="feature"),
            filled("defence", [told(f"d{number}-{each}", True) for each in range(3)], style="cards"),
            filled("video", [told(f"v{number}-{each}", True) for each in range(2)], style="video"),
            filled("trade", [told(f"t{number}-{each}") for each in range(4)]),
            filled("regional", [told(f"r{number}-{each}", headline="ميناء سلمار يعيد فتح أرصفته") for each in range(3)], style="brief"),
        )  # fmt: skip
        archive.put(
            replace(
                edition(),
                day=day,
                sections=sections,
                intro="Good morning from the harbour.",
                intro_by="Ada Merrow, editor",
                notes=(Note(text="Times are those of the harbour."),),
                sponsors=(Sponsor(name="Tidewell Charts", text="Charts that float.", url="https://tidewell.example/"),),
                subject=f"What {day} brought",
            ),
            number + 1,
        )
    key = wiring.key(wiring.settings.digests[0])
    wiring.editions.set_state(
        key._replace(day=DAY - timedelta(days=20)),
        EditionState.SKIPPED,
        among=(),
        reason="paused",
        now=wiring.clock.now(),
    )
    wiring.editions.set_state(key, EditionState.SENDING, among=(EditionState.APPROVED,), now=wiring.clock.now())
    fixes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("f16-0", {"text": "The pier is the north pier."}),
        ("d16-2", {"text": "It never was.", "withdraw": True}),
    )
    for number, (target, value) in enumerate(fixes):
        made = Edit(kind="correct", target=target, value=value, by="ada", at=wiring.clock.now())
        wiring.editions.append_edit(key, made, expected=number)
    archive.keeper.retract(key._replace(day=DAY - timedelta(days=5)), "It was a draft.")


@pytest.fixture
def address(made: Made) -> Iterator[str]:
    archive = made()
    rich(archive)
    with plain_server(archive.folder) as base:
        yield base


def without_faults(opened: Page, path: str) -> None:
    """Fail on anything axe finds, in the light and in the dark, and on what is wider than the window."""
    opened.emulate_media(color_scheme="light")
    found = Axe().run(opened)
    assert found.violations_count == 0, (path, "light", found.generate_report())
    # The dark page is the same but for its colours.
    opened.emulate_media(color_scheme="dark")
    faint = opened.evaluate(f"axe.run({{runOnly: {list(COLOURS)}}}).then((found) => found.violations)")
    assert faint == [], (path, "dark")
    wider = opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{path} is wider than the window"
    assert opened.evaluate(SIDEWAYS) == 0, "what scrolls sideways can be reached by key"


def test_read_on_any_screen_by_any_means(address: str) -> None:
    latest = "/daily/2026/11/23/"
    with browser() as started:
        with page(started, width=375) as phone:
            for path in (
                "/daily/", latest, "/daily/2026/11/18/", "/daily/section/foreign/", "/daily/section/trade/page/1/",
                "/daily/2026/", "/daily/2026/11/", "/daily/about/", "/signup/", "/404.html",
            ):  # fmt: skip
                phone.goto(address + path)
                without_faults(phone, path)
            plate = "getComputedStyle(document.querySelector('.plate')).font"
            assert "35px" in phone.evaluate(plate), "the page that carries its style with it wears it, too"
        with page(started, width=1440) as wide:
            for path in ("/daily/", latest, "/daily/2026/11/"):
                wide.goto(address + path)
                assert wide.evaluate(SHIFTS) == 0, "no picture moves the words"
                without_faults(wide, path)
                assert wide.evaluate("[...document.scripts].every(each => each.type === 'application/ld+json')")
            wide.goto(address + latest)
            assert wide.evaluate("[...document.images].length") == 5
            wide.keyboard.press("Tab")
            assert wide.evaluate("document.activeElement.textContent") == "To the news"
            wide.keyboard.press("Enter")
            wide.keyboard.press("Tab")
            assert wide.evaluate("document.querySelector('main').contains(document.activeElement)")
            assert wide.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        with page(started, width=375, scripts=False, dark=True) as plain:
            plain.goto(f"{address}/daily/")
            plain.get_by_role("link", name="Read the whole edition").click()
            assert plain.url == address + latest
            assert plain.get_by_text("Corrected at 06:40.").is_visible()
            assert plain.get_by_text("Withdrawn at 06:40.").is_visible()
            plain.get_by_role("link", name="the edition before").click()
            assert plain.url == f"{address}/daily/2026/11/22/"
            plain.get_by_role("link", name="All of Trade").click()
            plain.get_by_role("link", name="Older").click()
            assert plain.url == f"{address}/daily/section/trade/page/1/"
            plain.goto(f"{address}/daily/2026/11/")
            assert plain.get_by_text("No edition: retracted").is_visible()
            assert plain.get_by_text("No edition: paused").is_visible()
