"""Searching the archive in a real browser: with scripts and without, by keys, on a phone, in the dark, below a path."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from digest.archive.feeds import FORMATS
from digest.model.editions import Item
from digest.model.mail import EditionKey
from digest.model.news import Cluster
from digest.public.app import application
from digest.wiring import Wiring
from digest.wiring.archive import ArchiveKeeper
from tests.browser import browser, page
from tests.builders import DAY, NOW, edition, filled, item, parts, story
from tests.public.conftest import House, Opened
from tests.smtpd import free_port

SPONSOR = '[[sponsors]]\nname = "Tidewell Charts"\nurl = "https://tidewell.example/"\nplacement = "search"\n'


def told(name: str, headline: str, **changes: str) -> Item:
    lead = story(name, headline=headline, **changes)
    return item(name, cluster=Cluster(stories=(lead,), lead=lead), headline=headline, teaser=lead.teaser)


def publish(wiring: Wiring, day: date, number: int, foreign: list[Item], trade: list[Item]) -> None:
    made = edition(day=day, sections=(filled("foreign", foreign), filled("trade", trade)))
    key = EditionKey("daily", day)
    wiring.editions.save_base(made, now=NOW)
    wiring.editions.approve(key, [replace(parts(made), number=number)], [], edits=0, by="test", now=NOW)
    for step in ("published", "listed"):
        wiring.editions.mark(key, step, now=NOW)


def archive(house: House) -> None:
    """Thirty days of editions, and one of another year."""
    wheat = [told(f"wheat{number}", f"Wheat rises a {number}th time", source="Port Ledger") for number in range(2)]
    publish(house.wiring, DAY - timedelta(days=400), 1, [told("older", "Pilots strike in the strait")], [])
    for back in range(14, 0, -1):
        day = DAY - timedelta(days=back)
        publish(house.wiring, day, 20 - back, [told(f"ferry{back}", f"Ferry {back} sails at dawn")], wheat)
    publish(
        house.wiring,
        DAY,
        30,
        [
            told(
                "strait", "Two coasts share the pilots of the strait", teaser="A <b>mixed</b> crew on each pilot boat."
            ),
            told("arabic", "خبراء يناقشون الميناء الجديد", language="ar", source="نشرة الساحل"),
            told("japanese", "汐見港の一日", language="ja", source="汐見通信"),
        ],
        wheat,
    )
    ArchiveKeeper(house.wiring).build()


@contextmanager
def served(house: House) -> Iterator[str]:
    port = free_port()
    config = uvicorn.Config(application(house.wiring, deliver=False), port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 120
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}/news"
    finally:
        server.should_exit = True
        thread.join(120)


def without_faults(opened: Page) -> None:
    found = Axe().run(opened)
    assert found.violations_count == 0, found.generate_report()
    wide = opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


@pytest.fixture
def house(opened: Opened) -> House:
    made = opened(f'{SPONSOR}[serve]\npath_prefix = "/news"\n')
    file: Path = made.folder / "digest.toml"
    assert file.is_file()
    archive(made)
    return made


def hits(opened: Page) -> list[str]:
    return opened.locator("#_hits h2").all_inner_texts()


def test_search_in_chromium(house: House) -> None:
    with served(house) as base, browser() as started:
        with page(started, width=1000) as opened:
            foreign: list[str] = []
            opened.on("request", lambda asked: foreign.append(asked.url) if not asked.url.startswith(base) else None)
            opened.goto(f"{base}/search/")
            expect(opened.locator("#_q")).to_be_focused()
            opened.keyboard.type("pilots")
            expect(opened.locator("#_said")).to_have_text("Stories found: 2")
            assert hits(opened) == ["Two coasts share the pilots of the strait", "Pilots strike in the strait"]
            assert opened.locator("#_hits mark").all_inner_texts() == ["pilots", "pilot", "Pilots"]
            assert "A <b>mixed</b> crew" in opened.locator("#_hits .tease").first.inner_text()
            assert opened.url.endswith("/news/search/?q=pilots")
            without_faults(opened)
            # The keyboard alone: to the first story and back, then to its place in the edition.
            opened.keyboard.press("ArrowDown")
            opened.keyboard.press("ArrowDown")
            expect(opened.locator("#_hits a").nth(1)).to_be_focused()
            opened.keyboard.press("ArrowUp")
            opened.keyboard.press("Enter")
            expect(opened).to_have_url(f"{base}/daily/2026/11/23/#_strait")
            assert (
                opened.locator("#_strait h3, #_strait h2").inner_text() == "Two coasts share the pilots of the strait"
            )
            opened.go_back()
            expect(opened.locator("#_hits li")).to_have_count(2)
            opened.locator("h1").click()
            opened.keyboard.press("/")
            expect(opened.locator("#_q")).to_be_focused()
            # Filters.
            opened.get_by_label("Year").select_option("2025")
            expect(opened.locator("#_said")).to_have_text("Stories found: 1")
            assert hits(opened) == ["Pilots strike in the strait"]
            opened.get_by_label("Year").select_option("")
            opened.locator("#_q").fill("wheat")
            expect(opened.locator("#_hits li")).to_have_count(20)
            expect(opened.locator("#_said")).to_have_text("Stories found: 30+")
            opened.get_by_role("button", name="Show more").click()
            expect(opened.locator("#_hits li")).to_have_count(30)
            expect(opened.locator("#_said")).to_have_text("Stories found: 30")
            expect(opened.get_by_role("button", name="Show more")).to_be_hidden()
            expect(opened.locator("#_hits li").nth(20).locator("a")).to_be_focused()
            opened.get_by_label("Section", exact=True).select_option("foreign")
            expect(opened.locator("#_said")).to_have_text("No story fits these words. Try fewer.")
            opened.get_by_label("Section", exact=True).select_option("trade")
            opened.get_by_label("Source").select_option("Port Ledger")
            expect(opened.locator("#_hits li")).to_have_count(20)
            opened.goto(f"{base}/search/?q=汐見")
            expect(opened.locator("#_hits mark")).to_have_text("汐見")
            for words, found in (
                ("الميناء", "خبراء يناقشون الميناء الجديد"),
                ('"pilot boat"', "Two coasts share"),
                ("ميناء", "خبراء"),
            ):
                opened.locator("#_q").fill(words)
                expect(opened.locator("#_hits h2")).to_contain_text([found])
            opened.locator("#_q").fill("pilots -strike")
            expect(opened.locator("#_hits h2")).to_have_text(["Two coasts share the pilots of the strait"])
            assert foreign == []
        with page(started, width=1000) as opened:
            # An engine's code is there before another is begun: two that load it at once lose each other's stories.
            held: list[Route] = []
            opened.route("**/wasm.*", lambda route: held.append(route))
            opened.goto(f"{base}/search/")
            expect(opened.locator("#_q")).to_be_focused()
            opened.keyboard.type("pilots")
            opened.wait_for_timeout(400)  # in which nobody else may ask for it
            assert len(held) == 1
            opened.route("**/wasm.*", lambda route: route.continue_())
            held[0].continue_()
            expect(opened.locator("#_said")).to_have_text("Stories found: 2")
        with page(started, width=390, dark=True) as opened:
            opened.goto(f"{base}/daily/")
            opened.locator("form[role=search] input").fill("ferry")
            opened.keyboard.press("Enter")
            expect(opened.locator("#_hits li").first).to_be_visible()
            assert "Powered by Tidewell Charts" in opened.locator(".narrow small").inner_text()
            without_faults(opened)
            # What could not be loaded is loaded again when it is asked for again: Pagefind remembers that it failed.
            away = [path.rename(path.with_name("away")) for path in house.folder.glob("site/search/*/fragment")]
            opened.goto(f"{base}/search/")
            opened.locator("#_q").fill("strike")  # its stories are in no cache
            expect(opened.locator("#_said")).to_have_text("The search index cannot be loaded. Try again.")
            for path in away:
                path.rename(path.with_name("fragment"))
            opened.get_by_role("button", name="Search").click()
            expect(opened.locator("#_hits li").first).to_be_visible()


def test_search_without_scripts(house: House) -> None:
    with served(house) as base, browser() as started, page(started, width=390, scripts=False) as opened:
        opened.goto(f"{base}/search/")
        opened.get_by_label("Search all editions").fill("wheat")
        opened.get_by_label("Section", exact=True).select_option("trade")
        opened.get_by_role("button", name="Search").click()
        assert opened.locator("#_said").inner_text() == "Stories found: 30"
        assert opened.locator("#_hits li").count() == 20
        assert opened.get_by_label("Section", exact=True).input_value() == "trade"
        opened.get_by_role("link", name="Further matches").click()
        assert opened.locator("#_hits li").count() == 10
        assert "wheat" in opened.locator("#_hits mark").first.inner_text().lower()
        opened.locator("#_hits a").first.click()
        assert "/news/daily/2026/11/" in opened.url


def test_what_the_server_says_to_anything(house: House) -> None:
    client = house.client
    for query in ("", "?q=", "?q=zzyzx", "?q=%00%00", "?q=a&page=-1", "?q=pilots&page=99999", "?q=pilots&year=20x6",
                  "?q=%22&section=%3Cscript%3E", f"?q={'x' * 5000}", "?q=1&year=0000", "?q=pilots&year=٢٠٢٦"):  # fmt: skip
        answer = client.get(f"/news/search/{query}")
        assert answer.status_code == 200, query
        assert "<script>" not in answer.text
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "Two coasts share" in client.get("/search/?q=pilots&year=2026").text
    assert client.get("/search/?q=pilots").headers["X-Robots-Tag"] == "noindex"
    assert client.get("/search").headers["Location"] == "/news/search/"


def test_without_an_index_the_page_says_so_and_the_server_answers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.wiring.archive.pagefind", lambda: None)
    report = ArchiveKeeper(house.wiring).build()
    assert report.index is not None
    assert report.index.missing
    static = (house.folder / "site/search/index.html").read_text(encoding="utf-8")
    assert "has no search index of its own" in static
    assert "<script type=" not in static.replace('<script type="application/ld+json">', "")
    assert "Two coasts share" in house.client.get("/search/?q=pilots&source=Calder+Wire").text
    assert '<option value="Port Ledger">' in house.client.get("/search/").text


def test_feeds_are_served_with_their_types_and_tags(house: House) -> None:
    for path in ("daily/", "daily/section/foreign/"):
        for name in ("feed", "summary"):
            for ending, (kind, _) in FORMATS.items():
                answer = house.client.get(f"/{path}{name}.{ending}")
                assert (answer.status_code, answer.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
                asked = {"If-None-Match": answer.headers["ETag"]}
                assert house.client.get(f"/{path}{name}.{ending}", headers=asked).status_code == 304
    home = house.client.get("/daily/").text
    assert 'rel="alternate" type="application/rss+xml" title="RSS" href="../daily/feed.rss"' in home
    maps = house.client.get("/robots.txt").text
    assert "Sitemap: https://halyard.example/sitemap.xml" in maps
    assert house.client.get("/sitemap.xml").text.count("/daily/2026/11/") > 14
    assert house.client.get("/sitemap-news.xml").text.count("<news:title>") == 16
