"""The feeds of a web page: those it names, then the places where sites usually keep one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree

from digest.feeds.addresses import absolute, is_web

_TYPES = frozenset({
    "application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/json",
    "text/xml", "application/xml",
})  # fmt: skip
COMMON_PATHS = ("feed", "rss", "feed.xml", "rss.xml", "atom.xml", "index.xml", "feed.json", "feeds", "rss/news")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An address that may be a feed."""

    url: str
    title: str = ""  # as the page calls it


def named_feeds(body: bytes, *, url: str) -> tuple[Candidate, ...]:
    """Return the feeds a page names by <link rel="alternate">, in its order, each address once."""
    parser = etree.HTMLParser(no_network=True, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return ()
    if root is None:
        return ()
    base = next((absolute(url, element.get("href") or "") for element in root.iter("base")), "") or url
    found: dict[str, Candidate] = {}
    for element in root.iter("link", "a"):
        rel = (element.get("rel") or "").lower().split()
        media_type = (element.get("type") or "").partition(";")[0].strip().lower()
        address = absolute(base, element.get("href") or "")
        wanted = media_type in _TYPES and "alternate" in rel
        # WordPress and JSON APIs announce themselves the same way; only what is called a feed is one.
        if media_type == "application/json" and "feed" not in address.lower():
            wanted = False
        if wanted and is_web(address):
            found.setdefault(address, Candidate(url=address, title=" ".join((element.get("title") or "").split())))
    return tuple(found.values())


def usual_places(url: str) -> tuple[str, ...]:
    """Return where a site usually keeps a feed: below the page's own folder, then at the top."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    if not is_web(url):
        return ()
    top = f"{parts.scheme}://{parts.netloc}/"
    folder = urljoin(url, parts.path if parts.path.endswith("/") else f"{parts.path}/")
    roots = dict.fromkeys([folder, top])
    return tuple(dict.fromkeys(urljoin(root, path) for root in roots for path in COMMON_PATHS))
