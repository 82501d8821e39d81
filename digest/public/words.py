"""The language of a page: the reader's own, else what her browser asks for, else the publication's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from markupsafe import Markup, escape

from digest.model.languages import direction
from digest.render.catalogue import FOLDER, words
from digest.render.context import clock_face, locale_of
from digest.wiring.readers import WORDS

SPOKEN = ("en", *sorted(path.stem for path in (FOLDER / WORDS).glob("*.po")))


def spoken(wanted: str) -> str:
    """Return the language of our catalogues that a BCP 47 tag asks for; "" where there is none."""
    first = wanted.replace("_", "-").split("-")[0].strip().lower()
    return first if first in SPOKEN else ""


def accepted(header: str, otherwise: str) -> str:
    """Return the first language of an Accept-Language header that we speak (RFC 9110 §12.5.4), else ``otherwise``."""
    asked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if spoken(tag) and weight > 0:
            asked.append((-weight, place, spoken(tag)))
    return min(asked)[2] if asked else otherwise


def fixed(text: str) -> str:
    """Mark a fixed text that is translated later; return it as it is."""
    return text


class Words:
    """Fixed texts, days and names of languages in one language."""

    def __init__(self, language: str) -> None:
        self.language, self.direction = language, direction(language)
        self.plain: Callable[[str], str] = words(language, WORDS)
        self.locale = locale_of(language)  # as the mail writes days

    def __call__(self, text: str, **gaps: object) -> Markup:
        """Return a fixed text with its gaps filled, each kept apart from the text's direction."""
        filled = {name: Markup("<bdi>{}</bdi>").format(value) for name, value in gaps.items()}
        return escape(self.plain(text)).format(**filled)

    def day(self, day: date) -> str:
        """Return a day in words."""
        return str(format_date(day, "long", locale=self.locale))

    def moment(self, instant: datetime, zone: ZoneInfo) -> str:
        """Return an instant in words, to the minute, in a zone."""
        local = instant.astimezone(zone)
        return f"{self.day(local.date())}, {clock_face(local.hour, local.minute, self.language)}"

    def language_name(self, tag: str) -> str:
        """Return what a language calls itself."""
        try:
            return str(Locale.parse(tag.replace("-", "_")).get_display_name() or tag)
        except (UnknownLocaleError, ValueError):
            return tag
