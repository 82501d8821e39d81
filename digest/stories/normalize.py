"""Entries of a feed → stories: clean headlines, teasers, bylines, one picture, a stable id. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from digest.model.news import Entry, Feed, Story
from digest.stories import headline as titles
from digest.stories.bylines import agency, byline_of, credit_at_end, has_colon_places, is_own, take_dateline
from digest.stories.headline import FeedStyle
from digest.stories.pictures import best_image, best_media, seconds
from digest.stories.sanitize import paragraphs, plain, shortened
from digest.stories.teaser import goes_on, is_thin, is_whole, sentences, teaser_of, useful
from digest.stories.urls import canonical_url, without_tracking

LONGEST_SUMMARY = 5_000  # characters
LONGEST_RIGHTS = 300  # characters
_LONGEST_NAME = 120  # characters of a source or a category
_MOST_HINTS = 20
# Clocks of servers differ; only what is later than this is dated in the future.
_CLOCK_DIFFERENCE = timedelta(minutes=10)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|\d{3}))?")
_NO_NAME = re.compile(r"(?:https?:)?//|www\.", re.IGNORECASE)
_TAGS_BEFORE = re.compile(r"^(?:\s|<[^<>]*>)+")
_IN_BRACKETS = re.compile(r"\[([^\W_][\w .'’&/-]{1,58})\]\s*")
_BRACKETS_LEAST = 3
_DULL_WORDS = frozenset({"index", "html", "php", "article", "articles", "story", "post", "posts", "p", "a", "content"})


def stories_of(
    parsed_entries: Sequence[Entry], feed: Feed, *, feed_title: str = "", now: datetime | None
) -> tuple[Story, ...]:
    """Return a story an entry, in the feed's order.

    ``now`` is when the feed was read (None where nobody knows, as for a saved file): later dates are noted "future".
    An entry without any text still becomes a story, headed by what there is; one without an address has url "".
    """
    feed_name = feed.name or shortened(plain(feed_title), _LONGEST_NAME)
    lines = [titles.one_line(entry.title) for entry in parsed_entries]
    sources = [_source_of(entry) for entry in parsed_entries]
    style = titles.style_of(lines, (feed_name, feed.source, plain(feed_title)[:_LONGEST_NAME]))
    urls = [_address(entry) for entry in parsed_entries]
    shared = {url for url, count in Counter(map(canonical_url, urls)).items() if count > 1}
    openings = [_TAGS_BEFORE.sub("", entry.summary[:400]) for entry in parsed_entries]
    colons, bracketed = has_colon_places(openings), _are_bracketed(openings)
    if bracketed:
        sources = [source or _bracketed(opening) for source, opening in zip(sources, openings, strict=True)]
    maker = _Maker(
        feed=feed,
        feed_name=feed_name,
        style=style,
        shared=frozenset(shared),
        colon_places=colons,
        bracketed=bracketed,
        now=now,
    )
    return tuple(map(maker.story, parsed_entries, lines, sources, urls))


@dataclass(frozen=True, kw_only=True)
class _Texts:
    """What an entry says, cleaned."""

    headline: str
    kicker: str
    summary: str
    teaser: str
    dateline: str
    wire: str  # the agency its text names


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """Makes the stories of one feed."""

    feed: Feed
    feed_name: str
    style: FeedStyle
    shared: frozenset[str]  # canonical addresses that several entries share
    colon_places: bool  # datelines end with a colon
    bracketed: bool  # summaries begin with their source in brackets
    now: datetime | None

    def story(self, entry: Entry, title: str, source: str, url: str) -> Story:
        """Return the story of one entry; ``title``, ``source`` and ``url`` are cleaned already."""
        byline, wire = byline_of(entry.authors, not_these=(self.feed_name, self.feed.source, source))
        texts = self._texts(entry, title, source, byline, url)
        credit = agency(entry.extra.get("credit", "")) if isinstance(entry.extra.get("credit"), str) else ""
        own = "" if is_own(source, (self.feed_name.casefold(),)) else source
        media = best_media(entry.media)
        return Story(
            id=self._id(entry, title, url),
            url=url,
            title=title,
            kicker=texts.kicker,
            headline=texts.headline,
            summary=texts.summary,
            teaser=texts.teaser,
            byline=byline,
            dateline=texts.dateline,
            source=own or wire or texts.wire or credit or self.feed.source or self.feed_name,
            feed=self.feed.url or entry.feed,
            feed_name=self.feed_name,
            published=entry.published_at,
            date_note=self._note(entry),
            seen=self.now,
            hints=_hints(entry, url),
            language=_language(entry.language) or _language(self.feed.language),
            image=best_image(entry.images, (entry.content, entry.summary), base=url),
            media=media,
            duration_s=seconds(entry.duration) if media or entry.duration else None,
            rights=shortened(plain(entry.rights), LONGEST_RIGHTS),
            position=entry.position,
            section=self.feed.section,
            weight=self.feed.weight,
        )

    def _texts(self, entry: Entry, title: str, source: str, byline: str, url: str) -> _Texts:
        summary = paragraphs(entry.summary)
        kicker, head = "", titles.without_tail(titles.unadorned(title), self.style, source=source)
        if self.feed.kicker != "never":
            kicker, head = titles.split(head, self.style)
        said = useful(summary, headline=head, byline=byline)
        if self.bracketed and (match := _IN_BRACKETS.match(said)):
            said = said[match.end() :]
        if entry.content and (is_thin(said) or not is_whole(said)):
            body = useful(paragraphs(entry.content), headline=head, byline=byline)
            said = body if len(body) > len(said) and (is_thin(said) or goes_on(said, body)) else said
        dateline, wire, said = take_dateline(said, colons=self.colon_places)
        teaser = teaser_of(said)
        if not head:
            head, teaser = self._stand_in(entry, said, teaser, url)
        whole = " ".join(summary)
        return _Texts(
            headline=head,
            kicker=kicker,
            summary=shortened(whole, LONGEST_SUMMARY),
            teaser=teaser,
            dateline=dateline,
            wire=wire or credit_at_end(said),
        )

    def _stand_in(self, entry: Entry, said: str, teaser: str, url: str) -> tuple[str, str]:
        """Return a headline for an entry without title, and the teaser that remains beside it."""
        if said:
            first = sentences(said)[0]
            rest = said[len(first) :].strip()
            return shortened(first, 120), teaser_of(rest) if len(first) <= 120 else teaser
        words = re.sub(r"[-_+]+", " ", unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]).partition(".")[0])
        if re.search(r"[^\W\d_]{3}", words):
            return shortened(words[:1].upper() + words[1:], 120), teaser
        return shortened(plain(entry.guid), 120) or self.feed_name or url or "…", teaser

    def _id(self, entry: Entry, title: str, url: str) -> str:
        """Return 16 hex digits of SHA-256 of what is the story's own and stays: address, or guid, or its words."""
        original = entry.extra.get("origlink")
        canonical = canonical_url(original if isinstance(original, str) else url)
        if canonical and canonical not in self.shared:
            key = canonical
        elif canonical or entry.guid:
            # Several entries of one feed share an address (a live page, a home page): their guids tell them apart.
            key = f"{canonical}\n{entry.guid or title}"
        else:
            key = f"{self.feed.url or entry.feed}\n{title}\n{entry.summary[:500]}\n{entry.published}"
        return hashlib.sha256(key.encode("utf-8", errors="replace")).hexdigest()[:16]

    def _note(self, entry: Entry) -> str:
        if entry.published_at is None:
            return "unknown"
        if self.now is not None and entry.published_at > self.now + _CLOCK_DIFFERENCE:
            return "future"
        return entry.date_note


