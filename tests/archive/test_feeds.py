"""Feeds of editions and sections: what readers make of them, and that they stay what they are."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pytest
from lxml import etree

from digest.archive.feeds import FORMATS, atom, files, json_feed, rss
from digest.archive.syndicated import EDITIONS, STORIES, Channel, Syndication
from digest.feeds.parse import parse
from digest.model.archive import Correction, Listed, Retraction
from digest.model.editions import Edition, Item, Picture, Related
from digest.model.news import Cluster, Feed, Media, Story
from digest.stories.normalize import stories_of
from tests.builders import DAY, NOW, PUBLICATION, edition, filled, item, story

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parents[1] / "data" / "archive" / "atom.rng"))
LATER = NOW + timedelta(hours=2)


def say(text: str, **gaps: object) -> str:
    return text.format(**gaps)


OURS = Syndication(
    publication=PUBLICATION, digest="daily", title="The Morning Halyard", say=say, zone=ZoneInfo("Europe/Lisbon")
)


def told(name: str, **changes: Any) -> Item:
    own = {key: changes.pop(key) for key in ("kicker", "related", "picture", "note") if key in changes}
    lead = story(name, **changes)
    return item(name, cluster=Cluster(stories=(lead,), lead=lead), headline=lead.headline, teaser=lead.teaser, **own)


ITEMS = (
    told("harbour", headline="Two coasts agree: R&D < risk", teaser="After <b>eleven</b> years & more.", kicker="Oru Strait",
         byline="Tessaly Brandt", rights="© Calder Wire",
         picture=Picture(name="ab12.jpg", width=1100, height=620, alt="A ship & a boat", credit="Halyard Picture Desk")),
    told("ferry", headline="خبراء يناقشون الميناء", teaser="بعد أحد عشر عاما.", language="ar", source="نشرة الساحل",
         related=(Related(headline="Drawn hour by hour", url="https://port.example/a?b=1&c=2", source="Port Iselin Ledger"),)),
    told("video", headline="港の一日", language="ja", duration_s=134, note="Seen by all",
         media=Media(url="https://video.example/a.mp4", kind="video", media_type="video/mp4", size=1_000_000)),
    told("undated", published=None, date_note="unknown", teaser="", source="", feed_name="World Desk"),
)  # fmt: skip


def listed(day: date = DAY, **changes: Any) -> Listed:
    made: Edition = edition(day=day, sections=(filled("foreign", ITEMS), filled("trade", [item("wheat")])))
    at = datetime(day.year, day.month, day.day, 6, 40, tzinfo=UTC)
    url = f"https://halyard.example/daily/{day:%Y/%m/%d}/"
    values: dict[str, Any] = {"edition": made, "number": 412, "title": "The Morning Halyard", "url": url}
    return Listed(**{**values, "approved_at": at, "listed_at": at + timedelta(minutes=20), **changes})


def section(*editions: Listed, full: bool = True) -> Channel:
    return OURS.section("foreign", "Foreign Affairs", editions or (listed(),), full=full)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("full", [True, False])
def test_our_own_reader_reads_each_story_as_it_was(kind: str, full: bool) -> None:
    channel = section(full=full)
    body = FORMATS[kind][1](channel)
    parsed = parse(body, url=f"{channel.base}.{kind}")
    assert parsed.title == "The Morning Halyard: Foreign Affairs"
    stories = stories_of(parsed.entries, Feed(url="", kicker="never"), feed_title=parsed.title, now=NOW)
    assert len(stories) == len(ITEMS)
    for read, shown in zip(stories, ITEMS, strict=True):
        lead = shown.cluster.lead
        title = f"{shown.kicker}: {shown.headline}" if shown.kicker else shown.headline
        assert (read.title, read.url) == (title, lead.url)
        # A full entry goes on with related lines and notes where its teaser is short.
        assert read.teaser.startswith(shown.teaser) if full else read.teaser == shown.teaser
        assert read.byline == lead.byline
        assert read.language == (lead.language or "en")
        if kind != "json":  # which has no place for it but an extension
            assert read.source == (lead.source or lead.feed_name)
        # Atom must say when an entry changed, and JSON Feed may: all there is for a story without a date.
        changed = None if kind == "rss" else listed().published_at
        assert read.published == (lead.published or changed)
    assert stories[0].image is not None
    assert stories[0].image.url == "https://halyard.example/img/ab12.jpg"
    assert stories[2].media is not None
    assert stories[2].media.url == "https://video.example/a.mp4"
    assert bool(parsed.entries[0].content) or kind == "json" or not full


@pytest.mark.parametrize("kind", ["rss", "atom"])
@pytest.mark.parametrize("full", [True, False])
def test_feedparser_reads_them_without_complaint(kind: str, full: bool) -> None:
    for channel in (section(full=full), OURS.editions([listed()], full=full)):
        read = feedparser.parse(FORMATS[kind][1](channel), response_headers={"content-type": FORMATS[kind][0]})
        assert not read.bozo, read.get("bozo_exception")
        assert [entry.id for entry in read.entries] == [entry.id for entry in channel.entries]
        assert [entry.link for entry in read.entries] == [entry.url for entry in channel.entries]
        assert bool(read.entries[0].get("content")) == full
    assert read.version == {"rss": "rss20", "atom": "atom10"}[kind]


@pytest.mark.parametrize("full", [True, False])
def test_atom_satisfies_its_schema(full: bool) -> None:
    hub = replace(OURS, hub="https://hub.example/")
    for channel in (
        hub.editions([listed()], full=full), hub.section("foreign", "Foreign Affairs", [listed()], full=full),
        OURS.editions([], full=full),
    ):  # fmt: skip
        root = etree.fromstring(atom(channel))
        SCHEMA.assertValid(root)
        # The rules that the grammar leaves to prose and Schematron (RFC 4287 §4.1).
        spaces = {"a": "http://www.w3.org/2005/Atom"}
        for entry in root.iterfind("a:entry", spaces):
            assert entry.findall("a:author", spaces) or root.findall("a:author", spaces)
            assert entry.findall("a:link[@rel='alternate']", spaces) or entry.findall("a:content", spaces)
        assert [link.get("href") for link in root.iterfind("a:link[@rel='self']", spaces)] == [f"{channel.base}.atom"]


def test_the_schema_refuses_what_is_wrong() -> None:
    root = etree.fromstring(atom(section()))
    root.remove(root.find("{http://www.w3.org/2005/Atom}id"))  # type: ignore[arg-type]  # it is there
    assert not SCHEMA.validate(root)


def test_json_feed_says_what_1_1_wants() -> None:
    document = json.loads(json_feed(replace(section(), hub="https://hub.example/")))
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["feed_url"] == "https://halyard.example/daily/section/foreign/feed.json"
    assert document["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]
    assert all(entry["id"] and (entry.get("content_html") or entry.get("content_text")) for entry in document["items"])
    assert document["items"][0]["_source"] == {"name": "Calder Wire", "rights": "© Calder Wire"}
    assert document["items"][2]["attachments"][0]["duration_in_seconds"] == 134
    assert "date_published" not in document["items"][3]
    assert json.loads(json_feed(OURS.editions([], full=True)))["items"] == []


def test_the_hub_is_named_where_there_is_one() -> None:
    for body in (rss(section()), atom(section()), json_feed(section())):
        assert b"hub" not in body.replace(b"The Morning Halyard", b"")
    with_hub = replace(section(), hub="https://hub.example/")
    assert b'rel="hub"' in rss(with_hub)
    assert b'rel="hub"' in atom(with_hub)


def test_a_correction_changes_the_entry_and_keeps_its_id() -> None:
    before, fix = section(), Correction(story="ferry", section="foreign", headline="x", text="It is <two>.", at=LATER)
    after = section(listed(corrections=(fix,)))
    assert [entry.id for entry in after.entries] == [entry.id for entry in before.entries]
    assert [entry.updated > old.updated for entry, old in zip(after.entries, before.entries, strict=True)] == [
        False, True, False, False,
    ]  # fmt: skip
    assert "Corrected at 2026-11-23 08:40." in after.entries[1].content
    assert "It is &lt;two&gt;." in after.entries[1].content
    assert after.updated == LATER
    whole = OURS.editions([listed(corrections=(fix,))], full=True)
    assert whole.entries[0].id == OURS.editions([listed()], full=True).entries[0].id
    assert (whole.entries[0].updated, "It is &lt;two&gt;." in whole.entries[0].content) == (LATER, True)


def test_ids_stay_when_the_site_moves_and_differ_between_editions() -> None:
    moved = replace(OURS, publication=replace(PUBLICATION, public_url="https://elsewhere.example/news"))
    there = moved.section("foreign", "Foreign Affairs", [listed(url="https://elsewhere.example/news/x/")], full=True)
    assert [entry.id for entry in there.entries] == [entry.id for entry in section().entries]
    two = section(listed(), listed(DAY - timedelta(days=1)))
    assert len({entry.id for entry in two.entries}) == 2 * len(ITEMS)


def test_feeds_hold_the_newest_and_nothing_retracted_or_unlisted() -> None:
    days = [listed(DAY - timedelta(days=back)) for back in range(40)]
    assert len(OURS.editions(days, full=True).entries) == EDITIONS
    assert len(section(*days).entries) == STORIES
    off = listed(retraction=Retraction(reason="wrong", at=LATER))
    assert OURS.editions([off, listed(listed_at=None)], full=True).entries == ()
    assert section(off, listed(listed_at=None)).entries == ()
    assert OURS.section("sport", "Sport", days, full=True).entries == ()


def test_the_same_input_gives_the_same_bytes() -> None:
    assert files(section(), "daily/feed") == files(section(), "daily/feed")
    assert sorted(files(section(), "daily/feed")) == ["daily/feed.atom", "daily/feed.json", "daily/feed.rss"]


def test_what_xml_cannot_hold_and_very_long_headlines_do_not_break_a_feed() -> None:
    wild = told("wild", headline="A\x00B\x0bC\ufffe\ud800 " + "long " * 400, teaser="]]> &amp; </description>", url="")
    one = replace(listed(), edition=edition(sections=(filled("foreign", [wild]),)))
    channel = section(one)
    assert channel.entries[0].url == "https://halyard.example/daily/2026/11/23/#_wild"
    for kind in ("rss", "atom"):
        assert not feedparser.parse(FORMATS[kind][1](channel)).bozo
    SCHEMA.assertValid(etree.fromstring(atom(channel)))
    (read,) = parse(json_feed(channel)).entries
    assert read.title.startswith("A")


def test_a_feed_of_editions_tells_each_whole() -> None:
    (entry,) = OURS.editions([listed()], full=True).entries
    assert (entry.title, entry.url) == ("Headline of harbour", "https://halyard.example/daily/2026/11/23/")
    assert entry.content.count("<h2>") == 2
    assert entry.content.count("<h3>") == len(ITEMS) + 1
    assert '<a href="https://port.example/a?b=1&amp;c=2">Drawn hour by hour</a> · Port Iselin Ledger' in entry.content
    assert "R&amp;D &lt; risk" in entry.content
    stories: tuple[Story, ...] = stories_of(
        parse(rss(OURS.editions([listed()], full=True))).entries, Feed(url=""), now=NOW
    )
    assert [each.url for each in stories] == [entry.url]
