"""Public addresses, fixed from the first link on (design §2). ``base`` is the public URL without a slash at its end."""

from __future__ import annotations

from datetime import date
from email.utils import parseaddr
from urllib.parse import quote

# First path words that are ours, so that no digest can be named so.
RESERVED_NAMES = frozenset({"u", "p", "c", "img", "search", "signup", "health", "metrics", "assets"})


def digest_url(base: str, digest: str) -> str:
    """Return the home of a digest."""
    return f"{base}/{quote(digest)}/"


def edition_url(base: str, digest: str, day: date) -> str:
    """Return the page of an edition; carries nothing personal."""
    return f"{base}/{quote(digest)}/{day:%Y/%m/%d}/"


def section_url(base: str, digest: str, slug: str) -> str:
    """Return the page of a section over all editions."""
    return f"{base}/{quote(digest)}/section/{quote(slug)}/"


def feed_url(base: str, digest: str, kind: str = "rss") -> str:
    """Return the feed of a digest's editions; kind is rss, atom or json."""
    return f"{base}/{quote(digest)}/feed.{kind}"


def search_url(base: str) -> str:
    """Return the search page."""
    return f"{base}/search/"


def signup_url(base: str) -> str:
    """Return the sign-up page, which is also what one forwards to a friend."""
    return f"{base}/signup"


def own_links_url(base: str) -> str:
    """Return the page that mails a reader her own links."""
    return f"{base}/signup/link"


def picture_url(base: str, name: str) -> str:
    """Return where a prepared picture is online."""
    return f"{base}/img/{quote(name)}"


def content_id(name: str, sender: str) -> str:
    """Return the Content-ID of an embedded picture (RFC 2392), without angle brackets.

    ``sender`` is the header from, whose domain makes it nobody else's; the name is the hash of the picture's bytes.
    """
    domain = parseaddr(sender)[1].rpartition("@")[2]
    try:
        return f"{name}@{domain.encode('idna').decode('ascii') or 'localhost'}"
    except UnicodeError:
        return f"{name}@localhost"


def unsubscribe_url(base: str, token: str) -> str:
    """Return a reader's own way out."""
    return f"{base}/u/{token}"


def preferences_url(base: str, token: str) -> str:
    """Return a reader's own preferences."""
    return f"{base}/p/{token}"


def confirm_url(base: str, token: str) -> str:
    """Return the confirmation of a sign-up."""
    return f"{base}/c/{token}"
