"""What the last build of a site made of each day, so that the next one touches only what changed.

Kept in a hidden file of the site's folder. It is a help, no truth: without it everything is made again, and files that
come out the same are left alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

FILE = ".archive.json"
FORM = 2  # of the file; another one is not read


@dataclass
class Known:
    """What is known of one edition."""

    page: str  # what changes when its page must
    words: str  # what changes when its stories, as lists show them, do
    subject: str = ""
    stories: dict[str, int] = field(default_factory=dict)  # by section's slug, where there are any
    listed: str = ""  # when it came into lists, ISO 8601
    changed: str = ""  # when its words last changed, ISO 8601

    def row(self) -> list[Any]:
        """Return it as a row of the file."""
        return [self.page, self.words, self.subject, self.stories, self.listed, self.changed]

    @property
    def count(self) -> int:
        """Its stories."""
        return sum(self.stories.values())


@dataclass
class Memory:
    """What is known of a digest's pages."""

    days: dict[str, Known] = field(default_factory=dict)  # by ISO day
    pages: dict[str, str] = field(default_factory=dict)  # path -> fingerprint, of pages that are no edition's
    names: dict[str, str] = field(default_factory=dict)  # section's slug -> title, also of sections that are no more


def fingerprint(*parts: object) -> str:
    """Return a short hash of values by what they say."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def dump(memories: dict[str, Memory]) -> bytes:
    """Return the file's bytes."""
    document: dict[str, Any] = {
        "form": FORM,
        "digests": {
            name: {
                "days": {day: each.row() for day, each in memory.days.items()},
                "pages": memory.pages,
                "names": memory.names,
            }
            for name, memory in memories.items()
        },
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def load(body: bytes) -> dict[str, Memory]:
    """Return what a file says, nothing where it is broken or of another form."""
    try:
        document = json.loads(body)
        if document["form"] != FORM:
            return {}
        return {name: _memory(each["days"].items(), each) for name, each in document["digests"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _memory(days: Iterable[tuple[str, list[Any]]], each: dict[str, Any]) -> Memory:
    known = {
        day: Known(page=page, words=words, subject=subject, stories=dict(stories), listed=listed, changed=changed)
        for day, (page, words, subject, stories, listed, changed) in days
    }
    return Memory(days=known, pages=dict(each["pages"]), names=dict(each["names"]))
