"""What reading a feed returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from digest.model.news import Entry

# A feed of more entries is cut: news is at its top, and nobody picks from the fifty-thousandth line.
MOST_ENTRIES = 50_000
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ParsedFeed:
    """A feed's own words about itself, and its entries in the feed's order."""

    title: str = ""  # may hold mark-up
    language: str = ""  # as written: "en-us", "de"
    rights: str = ""  # as written
    link: str = ""  # address of the site's page
    entries: tuple[Entry, ...] = ()
    left: int = 0  # entries left unread because there were too many


def newest(items: Sequence[T], most: int, date_of: Callable[[T], datetime | None]) -> Sequence[T]:
    """Return at most ``most`` items from the end of the feed where its news stands: the first, nearly always."""
    if len(items) <= most:
        return items
    first, last = date_of(items[0]), date_of(items[-1])
    return items[-most:] if first is not None and last is not None and last > first else items[:most]
