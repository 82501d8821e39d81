"""What a story's own page says about it: JSON-LD first, OpenGraph where that is silent. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from digest.model.news import Image, PageMetadata
from digest.stories.bylines import byline_of
from digest.stories.headline import one_line
from digest.stories.pictures import best_image
from digest.stories.sanitize import plain
from digest.stories.teaser import teaser_of

LARGEST = 1_000_000  # bytes looked at; metadata stands at the top
_MOST_NODES = 200  # objects of JSON-LD looked at
_STORY = re.compile(r"(?:\w*Article|BlogPosting|VideoObject|Report\w*|LiveBlogPosting|WebPage)$")


def metadata(body: bytes, *, url: str = "") -> PageMetadata:
    """Return what a page says about its story; empty for whatever is no page. Nothing is raised."""
    parser = etree.HTMLParser(no_network=True, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(body[:LARGEST], parser)
    except (etree.XMLSyntaxError, ValueError):
        return PageMetadata()
    if root is None:
        return PageMetadata()
    meta = _meta(root)
    linked = _linked_data(root)
    pictures = [_image(linked.get("image"), url), _image(meta.get("og:image") or meta.get("twitter:image"), url)]
    described = linked.get("description") or meta.get("og:description") or meta.get("description")
    byline, _ = byline_of(_names(linked.get("author")) or [meta.get("author", "")])
    return PageMetadata(
        title=one_line(_text(linked.get("headline")) or meta.get("og:title", "")),
        teaser=teaser_of(plain(_text(described))),
        image=best_image([picture for picture in pictures if picture], (), base=url),
        byline=byline,
        published=_text(linked.get("datePublished")) or meta.get("article:published_time", ""),
        site=one_line(meta.get("og:site_name", "")),
    )


def _meta(root: etree._Element) -> dict[str, str]:
    """Return the meta elements by property or name, the first of each."""
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        name = (element.get("property") or element.get("name") or "").strip().lower()
        content = (element.get("content") or "").strip()
        if name and content:
            found.setdefault(name, content)
    return found


def _linked_data(root: etree._Element) -> dict[str, Any]:
    """Return the JSON-LD object that speaks of the story, {} where there is none."""
    weak: dict[str, Any] = {}
    for script in root.iter("script"):
        if (script.get("type") or "").strip().lower() != "application/ld+json":
            continue
        try:
            document = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for node in _nodes(document):
            kinds = node.get("@type")
            names = kinds if isinstance(kinds, list) else [kinds]
            if any(isinstance(name, str) and _STORY.match(name) for name in names):
                if "WebPage" not in names:
                    return node
                weak = weak or node
    return weak


def _nodes(document: Any) -> Iterator[dict[str, Any]]:
    waiting = [document]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node = waiting.pop(0)
        if isinstance(node, list):
            waiting.extend(node[:_MOST_NODES])
        elif isinstance(node, dict):
            yield node
            waiting.append(node.get("@graph"))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _names(value: Any) -> list[str]:
    people = value if isinstance(value, list) else [value]
    names = [_text(person.get("name")) if isinstance(person, dict) else _text(person) for person in people[:10]]
    return [name for name in names if name]


def _image(value: Any, url: str) -> Image | None:
    first = value[0] if isinstance(value, list) and value else value
    address = _text(first.get("url")) if isinstance(first, dict) else _text(first)
    try:
        absolute = urljoin(url, address) if address else ""
    except ValueError:
        return None
    if not absolute.lower().startswith(("http://", "https://")):
        return None
    width = first.get("width") if isinstance(first, dict) else 0
    height = first.get("height") if isinstance(first, dict) else 0
    sizes = [size if isinstance(size, int) and 0 < size < 100_000 else 0 for size in (width, height)]
    return Image(url=absolute, width=sizes[0], height=sizes[1])
