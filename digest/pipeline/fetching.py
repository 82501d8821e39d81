"""Feeds → stories: read every feed once, keep what is new, remember what was learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from digest.feeds.fetch import FeedResult, fetch_feeds, without_stories
from digest.feeds.health import Patience, told
from digest.model.counting import count_of
from digest.model.mail import Notice, NoticeKind
from digest.model.news import Feed, FeedState, Story
from digest.ports import Clock, Fetcher, NoticeStore, StoryStore
from digest.stories.normalize import stories_of

# So many feeds' states are written together.
TOGETHER = 20


@dataclass(frozen=True, kw_only=True)
class FetchReport:
    """What a round of reading brought."""

    feeds: int  # feeds configured
    read: int  # feeds that answered with a feed
    unchanged: int  # feeds that had nothing new to say (304)
    waiting: tuple[str, ...]  # not asked: they told us to come back later
    failed: tuple[str, ...]  # "Harbour Notes: no answer within 20 s"; those left alone after failures too
    changes: tuple[str, ...]  # "Harbour Notes is back after 4 failures in a row": each said once
    cut: tuple[str, ...]  # "Harbour Notes: 48000 older entries left unread"
    stories: int  # stories in the feeds read
    new: int  # stories not seen before


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """Who is told when a feed dies or comes back, and how soon."""

    patience: Patience
    operators: tuple[str, ...] = ()  # addresses; none = only the summary says it
    publication: str = ""  # its name, in subjects


def fetch(
    feeds: Sequence[Feed],
    *,
    fetcher: Fetcher,
    stories: StoryStore,
    notices: NoticeStore,
    alerts: Alerts,
    clock: Clock,
    progress: Callable[[str], None] = lambda line: None,
    on_feed: Callable[[str, str, float], None] = lambda name, said, seconds: None,
) -> FetchReport:
    """Read all feeds and store their stories; one feed's failure is a line of the report. Raises StoreError.

    ``progress`` is told a line a feed, ``on_feed`` its name, what became of it, and the seconds it took.

    Each feed's stories are stored before its state, so that a kill in between reads the feed again and loses nothing;
    a notice is queued before the state that says it was, under a key that makes it one however often that happens.
    States wait for one another, as each write waits for the disk; what a feed asked of us is written at once.
    """
    states = stories.feed_states()
    tally = _Tally(progress, on_feed)
    with _Learnt(stories, clock) as learnt:
        for result in fetch_feeds(feeds, states, fetcher=fetcher, now=clock.now()):
            before = states.get(result.feed.url) or FeedState(url=result.feed.url)
            made, result = _made(result, before, clock)  # what became of it, one step further
            state = result.state
            if result.status == "new":
                fresh = stories.save_stories(made, now=clock.now())
                if fresh:
                    state = replace(state, last_story=clock.now())
                tally.read_one(result, fresh, len(made))
            else:
                tally.without_news(result)
            state, line = told(before, state, name=_name(result), now=clock.now(), patience=alerts.patience)
            if line:
                tally.changes.append(line)
                _alert(line, state, alerts, notices, clock.now())
            if state != before:
                learnt.keep(state, at_once=bool(line or state.next_due))
    return tally.report(len(feeds))


def _name(result: FeedResult) -> str:
    return result.feed.name or result.feed.url


class _Tally:
    """What became of each feed, told as it happens and counted."""

    def __init__(self, progress: Callable[[str], None], on_feed: Callable[[str, str, float], None]) -> None:
        self.progress, self.on_feed = progress, on_feed
        self.read = self.unchanged = self.stories = self.new = 0
        self.waiting: list[str] = []
        self.failed: list[str] = []
        self.changes: list[str] = []
        self.cut: list[str] = []

    def read_one(self, result: FeedResult, fresh: int, total: int) -> None:
        """Count a feed that was read, with its stories and those not seen before."""
        self.read += 1
        self.stories += total
        self.new += fresh
        self._tell(result, f"{count_of(total, 'story')}, {fresh} new")
        if result.parsed is not None and result.parsed.left:
            self.cut.append(f"{_name(result)}: {count_of(result.parsed.left, 'older entry')} left unread")

    def without_news(self, result: FeedResult) -> None:
        """Count a feed that had nothing new, was not asked, or failed."""
        line = f"{_name(result)}: {result.error}"
        if result.status == "unchanged":
            self.unchanged += 1
            self._tell(result, "unchanged")
        elif result.status == "waiting" and not result.state.last_error:
            self.waiting.append(line)
        else:
            self.failed.append(line)
            self._tell(result, result.error)

    def _tell(self, result: FeedResult, said: str) -> None:
        self.progress(f"{_name(result)}: {said}")
        self.on_feed(_name(result), said, result.seconds)

    def report(self, feeds: int) -> FetchReport:
        """Return the whole round, its lines in an order that does not hang on who answered first."""
        return FetchReport(
            feeds=feeds,
            read=self.read,
            unchanged=self.unchanged,
            waiting=tuple(sorted(self.waiting)),
            failed=tuple(sorted(self.failed)),
            changes=tuple(sorted(self.changes)),
            cut=tuple(sorted(self.cut)),
            stories=self.stories,
            new=self.new,
        )


class _Learnt:
    """States of feeds on their way to the store, some at a time; the rest when the round ends, however it does."""

    def __init__(self, stories: StoryStore, clock: Clock) -> None:
        self._stories, self._clock = stories, clock
        self._waiting: list[FeedState] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._write()

    def keep(self, state: FeedState, *, at_once: bool) -> None:
        """Write a state, soon or ``at_once``; raises StoreError."""
        self._waiting.append(state)
        if at_once or len(self._waiting) >= TOGETHER:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._stories.save_feed_states(self._waiting, now=self._clock.now())
            self._waiting = []


def _made(result: FeedResult, before: FeedState, clock: Clock) -> tuple[tuple[Story, ...], FeedResult]:
    """Return the stories of a feed that was read, and its result: another where no stories can be made of it."""
    if result.parsed is None:
        return (), result
    try:
        return stories_of(result.parsed.entries, result.feed, feed_title=result.parsed.title, now=clock.now()), result
    except Exception as error:  # whatever one feed makes us stumble over, the others are read
        return (), without_stories(result, before, error)


def _alert(line: str, state: FeedState, alerts: Alerts, notices: NoticeStore, now: datetime) -> None:
    name = f"{alerts.publication}: " if alerts.publication else ""
    for operator in alerts.operators:
        notices.queue(
            Notice(
                kind=NoticeKind.ALERT,
                recipient=operator,
                subject=f"{name}{line.partition(';')[0]}",
                text=f"{line}.\n\nIts address: {state.url}\nAll feeds: `digest feeds check`\n",
                key=f"feed:{state.url}:{state.alarms}:{operator}",
                at=now,
            ),
            now=now,
        )
