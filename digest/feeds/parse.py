"""Bytes of a feed → its entries, whatever the format and however broken.

Our own reader walks an element tree of libxml2; where that complains about the document, or finds nothing in it,
feedparser reads it too and the fuller answer counts (docs/explain/reading.md says why and what it costs).
"""

from __future__ import annotations

import re

from lxml import etree

from digest.errors import EmptyFeed, ParseError
from digest.feeds.charset import decode
from digest.feeds.json_feed import read_json
from digest.feeds.markup import text_of
from digest.feeds.other_readers import LARGEST, by_fastfeedparser, by_feedparser
from digest.feeds.parsed import MOST_ENTRIES, ParsedFeed
from digest.feeds.sitemap import is_sitemap, is_sitemap_index, read_sitemap
from digest.feeds.xml_feed import read_tree
from digest.feeds.xml_text import prepared, repaired

__all__ = ["ParsedFeed", "parse"]

_ITEM = re.compile(r"<(?:\w+:)?(?:item|entry|urlset)[\s>/]", re.IGNORECASE)
_FEED = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf|channel|urlset|sitemapindex)[\s>]", re.IGNORECASE)
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head)\b", re.IGNORECASE)
_PAGE_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,300}?)</title", re.IGNORECASE | re.DOTALL)


def parse(
    body: bytes, *, url: str = "", content_type: str = "", time_zone: str = "", most: int = MOST_ENTRIES
) -> ParsedFeed:
    """Return what a feed says, entries in its order; raise ParseError where it is none, EmptyFeed without an entry.

    ``url`` is where it was read: relative addresses are resolved against it, or without it against the page the feed
    names. ``content_type`` is the HTTP header, whose charset counts. ``time_zone`` is meant by dates without a zone.
    Of more than ``most`` entries the newest are read, and ``left`` counts the others.
    """
    text = decode(body, content_type).lstrip("﻿ \t\r\n\0")
    if not text:
        raise ParseError("the answer is empty", where=url, fix="look whether the feed's address is still right")
    if text[0] in "{[":
        feed = read_json(text, url=url, time_zone=time_zone, most=most)
    else:
        feed = _read_xml(text, url=url, time_zone=time_zone, most=most)
    if not feed.entries:
        raise EmptyFeed("the feed holds no entry", where=url, fix="nothing to do if it is new or has had no news")
    return feed


def _read_xml(text: str, *, url: str, time_zone: str, most: int) -> ParsedFeed:
    head = text[:4_000]
    if _PAGE.search(head) and not _FEED.search(text) and not _ITEM.search(text):
        raise _not_a_feed(text, url)
    document, entities = prepared(text)
    root, flawed = _tree(document, url)
    if flawed and "&" in document:
        document = repaired(document, entities)
        root, flawed = _tree(document, url)
    feed = ParsedFeed()
    if root is not None:
        if is_sitemap_index(root):
            raise ParseError("a list of sitemaps, not a feed", where=url, fix="give the address of its news sitemap")
        if is_sitemap(root):
            return read_sitemap(root, url=url, time_zone=time_zone, most=most)
        feed = read_tree(root, url=url, time_zone=time_zone, most=most)
    if (flawed or not feed.entries) and len(document) <= LARGEST and _ITEM.search(document):
        feed = _fuller(feed, by_feedparser(document, url=url, time_zone=time_zone, most=most))
        if not feed.entries:
            feed = by_fastfeedparser(document, url=url, time_zone=time_zone, most=most)
    if not feed.entries and not _FEED.search(text):
        raise _not_a_feed(text, url)
    return feed


def _tree(document: str, url: str) -> tuple[etree._Element | None, bool]:
    """Return the root and whether the document is flawed; no root where there is no element at all.

    Entities stay unresolved, nothing is fetched, and libxml2's limits on depth (256) and size of a text (10 MB) hold.
    """
    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(document.encode("utf-8", errors="replace"), parser, base_url=url)
    except (etree.XMLSyntaxError, ValueError):
        return None, True
    flaws = parser.error_log.filter_from_errors()
    # A prefix nobody declared breaks nothing: its elements are known by it.
    return root, any(flaw.domain != etree.ErrorDomains.NAMESPACE for flaw in flaws)


def _fuller(ours: ParsedFeed, theirs: ParsedFeed) -> ParsedFeed:
    """Return the answer with more in it; ours where they are equal."""
    return theirs if _weight(theirs) > _weight(ours) else ours


def _weight(feed: ParsedFeed) -> tuple[int, int, int]:
    entries = feed.entries
    named = sum(bool(entry.title) + bool(entry.link) + (entry.published_at is not None) for entry in entries)
    return len(entries), named, sum(bool(entry.summary or entry.content) for entry in entries)


def _not_a_feed(text: str, url: str) -> ParseError:
    fix = "`digest feeds add` finds the feeds of a web page"
    if _PAGE.search(text[:4_000]):
        found = _PAGE_TITLE.search(text)
        title = _one_line(found[1]) if found else ""
        what = f"not a feed: an HTML page titled “{title}”" if title else "not a feed: an HTML page"
        return ParseError(what, where=url, fix=fix)
    if text.lstrip().startswith("<"):
        name = re.match(r"<[?!]?([\w:.-]{1,40})", text.lstrip())
        kind = f"XML that begins with <{name[1]}>" if name and name[1] != "xml" else "XML of another kind"
        return ParseError(f"not a feed: {kind}", where=url, fix=fix)
    return ParseError(f"not a feed: it begins with “{_one_line(text[:60])}”", where=url, fix=fix)


def _one_line(markup: str) -> str:
    try:
        fragment = etree.fromstring(f"<p>{markup}</p>", etree.HTMLParser(no_network=True))
        plain = text_of(fragment)
    except (etree.XMLSyntaxError, ValueError):
        plain = markup
    plain = " ".join("".join(mark if mark.isprintable() else " " for mark in plain).split())
    return plain if len(plain) <= 80 else f"{plain[:79]}…"
