"""What reading a feed returns."""

from __future__ import annotations

from dataclasses import dataclass

from digest.model.news import Entry

# A feed of more entries is cut: news is at its top, and nobody picks from the fifty-thousandth line.
MOST_ENTRIES = 50_000


@dataclass(frozen=True, kw_only=True)
class ParsedFeed:
    """A feed's own words about itself, and its entries in the feed's order."""

    title: str = ""  # may hold mark-up
    language: str = ""  # as written: "en-us", "de"
    rights: str = ""  # as written
    link: str = ""  # address of the site's page
    entries: tuple[Entry, ...] = ()
