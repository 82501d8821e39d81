"""Fixed texts, days and numbers of the web's pages in one language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, get_day_names
from markupsafe import Markup, escape

from digest.model.languages import direction
from digest.render.catalogue import counted_forms, words
from digest.render.context import clock_face, locale_of, long_day
from digest.templating.counting import counted

ARCHIVE = "archive"  # the catalogues' folder


class WebWords:
    """Says things on a page."""

    def __init__(self, language: str) -> None:
        self.language, self.direction = language, direction(language)
        self.plain: Callable[[str], str] = words(language, ARCHIVE)
        self.locale = locale_of(language)

    def __call__(self, text: str, **gaps: object) -> Markup:
        """Return a fixed text with its gaps filled, each kept apart from the text's direction."""
        filled = {name: Markup("<bdi>{}</bdi>").format(value) for name, value in gaps.items()}
        return escape(self.plain(text)).format(**filled)

    def bare(self, text: str, **gaps: object) -> str:
        """Return a fixed text with its gaps filled, for attributes and titles."""
        return self.plain(text).format(**gaps)

    def day(self, day: date) -> str:
        """Return "Monday 23 November 2026"."""
        return long_day(day, self.language)

    def short_day(self, day: date) -> str:
        """Return "Mon, 23 Nov"."""
        return str(format_skeleton("MMMEd", day, locale=self.locale))

    def month(self, year: int, month: int) -> str:
        """Return "November 2026"."""
        return str(format_skeleton("yMMMM", date(year, month, 1), locale=self.locale))

    def month_name(self, month: int) -> str:
        """Return "November"."""
        return str(format_date(date(2000, month, 1), "LLLL", locale=self.locale))

    def moment(self, instant: datetime, zone: ZoneInfo, day: date) -> str:
        """Return "09:12" on the day itself, "24 Nov, 09:12" on another."""
        local = instant.astimezone(zone)
        hour = clock_face(local.hour, local.minute, self.language)
        if local.date() == day:
            return hour
        return f"{format_skeleton('MMMd', local.date(), locale=self.locale)}, {hour}"

    def stories(self, number: int) -> str:
        """Return "1 story", "31 stories", as the language counts."""
        return counted(counted_forms(self.language)["stories"], number, self.language)

    @property
    def first_weekday(self) -> int:
        """The day a week begins with, 0 = Monday."""
        return int(self.locale.first_week_day)

    @property
    def weekdays(self) -> list[tuple[str, str]]:
        """The days of a week in its order, short and in full."""
        short = get_day_names("short", "stand-alone", self.locale)
        full = get_day_names("wide", "stand-alone", self.locale)
        order = [(self.first_weekday + number) % 7 for number in range(7)]
        return [(str(short[each]), str(full[each])) for each in order]
