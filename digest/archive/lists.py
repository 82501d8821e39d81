"""The pages that lead to editions: home, years, months; and those of words alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from digest.archive import addresses, linked
from digest.archive.almanac import Cell, month_of, months
from digest.archive.house import House
from digest.archive.pages import Shown, shown
from digest.model.archive import Listed

LATEST, TOP, ALSO = 5, 5, 6  # stories of each list of a home
HOME_MONTHS = 2
LONGEST_SUBJECT = 160
EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Row:
    """An edition in lists."""

    day: date
    subject: str
    stories: int


@dataclass(frozen=True, kw_only=True)
class Almanac:
    """All days of a digest that have something to tell."""

    days: Mapping[date, Cell]
    rows: Mapping[date, Row]  # editions to be read
    sections: tuple[tuple[str, str, int], ...]  # (slug, title, stories), in order

    @property
    def open_days(self) -> tuple[date, ...]:
        """The days of editions to be read, oldest first."""
        return tuple(sorted(self.rows))

    @property
    def years(self) -> tuple[int, ...]:
        """The years that have a page, oldest first."""
        return tuple(sorted({day.year for day in self.rows}))

    @property
    def months(self) -> tuple[tuple[int, int], ...]:
        """The months that have a page, oldest first."""
        return months(self.rows)


def home_page(latest: Listed | None, almanac: Almanac, house: House) -> bytes:
    """Return a digest's home: the latest edition, what is newest and what ranks first in it, and the calendar."""
    path = addresses.home(house.digest)
    values: dict[str, Any] = {"latest": latest}
    if latest is not None:
        values |= _front(latest, house)
    open_days = almanac.open_days
    last = [_month(year, month, almanac, house) for year, month in reversed(almanac.months[-HOME_MONTHS:])]
    return house.page(
        "home",
        path,
        heading=f"{house.title}: {house.publication.tagline}" if house.publication.tagline else house.title,
        description=house.publication.tagline,
        is_home=True,
        document=linked.home(
            house.publication,
            title=house.title,
            url=house.absolute(path),
            search=house.absolute(addresses.SEARCH) if house.search else "",
        ),
        months=last,
        here=open_days[-1] if open_days else None,
        count=len(open_days),
        since=house.say.month(open_days[0].year, open_days[0].month) if open_days else "",
        at_year=addresses.year(house.digest, open_days[-1].year) if open_days else "",
        counts=[
            (title, addresses.section(house.digest, slug), house.say.stories(count))
            for slug, title, count in almanac.sections
        ],
        search_sponsor=house.search_sponsor,
        **values,
    )


def _front(latest: Listed, house: House) -> dict[str, Any]:
    seen: set[str] = set()
    views = [
        (shown(item, latest, filled.section.slug, house, seen), item)
        for filled in latest.sections
        for item in filled.items
    ]
    if not views:
        return {"latest": None}
    lead = views[0][0]
    firsts = [shown(filled.items[0], latest, filled.section.slug, house, set()) for filled in latest.sections[1:]]
    seconds = [view for view, _ in views[1:] if view.item.headline not in {each.item.headline for each in firsts}]
    dated = [(item.cluster.lead.published or EARLIEST, place) for place, (view, item) in enumerate(views) if view.at]
    newest = [views[place][0] for _, place in sorted(dated, key=lambda each: (-each[0].timestamp(), each[1]))]
    ranked = [view for view, _ in sorted(views, key=lambda each: -each[1].score.total)]
    return {
        "day": house.say.day(latest.day),
        "lead": lead,
        "also": [*firsts, *seconds][:ALSO],
        "newest": _once(newest)[:LATEST],
        "ranked": _once(ranked)[:TOP],
        "stories": house.say.stories(len(views)),
        "at_latest": addresses.edition(latest.digest, latest.day),
        "og_image": next((house.picture(item.picture) for _, item in views if item.picture), None),
        "sources": sorted({view.item.source for view, _ in views if view.item.source}, key=str.casefold),
    }


def _once(views: Sequence[Shown]) -> list[Shown]:
    """Return each story once: a section may repeat another's."""
    return list({(view.item.headline, view.item.url): view for view in reversed(views)}.values())[::-1]


def _month(year: int, month: int, almanac: Almanac, house: House, *, short: bool = False) -> dict[str, Any]:
    grid = month_of(year, month, almanac.days, first_weekday=house.say.first_weekday)
    name = house.say.month_name(month) if short else house.say.month(year, month)
    return {"grid": grid, "name": name, "path": addresses.month(house.digest, year, month) if grid.editions else ""}


