"""Folders of an OPML file → sections: those there are, and new ones for the others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from digest.feeds.opml import read_opml, write_opml
from digest.model.editions import Section
from digest.model.news import Feed

_LONGEST = 40  # characters of a slug


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an OPML file adds."""

    feeds: tuple[Feed, ...]  # new ones, each with the slug of its section
    sections: tuple[Section, ...]  # new ones
    known: int  # feeds that were there already


def import_opml(body: bytes, *, feeds: Sequence[Feed], sections: Sequence[Section]) -> Imported:
    """Return the feeds of an OPML file that are new, their folders as sections; raise ParseError for no OPML."""
    known = {feed.url for feed in feeds}
    found = read_opml(body)
    made: list[Section] = []
    new: list[Feed] = []
    for feed in found:
        if feed.url in known:
            continue
        slug = _section(feed.section, [*sections, *made]) if feed.section else ""
        if feed.section and not slug:
            slug = _free(_slug(feed.section), {each.slug for each in (*sections, *made)})
            made.append(Section(slug=slug, title=feed.section))
        new.append(replace(feed, section=slug))
    return Imported(feeds=tuple(new), sections=tuple(made), known=len(found) - len(new))


def export_opml(feeds: Sequence[Feed], *, sections: Sequence[Section], title: str) -> bytes:
    """Return the feeds as OPML, a folder a section under its title, in the order of the sections."""
    order = {section.slug: number for number, section in enumerate(sections)}
    titles = {section.slug: section.title for section in sections}
    ordered = sorted(feeds, key=lambda feed: order.get(feed.section, len(order)))
    return write_opml([replace(feed, section=titles.get(feed.section, "")) for feed in ordered], title=title)


def _section(folder: str, sections: Sequence[Section]) -> str:
    """Return the slug of the section a folder means by its title or slug, or ""."""
    wanted = " ".join(folder.casefold().split())
    return next((each.slug for each in sections if wanted in (each.title.casefold(), each.slug)), "")


def _slug(title: str) -> str:
    """Return a title as it may stand in an address; "section" where nothing of it can."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-") or "section"


def _free(slug: str, taken: set[str]) -> str:
    if slug not in taken:
        return slug
    number = 2
    while (found := f"{slug[: _LONGEST - 4]}-{number}") in taken:
        number += 1
    return found
