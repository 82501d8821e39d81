"""Google News sitemaps: the addresses of a site with headline and date (the news extension of sitemaps.org)."""

from __future__ import annotations

from lxml.etree import _Element

from digest.feeds.addresses import absolute
from digest.feeds.markup import escaped
from digest.feeds.media_tags import offered
from digest.feeds.parsed import MOST_ENTRIES, ParsedFeed
from digest.feeds.xml_feed import Fields, first_understood
from digest.feeds.xml_names import Names
from digest.model.news import Entry


def is_sitemap(root: _Element) -> bool:
    """Tell whether the root is a sitemap's."""
    return Names().of(root).rpartition(":")[2] == "urlset"


def is_sitemap_index(root: _Element) -> bool:
    """Tell whether the root is a list of sitemaps."""
    return Names().of(root).rpartition(":")[2] == "sitemapindex"


def read_sitemap(root: _Element, *, url: str, time_zone: str, most: int = MOST_ENTRIES) -> ParsedFeed:
    """Return the news of a sitemap; pages without a headline are not news and are left out."""
    names = Names()
    publication = ""
    entries: list[Entry] = []
    for page in root:
        if names.of(page).rpartition(":")[2] != "url" or len(entries) >= most:
            continue
        fields = Fields(page, names, url)
        for news in fields.all("news:news"):
            entry = _entry(fields, Fields(news, names, url), len(entries) + 1, url, time_zone)
            publication = publication or entry.source
            if entry.title:
                entries.append(entry)
    language = entries[0].language if entries else ""
    return ParsedFeed(title=escaped(publication), language=language, entries=tuple(entries))


def _entry(page: Fields, news: Fields, position: int, url: str, time_zone: str) -> Entry:
    publication = next((Fields(one, news.names, url) for one in news.all("news:publication")), None)
    published, updated = news.text("news:publication_date"), page.text("sitemap:lastmod", "lastmod")
    instant, note = first_understood((published, updated), time_zone)
    found = offered(page.element, page.names, url)
    link = absolute(url, page.text("sitemap:loc", "loc"))
    return Entry(
        feed=url,
        position=position,
        guid=link,
        link=link,
        title=escaped(news.text("news:title")),
        published=published,
        updated=updated,
        published_at=instant,
        date_note=note,
        source=publication.text("news:name") if publication else "",
        categories=tuple(word.strip() for word in news.text("news:keywords").split(",") if word.strip()),
        language=publication.text("news:language") if publication else "",
        images=found.images,
    )