def year_page(year: int, almanac: Almanac, house: House) -> bytes:
    """Return the calendar of a year, from its first month with an edition to its last."""
    there = [month for of, month in almanac.months if of == year]
    return house.page(
        "year",
        addresses.year(house.digest, year),
        heading=f"{year} · {house.title}",
        description=house.say.bare("The editions of {when}", when=year),
        year=year,
        years=[(each, addresses.year(house.digest, each)) for each in almanac.years],
        months=[_month(year, month, almanac, house, short=True) for month in range(min(there), max(there) + 1)],
        at_year=addresses.year(house.digest, year),
        hide_join=True,
    )


def month_page(year: int, month: int, almanac: Almanac, house: House) -> bytes:
    """Return the editions of a month, newest first, and the days that had none, with the reason."""
    rows = []
    for day in sorted(
        (day for day in {*almanac.days, *almanac.rows} if (day.year, day.month) == (year, month)), reverse=True
    ):
        row, cell = almanac.rows.get(day), almanac.days.get(day)
        if row is not None:
            path, stories = addresses.edition(house.digest, day), house.say.stories(row.stories)
            subject = row.subject or house.say.bare("Edition of {day}", day=house.say.day(day))
            rows.append({"day": house.say.short_day(day), "path": path, "subject": subject, "stories": stories})
        elif cell is not None and cell.reason:
            rows.append({"day": house.say.short_day(day), "path": "", "reason": cell.reason})
    name, place = house.say.month(year, month), almanac.months.index((year, month))
    beside = [almanac.months[each] if 0 <= each < len(almanac.months) else None for each in (place - 1, place + 1)]
    older, newer = (
        {"path": addresses.month(house.digest, *each), "name": house.say.month(*each)} if each else None
        for each in beside
    )
    return house.page(
        "month",
        addresses.month(house.digest, year, month),
        heading=f"{name} · {house.title}",
        description=house.say.bare("The editions of {when}", when=name),
        name=name,
        year=year,
        at_its_year=addresses.year(house.digest, year),
        at_year=addresses.year(house.digest, year),
        rows=rows,
        older=older,
        newer=newer,
        hide_join=True,
    )


def about_page(house: House) -> bytes:
    """Return what a digest says of itself."""
    heading = house.say.bare("About {title}", title=house.title)
    path = addresses.about(house.digest)
    return house.page("about", path, heading=heading, description=house.publication.tagline)


def signup_page(house: House) -> bytes:
    """Return how one gets it by mail; the form is answered by `digest serve`."""
    heading = house.say.bare("Get {title} by mail", title=house.publication.name)
    return house.page("signup", f"{addresses.SIGNUP}/", heading=heading, hide_join=True)


def missing_page(house: House, root: str) -> bytes:
    """Return the page of an address that is none; ``root`` is how it reaches the site's root from anywhere."""
    return house.page(
        "missing",
        addresses.MISSING,
        heading=house.say.bare("There is no such page"),
        place=addresses.Place(addresses.MISSING, root),
        css_text=house.style,
        hidden=True,
        hide_join=True,
    )


def root_page(house: House, digests: Sequence[tuple[str, str, date | None]]) -> bytes:
    """Return the site's root: each digest (name, title, day of its latest edition); a single one is led to."""
    only = addresses.home(digests[0][0]) if len(digests) == 1 else ""
    return house.page(
        "digests",
        "",
        heading=house.publication.name,
        description=house.publication.tagline,
        only=only,
        canonical=house.absolute(only),
        title=house.publication.name,
        bar=[],
        digests=[
            {
                "title": title,
                "path": addresses.home(name),
                "latest": addresses.edition(name, day) if day else "",
                "day": house.say.day(day) if day else "",
            }
            for name, title, day in digests
        ],
    )


def robots(house: House, sitemaps: Sequence[str] = ()) -> bytes:
    """Return robots.txt (RFC 9309): readers' own pages and mails as sent are no pages to be found."""
    if house.private:
        return b"User-agent: *\nDisallow: /\n"
    own = [f"Disallow: /{path}" for path in ("u/", "p/", "c/", "signup/link", "*/mail.")]
    maps = [f"Sitemap: {house.absolute(path)}" for path in sitemaps if house.publication.public_url]
    return ("\n".join(["User-agent: *", *own, *([""] if maps else []), *maps]) + "\n").encode()
