"""What every page of the archive has: whose it is, how it looks, where its links lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from digest.archive import addresses, linked
from digest.model import links
from digest.model.editions import Edition, FilledSection, Item, Picture, Publication, Section, Sponsor


class Fill(Protocol):
    """Makes a text of a template."""

    def __call__(self, name: str, values: Mapping[str, object]) -> str:
        """Return it; raises TemplateError."""


class Say(Protocol):
    """Says the fixed texts, days and numbers of a page in its language."""

    def __call__(self, text: str, **gaps: object) -> str:
        """Return a fixed text with its gaps filled, as mark-up."""

    def bare(self, text: str, **gaps: object) -> str:
        """Return a fixed text with its gaps filled, as plain text."""

    def day(self, day: date) -> str:
        """Return "Monday 23 November 2026"."""

    def short_day(self, day: date) -> str:
        """Return "Mon 23 Nov"."""

    def month(self, year: int, month: int) -> str:
        """Return "November 2026"."""

    def month_name(self, month: int) -> str:
        """Return "November"."""

    def moment(self, instant: datetime, zone: ZoneInfo, day: date) -> str:
        """Return the hour, with the day where it is another than ``day``."""

    def stories(self, number: int) -> str:
        """Return "31 stories"."""

    @property
    def first_weekday(self) -> int:
        """The day a week begins with, 0 = Monday."""

    @property
    def weekdays(self) -> Sequence[tuple[str, str]]:
        """The days of a week in its order, short and in full."""


class Views(Protocol):
    """Makes foreign words safe to show, with the language and direction they need."""

    def item(self, item: Item, edition: Edition) -> Any:
        """Return an item as a template sees it."""

    def section(self, filled: FilledSection, edition: Edition) -> Any:
        """Return a section's title, notes and sponsors as a template sees them."""

    def sponsors(self, edition: Edition, place: str) -> Sequence[Any]:
        """Return the sponsors of a place."""

    def name(self, section: Section) -> str:
        """Return a section's title in the page's language."""

    def line(self, text: str, longest: int) -> str:
        """Return foreign text as one clean line."""

    def paragraphs(self, text: str, longest: int) -> str:
        """Return what an editor wrote in clean lines, an empty one between paragraphs."""


@dataclass(frozen=True, kw_only=True)
class House:
    """What all pages of a digest share."""

    publication: Publication
    digest: str
    title: str  # of the digest
    sections: tuple[Section, ...]  # as configured
    language: str
    direction: str
    say: Say
    views: Views
    fill: Fill
    css: str  # path of the style sheet from the site's root
    style: str  # the style sheet itself, for a page that is served at any depth
    logo: Picture | None = None
    joins: bool = False  # somebody answers sign-ups
    search: bool = False  # there is a search page
    search_sponsor: Sponsor | None = None
    hub: str = ""  # WebSub, "" = none
    feeds: tuple[tuple[str, str, str], ...] = ()  # (media type, label, file name) of each feed, beside home and section
    private: bool = False  # editions are reached by signed links only: no page leads to another
    zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        """Read the zone once."""
        object.__setattr__(self, "zone", ZoneInfo(self.publication.time_zone))

    def absolute(self, path: str) -> str:
        """Return the public address of a path, "" where nothing is online."""
        base = self.publication.public_url
        return f"{base}/{path}" if base else ""

    def picture(self, picture: Picture | None) -> dict[str, object] | None:
        """Return a picture for OpenGraph; None where there is none, or nothing is online."""
        base = self.publication.public_url
        if picture is None or not base:
            return None
        url = links.picture_url(base, picture.name)
        return {"url": url, "width": picture.width, "height": picture.height, "alt": picture.alt}

    def follow(self, beside: str) -> list[tuple[str, str, str]]:
        """Return the feeds beside a path."""
        return [] if self.private else [(kind, label, f"{beside}{name}") for kind, label, name in self.feeds]

    def page(self, name: str, path: str, /, *, heading: str, **values: Any) -> bytes:
        """Return a page as UTF-8: a template of pages/archive, filled. Raises TemplateError."""
        place = values.pop("place", None) or addresses.Place(path)
        document = values.pop("document", None)
        hidden = bool(values.get("hidden")) or self.private
        shared: dict[str, Any] = {
            "publication": self.publication,
            "digest": self.digest,
            "title": self.title,
            "language": self.language,
            "direction": self.direction,
            "say": self.say,
            "to": place.to,
            "css": self.css,
            "css_text": "",
            "logo": self.logo,
            "heading": heading,
            "description": "",
            "canonical": "" if hidden else self.absolute(path),
            "follow": self.follow(addresses.home(self.digest)),
            "og_type": "website",
            "og_image": None,
            "linked": linked.script(document) if document and not hidden else "",
            "is_home": False,
            "at_home": "" if self.private else addresses.home(self.digest),
            "at_search": addresses.SEARCH if self.search and not self.private else "",
            "at_about": addresses.about(self.digest),
            "at_year": "",
            "at_mail": "",
            "bar": self.bar(place),
            "joins": self.joins,
            "hide_join": False,
            "sources": (),
            "here": None,
            "edition_path": lambda day: addresses.edition(self.digest, day),
            "reply_to": self.publication.reply_to,
        }
        return self.fill(f"pages/archive/{name}.html", {**shared, **values, "hidden": hidden}).encode("utf-8")

    def bar(self, place: addresses.Place) -> list[tuple[str, str]]:
        """Return the configured sections with their pages."""
        if self.private:
            return []
        return [(self.views.name(each), place.to(addresses.section(self.digest, each.slug))) for each in self.sections]
