"""What is wrong with a rendered mail. Errors block approval, warnings are told, notes are for those who ask.

`codes` lists every code; each other module is a family of rules. All rules look at one `page.Page`, parsed once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from digest.check import contents, inbox, links, pictures, structure, support
from digest.check.codes import CODES, found
from digest.check.hosts import domains
from digest.check.page import Page
from digest.check.readers import Reading, check_reading
from digest.model.editions import Finding, Publication

_ORDER = {"error": 0, "warning": 1, "note": 2}


def check_mail(
    *, html: str, text: str, subject: str, preheader: str, publication: Publication, encoded_size: int
) -> tuple[Finding, ...]:
    """Return the findings about an edition whose slots are filled: errors first, in a fixed order.

    What single mail programs lack is not among them: `digest check` tells it.
    """
    reading = Reading.of(Page(html))
    parts = {"text": text, "subject": subject, "preheader": preheader}
    return in_order(
        [
            *check_page(reading, own=domains([urlsplit(publication.public_url).hostname or ""])),
            *structure.check_size(encoded_size),
            *inbox.check_subject(subject),
            *inbox.check_preheader(preheader, subject),
            *inbox.check_filler(reading),
            *contents.check_duties(html, text, publication),
            *contents.check_leftovers(parts, html),
            *contents.check_parity(reading, text),
            *(each for each in support.check_support(reading.page) if each.severity != "note"),
        ]
    )


def check_page(
    reading: Reading, *, own: Iterable[str] = (), attached: pictures.Attached | None = None
) -> Iterator[Finding]:
    """Yield what is wrong with a page of whatever origin; ``own`` are the sender's domains, where they are known."""
    page = reading.page
    yield from structure.check_structure(page)
    yield from links.check_links(page)
    yield from pictures.check_pictures(page, attached)
    yield from pictures.check_loads(page, frozenset(own))
    yield from check_reading(reading)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings errors first, then by code and place, each once; of one code at most the first 40 places."""
    ordered = sorted(findings, key=lambda each: (_ORDER[each.severity], each.code, _place(each.where), each.message))
    kept: list[Finding] = []
    counts: dict[str, int] = {}
    for each in dict.fromkeys(ordered):
        counts[each.code] = counts.get(each.code, 0) + 1
        if counts[each.code] <= MOST_OF_A_CODE:
            kept.append(each)
    more = {code: count - MOST_OF_A_CODE for code, count in counts.items() if count > MOST_OF_A_CODE}
    last = {each.code: place for place, each in enumerate(kept)}
    for code, count in more.items():
        told = kept[last[code]]
        kept[last[code]] = replace(told, message=f"{told.message} (and {count} more)")
    return tuple(kept)


MOST_OF_A_CODE = 40


def _place(where: str) -> tuple[str, int]:
    name, _, line = where.rpartition(":")
    return (name, int(line)) if line.isdigit() else (where, 0)


__all__ = ["CODES", "check_mail", "check_page", "found", "in_order"]
