"""A round of reading: ask every feed that may be asked, and learn from its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Literal, Protocol

from digest.errors import EmptyFeed, FetchError, ParseError
from digest.feeds.parse import parse
from digest.feeds.parsed import ParsedFeed
from digest.feeds.schedule import next_due
from digest.model.news import Feed, FeedState
from digest.model.web import Request, Response

# So often must a permanent redirect be seen before it is believed.
CONFIRMATIONS = 3
# So many entries of a feed are read in a round; an edition holds a few dozen.
MOST_READ = 2_000

Status = Literal["new", "unchanged", "failed", "waiting", "gone"]


class Fetcher(Protocol):
    """What is needed of the network."""

    def fetch(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response | FetchError]]:
        """Yield one answer a request; a failure is a value."""


@dataclass(frozen=True, kw_only=True)
class FeedResult:
    """What became of one feed in one round."""

    feed: Feed
    state: FeedState  # what is known of it now
    parsed: ParsedFeed | None = None  # of a feed that was read and holds entries
    status: Status
    error: str = ""  # one line, of "failed", "waiting" and "gone"
    seconds: float = 0.0  # from asking to the whole answer


def fetch_feeds(
    feeds: Sequence[Feed], states: Mapping[str, FeedState], *, fetcher: Fetcher, now: datetime
) -> Iterator[FeedResult]:
    """Yield what became of each feed: first those not asked, then the others in the order of their answers.

    Nothing is raised for a feed: its failure is its result, and changes nothing of what was seen of it before.
    """
    asked: dict[Request, list[tuple[Feed, FeedState]]] = {}
    for feed in feeds:
        state = states.get(feed.url) or FeedState(url=feed.url)
        if state.gone:
            yield FeedResult(feed=feed, state=state, status="gone", error=_GONE)
        elif state.next_due is not None and state.next_due > now:
            when = state.next_due.strftime("%Y-%m-%d %H:%M UTC")
            said = f"{state.last_error}; " if state.last_error else ""
            yield FeedResult(feed=feed, state=state, status="waiting", error=f"{said}not asked again before {when}")
        else:
            asked.setdefault(_request(feed, state), []).append((feed, state))
    for request, answer in fetcher.fetch(tuple(asked)):
        for feed, state in asked.pop(request, ()):
            yield _result(feed, state, request, answer, now)


_GONE = "retired: it answered 410 (Gone); remove it, or give its new address"


def _request(feed: Feed, state: FeedState) -> Request:
    moved = state.moved_to if state.moved_count >= CONFIRMATIONS else ""
    return Request(url=moved or feed.url, etag=state.etag, last_modified=state.last_modified)


def _result(feed: Feed, state: FeedState, request: Request, answer: Response | FetchError, now: datetime) -> FeedResult:
    if isinstance(answer, FetchError):
        return _failed(feed, state, answer.what, request)
    if answer.status == HTTPStatus.GONE:
        gone = replace(state, gone=True, last_error=_GONE, failures=state.failures + 1)
        return FeedResult(feed=feed, state=gone, status="gone", error=_GONE, seconds=answer.seconds)
    if answer.status == HTTPStatus.NOT_MODIFIED:
        known = _well(_moved(state, request, answer), answer, now)
        return FeedResult(feed=feed, state=known, status="unchanged", seconds=answer.seconds)
    if not 200 <= answer.status < 300:
        due = next_due(request.url, answer.status, answer.headers, failures=state.failures + 1, now=now)
        result = _failed(feed, state, _status_line(answer.status), request, answer.seconds)
        return replace(result, state=replace(result.state, next_due=due))
    return _read(feed, state, request, answer, now)


def _read(feed: Feed, state: FeedState, request: Request, answer: Response, now: datetime) -> FeedResult:
    try:
        content_type = answer.headers.get("content-type", "")
        parsed = parse(
            answer.body,
            url=answer.final_url,
            content_type=content_type,
            time_zone=feed.time_zone,
            most=MOST_READ,
        )
    except EmptyFeed:
        parsed = None
    except ParseError as error:
        return _failed(feed, state, error.what, request, answer.seconds)
    except Exception as error:  # whatever one feed makes us stumble over, the others are read
        return _failed(feed, state, _stumbled(error), request, answer.seconds)
    known = _well(_moved(state, request, answer), answer, now)
    known = replace(
        known,
        etag=answer.headers.get("etag", ""),
        last_modified=answer.headers.get("last-modified", ""),
        title=parsed.title[:300] if parsed else state.title,
        stories=len(parsed.entries) + parsed.left if parsed else 0,
        empty_since=None if parsed else state.empty_since or now,
    )
    return FeedResult(feed=feed, state=known, parsed=parsed, status="new", seconds=answer.seconds)


def _well(state: FeedState, answer: Response, now: datetime) -> FeedState:
    return replace(
        state,
        etag=answer.headers.get("etag") or state.etag,
        failures=0,
        last_error="",
        last_success=now,
        next_due=None,
    )


def _moved(state: FeedState, request: Request, answer: Response) -> FeedState:
    """Return the state with one more confirmation of a permanent redirect, or without it where there is none."""
    if answer.moved_to:
        known = state.moved_to == answer.moved_to and request.url == state.url
        return replace(state, moved_to=answer.moved_to, moved_count=state.moved_count + 1 if known else 1)
    if request.url == state.url:
        return replace(state, moved_to="", moved_count=0)
    return state


def _failed(feed: Feed, state: FeedState, error: str, request: Request, seconds: float = 0.0) -> FeedResult:
    # Where the new address fails, the configured one is asked the next time: redirects are sometimes mistakes.
    count = state.moved_count if request.url == state.url else 0
    known = replace(state, failures=state.failures + 1, last_error=error, moved_count=count, next_due=None)
    return FeedResult(feed=feed, state=known, status="failed", error=error, seconds=seconds)


def without_stories(result: FeedResult, before: FeedState, error: Exception) -> FeedResult:
    """Return the result of a feed whose entries nothing could be made of; it is read whole again the next time."""
    said = _stumbled(error)
    known = replace(before, failures=before.failures + 1, last_error=said)
    return FeedResult(feed=result.feed, state=known, status="failed", error=said, seconds=result.seconds)


def _stumbled(error: Exception) -> str:
    return f"it is read wrongly, which is our fault: please report it ({type(error).__name__}: {str(error)[:200]})"


def _status_line(status: int) -> str:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        return f"the server answered {status}"
    return f"the server answered {status} ({phrase})"
