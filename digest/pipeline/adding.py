"""A page's address → its feed, with its newest stories; and what is there counts as seen, or not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from digest.errors import EmptyFeed, FetchError, ParseError
from digest.feeds.discover import Candidate, named_feeds, usual_places
from digest.feeds.parse import parse
from digest.model.news import BEFORE_US, Feed, FeedState, Story
from digest.model.web import Request, Response
from digest.ports import Clock, Fetcher, StoryStore
from digest.stories.normalize import stories_of

SHOWN = 3  # newest stories shown of a feed
MOST_NAMED = 8  # feeds a page names that are looked at
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_COMMENTS = re.compile(r"comment|kommentar|comentario|commentaire|/replies", re.IGNORECASE)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A feed behind an address."""

    url: str  # of the feed itself, after permanent redirects
    title: str  # as it calls itself, "" where it does not
    stories: tuple[Story, ...]  # every story in it, newest first, undated last
    others: tuple[str, ...] = ()  # addresses of further feeds the page names

    @property
    def newest(self) -> tuple[Story, ...]:
        """The three newest stories."""
        return self.stories[:SHOWN]


def address_of(typed: str) -> str:
    """Return the address a person means: "halyard.example" is https://halyard.example, and feed: is https:."""
    typed = typed.strip()
    if typed.lower().startswith("feed:"):
        rest = typed[5:]
        typed = rest if rest.lower().startswith(("http://", "https://")) else f"https://{rest.lstrip('/')}"
    return typed if _SCHEME.match(typed) and "://" in typed else f"https://{typed}"


def find(address: str, *, fetcher: Fetcher, clock: Clock) -> Found:
    """Return the feed at an address, or that of the page there; raise FetchError or ParseError where there is none.

    Looked at are the address itself, the feeds its page names, then the places where sites usually keep one. Of several
    the first is taken that does not carry comments; the others are named.
    """
    url = address_of(address)
    answer = next(iter(fetcher.fetch([Request(url=url)])))[1]
    if isinstance(answer, FetchError):
        raise answer
    if not 200 <= answer.status < 300:
        raise FetchError(f"the server answered {answer.status}", kind="status", where=url, fix="look at the address")
    found = _read(url, answer, clock)
    if isinstance(found, Found):
        return found
    named = named_feeds(answer.body, url=answer.final_url)[:MOST_NAMED]
    feeds = _feeds(named, fetcher, clock) or _feeds(
        [Candidate(url=place) for place in usual_places(answer.final_url)], fetcher, clock, all_alike=True
    )
    if not feeds:
        raise ParseError(
            f"{found.what}, and no feed is named by it or found in the usual places",
            where=url,
            fix="look for the word RSS or Feed on the site, and give that address",
        )
    chosen = next((feed for feed in feeds if not _COMMENTS.search(f"{feed.url} {feed.title}")), feeds[0])
    return replace(chosen, others=tuple(feed.url for feed in feeds if feed is not chosen))


def _feeds(named: Sequence[Candidate], fetcher: Fetcher, clock: Clock, *, all_alike: bool = False) -> list[Found]:
    """Return those candidates that are feeds, in their order; of ``all_alike`` places the first is enough."""
    order = {candidate.url: number for number, candidate in enumerate(named)}
    read: dict[int, Found] = {}
    for request, answer in fetcher.fetch([Request(url=url) for url in order]):
        if isinstance(answer, Response) and 200 <= answer.status < 300:
            feed = _read(request.url, answer, clock)
            if isinstance(feed, Found):
                read[order[request.url]] = feed
    feeds: dict[str, Found] = {}
    for number in sorted(read):
        feeds.setdefault(read[number].url, read[number])
    return list(feeds.values())[:1] if all_alike else list(feeds.values())


def _read(url: str, answer: Response, clock: Clock) -> Found | ParseError:
    here = answer.moved_to or url
    try:
        parsed = parse(answer.body, url=answer.final_url, content_type=answer.headers.get("content-type", ""))
    except EmptyFeed:
        return Found(url=here, title="", stories=())
    except ParseError as error:
        return error
    stories = stories_of(parsed.entries, Feed(url=here), feed_title=parsed.title, now=clock.now())
    return Found(url=here, title=parsed.title[:120], stories=tuple(sorted(stories, key=_newest)))


def _newest(story: Story) -> tuple[float, int]:
    known = story.published if story.published is not None and story.date_note != "future" else _LONG_AGO
    return (-known.timestamp() if known is not _LONG_AGO else 0.0, story.position)


def count_as_seen(feed: Feed, found: Found, *, stories: StoryStore, clock: Clock) -> int:
    """Store what a feed holds as history, so that none of it is news; return how many. Raises StoreError."""
    now = clock.now()
    past = [
        replace(story, feed=feed.url, feed_name=feed.name or story.feed_name, section=feed.section, seen=BEFORE_US)
        for story in found.stories
    ]
    stories.save_stories(past, now=now)
    forget((feed.url,), stories=stories, clock=clock, last_story=now)
    return len(past)


def forget(urls: Iterable[str], *, stories: StoryStore, clock: Clock, last_story: datetime | None = None) -> None:
    """Begin anew with feeds: no failures, no waiting, not retired. Raises StoreError."""
    states = [FeedState(url=url, last_story=last_story) for url in urls]
    stories.save_feed_states(states, now=clock.now())
