"""RSS 0.9x–2.0, RDF and Atom: an element tree → entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from lxml.etree import _Element

from digest.feeds.addresses import absolute, is_web
from digest.feeds.feed_dates import UNKNOWN, understand
from digest.feeds.markup import markup_of, text_of
from digest.feeds.media_tags import offered
from digest.feeds.parsed import MOST_ENTRIES, ParsedFeed, newest
from digest.feeds.xml_names import RDF_ABOUT, XML_LANG, Names
from digest.model.news import Entry

_ITEMS = frozenset({"item", "entry"})
_PAGES = ("", "text/html", "application/xhtml+xml", "html")

_PUBLISHED = ("pubdate", "published", "issued", "dc:issued", "dc:date", "date", "dc:created", "created")
_UPDATED = ("updated", "modified", "dc:modified", "lastbuilddate", "lastmod")
_SUMMARIES = ("description", "summary", "dc:description", "dc:abstract", "abstract")
_LESSER_SUMMARIES = ("media:description", "itunes:summary", "itunes:subtitle", "subtitle", "tagline")
_CONTENTS = ("content:encoded", "encoded", "content", "xhtml:body", "body", "fullitem", "xhtml:div")
_RIGHTS = ("rights", "copyright", "dc:rights", "media:copyright")


class Fields:
    """The children of one element, by short name."""

    def __init__(self, element: _Element, names: Names, base: str) -> None:
        """Sort the children once; every question after that is a look-up."""
        self.element, self.names, self.base = element, names, base
        self._children: dict[str, list[_Element]] = {}
        for child in element:
            self._children.setdefault(names.of(child), []).append(child)

    def all(self, *wanted: str) -> Iterator[_Element]:
        """Yield the children of these names, name by name."""
        for name in wanted:
            yield from self._children.get(name, ())

    def text(self, *wanted: str) -> str:
        """Return the first text that is not empty."""
        return next((text for child in self.all(*wanted) if (text := text_of(child))), "")

    def markup(self, *wanted: str) -> str:
        """Return the first mark-up that is not empty."""
        return next((markup for child in self.all(*wanted) if (markup := markup_of(child))), "")

    def texts(self, *wanted: str) -> tuple[str, ...]:
        """Return all texts, each once."""
        return tuple(dict.fromkeys(text for child in self.all(*wanted) if (text := text_of(child))))


def read_tree(root: _Element, *, url: str, time_zone: str, most: int = MOST_ENTRIES) -> ParsedFeed:
    """Return the feed an element tree holds; without entries where it holds none."""
    names = Names()
    holder, items = _gather(root, names)
    fields = Fields(holder, names, _base(holder, url))
    feed = ParsedFeed(
        title=_feed_title(fields),
        language=fields.text("language", "dc:language") or holder.get(XML_LANG) or root.get(XML_LANG) or "",
        rights=fields.text(*_RIGHTS),
        link=_link(fields),
    )
    base = url or (feed.link if is_web(feed.link) else "")
    reader = _EntryReader(feed, names, url=url, base=base, time_zone=time_zone, authors=_authors(fields, of_feed=True))
    read = newest(items, most, lambda item: reader.entry(item, 1).published_at)
    entries = tuple(reader.entry(item, position) for position, item in enumerate(read, start=1))
    return replace(feed, entries=entries, left=len(items) - len(read))


def _gather(root: _Element, names: Names) -> tuple[_Element, list[_Element]]:
    """Return the element that speaks for the feed (channel or feed) and the items, in document order.

    Items stand beside the channel in RDF, and some feeds nest them deeper than they should.
    """
    items = [element for element in root.iter("{*}item", "{*}entry") if names.of(element) in _ITEMS]
    if not items:
        items = [element for element in root.iter() if names.of(element).rpartition(":")[2] in _ITEMS]
    holder = next((child for child in root if names.of(child) in ("channel", "feed")), root)
    return holder, items


def _feed_title(fields: Fields) -> str:
    return fields.markup("title", "dc:title", "media:title", "itunes:title")


def _base(element: _Element, url: str) -> str:
    """Return what relative addresses inside an element are relative to (XML Base)."""
    return absolute(url, element.base or "") or url


class _EntryReader:
    """Makes entries of one feed's items."""

    def __init__(
        self, feed: ParsedFeed, names: Names, *, url: str, base: str, time_zone: str, authors: tuple[str, ...]
    ) -> None:
        self._feed, self._names, self._url, self._default_base = feed, names, url, base
        self._time_zone, self._authors = time_zone, authors

    def entry(self, item: _Element, position: int) -> Entry:
        """Return one item as the feed said it."""
        base = _base(item, self._url) or self._default_base
        fields = Fields(item, self._names, base)
        guid = fields.text("guid", "id") or item.get(RDF_ABOUT) or ""
        dates = fields.texts(*_PUBLISHED), fields.texts(*_UPDATED) or _attribute(item, "lastmod")
        instant, note = first_understood((*dates[0], *dates[1]), self._time_zone)
        found = offered(item, self._names, base)
        link = _link(fields, guid=guid)
        if not link and found.media:
            link = found.media[0].url
        return Entry(
            feed=self._url,
            position=position,
            guid=guid,
            link=link,
            title=fields.markup("title", "media:title", "dc:title", "itunes:title"),
            summary=fields.markup(*_SUMMARIES) or self._lesser_summary(fields),
            content=_content(fields),
            authors=_authors(fields) or self._authors,
            published=next(iter(dates[0]), ""),
            updated=next(iter(dates[1]), ""),
            published_at=instant,
            date_note=note,
            source=_source(fields),
            categories=_categories(fields),
            language=item.get(XML_LANG) or fields.text("dc:language", "language") or self._feed.language,
            rights=fields.text(*_RIGHTS) or self._feed.rights,
            images=found.images,
            media=found.media,
            duration=found.duration,
            extra=_extra(fields),
        )

    def _lesser_summary(self, fields: Fields) -> str:
        groups = [Fields(group, self._names, fields.base) for group in fields.all("media:group", "media:content")]
        every = (fields, *groups)
        return next((said for one in every if (said := one.markup(*_LESSER_SUMMARIES))), "")


