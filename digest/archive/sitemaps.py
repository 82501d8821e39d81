"""Sitemaps (sitemaps.org) of the archive: every page of it, and the newest editions as a news sitemap.

A sitemap holds at most 50,000 addresses; more are spread over numbered ones, filled oldest first, so that a new edition
changes the last one only, and an index names them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

from digest.archive.xml_text import allowed
from digest.dates import iso

MOST = 50_000  # addresses of one sitemap (sitemaps.org)
NEWS = timedelta(days=2)  # news sitemaps hold what is no older
MOST_NEWS = 1_000  # addresses of a news sitemap
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
NEWS_SITEMAP = "http://www.google.com/schemas/sitemap-news/0.9"
INDEX = "sitemap.xml"
NEWS_FILE = "sitemap-news.xml"


@dataclass(frozen=True, kw_only=True)
class Address:
    """A page that may be found."""

    url: str  # absolute
    changed: datetime | None = None  # None = not said


@dataclass(frozen=True, kw_only=True)
class News:
    """An edition as a news sitemap tells of it."""

    url: str  # absolute
    publication: str  # its name
    language: str  # BCP 47
    title: str
    published: datetime


def files(addresses: Sequence[Address], base: str, *, most: int = MOST) -> dict[str, bytes]:
    """Return the sitemaps by path: one alone up to ``most`` addresses, else an index and numbered ones.

    ``base`` is the public address the paths are below, without a slash at its end; ``addresses`` stand oldest first,
    so that only the last sitemap changes. None of them is empty.
    """
    if len(addresses) <= most:
        return {INDEX: _urls(addresses)}
    parts = [addresses[start : start + most] for start in range(0, len(addresses), most)]
    made = {f"sitemap-{number}.xml": _urls(part) for number, part in enumerate(parts, 1)}
    rows = (
        f"<sitemap><loc>{_text(f'{base}/{name}')}</loc>{_lastmod(max(_changes(part), default=None))}</sitemap>\n"
        for name, part in zip(made, parts, strict=True)
    )
    return {**made, INDEX: _document("sitemapindex", "".join(rows))}


def names(count: int, *, most: int = MOST) -> tuple[str, ...]:
    """Return the paths `files` makes for so many addresses."""
    parts = 0 if count <= most else -(-count // most)
    return (*(f"sitemap-{number}.xml" for number in range(1, parts + 1)), INDEX)


def _changes(addresses: Sequence[Address]) -> Iterator[datetime]:
    return (each.changed for each in addresses if each.changed is not None)


def _urls(addresses: Sequence[Address]) -> bytes:
    rows = (f"<url><loc>{_text(each.url)}</loc>{_lastmod(each.changed)}</url>\n" for each in addresses)
    return _document("urlset", "".join(rows))


def _lastmod(changed: datetime | None) -> str:
    return "" if changed is None else f"<lastmod>{_second(changed)}</lastmod>"


def _second(instant: datetime) -> str:
    return iso(instant.replace(microsecond=0)) or ""


def news(editions: Sequence[News]) -> bytes:
    """Return the news sitemap of editions, newest first: what came out within two days before the newest of them.

    It counts from the newest edition, not from now, so that the same archive gives the same bytes.
    """
    newest = max((each.published for each in editions), default=None)
    rows = "".join(_news(each) for each in editions[:MOST_NEWS] if newest and each.published > newest - NEWS)
    return _document("urlset", rows, f' xmlns:news="{NEWS_SITEMAP}"')


def _news(each: News) -> str:
    return (
        f"<url><loc>{_text(each.url)}</loc><news:news>"
        f"<news:publication><news:name>{_text(each.publication)}</news:name>"
        f"<news:language>{_text(each.language)}</news:language></news:publication>"
        f"<news:publication_date>{_second(each.published)}</news:publication_date>"
        f"<news:title>{_text(each.title)}</news:title></news:news></url>\n"
    )


def _text(text: str) -> str:
    return escape(allowed(text))


def _document(name: str, rows: str, more: str = "") -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<{name} xmlns="{SITEMAP}"{more}>\n{rows}</{name}>\n'.encode()
