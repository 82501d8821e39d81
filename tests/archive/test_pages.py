"""Pages of editions that are hard: hostile words, no addresses, colliding slugs, two digests on one day."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.archive import memory
from digest.archive.almanac import Cell, month_of
from digest.archive.shelves import SIZE, Shelf, Shelving
from digest.errors import StoreError
from digest.model.editions import EditionState, Note, Related
from digest.model.news import Cluster
from digest.pipeline import site, site_files
from tests.archive.conftest import Shelved
from tests.builders import DAY, edition, filled, item, story

LONG = "Two rival coasts agree " * 90  # 2,070 characters
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&\u202e\x07"


def parsed(text: str) -> Any:
    return lxml.html.fromstring(text.encode("utf-8"))


def linked(page: Any) -> Any:
    (script,) = page.xpath("//script")
    assert script.get("type") == "application/ld+json"
    return json.loads(script.text_content())


def test_a_headline_of_two_thousand_characters_stays_in_its_place(archive: Shelved) -> None:
    assert len(LONG) > 2_000
    long = replace(item("harbour"), headline=LONG, teaser=LONG, kicker=LONG, related=(
        Related(headline=LONG, url="https://read.example/long", source=LONG),))  # fmt: skip
    archive.put(edition(sections=(filled("foreign", [long, item("ferry")], style="feature"),), subject=LONG))
    archive.keeper.build()
    page = archive.page("daily", DAY)
    assert len(page) < 20_000
    (headline,) = parsed(page).xpath("//article[1]//h3")[:1]
    assert len(headline.text_content()) == 200
    assert headline.text_content().endswith("…")
    assert len(parsed(page).xpath("//title")[0].text_content()) < 200
    month = (archive.folder / "daily/2026/11/index.html").read_text(encoding="utf-8")
    assert len(parsed(month).xpath("//*[@class='what']")[0].text_content()) <= 160


def test_a_story_without_an_address_is_no_link(archive: Shelved) -> None:
    bare = story("bare", url="")
    script = story("script", url="javascript:alert(1)")
    items = [
        replace(item("x"), cluster=Cluster(stories=(each,), lead=each), headline=each.headline)
        for each in (bare, script)
    ]
    archive.put(edition(sections=(filled("foreign", items), filled("trade", [item("wheat")]))))
    archive.keeper.build()
    for path in ("daily/2026/11/23", "daily", "daily/section/foreign"):
        page = (archive.folder / path / "index.html").read_text(encoding="utf-8")
        assert "Headline of bare" in page
        assert "javascript:" not in page
        for link in parsed(page).xpath("//a[contains(., 'Headline of bare') or contains(., 'Headline of script')]"):
            # At home it leads to its place in the edition.
            assert link.get("href").startswith("../daily/2026/11/23/#_")
    names = {each["name"]: each.get("url") for each in linked(parsed(archive.page("daily", DAY)))["mainEntity"][
        "itemListElement"]}  # fmt: skip
    assert names["Headline of bare"] is None
    assert names["Headline of wheat"] == "https://read.example/wheat"


def test_hostile_words_are_words(archive: Shelved) -> None:
    bad = replace(item("bad"), headline=HOSTILE, teaser=HOSTILE, kicker=HOSTILE, note=HOSTILE)
    made = edition(sections=(filled("foreign", [bad]),), subject=HOSTILE, intro=HOSTILE, notes=(Note(text=HOSTILE),))
    key = archive.put(made)
    archive.keeper.build()
    archive.keeper.retract(archive.put(replace(made, day=DAY + timedelta(days=1)), 2), HOSTILE)
    for path in archive.folder.rglob("index.html"):
        page = parsed(path.read_text(encoding="utf-8"))
        assert page.xpath("//script[not(@type)] | //*[@onerror] | //img[@src='x']") == []
    assert "alert(1)" in linked(parsed(archive.page("daily", key.day)))["name"]
    assert "\u202e" not in archive.page("daily", key.day)


def test_slugs_that_collide_with_what_a_page_has_of_its_own(archive: Shelved) -> None:
    same = item("harbour")
    sections = [filled(slug, [same]) for slug in ("main", "join", "page", "section", "about", "feed")]
    archive.put(edition(sections=tuple(sections)))
    archive.keeper.build()
    page = parsed(archive.page("daily", DAY))
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for each in sections:
        assert page.xpath(f"//section[@id='{each.section.slug}']")
        assert (archive.folder / f"daily/section/{each.section.slug}/index.html").is_file()
    assert (archive.folder / "daily/about/index.html").is_file()


def test_daily_and_weekly_on_one_day_do_not_touch_each_other(archive: Shelved) -> None:
    archive.put(edition(subject="The day"))
    archive.put(edition(digest="weekly", subject="The week"))
    archive.keeper.build()
    assert "The day" in archive.page("daily", DAY)
    assert "The week" in archive.page("weekly", DAY)
    root = (archive.folder / "index.html").read_text(encoding="utf-8")
    assert 'href="daily/2026/11/23/"' in root
    assert 'href="weekly/2026/11/23/"' in root
    assert "http-equiv" not in root
    report = archive.keeper.build()
    assert (report.editions, report.made, report.written) == (2, 0, 0)


def test_an_empty_archive_is_a_site_too(archive: Shelved) -> None:
    archive.keeper.build()
    assert "No edition is listed yet." in (archive.folder / "daily/index.html").read_text(encoding="utf-8")
    assert "Nothing yet." in (archive.folder / "daily/section/trade/index.html").read_text(encoding="utf-8")


def test_a_section_that_is_no_more_keeps_its_pages_and_a_broken_memory_is_no_matter(archive: Shelved) -> None:
    archive.put(edition(sections=(filled("old-times", [item("harbour")]),)))
    archive.keeper.build()
    before = {path: path.read_bytes() for path in archive.folder.rglob("*.html")}
    assert "Old-Times" in (archive.folder / "daily/section/old-times/index.html").read_text(encoding="utf-8")
    for broken in (b"", b"{", b'{"form":1}', b'{"form":1,"digests":{"daily":{"days":{"2026-11-23":[1]}}}}', b"\xff"):
        (archive.folder / memory.FILE).write_bytes(broken)
        archive.keeper.build()
        assert {path: path.read_bytes() for path in archive.folder.rglob("*.html")} == before


def test_what_cannot_be_retracted_says_so(archive: Shelved) -> None:
    key = archive.put(edition())
    with pytest.raises(StoreError, match="never published"):
        archive.keeper.retract(key._replace(day=date(2026, 11, 1)), "why")


def test_an_edition_whose_process_died_before_it_was_listed_is_listed_by_the_next_build(archive: Shelved) -> None:
    key = archive.put(edition(subject="The day"), listed=False)
    archive.keeper.build()
    home = archive.folder / "daily/index.html"
    assert "2026/11/23" not in home.read_text(encoding="utf-8"), "its send goes on"
    archive.wiring.editions.set_state(
        key, EditionState.FINISHED, among=(EditionState.APPROVED,), now=archive.wiring.clock.now()
    )
    archive.keeper.build()
    assert "2026/11/23" in home.read_text(encoding="utf-8")


@pytest.mark.parametrize("few", [site_files.FEW, 5])
def test_pages_are_on_the_disk_before_any_is_moved(archive: Shelved, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    archive.put(edition())
    synced, staging = list[int](), archive.folder / site_files.STAGING

    def sync(file: int = -1) -> None:
        assert not (archive.folder / "daily").exists(), "a page was moved before it was on the disk"
        synced.extend([os.fstat(file).st_ino] if file >= 0 else [path.stat().st_ino for path in staging.iterdir()])

    monkeypatch.setattr(site_files, "DURABLE", True)
    monkeypatch.setattr(site_files, "FEW", few)
    monkeypatch.setattr("os.sync" if few == 5 else "os.fsync", sync)
    report = site.build_site([archive.keeper.source(each) for each in archive.wiring.settings.digests], archive.folder)
    assert report.written > 10
    assert len(set(synced)) == len(synced) == report.written


def test_a_staging_folder_left_by_one_who_was_killed_is_no_matter(archive: Shelved) -> None:
    (archive.folder / ".staging").mkdir(parents=True)
    (archive.folder / ".staging" / "0").write_text("half", encoding="utf-8")
    archive.keeper.build()
    assert not (archive.folder / ".staging").exists()


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 7))
def test_a_section_s_pages_hold_each_story_once_and_full_ones_never_change(counts: list[int], size: int) -> None:
    def laid_out(counts: list[int]) -> list[Shelf]:
        shelving, found = Shelving("trade", size), []
        for number, count in enumerate(counts):
            found += list(shelving.add(DAY + timedelta(days=number), count))
        return [*found, *shelving.finish()]

    shelves = laid_out(counts)
    spots = [spot for shelf in shelves for spot in shelf.spots]
    assert len(spots) == len(set(spots)) == sum(counts)
    assert spots == sorted(spots, key=lambda spot: (spot.day, spot.place))
    *numbered, newest = shelves
    assert [shelf.number for shelf in numbered] == list(range(1, len(numbered) + 1))
    assert all(len(shelf.spots) == size for shelf in numbered)
    assert newest.number == 0
    assert len(newest.spots) < 2 * size
    assert [shelf.newer for shelf in numbered] == [*range(2, len(numbered) + 1), 0][: len(numbered)]
    assert [shelf.older for shelf in shelves] == list(range(len(shelves)))
    later = laid_out([*counts, 3])
    for before, after in zip(numbered[:-1], later, strict=False):
        assert (before.spots, before.newer, before.older) == (after.spots, after.newer, after.older)


def test_thousands_of_stories_of_a_section_are_on_numbered_pages(archive: Shelved) -> None:
    days = [DAY - timedelta(days=number) for number in range(24, -1, -1)]
    for number, day in enumerate(days, 1):
        archive.put(
            replace(edition(), day=day, sections=(filled("trade", [item(f"s{number}-{n}") for n in range(4)]),)), number
        )
    archive.keeper.build()
    folder = archive.folder / "daily/section/trade"
    pages = sorted(int(path.name) for path in (folder / "page").iterdir())
    assert pages == [1, 2]
    assert len(parsed((folder / "page/1/index.html").read_text(encoding="utf-8")).xpath("//article")) == SIZE
    newest = parsed((folder / "index.html").read_text(encoding="utf-8"))
    assert len(newest.xpath("//article")) == 100 - 2 * SIZE
    assert newest.xpath("//a[@rel='prev']/@href") == ["../../../daily/section/trade/page/2/"]
    before = {path: path.stat().st_mtime_ns for path in archive.folder.rglob("index.html")}
    archive.put(replace(edition(), day=DAY + timedelta(days=1), sections=(filled("trade", [item("last")]),)), 26)
    report = archive.keeper.build()
    assert report.made == 2, "the new one, and the one before, which has a next one now"
    changed = {
        path.relative_to(archive.folder).as_posix() for path, at in before.items() if path.stat().st_mtime_ns != at
    }
    assert changed == {
        "daily/index.html", "daily/2026/11/23/index.html", "daily/2026/11/index.html", "daily/2026/index.html",
        "daily/section/trade/index.html", "index.html",
    }  # fmt: skip


def test_a_month_begins_with_the_day_its_language_begins_a_week_with() -> None:
    grid = month_of(2026, 11, {DAY: Cell(day=DAY, number=1, is_open=True)}, first_weekday=0)
    assert grid.weeks[0][:6] == (None,) * 6
    assert grid.weeks[0][6] == Cell(day=date(2026, 11, 1))
    assert month_of(2026, 11, {}, first_weekday=6).weeks[0][0] == Cell(day=date(2026, 11, 1))
    assert grid.editions == 1


def test_in_arabic_the_site_reads_from_right_to_left(archive: Shelved, tmp_path: Path) -> None:
    from digest.config import load
    from digest.wiring import Wiring
    from digest.wiring.archive import ArchiveKeeper

    archive.put(edition())
    text = (tmp_path / "digest.toml").read_text(encoding="utf-8")
    changed = text.replace("[publication]\n", '[publication]\nlanguage = "ar"\ndirection = "rtl"\n')
    (tmp_path / "digest.toml").write_text(changed, encoding="utf-8")
    wiring = Wiring(load(tmp_path / "digest.toml", {}), clock=archive.wiring.clock)
    try:
        ArchiveKeeper(wiring).build()
    finally:
        wiring.close()
    page = archive.page("daily", DAY)
    assert '<html lang="ar" dir="rtl">' in page
    assert "الاثنين" in page
    assert "كل الأعداد" in page
