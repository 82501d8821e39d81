"""Addresses within the site, as paths from its root, and links between them, relative: any server and folder will do.

They are those of design §2; `digest.model.links` makes the same ones absolute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

INDEX = "index.html"
SIGNUP = "signup"
SEARCH = "search/"
MISSING = "404.html"
ROBOTS = "robots.txt"
# A hidden file beside a retracted edition: `digest serve` answers 410 for its folder.
GONE = ".gone"


def home(digest: str) -> str:
    """Return the path of a digest's home."""
    return f"{digest}/"


def edition(digest: str, day: date) -> str:
    """Return the path of an edition."""
    return f"{digest}/{day:%Y/%m/%d}/"


def section(digest: str, slug: str, number: int = 0) -> str:
    """Return the path of a section's newest stories, or of a numbered page of it, 1 the oldest."""
    return f"{digest}/section/{slug}/" + (f"page/{number}/" if number else "")


def year(digest: str, number: int) -> str:
    """Return the path of a year's calendar."""
    return f"{digest}/{number:04}/"


def month(digest: str, number: int, of: int) -> str:
    """Return the path of the editions of a month: month ``of`` of year ``number``."""
    return f"{digest}/{number:04}/{of:02}/"


def about(digest: str) -> str:
    """Return the path of what a digest says of itself."""
    return f"{digest}/about/"


def file_of(path: str) -> str:
    """Return the file that a path is served from."""
    return f"{path}{INDEX}" if path.endswith("/") or not path else path


@dataclass(frozen=True)
class Place:
    """Where a page stands: what its links are relative to."""

    path: str  # its own, from the site's root
    root: str = ""  # how a page without a place of its own (404) reaches the root; "" = relative

    def to(self, path: str) -> str:
        """Return a link to a path of the site."""
        if self.root:
            return self.root + quote(path)
        return ("../" * self.path.count("/") + quote(path)) or "./"