def first_understood(texts: Iterable[str], time_zone: str) -> tuple[datetime | None, str]:
    """Return the first date among texts that is one, with its note; (None, "unknown") where none is."""
    for text in texts:
        if text:
            instant, note = understand(text, time_zone=time_zone)
            if instant is not None:
                return instant, note
    return None, UNKNOWN


def _attribute(element: _Element, name: str) -> tuple[str, ...]:
    """Return an attribute whatever its case: CDF, the oldest feeds, shouts."""
    value = element.get(name) or element.get(name.upper()) or ""
    return (value,) if value else ()


def _link(fields: Fields, *, guid: str = "") -> str:
    """Return the address of the page a feed or an entry is about, "" where none is said.

    RSS says it as text, Atom as rel="alternate". Where neither does, a guid that is a permanent link, what RDF is
    about and an Atom id that is an address are as good.
    """
    doubtful = ""
    for element in fields.all("link"):
        href = element.get("href")
        if href is None:
            found = absolute(fields.base, text_of(element))
            if found:
                return found
            continue
        if (element.get("rel") or "alternate").lower() == "alternate":
            found = absolute(_base(element, fields.base) or fields.base, href)
            if (element.get("type") or "").partition(";")[0].strip().lower() in _PAGES and found:
                return found
            doubtful = doubtful or found
    if doubtful:
        return doubtful
    original = absolute(fields.base, fields.text("feedburner:origlink"))
    if original:
        return original
    return _identity_link(fields, guid)


def _identity_link(fields: Fields, guid: str) -> str:
    permanent = next((element.get("isPermaLink") or "" for element in fields.all("guid")), "")
    if guid and permanent.lower() != "false" and (is_web(guid) or permanent.lower() == "true"):
        return absolute(fields.base, guid)
    about = fields.element.get(RDF_ABOUT) or next(iter(_attribute(fields.element, "href")), "")
    return absolute(fields.base, about)


def _content(fields: Fields) -> str:
    """Return the longest body; what lies elsewhere (Atom's src) or is no text is left out."""
    bodies = [markup_of(element) for element in fields.all(*_CONTENTS) if _is_text(element)]
    return max(bodies, key=len, default="")


def _is_text(element: _Element) -> bool:
    kind = (element.get("type") or "").lower()
    return not kind or not kind.startswith(("image/", "video/", "audio/", "application/octet", "application/pdf"))


def _authors(fields: Fields, *, of_feed: bool = False) -> tuple[str, ...]:
    """Return who wrote it, as written; for a feed only Atom's author, which its entries inherit (RFC 4287 §4.2.1)."""
    found: list[str] = []
    for element in fields.all("author"):
        people = Fields(element, fields.names, fields.base)
        said = people.text("name", "email") if len(element) else ("" if of_feed else text_of(element))
        if said:
            found.append(said)
    if not of_feed:
        found.extend(fields.texts("dc:creator", "creator"))
        if not found:
            found.extend(fields.texts("itunes:author", "dc:author", "dc:contributor"))
    return tuple(dict.fromkeys(found))


def _source(fields: Fields) -> str:
    """Return who wrote it, where the feed only passes it on."""
    for element in fields.all("source"):
        said = Fields(element, fields.names, fields.base).markup("title") if len(element) else text_of(element)
        if said:
            return said
    return fields.text("dc:publisher", "dc:source")


def _categories(fields: Fields) -> tuple[str, ...]:
    found: list[str] = []
    for element in fields.all("category", "dc:subject", "media:category", "keywords", "media:keywords"):
        said = element.get("label") or element.get("term") or text_of(element)
        if fields.names.of(element).endswith("keywords"):
            found.extend(word.strip() for word in said.split(","))
        else:
            found.append(said.strip())
    return tuple(dict.fromkeys(one for one in found if one))


def _extra(fields: Fields) -> dict[str, str]:
    """Return what later stages may want to know and readers never see."""
    said = {
        "origlink": fields.text("feedburner:origlink"),
        "credit": fields.text("media:credit"),
        "source_url": next((element.get("url") or "" for element in fields.all("source")), ""),
    }
    return {name: value for name, value in said.items() if value}
