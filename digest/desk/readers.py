"""Whose eyes a preview may be seen with: one reader of each choice of sections and language, or one by name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice

from babel import Locale
from babel.core import UnknownLocaleError

from digest.wiring.drafts import Drafts

LOOKED_AT = 2_000  # readers, in the order of the list: who reads it whole waits for a preview
OFFERED = 20
NAMED = 10  # people shown of those a name or part of an address fits
SHORTEST = 2  # characters: fewer fit everybody


@dataclass(frozen=True, kw_only=True)
class ReaderChoice:
    """A choice that readers made."""

    id: str  # of one reader who made it
    words: str  # "Trade and Science, German"


@dataclass(frozen=True, kw_only=True)
class NamedReader:
    """A person an editor asked for."""

    id: str
    name: str
    address: str
    words: str  # "Trade only, German, as text"
    format: str


def named_readers(drafts: Drafts, words: str) -> tuple[NamedReader, ...]:
    """Return the readers whose name or address holds the words: for who may see addresses."""
    publisher = drafts.publisher
    words = " ".join(words.split())
    if len(words) < SHORTEST:
        return ()
    titles = {section.slug: section.title for section in publisher.settings.sections}
    usual = publisher.publication.language
    return tuple(
        NamedReader(
            id=found.id,
            name=found.name,
            address=found.email,
            words=_words(found.sections, found.language or usual, usual, titles)
            + (", as text" if found.format == "text" else ""),
            format=found.format,
        )
        for found in publisher.wiring.readers.find(words, publisher.digest.name, limit=NAMED)
    )


def reader_choices(drafts: Drafts) -> tuple[ReaderChoice, ...]:
    """Return the choices most readers made, but that of everything in the usual language. No address is told."""
    publisher = drafts.publisher
    titles = {section.slug: section.title for section in publisher.settings.sections}
    usual = publisher.publication.language
    first: dict[tuple[tuple[str, ...] | None, str], str] = {}
    count: Counter[tuple[tuple[str, ...] | None, str]] = Counter()
    listed = publisher.wiring.subscribers.subscribers(digest=publisher.digest.name, status="active")
    for reader in islice(listed, LOOKED_AT):
        choice = (reader.sections, reader.language or usual)
        if choice != (None, usual):
            first.setdefault(choice, reader.id)
            count[choice] += 1
    found = sorted(count, key=lambda choice: (-count[choice], str(choice)))[:OFFERED]
    return tuple(
        ReaderChoice(id=first[sections, language], words=_words(sections, language, usual, titles))
        for sections, language in found
    )


def _words(sections: tuple[str, ...] | None, language: str, usual: str, titles: dict[str, str]) -> str:
    if sections is None:
        said = "Every section"
    else:
        named = [titles.get(slug, slug) for slug in sections]
        said = f"{named[0]} only" if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return said if language == usual else f"{said}, {language_name(language)}"


def language_name(tag: str) -> str:
    """Return the English name of a language, its tag where nobody knows one."""
    try:
        return str(Locale.parse(tag.replace("-", "_")).get_display_name("en") or tag)
    except (UnknownLocaleError, ValueError):
        return tag
