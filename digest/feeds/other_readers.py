"""Feeds our own reader finds broken or empty: what feedparser, then fastfeedparser, make of them.

Both are given text whose document type is cut off and no address to read from, so that they expand nothing and fetch
nothing. feedparser's own cleaning is off: it triples its time, and every text is cleaned by us anyway.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from digest.feeds.addresses import absolute, is_web
from digest.feeds.markup import escaped
from digest.feeds.media_tags import kind_of, whole
from digest.feeds.parsed import MOST_ENTRIES, ParsedFeed
from digest.feeds.xml_feed import first_understood
from digest.model.news import Entry, Image, Media

# feedparser reads about 4 MB/s: what is larger and broken is taken as far as our own reader came.
LARGEST = 5_000_000  # characters

_PLAIN = "text/plain"


def by_feedparser(text: str, *, url: str, time_zone: str, most: int = MOST_ENTRIES) -> ParsedFeed:
    """Return what feedparser reads; without entries where it finds none or gives up."""
    import feedparser

    try:
        document = feedparser.parse(
            io.BytesIO(text.encode("utf-8", errors="replace")),
            response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception:  # a reader of anything may fail on something: then there is simply no second opinion
        return ParsedFeed()
    return _feed(document.feed, document.entries, url=url, time_zone=time_zone, most=most)


def by_fastfeedparser(text: str, *, url: str, time_zone: str, most: int = MOST_ENTRIES) -> ParsedFeed:
    """Return what fastfeedparser reads; without entries where it finds none or raises."""
    import fastfeedparser

    try:
        document = fastfeedparser.parse(text.encode("utf-8", errors="replace"))
    except Exception:  # it raises on whatever it does not know; then there is no third opinion
        return ParsedFeed()
    return _feed(document.get("feed", {}), document.get("entries", []), url=url, time_zone=time_zone, most=most)


def _feed(
    said: Mapping[str, Any], items: Iterable[Mapping[str, Any]], *, url: str, time_zone: str, most: int
) -> ParsedFeed:
    feed = ParsedFeed(
        title=_markup(said, "title"),
        language=_text(said, "language"),
        rights=_text(said, "rights"),
        link=absolute(url, _text(said, "link")),
    )
    base = url or (feed.link if is_web(feed.link) else "")
    every = list(items)
    entries = tuple(
        _entry(item, position, feed, url=url, base=base, time_zone=time_zone)
        for position, item in enumerate(every[:most], start=1)
    )
    return replace(feed, entries=entries, left=len(every) - len(entries))


def _entry(item: Mapping[str, Any], position: int, feed: ParsedFeed, *, url: str, base: str, time_zone: str) -> Entry:
    published, updated = _text(item, "published"), _text(item, "updated")
    instant, note = first_understood((published, updated, _text(item, "created")), time_zone)
    images, media = _offered(item, base)
    contents = [_text(one, "value") for one in _maps(item, "content")]
    authors = [_text(one, "name") or _text(one, "email") for one in _maps(item, "authors")]
    source = item.get("source")
    return Entry(
        feed=url,
        position=position,
        guid=_text(item, "id"),
        link=absolute(base, _text(item, "link")),
        title=_markup(item, "title"),
        summary=_markup(item, "summary"),
        content=max(contents, key=len, default=""),
        authors=tuple(dict.fromkeys(name for name in [*authors, _text(item, "author")] if name)),
        published=published,
        updated=updated,
        published_at=instant,
        date_note=note,
        source=_text(source, "title") if isinstance(source, Mapping) else "",
        categories=tuple(dict.fromkeys(term for one in _maps(item, "tags") if (term := _text(one, "term")))),
        language=_text(item, "language") or feed.language,
        rights=_text(item, "rights") or feed.rights,
        images=images,
        media=media,
        duration=_text(item, "itunes_duration"),
    )


def _text(holder: Mapping[str, Any], name: str) -> str:
    # feedparser's own mapping makes `updated` of `published`, and warns of it: what is not there is not asked for.
    value = holder.get(name) if name in holder else None
    return value.strip() if isinstance(value, str) else ""


def _maps(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = holder.get(name)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _markup(holder: Mapping[str, Any], name: str) -> str:
    """Return a text as mark-up: feedparser says beside it whether it is plain."""
    detail = holder.get(f"{name}_detail")
    plain = isinstance(detail, Mapping) and detail.get("type") == _PLAIN
    return escaped(_text(holder, name)) if plain else _text(holder, name)


def _offered(item: Mapping[str, Any], base: str) -> tuple[tuple[Image, ...], tuple[Media, ...]]:
    images: dict[str, Image] = {}
    media: dict[str, Media] = {}
    for one in [*_maps(item, "media_content"), *_maps(item, "media_thumbnail"), *_maps(item, "enclosures")]:
        url = absolute(base, _text(one, "url") or _text(one, "href"))
        kind = kind_of(url, _text(one, "type"), _text(one, "medium")) or ("image" if "width" in one else "")
        if not is_web(url):
            continue
        if kind == "image":
            picture = Image(url=url, width=whole(_text(one, "width")), height=whole(_text(one, "height")))
            images.setdefault(url, picture)
        elif kind:
            size = whole(_text(one, "length"))
            media.setdefault(url, Media(url=url, kind=kind, media_type=_text(one, "type"), size=size))
    picture_of_podcast = item.get("image")
    if isinstance(picture_of_podcast, Mapping) and is_web(_text(picture_of_podcast, "href")):
        images.setdefault(_text(picture_of_podcast, "href"), Image(url=_text(picture_of_podcast, "href")))
    return tuple(images.values()), tuple(media.values())
