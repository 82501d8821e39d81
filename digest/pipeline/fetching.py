"""Feeds → stories: read every feed once, keep what is new, remember what was learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from digest.feeds.fetch import FeedResult, fetch_feeds
from digest.model.news import Feed
from digest.ports import Clock, Fetcher, StoryStore
from digest.stories.normalize import stories_of

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class FetchReport:
    """What a round of reading brought."""

    feeds: int  # feeds configured
    read: int  # feeds that answered with a feed
    unchanged: int  # feeds that had nothing new to say (304)
    waiting: tuple[str, ...]  # not asked: they told us to come back later
    failed: tuple[str, ...]  # "Harbour Notes: no answer within 20 s"
    stories: int  # stories in the feeds read
    new: int  # stories not seen before


def fetch(
    feeds: Sequence[Feed],
    *,
    fetcher: Fetcher,
    stories: StoryStore,
    clock: Clock,
    progress: Callable[[str], None] = lambda line: None,
) -> FetchReport:
    """Read all feeds and store their stories; one feed's failure is a line of the report. Raises StoreError.

    Each feed's stories are stored before its state, so that a kill in between reads the feed again and loses nothing.
    """
    states = stories.feed_states()
    counts = {"new": 0, "stories": 0, "read": 0, "unchanged": 0}
    failed: list[str] = []
    waiting: list[str] = []
    for result in fetch_feeds(feeds, states, fetcher=fetcher, now=clock.now()):
        name, state = result.feed.name or result.feed.url, result.state
        if result.status == "new":
            fresh, total = _store(result, stories, clock)
            counts["new"] += fresh
            if fresh:
                state = replace(state, last_story=clock.now())
            counts["stories"] += total
            counts["read"] += 1
            progress(f"{name}: {total} stories, {fresh} new")
        elif result.status == "unchanged":
            counts["unchanged"] += 1
            progress(f"{name}: unchanged")
        elif result.status == "waiting":
            waiting.append(f"{name}: {result.error}")
        else:
            failed.append(f"{name}: {result.error}")
            progress(f"{name}: {result.error}")
        stories.save_feed_states([state], now=clock.now())
    return FetchReport(
        feeds=len(feeds),
        read=counts["read"],
        unchanged=counts["unchanged"],
        waiting=tuple(sorted(waiting)),
        failed=tuple(sorted(failed)),
        stories=counts["stories"],
        new=counts["new"],
    )


def _store(result: FeedResult, stories: StoryStore, clock: Clock) -> tuple[int, int]:
    if result.parsed is None:
        return 0, 0
    now = clock.now()
    read = stories_of(result.parsed.entries, result.feed, feed_title=result.parsed.title, now=now)
    return stories.save_stories(read, now=now), len(read)
