"""Feeds of every kind become entries and clean stories; nothing crashes, no date is invented."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import FetchError, ParseError
from digest.feeds.feed_dates import understand
from digest.feeds.fetch import FeedResult, fetch_feeds
from digest.feeds.parse import parse
from digest.model.news import Feed, FeedState, Story
from digest.model.web import Request, Response
from digest.pipeline.read import read_files, story_line
from digest.stories.normalize import stories_of
from tests.builders import NOW

URL = "https://calder.example/feed.rss"
RSS = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Calder Wire</title><link>https://calder.example/</link><language>en-GB</language>
<copyright>(c) Calder Wire</copyright>
<item><title>Oru Strait: Pilots share a boat &amp;amp; a kitchen</title>
<link>/2026/11/23/pilots?utm_source=x&amp;id=7</link><guid isPermaLink="false">cw-1</guid>
<dc:creator>By Tessaly Brandt (tb@calder.example)</dc:creator>
<description>&lt;p&gt;PORT ISELIN - Two coasts agreed. &lt;b&gt;It took&lt;/b&gt; eleven years.&lt;/p&gt;
&lt;img src="https://t.example/1.gif" width="1" height="1"&gt;</description>
<pubDate>Mon, 23 Nov 2026 05:40:00 GMT</pubDate><category>Foreign Affairs</category>
<media:content url="/small.jpg" medium="image" width="90" height="60"/>
<media:content url="/large.jpg" medium="image" width="1200" height="800"/>
<itunes:duration>2:14</itunes:duration></item>
<item><title>Velmora: A bill goes back</title><link>https://calder.example/bill</link><guid>cw-2</guid></item>
<item><title>Navy: A frigate rests</title><link>https://calder.example/navy</link>
<guid>cw-3</guid><pubDate>yesterday evening</pubDate></item>
<item><title>Trade: Boxes are cheap</title><link>https://calder.example/trade</link><guid>cw-4</guid></item>
</channel></rss>"""


def stories(body: bytes, feed: Feed | None = None, now: datetime | None = NOW) -> tuple[Story, ...]:
    feed = feed or Feed(url=URL, name="Calder Wire")
    parsed = parse(body, url=feed.url)
    return stories_of(parsed.entries, feed, feed_title=parsed.title, now=now)


def test_a_rich_feed_is_read_whole() -> None:
    first, second, third, _ = stories(RSS)
    assert first.headline == "Pilots share a boat & a kitchen"
    assert first.kicker == "Oru Strait"
    assert first.url == "https://calder.example/2026/11/23/pilots?id=7"
    assert first.byline == "Tessaly Brandt"
    assert first.dateline == "Port Iselin"
    assert first.teaser == "Two coasts agreed. It took eleven years."
    assert first.published == datetime(2026, 11, 23, 5, 40, tzinfo=UTC)
    assert first.image is not None
    assert first.image.url == "https://calder.example/large.jpg"
    assert "foreign affairs" in [hint.lower() for hint in first.hints]
    assert first.rights == "(c) Calder Wire"
    assert first.position == 1
    assert (second.published, third.published) == (None, None), "a date is never invented"
    assert len({story.id for story in stories(RSS)}) == 4


def test_a_kicker_is_split_only_where_asked() -> None:
    whole = stories(RSS, Feed(url=URL, kicker="never"))[0]
    assert (whole.kicker, whole.headline) == ("", "Oru Strait: Pilots share a boat & a kitchen")