def _are_bracketed(openings: Sequence[str]) -> bool:
    """Tell whether a feed's summaries begin with who wrote them, "[Harbour Post] …", as half of them then do."""
    count = sum(1 for opening in openings if _bracketed(opening))
    return count >= _BRACKETS_LEAST and 2 * count >= len(openings)


def _bracketed(opening: str) -> str:
    match = _IN_BRACKETS.match(opening)
    return match[1].strip() if match else ""


def _source_of(entry: Entry) -> str:
    """Return who wrote an entry that is passed on, "" where that is an address and no name."""
    name = shortened(plain(entry.source), _LONGEST_NAME)
    return "" if _NO_NAME.match(name) else name


def _address(entry: Entry) -> str:
    """Return the story's address as received less tracking parameters, "" where it is none of the web."""
    url = entry.link.strip()
    if not url.lower().startswith(("http://", "https://")) or any(mark in url for mark in ' <>"\\^`{|}\x7f'):
        url = _escaped(url)
    try:
        if not urlsplit(url).hostname:
            return ""
    except ValueError:
        return ""
    return without_tracking(url)


def _escaped(url: str) -> str:
    if not url.lower().startswith(("http://", "https://")):
        return ""
    return "".join(f"%{ord(mark):02X}" if mark in ' <>"\\^`{|}\x7f' else mark for mark in url)


def _hints(entry: Entry, url: str) -> tuple[str, ...]:
    """Return the feed's categories, then words of the address's folders, in lower case, each once."""
    categories = [shortened(plain(category), _LONGEST_NAME).lower() for category in entry.categories[:_MOST_HINTS]]
    folders = urlsplit(url).path.split("/")[1:-1] if url else []
    words = [unquote(folder).lower() for folder in folders]
    paths = [word for word in words if re.fullmatch(r"[^\W\d_][^\W\d]*(?:[-_+][^\W\d_]+){0,3}", word)]
    useful_words = [word for word in paths if word not in _DULL_WORDS and len(word) <= 40]
    return tuple(dict.fromkeys(hint for hint in [*categories, *useful_words] if hint))[:_MOST_HINTS]


def _language(tag: str) -> str:
    """Return a BCP 47 tag in its usual case ("en-us" is "en-US"), "" for what is none."""
    match = _LANGUAGE.fullmatch(tag.strip())
    if match is None:
        return ""
    language, script, region = match.groups()
    parts = [language.lower(), script.title() if script else "", region.upper() if region else ""]
    return "-".join(part for part in parts if part)
