"""JSON Feed 1.0 and 1.1 (jsonfeed.org): text → entries. Whatever a field holds, nothing but its right type is used."""

from __future__ import annotations

import json
from typing import Any

from digest.errors import ParseError
from digest.feeds.addresses import absolute, is_web
from digest.feeds.markup import escaped
from digest.feeds.media_tags import kind_of, whole
from digest.feeds.parsed import MOST_ENTRIES, ParsedFeed, newest
from digest.feeds.xml_feed import first_understood
from digest.model.news import Entry, Image, Media

_Object = dict[str, Any]


def read_json(text: str, *, url: str, time_zone: str, most: int = MOST_ENTRIES) -> ParsedFeed:
    """Return the feed of a JSON text; raise ParseError where it is no JSON Feed."""
    try:
        document = json.loads(text)
    except RecursionError:
        raise ParseError("not a feed: JSON nested too deeply to be one") from None
    except ValueError as error:
        raise ParseError(f"not a feed: broken JSON ({error})") from None
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise ParseError("not a feed: JSON without the list of items a JSON Feed has")
    base = url or _text(document, "feed_url") or _text(document, "home_page_url")
    language = _text(document, "language")
    authors = _authors(document)
    every = [item for item in document["items"] if isinstance(item, dict)]
    items = newest(every, most, lambda item: first_understood((_text(item, "date_published"),), time_zone)[0])
    entries = tuple(
        _entry(item, position, url=url, base=base, language=language, authors=authors, time_zone=time_zone)
        for position, item in enumerate(items, start=1)
    )
    link = absolute(base, _text(document, "home_page_url"))
    title, left = escaped(_text(document, "title")), len(every) - len(items)
    return ParsedFeed(title=title, language=language, link=link, entries=entries, left=left)


def _entry(
    item: _Object, position: int, *, url: str, base: str, language: str, authors: tuple[str, ...], time_zone: str
) -> Entry:
    identity = _text(item, "id")
    link = absolute(base, _text(item, "url")) or absolute(base, _text(item, "external_url"))
    if not link and is_web(identity):
        link = identity
    published, updated = _text(item, "date_published"), _text(item, "date_modified")
    instant, note = first_understood((published, updated), time_zone)
    content = _text(item, "content_html") or escaped(_text(item, "content_text"))
    media, duration = _attachments(item, base)
    return Entry(
        feed=url,
        position=position,
        guid=identity,
        link=link,
        title=escaped(_text(item, "title")),
        summary=escaped(_text(item, "summary")),
        content=content,
        authors=_authors(item) or authors,
        published=published,
        updated=updated,
        published_at=instant,
        date_note=note,
        categories=tuple(str(tag) for tag in _list(item, "tags") if isinstance(tag, str) and tag.strip()),
        language=_text(item, "language") or language,
        images=_images(item, base),
        media=media,
        duration=duration,
    )


def _text(holder: _Object, name: str) -> str:
    """Return a text; numbers are taken as their digits, as 1.0 allowed for ids."""
    value = holder.get(name)
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _list(holder: _Object, name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _authors(holder: _Object) -> tuple[str, ...]:
    """Return the authors: a list since 1.1, one object in 1.0."""
    people = [*_list(holder, "authors"), holder.get("author")]
    names = [_text(person, "name") if isinstance(person, dict) else person for person in people]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def _images(item: _Object, base: str) -> tuple[Image, ...]:
    said = [absolute(base, _text(item, name)) for name in ("image", "banner_image")]
    attached = [
        absolute(base, _text(one, "url"))
        for one in _list(item, "attachments")
        if isinstance(one, dict) and kind_of(_text(one, "url"), _text(one, "mime_type")) == "image"
    ]
    return tuple(Image(url=address) for address in dict.fromkeys([*said, *attached]) if is_web(address))


def _attachments(item: _Object, base: str) -> tuple[tuple[Media, ...], str]:
    media: list[Media] = []
    duration = ""
    for one in _list(item, "attachments"):
        if not isinstance(one, dict):
            continue
        url, media_type = absolute(base, _text(one, "url")), _text(one, "mime_type")
        kind = kind_of(url, media_type)
        if kind in ("video", "audio") and is_web(url):
            size = whole(_text(one, "size_in_bytes"))
            media.append(Media(url=url, kind=kind, media_type=media_type, size=size))
            duration = duration or _text(one, "duration_in_seconds")
    return tuple(media), duration