def test_the_same_feed_gives_the_same_stories() -> None:
    assert stories(RSS) == stories(RSS)


ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://north.example/news/"><title>Northlight</title>
<entry><id>urn:1</id><title type="html">Peace &lt;em&gt;at last&lt;/em&gt;</title><link href="peace"/>
<published>2026-11-23T05:00:00+01:00</published><summary>It holds.</summary></entry></feed>"""
RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://v.example/"><title>Veldmark</title></channel>
<item rdf:about="https://v.example/1"><title>Peace at last</title><link>https://v.example/1</link>
<dc:date>2026-11-23T04:00:00Z</dc:date></item></rdf:RDF>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Isles",
        "items": [
            {
                "id": "1",
                "url": "https://i.example/1",
                "title": "Peace at last",
                "date_published": "2026-11-23T04:00:00Z",
            }
        ],
    }
).encode()


@pytest.mark.parametrize("body", [ATOM, RDF, JSON], ids=["atom", "rdf", "json"])
def test_other_kinds_of_feed(body: bytes) -> None:
    (only,) = stories(body)
    assert only.headline == "Peace at last"
    assert only.published == datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    assert only.url.startswith("https://")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "."),
        (b"<html><head><title>Welcome</title></head><body>Hi</body></html>", "Welcome"),
        (b"<rss version='2.0'><channel><title>Empty</title></channel></rss>", "no entry"),
        (b"GIF89a\x00\x01", "."),
    ],
)
def test_what_is_no_feed_is_said(body: bytes, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        parse(body, url=URL)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_never_crash(body: bytes) -> None:
    try:
        read = parse(body, url=URL)
    except ParseError:
        return
    assert read.entries, "a feed that is read holds entries"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([RSS, ATOM, RDF, JSON]), st.integers(0, 3_000), st.integers(0, 200), st.binary(max_size=20))
def test_damaged_feeds_never_crash(body: bytes, place: int, length: int, put: bytes) -> None:
    damaged = body[:place] + put + body[place + length :]
    try:
        made = stories(damaged)
    except ParseError:
        return
    assert all(story.headline is not None for story in made)


def test_an_entity_bomb_is_harmless() -> None:
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    item = "<item><title>&a11;</title><link>https://a.example/</link></item>"
    head = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "ha">{lines}]>'
    bomb = f'{head}<rss version="2.0"><channel>{item}</channel></rss>'
    try:
        parsed = parse(bomb.encode(), url=URL)
    except ParseError:
        return
    assert all(len(entry.title) < 100_000 for entry in parsed.entries)


def test_hostile_words_are_words() -> None:
    body = RSS.replace(b"Velmora: A bill goes back", b"&lt;script&gt;alert(1)&lt;/script&gt;Bill \x07" + b"x" * 5_000)
    made = stories(body)
    assert all("<script" not in story.headline and "\x07" not in story.headline for story in made)
    assert all(len(story.headline) < 600 for story in made)
    script = RSS.replace(b"https://calder.example/bill", b"javascript:alert(1)")
    assert not any(story.url.startswith("javascript") for story in stories(script))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 23 Nov 2026 05:40:00 GMT", "2026-11-23T05:40:00+00:00"),
        ("Mon, 23 Nov 2026 05:40:00 EST", "2026-11-23T10:40:00+00:00"),
        ("2026-11-23T05:40:00+13:00", "2026-11-22T16:40:00+00:00"),
        ("Lundi 23 novembre 2026 05:40", "2026-11-23T05:40:00+00:00"),
        ("23 Nov 26 05:40 +0000", "2026-11-23T05:40:00+00:00"),
        ("yesterday evening", None),
        ("", None),
        ("2026-13-45", None),
        ("Nov", None),
    ],
)
def test_dates_are_understood_or_unknown(text: str, expected: str | None) -> None:
    moment, _ = understand(text)
    assert (moment.isoformat() if moment else None) == expected


def test_a_missing_zone_is_the_feeds_and_is_said() -> None:
    moment, note = understand("23 Nov 2026 05:40", time_zone="America/New_York")
    assert moment == datetime(2026, 11, 23, 10, 40, tzinfo=UTC)
    assert note


@given(st.text(max_size=60))
def test_no_text_crashes_the_reading_of_dates(text: str) -> None:
    moment, _ = understand(text)
    assert moment is None or moment.tzinfo is not None


def test_a_date_in_the_future_is_kept_and_noted() -> None:
    later = RSS.replace(b"23 Nov 2026 05:40", b"23 Nov 2027 05:40").replace(b"Mon, ", b"")
    first = stories(later)[0]
    assert first.date_note == "future"


class Canned:
    """A fetcher that gives one answer."""

    def __init__(self, answer: Response | FetchError) -> None:
        self.answer = answer
        self.asked: list[Request] = []

    def fetch(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response | FetchError]]:
        self.asked += requests
        for request in requests:
            answer = self.answer
            yield request, replace(answer, url=request.url) if isinstance(answer, Response) else answer


FEED = Feed(url=URL, name="Calder Wire")


def asked(
    answer: Response | FetchError, state: FeedState | None = None, now: datetime = NOW
) -> tuple[FeedResult, Canned]:
    canned = Canned(answer)
    (result,) = fetch_feeds([FEED], {URL: state} if state else {}, fetcher=canned, now=now)
    return result, canned


def response(status: int = 200, body: bytes = RSS, **headers: str) -> Response:
    return Response(url=URL, final_url=URL, status=status, body=body, headers=headers)


def test_a_read_feed_is_remembered_and_asked_conditionally() -> None:
    result, _ = asked(response(etag='W/"7"'))
    assert (result.status, result.state.etag, result.state.failures) == ("new", 'W/"7"', 0)
    assert result.parsed is not None
    assert len(result.parsed.entries) == 4
    again, canned = asked(response(304, b""), result.state)
    assert again.status == "unchanged"
    assert canned.asked[0].etag == 'W/"7"'


def test_a_failure_changes_nothing_of_what_was_seen() -> None:
    known = FeedState(url=URL, etag='"7"', last_success=NOW, stories=4)
    for answer in (
        FetchError("no answer within 20 s", kind="timeout"),
        response(500, b""),
        response(200, b"<html></html>"),
    ):
        result, _ = asked(answer, known)
        assert result.status == "failed"
        assert result.error
        assert (result.state.etag, result.state.last_success, result.state.failures) == ('"7"', NOW, 1)


def test_who_asks_us_to_wait_is_left_alone() -> None:
    limited, _ = asked(response(429, b"", **{"retry-after": "3600"}))
    assert limited.state.next_due is not None
    assert limited.state.next_due >= NOW + timedelta(minutes=50)
    waiting, canned = asked(response(), limited.state)
    assert waiting.status == "waiting"
    assert canned.asked == []


def test_a_feed_that_is_gone_is_retired() -> None:
    result, _ = asked(response(410, b""))
    assert result.status == "gone"
    assert result.state.gone
    again, canned = asked(response(), result.state)
    assert again.status == "gone"
    assert canned.asked == []


def test_a_move_is_believed_after_three_confirmations() -> None:
    state: FeedState | None = None
    target = "https://calder.example/new.rss"
    for _ in range(3):
        result, canned = asked(replace(response(), moved_to=target), state)
        assert canned.asked[0].url == URL
        state = result.state
    _, canned = asked(response(), state)
    assert canned.asked[0].url == target


def test_files_are_read_as_the_interface_says(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(RSS)
    (tmp_path / "b.xml.gz").write_bytes(gzip.compress(ATOM))
    (tmp_path / "c.html").write_bytes(b"<html><title>No</title></html>")
    found = dict(read_files([tmp_path / name for name in ("a.xml", "b.xml.gz", "c.html", "missing.xml")]))
    first = found[tmp_path / "a.xml"]
    assert isinstance(first, tuple)
    assert isinstance(found[tmp_path / "c.html"], ParseError)
    assert isinstance(found[tmp_path / "missing.xml"], ParseError)
    line = story_line(tmp_path / "a.xml", first[0])
    assert list(line) == [
        "file", "id", "url", "title", "headline", "kicker", "summary", "teaser", "byline", "dateline", "source",
        "rights", "published", "date_note", "image", "media", "duration_s", "language", "hints", "position",
    ]  # fmt: skip
    assert line["published"] == "2026-11-23T05:40:00Z"
    json.dumps(line)
