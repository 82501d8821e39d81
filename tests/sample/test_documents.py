"""The sample's documents: readable, plentiful, of their day, and other ones tomorrow."""

from __future__ import annotations

import json
import re
import tomllib
from calendar import timegm
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import urlsplit

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.sample import SAMPLE_HOST, feed_document, sample_feeds, sample_text

# An ordinary day, the two days of 2026 on which the clocks of Lisbon change, and both sides of a new year.
DAYS = (date(2026, 11, 23), date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 31), date(2027, 1, 1))
FILES = tuple(urlsplit(feed.url).path.lstrip("/") for feed in sample_feeds())


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a reader finds in an entry."""

    file: str
    guid: str
    title: str
    link: str
    summary: str
    byline: str
    published: datetime | None  # None where the date is missing or not RFC 5322 or ISO 8601
    category: str


def morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, 40, tzinfo=UTC)


def read(file: str, day: date, now: datetime | None = None) -> list[Told]:
    body, _ = feed_document(file, day=day, now=now or morning(day))
    if file.endswith(".json"):
        return [
            Told(
                file=file,
                guid=item["id"],
                title=item["title"],
                link=item["url"],
                summary=item["content_html"],
                byline=item["authors"][0]["name"] if "authors" in item else "",
                published=datetime.fromisoformat(item["date_published"]),
                category=next(iter(item["tags"]), ""),
            )
            for item in json.loads(body)["items"]
        ]
    parsed = feedparser.parse(body)
    assert not parsed.bozo, f"{file}: {parsed.get('bozo_exception')}"
    return [
        Told(
            file=file,
            guid=entry.get("id", entry.link),
            title=entry.title,
            link=entry.link,
            summary=entry.get("summary", ""),
            byline=entry.get("author", ""),
            published=datetime.fromtimestamp(timegm(entry.published_parsed), UTC)
            if entry.get("published_parsed")
            else None,
            category=entry.tags[0].term if entry.get("tags") else "",
        )
        for entry in parsed.entries
    ]


def paper(day: date) -> list[Told]:
    return [told for file in FILES for told in read(file, day)]


def words(told: Told) -> str:
    return unescape(re.sub(r"<[^>]+>", "", told.summary)).strip()


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_a_day_has_twelve_feeds_and_a_hundred_and_fifty_stories(day: date) -> None:
    counts = Counter(told.file for told in paper(day))
    assert len(counts) >= 12
    assert min(counts.values()) >= 2
    assert sum(counts.values()) >= 150


@settings(max_examples=12, deadline=None)  # a day is some 160 stories to parse
@given(st.dates(date(2026, 1, 1), date(2028, 12, 31)))
def test_every_day_reads_without_complaint_and_is_never_short(day: date) -> None:
    stories = paper(day)
    assert len(stories) >= 150
    assert not [told.title for told in stories if "{" in told.title + told.summary or not told.title]


@settings(max_examples=12, deadline=None)  # a day is some 160 stories to parse
@given(st.dates(date(2026, 1, 1), date(2028, 12, 31)))
def test_the_next_day_brings_other_news(day: date) -> None:
    today, tomorrow = paper(day), paper(day + timedelta(days=1))
    shared = {told.title for told in today} & {told.title for told in tomorrow}
    assert len(shared) < 0.1 * len(tomorrow)
    assert not {told.guid for told in today} & {told.guid for told in tomorrow}
    assert not {told.link for told in today} & {told.link for told in tomorrow}


def test_every_format_is_there() -> None:
    kinds = set()
    for file in FILES:
        body, media_type = feed_document(file, day=DAYS[0], now=morning(DAYS[0]))
        assert media_type.endswith("; charset=utf-8")
        kinds.add("json11" if file.endswith(".json") else feedparser.parse(body).version)
    assert kinds == {"rss20", "rss10", "atom10", "json11"}


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_only_the_marked_date_lies_in_the_future_and_none_is_older_than_a_day(day: date) -> None:
    now = morning(day)
    future = [told for told in paper(day) if told.published and told.published > now]
    assert [told.file for told in future] == ["harbour-notes.rss"]
    past = [told.published for told in paper(day) if told.published and told.published <= now]
    assert min(past) >= now - timedelta(hours=30)


@pytest.mark.parametrize("hour", [0, 9, 23])
def test_dates_stay_behind_the_clock_at_any_hour(hour: int) -> None:
    now = datetime(2026, 11, 23, hour, 3, tzinfo=UTC)
    late = [
        told
        for file in FILES
        for told in read(file, now.date(), now)
        if told.published and told.published > now and told.file != "harbour-notes.rss"
    ]
    assert late == []


def test_one_date_is_missing_and_some_are_written_oddly() -> None:
    body, _ = feed_document("harbour-notes.rss", day=DAYS[0], now=morning(DAYS[0]))
    assert body.count(b"<pubDate>") == body.count(b"<item>") - 1
    radio, _ = feed_document("tarn-radio.rss", day=DAYS[0], now=morning(DAYS[0]))
    assert re.search(rb"<pubDate>[A-Z][a-z]+day, [A-Z][a-z]+ \d\d, 2026 - \d\d:\d\d</pubDate>", radio)


def test_the_same_day_gives_the_same_bytes_whatever_was_asked_before() -> None:
    first = {file: feed_document(file, day=DAYS[0], now=morning(DAYS[0])) for file in FILES}
    for day in DAYS:
        feed_document(FILES[0], day=day, now=morning(day))
    again = {file: feed_document(file, day=DAYS[0], now=morning(DAYS[0])) for file in reversed(FILES)}
    assert first == again


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_twelve_events_are_told_by_two_papers_or_more_in_words_of_their_own(day: date) -> None:
    events: dict[str, set[tuple[str, str]]] = {}
    for file in FILES:
        for told in read(file, day):
            match = re.search(r":event-(\d+)-\d+$", told.guid)
            if match:
                events.setdefault(match.group(1), set()).add((file, words(told)))
    shared = [tellings for tellings in events.values() if len({file for file, _ in tellings}) >= 2]
    assert len(shared) >= 12
    assert all(len({text for _, text in tellings}) >= 2 for tellings in shared)


def test_the_columnist_has_four_pieces() -> None:
    assert [told.byline for told in paper(DAYS[0])].count("By Odile Farraday") == 4


def test_agency_pieces_run_word_for_word_elsewhere_with_credit() -> None:
    agency = {words(told).partition(" — ")[2].removesuffix(" (Calder Wire)") for told in read(FILES[0], DAYS[0])}
    for file in ("port-iselin-ledger.rss", "aster-valley-courier.atom"):
        credited = [words(told) for told in read(file, DAYS[0]) if "(Calder Wire)" in words(told)]
        assert credited
        assert {text.removesuffix(" (Calder Wire)") for text in credited} <= agency


def test_videos_have_a_length_and_a_still() -> None:
    body, _ = feed_document("halyard-video.rss", day=DAYS[0], now=morning(DAYS[0]))
    entries = feedparser.parse(body).entries
    assert len(entries) >= 4
    for entry in entries:
        assert int(entry.media_content[0]["duration"]) > 0
        assert entry.media_thumbnail[0]["url"].startswith(f"http://{SAMPLE_HOST}/pictures/")


@pytest.mark.parametrize(
    ("file", "script"),
    [("nga-tai.rss", "[āēīōū]"), ("nashrat-alsahil.atom", "[\u0600-\u06ff]"), ("shiomi.rdf", "[\u3040-\u30ff]")],
)
def test_papers_in_three_languages_write_their_own_script(file: str, script: str) -> None:
    titles = " ".join(told.title for day in DAYS for told in read(file, day))
    assert re.search(script, titles)


def test_every_section_is_named_by_a_feed_or_a_category() -> None:
    named = {feed.section for feed in sample_feeds() if feed.section}
    categories = {told.category for told in paper(DAYS[0]) if told.category}
    assert named == {"video", "science", "culture", "regional"}
    assert {"Foreign Affairs", "Defence", "Natural Events", "Trade", "Regional", "Science", "Culture"} <= categories


def test_some_papers_tell_entities_tails_pixels_and_more_links() -> None:
    raw = {file: feed_document(file, day=DAYS[0], now=morning(DAYS[0]))[0].decode() for file in FILES}
    assert " | Port Iselin Ledger</title>" in raw["port-iselin-ledger.rss"]
    assert "width=&quot;1&quot; height=&quot;1&quot;" in raw["lamplight-quarterly.rss"]
    assert "Continue reading" in raw["harbour-notes.rss"]
    assert "<content:encoded>" in raw["calder-wire.rss"]
    everything = "".join(
        feed_document(file, day=DAYS[0] + timedelta(days=step), now=morning(DAYS[0] + timedelta(days=step)))[0].decode()
        for step in range(7)
        for file in FILES
    )
    assert re.search(r"<title>[^<]*&amp;#8217;", everything)
    assert re.search(r"<title>[^<]*[^;]&#8217;", everything)
    assert re.search(r"<title>[^<]* &amp; ", everything)


def test_an_unknown_file_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        feed_document("nowhere.rss", day=DAYS[0], now=morning(DAYS[0]))


def test_the_demo_names_exactly_the_feeds_that_are_served() -> None:
    written = tomllib.loads(sample_text("digest.toml"))
    slugs = {section["slug"] for section in written["sections"]}
    assert {feed["url"] for feed in written["feeds"]} == {feed.url for feed in sample_feeds()}
    assert {feed.section for feed in sample_feeds()} - {""} <= slugs
    assert len(slugs) == 8
    assert "time" not in written["digest"]["daily"]
    assert "demo" in written
