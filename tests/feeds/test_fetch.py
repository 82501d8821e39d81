from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from digest.errors import FetchError, ParseError
from digest.feeds.discover import named_feeds, usual_places
from digest.feeds.fetch import FeedResult, fetch_feeds
from digest.feeds.opml import read_opml, write_opml
from digest.feeds.schedule import LONGEST_WAIT, next_due
from digest.model.news import Feed, FeedState
from digest.model.web import Request, Response

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
RSS = b"<rss><channel><title>A</title><item><title>x</title><link>https://a.example/x</link></item></channel></rss>"
URL = "https://a.example/feed"


class Network:
    """Answers by address; remembers what was asked."""

    def __init__(self, answers: Mapping[str, Response | FetchError]) -> None:
        self.answers, self.asked = answers, list[Request]()

    def fetch(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response | FetchError]]:
        self.asked.extend(requests)
        for request in requests:
            yield request, self.answers[request.url]


def answered(status: int, body: bytes = b"", moved_to: str = "", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url=URL, final_url=moved_to or URL, status=status, body=body, moved_to=moved_to, headers=named)


def once(state: FeedState, answer: Response | FetchError) -> tuple[FeedResult, Network]:
    network = Network({URL: answer, "https://b.example/feed": answer})
    [result] = fetch_feeds([Feed(url=URL)], {URL: state}, fetcher=network, now=NOW)
    return result, network


def test_a_feed_read_is_remembered_and_asked_for_news_only() -> None:
    result, _ = once(
        FeedState(url=URL, failures=3, last_error="x"), answered(200, RSS, etag='W/"1"', last_modified="d")
    )
    assert (result.status, result.state.failures, result.state.last_success) == ("new", 0, NOW)
    again, network = once(result.state, answered(304))
    assert again.status == "unchanged"
    assert (network.asked[0].etag, network.asked[0].last_modified) == ('W/"1"', "d")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (FetchError("the name a.example cannot be resolved", kind="dns"), "the name a.example cannot be resolved"),
        (answered(404), "the server answered 404 (Not Found)"),
        (answered(200, b"<html><title>Hi</title></html>"), "not a feed: an HTML page titled “Hi”"),
    ],
)
def test_a_failure_changes_nothing_of_what_was_seen(answer: Response | FetchError, error: str) -> None:
    state = FeedState(url=URL, etag='"1"', last_modified="d", last_success=NOW - timedelta(days=1), stories=4)
    result, _ = once(state, answer)
    assert (result.status, result.error, result.state.failures) == ("failed", error, 1)
    kept = (result.state.etag, result.state.last_modified, result.state.last_success, result.state.stories)
    assert kept == (state.etag, state.last_modified, state.last_success, 4)
    assert result.state.next_due is None


def test_retry_after_makes_a_feed_wait() -> None:
    result, _ = once(FeedState(url=URL), answered(503, retry_after="120"))
    assert result.state.next_due == NOW + timedelta(seconds=120)
    waiting, network = once(result.state, answered(200, RSS))
    assert waiting.status == "waiting"
    assert network.asked == []


def test_an_answer_of_gone_retires_a_feed() -> None:
    result, _ = once(FeedState(url=URL), answered(410))
    assert (result.status, result.state.gone) == ("gone", True)
    assert once(result.state, answered(200, RSS))[1].asked == []


def test_a_permanent_redirect_is_believed_after_three_confirmations_and_doubted_when_it_fails() -> None:
    state = FeedState(url=URL)
    for _ in range(3):
        result, network = once(state, answered(200, RSS, moved_to="https://b.example/feed"))
        assert network.asked[0].url == URL
        state = result.state
    result, network = once(state, answered(500))
    assert network.asked[0].url == "https://b.example/feed"
    assert once(result.state, answered(200, RSS))[1].asked[0].url == URL


def test_an_empty_feed_is_no_failure() -> None:
    result, _ = once(FeedState(url=URL), answered(200, b"<rss><channel><title>A</title></channel></rss>"))
    assert (result.status, result.parsed, result.state.failures) == ("new", None, 0)


def test_two_feeds_of_one_address_are_asked_once() -> None:
    network = Network({URL: answered(200, RSS)})
    feeds = [Feed(url=URL, section="a"), Feed(url=URL, section="b")]
    results = list(fetch_feeds(feeds, {}, fetcher=network, now=NOW))
    assert [result.feed.section for result in results] == ["a", "b"]
    assert len(network.asked) == 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("60", timedelta(seconds=60)),
        ("Mon, 23 Nov 2026 07:00:00 GMT", timedelta(hours=1)),
        ("99999999999", LONGEST_WAIT),
        ("Mon, 23 Nov 2020 07:00:00 GMT", None),
        ("later", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str, expected: timedelta | None) -> None:
    due = next_due(URL, 503, {"retry-after": said}, failures=1, now=NOW)
    assert due == (None if expected is None else NOW + expected)


def test_too_many_requests_wait_longer_each_time_and_not_all_alike() -> None:
    waits = [next_due(URL, 429, {}, failures=count, now=NOW) for count in (1, 2, 3)]
    assert [wait is not None for wait in waits] == [True] * 3
    assert sorted(map(str, waits)) == list(map(str, waits))
    assert next_due(URL, 429, {}, failures=1, now=NOW) != next_due(f"{URL}2", 429, {}, failures=1, now=NOW)


def test_the_feeds_a_page_names() -> None:
    page = b"""<base href="/x/"><link rel="alternate" type="application/rss+xml" title=" Top  news " href="feed">
    <link rel=alternate type=text/html href=de><link rel="alternate" type="application/json" href="/wp-json/1">"""
    assert [(one.url, one.title) for one in named_feeds(page, url="https://s.example/a/")] == [
        ("https://s.example/x/feed", "Top news")
    ]
    assert named_feeds(b"", url=URL) == ()
    assert usual_places("https://s.example/blog")[0] == "https://s.example/blog/feed"
    assert "https://s.example/feed" in usual_places("https://s.example/blog")


def test_opml_keeps_folders_as_sections() -> None:
    feeds = (Feed(url=URL, name="A & B", section="World"), Feed(url="https://b.example/f", name="C"))
    assert read_opml(write_opml(feeds, title="T")) == feeds
    with pytest.raises(ParseError):
        read_opml(b"<rss/>")


@pytest.mark.parametrize(("first", "last", "kept"), [(27, 1, "item 0"), (1, 27, "item 2999")])
def test_of_a_feed_without_end_the_newest_entries_are_read(first: int, last: int, kept: str) -> None:
    dates = [first, *[14] * 2_998, last]
    items = "".join(
        f"<item><title>item {n}</title><link>https://a.example/{n}</link><pubDate>{day} Oct 2026 08:00 GMT</pubDate></item>"
        for n, day in enumerate(dates)
    )
    result, _ = once(FeedState(url=URL), answered(200, f"<rss><channel>{items}</channel></rss>".encode()))
    assert result.parsed is not None
    assert (len(result.parsed.entries), result.parsed.left, result.state.stories) == (2_000, 1_000, 3_000)
    assert kept in {entry.title for entry in result.parsed.entries}
