"""The web pages of editions: plain for now, at the addresses they will keep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

from digest.model import links
from digest.model.editions import Edition, EditionRecord, Publication


class Template(Protocol):
    """What a page is made with: a compiled template."""

    def render(self, **values: object) -> str:
        """Return the page."""


def _long_day(day: date, language: str) -> str:
    from babel.core import UnknownLocaleError
    from babel.dates import format_date

    try:
        return str(format_date(day, "full", locale=language.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return str(format_date(day, "full", locale="en_GB"))


def edition_page(edition: Edition, *, number: int, publication: Publication, title: str, template: Template) -> bytes:
    """Return the page of an edition as UTF-8; it carries nothing personal."""
    page = template.render(
        publication=publication,
        title=title,
        edition=edition,
        number=number,
        day=_long_day(edition.day, publication.language),
        zone=ZoneInfo(publication.time_zone),
        home=links.digest_url(publication.public_url, edition.digest),
        address=links.edition_url(publication.public_url, edition.digest, edition.day),
        picture_url=lambda name: links.picture_url(publication.public_url, name),
        signup=links.signup_url(publication.public_url),
        sections=[filled for filled in edition.sections if filled.items],
    )
    return page.encode("utf-8")


def home_page(
    digest: str, records: Sequence[EditionRecord], *, publication: Publication, title: str, template: Template
) -> bytes:
    """Return the home of a digest as UTF-8: its editions, newest first."""
    rows = [
        {
            "url": links.edition_url(publication.public_url, digest, record.day),
            "day": _long_day(record.day, publication.language),
            "number": record.number,
            "subject": record.base.subject if record.base else "",
        }
        for record in records
    ]
    page = template.render(
        publication=publication,
        title=title,
        editions=rows,
        home=links.digest_url(publication.public_url, digest),
        signup=links.signup_url(publication.public_url),
    )
    return page.encode("utf-8")
