"""Lists of feeds as OPML 2.0, folders being sections. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from digest.errors import ParseError
from digest.feeds.addresses import is_web
from digest.feeds.charset import decode
from digest.feeds.xml_text import prepared, repaired
from digest.model.news import Feed

_DEEPEST = 20  # folders inside folders


def read_opml(body: bytes) -> tuple[Feed, ...]:
    """Return the feeds of an OPML file, each address once; ``section`` is the title of the innermost folder.

    Raise ParseError where the file is no OPML or names no feed.
    """
    text, entities = prepared(decode(body))
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8")
    try:
        root = etree.fromstring(repaired(text, entities).encode("utf-8", errors="replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None or str(root.tag).lower() != "opml":
        raise ParseError("not an OPML file", fix="export the feeds again as OPML")
    found: dict[str, Feed] = {}
    for body_element in root.iter("body"):
        _read(body_element, "", found, 0)
    if not found:
        raise ParseError("the OPML file names no feed", fix="export the feeds again as OPML")
    return tuple(found.values())


def _read(parent: etree._Element, folder: str, found: dict[str, Feed], depth: int) -> None:
    for outline in parent:
        title = " ".join((outline.get("title") or outline.get("text") or "").split())
        url = (outline.get("xmlUrl") or outline.get("xmlurl") or "").strip()
        if is_web(url):
            found.setdefault(url, Feed(url=url, name=title, section=folder))
        elif depth < _DEEPEST:
            _read(outline, title or folder, found, depth + 1)


def write_opml(feeds: Sequence[Feed], *, title: str) -> bytes:
    """Return feeds as OPML 2.0: a folder a section in the order given, feeds of no section beside them."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _legal(title)
    body = etree.SubElement(root, "body")
    folders: dict[str, etree._Element] = {"": body}
    for feed in feeds:
        if feed.section not in folders:
            name = _legal(feed.section)
            folders[feed.section] = etree.SubElement(body, "outline", text=name, title=name)
        name = _legal(feed.name or feed.url)
        etree.SubElement(folders[feed.section], "outline", type="rss", text=name, title=name, xmlUrl=_legal(feed.url))
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def _legal(text: str) -> str:
    """Return text without what XML cannot hold."""
    return "".join(mark for mark in text if mark.isprintable() or mark in " \t")
