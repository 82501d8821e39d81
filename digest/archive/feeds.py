"""A channel as RSS 2.0, Atom 1.0 (RFC 4287) and JSON Feed 1.1: the same entries, byte for byte the same each time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any

from lxml import etree
from lxml.etree import _Element

from digest.archive.syndicated import Channel, Enclosed, Entry
from digest.archive.xml_text import allowed
from digest.dates import iso

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
XML = "http://www.w3.org/XML/1998/namespace"
# lxml takes None for the default namespace, which its stubs do not know.
DEFAULT: Any = {None: ATOM}


def _add(parent: _Element, name: str, text: str = "", /, **attributes: str) -> _Element:
    made = etree.SubElement(parent, name, {key.rstrip("_"): allowed(value) for key, value in attributes.items()})
    if text:
        made.text = allowed(text)
    return made


def _written(root: _Element) -> bytes:
    etree.indent(root, space="")
    return etree.tostring(root, xml_declaration=True, encoding="utf-8") + b"\n"


def rss(channel: Channel) -> bytes:
    """Return RSS 2.0 (rssboard.org) with the modules content, dc and media; titles are escaped as HTML."""
    spaces = {"atom": ATOM, "content": CONTENT, "dc": DC, "media": MEDIA}
    root = etree.Element("rss", {"version": "2.0"}, nsmap=spaces)
    made = _add(root, "channel")
    _add(made, "title", escape(channel.title, quote=False))
    _add(made, "link", channel.home)
    _add(made, "description", escape(channel.description, quote=False))
    _add(made, "language", channel.language)
    if channel.rights:
        _add(made, "copyright", channel.rights)
    _add(made, "lastBuildDate", _rfc822(channel.updated))
    _add(made, "generator", "digest")
    _add(made, f"{{{ATOM}}}link", rel="self", type="application/rss+xml", href=f"{channel.base}.rss")
    if channel.hub:
        _add(made, f"{{{ATOM}}}link", rel="hub", href=channel.hub)
    for entry in channel.entries:
        _rss_item(made, entry)
    return _written(root)


def _rfc822(instant: datetime) -> str:
    return format_datetime(instant, usegmt=True)


def _rss_item(channel: _Element, entry: Entry) -> None:
    made = _add(channel, "item")
    _add(made, "title", escape(entry.title, quote=False))
    _add(made, "link", entry.url)
    _add(made, "guid", entry.id, isPermaLink="false")
    if entry.published is not None:
        _add(made, "pubDate", _rfc822(entry.published))
    if entry.summary:
        _add(made, "description", escape(entry.summary, quote=False))
    if entry.content:
        _add(made, f"{{{CONTENT}}}encoded", entry.content)
    for name, text in (("creator", entry.byline), ("publisher", entry.source), ("language", entry.language)):
        if text:
            _add(made, f"{{{DC}}}{name}", text)
    if entry.rights:
        _add(made, f"{{{DC}}}rights", entry.rights)
    for category in entry.categories:
        _add(made, "category", category)
    for each in entry.enclosed:
        _media(made, each)
    if entry.published is not None:
        # RSS has no date of a change, and readers understand Atom's; alone it would be taken for the story's own.
        _add(made, f"{{{ATOM}}}updated", iso(entry.updated) or "")


def _media(item: _Element, each: Enclosed) -> None:
    said: dict[str, str] = {"url": each.url, "medium": each.kind}
    numbers = {"width": each.width, "height": each.height, "fileSize": each.size, "duration": each.duration_s}
    said |= {name: str(number) for name, number in numbers.items() if number}
    if each.media_type:
        said["type"] = each.media_type
    made = _add(item, f"{{{MEDIA}}}content", "", **said)
    if each.credit:
        _add(made, f"{{{MEDIA}}}credit", each.credit)


def atom(channel: Channel) -> bytes:
    """Return Atom 1.0; it satisfies the schema of RFC 4287, appendix B."""
    root = etree.Element(f"{{{ATOM}}}feed", {f"{{{XML}}}lang": channel.language}, nsmap=DEFAULT)
    _atom(root, "id", channel.id)
    _atom(root, "title", channel.title)
    if channel.description != channel.title:
        _atom(root, "subtitle", channel.description)
    _atom(root, "updated", iso(channel.updated) or "")
    _atom(root, "link", rel="self", type="application/atom+xml", href=f"{channel.base}.atom")
    _atom(root, "link", rel="alternate", type="text/html", href=channel.home)
    if channel.hub:
        _atom(root, "link", rel="hub", href=channel.hub)
    _atom(_atom(root, "author"), "name", channel.author)
    if channel.rights:
        _atom(root, "rights", channel.rights)
    _atom(root, "generator", "digest")
    for entry in channel.entries:
        _atom_entry(root, entry)
    return _written(root)


def _atom(parent: _Element, name: str, text: str = "", /, **attributes: str) -> _Element:
    return _add(parent, f"{{{ATOM}}}{name}", text, **attributes)


def _atom_entry(feed: _Element, entry: Entry) -> None:
    made = _atom(feed, "entry")
    if entry.language:
        made.set(f"{{{XML}}}lang", entry.language)
    _atom(made, "id", entry.id)
    _atom(made, "title", entry.title)
    _atom(made, "link", rel="alternate", type="text/html", href=entry.url)
    if entry.published is not None:
        _atom(made, "published", iso(entry.published) or "")
    _atom(made, "updated", iso(entry.updated) or "")
    # Without an author of its own an entry would have the feed's (RFC 4287 §4.2.1), who did not write it.
    if entry.byline or entry.source:
        _atom(_atom(made, "author"), "name", entry.byline or entry.source)
    if entry.source:
        _atom(_atom(made, "source"), "title", entry.source)
    if entry.summary:
        _atom(made, "summary", entry.summary)
    if entry.content:
        _atom(made, "content", entry.content, type="html")
    for category in entry.categories:
        _atom(made, "category", term=category)
    if entry.rights:
        _atom(made, "rights", entry.rights)
    for each in entry.enclosed:
        _enclosure(made, each)


def _enclosure(entry: _Element, each: Enclosed) -> None:
    said = {"rel": "enclosure", "href": each.url}
    if each.media_type:
        said["type"] = each.media_type
    if each.size:
        said["length"] = str(each.size)
    if each.alt:
        said["title"] = each.alt
    _atom(entry, "link", **said)


def json_feed(channel: Channel) -> bytes:
    """Return JSON Feed 1.1 (jsonfeed.org); absent values have no key. ``_source`` is an extension: who wrote it."""
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.home,
        "feed_url": f"{channel.base}.json",
        "description": channel.description,
        "language": channel.language,
        "hubs": [{"type": "WebSub", "url": channel.hub}] if channel.hub else [],
        "items": [_json_item(entry) for entry in channel.entries],
    }
    body = json.dumps(_present(document) | {"items": document["items"]}, ensure_ascii=False, indent=1)
    return body.encode("utf-8", "replace") + b"\n"


def _present(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value not in ("", None, [], {})}


def _json_item(entry: Entry) -> dict[str, Any]:
    pictures = [each for each in entry.enclosed if each.kind == "image"]
    item = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.content,
        "date_published": iso(entry.published),
        "date_modified": iso(entry.updated),
        "authors": [{"name": entry.byline}] if entry.byline else [],
        "tags": list(entry.categories),
        "language": entry.language,
        "image": pictures[0].url if pictures else "",
        "attachments": [_attachment(each) for each in entry.enclosed if each.media_type],
        "_source": _present({"name": entry.source, "rights": entry.rights}),
    }
    # One of the two contents is required (JSON Feed 1.1, items).
    return _present(item) if entry.content else _present(item) | {"content_text": entry.summary or entry.title}


def _attachment(each: Enclosed) -> dict[str, Any]:
    return _present(
        {
            "url": each.url,
            "mime_type": each.media_type,
            "title": each.alt,
            "size_in_bytes": each.size or None,
            "duration_in_seconds": each.duration_s,
        }
    )


FORMATS: Mapping[str, tuple[str, Callable[[Channel], bytes]]] = {
    "rss": ("application/rss+xml", rss),
    "atom": ("application/atom+xml", atom),
    "json": ("application/feed+json", json_feed),
}
"""Ending of a feed's address -> its media type, and what writes it."""


def files(channel: Channel, path: str) -> dict[str, bytes]:
    """Return a channel in each format, by path; ``path`` is where it stands, less the ending: "daily/feed"."""
    return {f"{path}.{kind}": write(channel) for kind, (_, write) in FORMATS.items()}
