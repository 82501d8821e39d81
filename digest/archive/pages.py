"""The page of an edition, and of a section's stories: proper web pages in the publication's theme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from digest.archive import addresses, linked
from digest.archive.house import House
from digest.archive.shelves import Shelf
from digest.dates import iso
from digest.model.archive import Correction, Listed
from digest.model.editions import FilledSection, Item
from digest.templating.markdown import markdown_text

MOST_SOURCES = 60  # named in the imprint
LONGEST_HEADING, LONGEST_DESCRIPTION = 120, 300


@dataclass(frozen=True, kw_only=True)
class Told:
    """A correction as a template sees it."""

    time: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An item as a template sees it."""

    item: Any  # what Views.item returns
    id: str  # of its element, once a page; "" = none
    section: str  # slug
    at: str  # ISO instant of the story, "" when unknown
    fixes: tuple[Told, ...] = ()


def element_id(story: str) -> str:
    """Return the id of a story's element: no section's slug begins so."""
    return f"_{story}"


def told(corrections: Iterable[Correction], house: House, day: date) -> tuple[Told, ...]:
    """Return corrections with what they say; those that only replace words say so."""
    return tuple(
        Told(
            time=house.say.moment(each.at, house.zone, day),
            text=house.views.line(each.text, 1_000) or house.say.bare("The words were changed."),
        )
        for each in corrections
    )


def shown(item: Item, listed: Listed, section: str, house: House, seen: set[str] | None = None) -> Shown:
    """Return an item as a template sees it; ``seen`` are the ids that the page has already."""
    story = item.cluster.lead
    own = element_id(story.id)
    if seen is None or own in seen:
        own = ""
    else:
        seen.add(own)
    known = story.published is not None and story.date_note not in ("future", "unknown")
    return Shown(
        item=house.views.item(item, listed.edition),
        id=own,
        section=section,
        at=(iso(story.published) or "") if known else "",
        fixes=told((each for each in listed.corrections_of(story.id) if not each.withdrawn), house, listed.day),
    )


def edition_page(
    listed: Listed, house: House, *, older: date | None = None, newer: date | None = None, mail: str = ""
) -> bytes:
    """Return an edition's page; it carries nothing personal. ``older`` and ``newer`` are the days beside it.

    ``mail`` is the path of the mail as sent. A page that is in no list yet asks not to be indexed.
    """
    edition, say = listed.edition, house.say
    day, seen = say.day(listed.day), set[str]()
    sections = [_section(each, listed, house, seen) for each in listed.sections]
    gone = [each for each in listed.corrections if each.withdrawn]
    placed = {each["slug"] for each in sections}
    items = [view for section in sections for view in section["views"]]
    heading = house.views.line(edition.subject, LONGEST_HEADING) or say.bare("Edition of {day}", day=day)
    description = house.views.line(markdown_text(edition.intro) or edition.preheader, LONGEST_DESCRIPTION)
    return house.page(
        "edition",
        addresses.edition(listed.digest, listed.day),
        heading=f"{heading} · {listed.title}, {day}",
        description=description,
        hidden=not listed.is_open,
        og_type="article",
        **_for_machines(listed, house, heading, description, items),
        listed=listed,
        day=day,
        older=_neighbour(older, house),
        newer=_neighbour(newer, house),
        bar=[(section["title"], f"#{section['slug']}") for section in sections],
        sections=sections,
        intro=house.views.paragraphs(edition.intro, 2_000),
        intro_by=house.views.line(edition.intro_by, 120),
        notes=[house.views.line(note.text, 1_000) for note in edition.notes if not note.after],
        top_sponsors=house.views.sponsors(edition, "top"),
        last_sponsors=house.views.sponsors(edition, "imprint"),
        gone_elsewhere=told((each for each in gone if each.section not in placed), house, listed.day),
        sources=_sources(items),
        at_year="" if house.private else addresses.year(listed.digest, listed.day.year),
        at_mail=mail,
    )


def _for_machines(
    listed: Listed, house: House, heading: str, description: str, items: Sequence[Shown]
) -> dict[str, object]:
    """Return what those who show a link to the page read of it: the picture of a card, and linked data."""
    pictures = [item.picture for item in listed.edition.items if item.picture is not None]
    document = linked.edition(
        listed,
        publication=house.publication,
        headline=heading,
        description=description,
        pictures=[str(found["url"]) for each in pictures[:3] if (found := house.picture(each))],
        stories=[(view.item.headline, view.item.url) for view in items],
    )
    return {"og_image": next((house.picture(each) for each in pictures), None), "document": document}


def _section(filled: FilledSection, listed: Listed, house: House, seen: set[str]) -> dict[str, Any]:
    view, slug = house.views.section(filled, listed.edition), filled.section.slug
    gone = [each for each in listed.corrections if each.withdrawn and each.section == slug]
    return {
        "slug": slug,
        "title": view.title,
        "style": filled.section.style,
        "path": "" if house.private else addresses.section(listed.digest, slug),
        "views": [shown(item, listed, slug, house, seen) for item in filled.items],
        "notes": view.notes,
        "sponsors": view.sponsors,
        "gone": told(gone, house, listed.day),
    }


def _neighbour(day: date | None, house: House) -> dict[str, str] | None:
    if day is None or house.private:
        return None
    return {"path": addresses.edition(house.digest, day), "name": house.say.short_day(day)}


def _sources(items: Sequence[Shown]) -> list[str]:
    return sorted({view.item.source for view in items if view.item.source}, key=str.casefold)[:MOST_SOURCES]


def retracted_page(listed: Listed, house: House) -> bytes:
    """Return what stands at the address of an edition that was taken off."""
    assert listed.retraction is not None
    day = house.say.day(listed.day)
    return house.page(
        "retracted",
        addresses.edition(listed.digest, listed.day),
        heading=house.say.bare("The edition of {day} was retracted", day=day),
        hidden=True,
        day=day,
        reason=house.views.line(listed.retraction.reason, 1_000),
        on=house.say.day(listed.retraction.at.astimezone(house.zone).date()),
    )


def section_page(shelf: Shelf, name: str, house: House, editions: Mapping[date, Listed]) -> bytes:
    """Return a page of a section's stories, newest edition first; ``editions`` are those its spots name."""
    groups: list[dict[str, Any]] = []
    for spot in shelf.spots:
        listed = editions[spot.day]
        filled = next(each for each in listed.edition.sections if each.section.slug == shelf.slug)
        if not groups or groups[-1]["on"] != spot.day:
            path = addresses.edition(listed.digest, listed.day)
            groups.append({"on": spot.day, "day": house.say.day(spot.day), "path": path, "views": []})
        groups[-1]["views"].append(shown(filled.items[spot.place], listed, shelf.slug, house))
    path = addresses.section(house.digest, shelf.slug, shelf.number)
    at = addresses.section(house.digest, shelf.slug)
    newer = addresses.section(house.digest, shelf.slug, shelf.newer) if shelf.number else ""
    older = addresses.section(house.digest, shelf.slug, shelf.older) if shelf.older else ""
    numbered = f", {shelf.number}" if shelf.number else ""
    return house.page(
        "section",
        path,
        heading=f"{name}{numbered} · {house.title}",
        description=house.say.bare("{section} in {title}", section=name, title=house.title),
        follow=house.follow(at),
        name=name,
        slug=shelf.slug,
        told=house.say.stories(shelf.stories) if not shelf.number else "",
        groups=groups[::-1],
        older=older,
        newer=newer,
        hide_join=True,
        sources=(),
    )
