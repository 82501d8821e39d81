"""What a round of reading learns is in the store however the round ends, and no feed costs a write of its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from digest.errors import FetchError
from digest.feeds.health import Patience
from digest.model.news import Feed, FeedState
from digest.model.web import Request, Response
from digest.pipeline.fetching import TOGETHER, Alerts, FetchReport, fetch
from digest.store.engine import Store
from digest.store.notices import Notices
from digest.store.stories import Stories
from tests.conftest import StandingClock

ALERTS = Alerts(patience=Patience(failures=3, empty=timedelta(days=3), silent=timedelta(days=3)))
FEEDS = [Feed(url=f"https://calder.example/{number}") for number in range(TOGETHER + 5)]


class Network:
    """Answers each feed with a story of its own, but for what is told; breaks off where it is told to."""

    def __init__(self, told: dict[str, Response | FetchError] | None = None, *, stops_after: int = 1_000) -> None:
        self.told, self.stops_after = told or {}, stops_after

    def fetch(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response | FetchError]]:
        for request in requests[: self.stops_after]:
            yield request, self.told.get(request.url) or answered(request.url)
        if len(requests) > self.stops_after:
            raise KeyboardInterrupt


def answered(url: str, status: int = 200, **headers: str) -> Response:
    item = f"<item><title>Of {url}</title><link>{url}/story</link></item>"
    body = f"<rss><channel><title>A</title>{item}</channel></rss>".encode()
    return Response(url=url, final_url=url, status=status, body=body, headers={"etag": '"1"', **headers})


class Counted(Stories):
    """The real thing, counting its writes of states."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.written: list[int] = []

    def save_feed_states(self, states: Iterable[FeedState], *, now: datetime) -> None:
        every = list(states)
        self.written.append(len(every))
        super().save_feed_states(every, now=now)


def read(stories: Stories, network: Network, clock: StandingClock) -> FetchReport:
    return fetch(FEEDS, fetcher=network, stories=stories, notices=Notices(stories.store), alerts=ALERTS, clock=clock)


def test_states_are_written_together(store: Store, clock: StandingClock) -> None:
    stories = Counted(store)
    assert read(stories, Network(), clock).new == len(FEEDS)
    assert stories.written == [TOGETHER, 5]
    assert {state.etag for state in stories.feed_states().values()} == {'"1"'}
    assert len(stories.feed_states()) == len(FEEDS)


def test_what_was_read_before_a_stop_is_known(store: Store, clock: StandingClock) -> None:
    stories = Stories(store)
    with pytest.raises(KeyboardInterrupt):
        read(stories, Network(stops_after=3), clock)
    assert sorted(stories.feed_states()) == [feed.url for feed in FEEDS[:3]]


def test_a_feed_that_wants_to_be_left_alone_is_written_at_once(store: Store, clock: StandingClock) -> None:
    stories = Counted(store)
    read(stories, Network({FEEDS[2].url: answered(FEEDS[2].url, 503, **{"retry-after": "7200"})}), clock)
    assert stories.written == [3, TOGETHER, 2]
    clock.advance(minutes=5)
    assert len(read(stories, Network(), clock).failed) == 1
    # Of the one that was not asked there was nothing to write.
    assert sum(stories.written[3:]) == len(FEEDS) - 1


def test_a_feed_we_stumble_over_costs_no_other_one(
    store: Store, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stories = Stories(store)
    for place, broken in (
        ("digest.feeds.fetch.parse", FEEDS[1].url),
        ("digest.pipeline.fetching.stories_of", FEEDS[2].url),
    ):
        monkeypatch.setattr(place, stumbling(place, broken))
    report = read(stories, Network(), clock)
    assert (report.read, report.new) == (len(FEEDS) - 2, len(FEEDS) - 2)
    assert [line.partition(" (")[2] for line in report.failed] == ["ZeroDivisionError: no such luck)"] * 2
    states = stories.feed_states()
    # Neither counts as read: both are asked for everything again.
    assert [(states[feed.url].etag, states[feed.url].failures) for feed in FEEDS[1:3]] == [("", 1), ("", 1)]


def stumbling(place: str, over: str) -> Callable[..., object]:
    """The function at a place, but for one feed."""
    module, _, name = place.rpartition(".")
    usual: Callable[..., object] = getattr(importlib.import_module(module), name)

    def one(*given: object, **named: object) -> object:
        if over in (named.get("url"), getattr(given[-1], "url", "")):
            raise ZeroDivisionError("no such luck")
        return usual(*given, **named)

    return one
