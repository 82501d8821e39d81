"""Sitemaps: what they hold, and how they are split."""

from __future__ import annotations

from datetime import timedelta

from lxml import etree

from digest.archive.sitemaps import INDEX, MOST, Address, News, files, names, news
from digest.feeds.parse import parse
from tests.builders import NOW

BASE = "https://halyard.example/news"
SPACES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "n": "http://www.google.com/schemas/sitemap-news/0.9"}


def addresses(count: int) -> list[Address]:
    return [Address(url=f"{BASE}/daily/{n}/?a&b", changed=NOW + timedelta(minutes=n)) for n in range(count)]


def locations(body: bytes) -> list[str]:
    return [str(each.text) for each in etree.fromstring(body).iterfind(".//s:loc", SPACES)]


def test_up_to_the_limit_there_is_one() -> None:
    made = files(addresses(50), BASE, most=50)
    assert tuple(made) == names(50, most=50) == (INDEX,)
    assert locations(made[INDEX]) == [each.url for each in addresses(50)]
    (first, *_) = etree.fromstring(made[INDEX]).iterfind(".//s:lastmod", SPACES)
    assert first.text == "2026-11-23T06:40:00Z"


def test_above_the_limit_an_index_names_the_parts_and_only_the_last_one_grows() -> None:
    made, more = files(addresses(120), BASE, most=50), files(addresses(121), BASE, most=50)
    assert tuple(made) == names(120, most=50)
    assert locations(made[INDEX]) == [f"{BASE}/sitemap-{number}.xml" for number in (1, 2, 3)]
    held = [url for number in (1, 2, 3) for url in locations(made[f"sitemap-{number}.xml"])]
    assert held == [each.url for each in addresses(120)]
    assert [name for name in made if made[name] != more[name]] == ["sitemap-3.xml", INDEX]


def test_fifty_thousand_is_the_limit() -> None:
    made = files([Address(url=f"{BASE}/{n}/") for n in range(MOST + 1)], BASE)
    assert len(locations(made["sitemap-1.xml"])) == MOST
    assert len(locations(made["sitemap-2.xml"])) == 1
    assert all(len(body) < 50 * 1024 * 1024 for body in made.values())


def test_news_are_two_days_old_at_most_and_our_own_reader_reads_them() -> None:
    told = [
        News(url=f"{BASE}/daily/{back}/", publication="The Halyard & Sons", language="en",
             title=f"Headline <{back}>", published=NOW - timedelta(days=back))
        for back in range(5)
    ]  # fmt: skip
    body = news(told)
    assert locations(body) == [f"{BASE}/daily/0/", f"{BASE}/daily/1/"]
    entries = parse(body).entries
    assert [entry.title for entry in entries] == ["Headline &lt;0&gt;", "Headline &lt;1&gt;"]
    assert [entry.published_at for entry in entries] == [NOW, NOW - timedelta(days=1)]
    assert etree.fromstring(body).findtext(".//n:name", namespaces=SPACES) == "The Halyard & Sons"


def test_nothing_to_tell_is_a_valid_sitemap() -> None:
    assert locations(files([], BASE)[INDEX]) == locations(news([])) == []
