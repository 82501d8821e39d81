"""What is read: feeds, what they said, and the stories made of it. Frozen values; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from digest.dates import aware

# When a story was "seen" that stood in a feed before we came: it is history, never news.
BEFORE_US = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A feed as configured."""

    url: str  # address as written in digest.toml
    name: str = ""  # shown to editors and, where a story names no source, to readers
    section: str = ""  # slug of the section its stories belong to; "" where rules decide
    source: str = ""  # who writes what it carries, where one source does; "" = the feed's name
    weight: float = 1.0  # how much its word counts in ranking; 1 is usual
    kicker: str = "auto"  # "auto" splits "Kicker: Headline" by what the feed usually does, "never" does not
    language: str = ""  # BCP 47 tag, where the feed itself says none
    time_zone: str = ""  # IANA zone for dates without one; "" = UTC
    embargo: timedelta = timedelta(0)  # its stories may appear so long after they were published


@dataclass(frozen=True, kw_only=True)
class FeedState:
    """What was learnt about a feed; lives in the store, never in digest.toml."""

    url: str  # the feed's configured address
    etag: str = ""  # exactly as received, quotes included (RFC 9110 §8.8.3)
    last_modified: str = ""  # exactly as received
    next_due: datetime | None = None  # not fetched before (Retry-After, back-off); None = whenever asked
    failures: int = 0  # failed fetches in a row
    last_error: str = ""  # one line, as shown; "" after a success
    last_success: datetime | None = None  # when it was last read whole (304 included)
    last_story: datetime | None = None  # when it last gave a story not seen before
    moved_to: str = ""  # where 301 or 308 point
    moved_count: int = 0  # confirmations of moved_to in a row; followed for good after three
    gone: bool = False  # it answered 410: retired until a person says otherwise
    title: str = ""  # the feed's own title
    stories: int = 0  # stories in it when last read
    empty_since: datetime | None = None  # since when it has held no entry; None = it holds some
    alarm: str = ""  # what was last told of it: "" = well, "failing", "empty", "silent", "gone", "moved"
    alarms: int = 0  # how often that changed: the number of its last change

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        for name in ("next_due", "last_success", "last_story", "empty_since"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, aware(value, name))


@dataclass(frozen=True, kw_only=True)
class Image:
    """A picture a story offers, as the feed describes it."""

    url: str  # absolute http(s) address
    width: int = 0  # pixels; 0 = not said
    height: int = 0  # pixels; 0 = not said
    alt: str = ""  # what it shows, where somebody wrote it
    credit: str = ""  # media:credit


@dataclass(frozen=True, kw_only=True)
class Media:
    """A video or sound file a story carries."""

    url: str  # absolute http(s) address
    kind: str  # "video" or "audio"
    media_type: str = ""  # RFC 6838 type as said by the feed
    size: int = 0  # bytes; 0 = not said


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the feed said about one story, raw: strings as received, dates not yet understood."""

    feed: str  # address of the feed
    position: int  # 1 = first in the feed
    guid: str = ""  # RSS guid, Atom id, JSON Feed id
    link: str = ""  # resolved against xml:base and the feed's address
    title: str = ""  # may hold mark-up
    summary: str = ""  # may hold mark-up
    content: str = ""  # content:encoded, Atom content, JSON Feed content_html
    authors: tuple[str, ...] = ()  # as written
    published: str = ""  # first date said: pubDate, published, dc:date, date_published
    updated: str = ""  # updated, modified, date_modified
    published_at: datetime | None = None  # the instant understood from `published`, else `updated`; never invented
    date_note: str = ""  # "", "no zone", "unknown": how sure `published_at` is
    source: str = ""  # RSS source, Atom source/title, dc:publisher
    categories: tuple[str, ...] = ()  # as written
    language: str = ""  # of the entry, else of the feed
    rights: str = ""  # of the entry, else of the feed
    images: tuple[Image, ...] = ()  # every picture offered, in the feed's order
    media: tuple[Media, ...] = ()  # every enclosure that is video or audio
    duration: str = ""  # itunes:duration, media:content@duration: "134", "2:14"
    extra: Mapping[str, Any] = field(default_factory=dict)  # kept for explanations, never rendered


@dataclass(frozen=True, kw_only=True)
class Story:
    """One story as picking and rendering know it. Text is plain: no mark-up, no control characters."""

    id: str  # 16 hex digits of SHA-256 of the canonical URL, or of the GUID where there is none
    url: str  # as received less known tracking parameters; what readers click
    title: str  # as received, mark-up removed, one line
    kicker: str = ""  # "Oru Strait" of "Oru Strait: Two rival coasts …"
    headline: str  # as shown
    summary: str = ""  # as received, mark-up removed
    teaser: str = ""  # as shown: whole sentences up to 280 characters
    byline: str = ""  # "Tessaly Brandt", no "By"
    dateline: str = ""  # the place only: "PORT ISELIN" becomes "Port Iselin"
    source: str = ""  # who wrote it
    feed: str = ""  # address of the feed it was read in; the name is the feed's
    feed_name: str = ""  # shown "source via feed_name" where they differ
    published: datetime | None = None  # None = unknown; never invented
    date_note: str = ""  # "", "future", "no zone", "page" (its own page says it), "unknown"
    seen: datetime | None = None  # when we first read it; BEFORE_US = a person said that it counts as seen
    hints: tuple[str, ...] = ()  # the feed's categories, then the URL's path words, lower case
    language: str = ""  # BCP 47 tag, "" = unknown
    image: Image | None = None  # the best picture offered, never a tracking pixel
    media: Media | None = None  # its video or sound
    duration_s: int | None = None  # seconds, of a video or sound
    rights: str = ""  # copyright line of the feed or entry
    position: int = 0  # best position in a feed, from 1; 0 = unknown
    section: str = ""  # slug given with the story or by its feed; "" = to be found
    weight: float = 1.0  # of its feed

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        for name in ("published", "seen"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, aware(value, name))


@dataclass(frozen=True, kw_only=True)
class PageMetadata:
    """What a story's own page says about it; each is "" or None where it says nothing."""

    title: str = ""  # one line
    teaser: str = ""  # plain text, whole sentences up to 280 characters
    image: Image | None = None  # the picture it wants to be shown with
    byline: str = ""  # names, no "By"
    published: str = ""  # as written: whoever uses it decides whether to believe it
    site: str = ""  # name of the site


@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """A story left out because another tells the same words."""

    story: Story  # the copy
    of: str  # id of the story kept
    reason: str  # one plain clause: "same address", "the same words from …"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One event as several sources tell it. Cluster ids are the lead's id and do not persist; story ids do."""

    stories: tuple[Story, ...]  # in canonical order, the lead among them; never empty
    lead: Story  # the one that is shown
    running: tuple[str, ...] = ()  # ids of all stories of the same running story, a looser level; own ones included
    duplicates: tuple[Duplicate, ...] = ()  # copies folded into these stories

    def __post_init__(self) -> None:
        """Refuse an empty cluster and a lead from elsewhere."""
        if not any(story.id == self.lead.id for story in self.stories):
            raise ValueError("the lead must be one of the cluster's stories")

    @property
    def id(self) -> str:
        """The lead's story id."""
        return self.lead.id

    @property
    def sources(self) -> tuple[str, ...]:
        """Distinct sources that tell it, sorted."""
        return tuple(sorted({story.source or story.feed_name or story.id for story in self.stories}))
