"""Short names of the elements feeds use: "dc:creator", "media:content", and no prefix for RSS and Atom's own."""

from __future__ import annotations

from lxml.etree import _Element

_PREFIXES = {
    # RSS 0.9x–2.0, RSS 1.0 and Atom share the empty prefix, as nothing in them collides.
    "http://backend.userland.com/rss": "",
    "http://backend.userland.com/rss2": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0": "",
    "http://channel.netscape.com/rdf/simple/0.9": "",
    "http://my.netscape.com/rdf/simple/0.9": "",
    "http://my.netscape.com/publish/formats/rss-0.91.dtd": "",
    "http://purl.org/atom/ns#": "",
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/dc/elements/1.0": "dc",
    "http://purl.org/dc/elements/1.1": "dc",
    "http://purl.org/dc/terms": "dc",
    "http://purl.org/rss/1.0/modules/content": "content",
    "http://purl.org/rss/1.0/modules/encoded": "content",
    "http://search.yahoo.com/mrss": "media",
    "http://video.search.yahoo.com/mrss": "media",
    "http://tools.search.yahoo.com/mrss": "media",
    "http://api.search.yahoo.com/mrss": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.sitemaps.org/schemas/sitemap/0.9": "sitemap",
    "http://www.google.com/schemas/sitemap/0.9": "sitemap",
    "http://www.google.com/schemas/sitemap/0.84": "sitemap",
    "http://www.google.com/schemas/sitemap-news/0.9": "news",
    "http://www.google.com/schemas/sitemap-image/1.1": "image",
    "http://www.google.com/schemas/sitemap-video/1.1": "video",
}
ATOM = ("{http://www.w3.org/2005/Atom}", "{http://purl.org/atom/ns#}")
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"


class Names:
    """Short names of one document's elements; what a prefix means may differ in the next document."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._known: dict[str, str] = {}

    def of(self, element: _Element) -> str:
        """Return the short name in lower case; a comment's or an entity's is like no element's."""
        tag = str(element.tag)
        name = self._known.get(tag)
        if name is None:
            name = self._known[tag] = _short(tag, element.prefix or "")
        return name


def _short(tag: str, prefix: str) -> str:
    namespace, brace, local = tag.rpartition("}")
    local = local.lower()
    if not brace:
        # Without a namespace an undeclared prefix is still in the name: "media:content".
        return local
    uri = namespace[1:].strip().lower()
    known = _PREFIXES.get(uri.rstrip("/"), _PREFIXES.get(uri))
    # A namespace nobody knows is read by the prefix its author gave it.
    known = prefix.lower() if known is None else known
    return f"{known}:{local}" if known else local
