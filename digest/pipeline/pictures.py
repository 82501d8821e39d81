"""Chosen items → the same with their pictures: fetched once, prepared for the style, stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from digest.errors import FetchError, FileProblem
from digest.model.editions import Edition, FilledSection, Item, Picture, Section
from digest.model.news import Story
from digest.model.web import Request, Response
from digest.ports import Clock, Fetcher, PictureStore
from digest.render.images import prepare

PICTURE_BYTES = 8_000_000


def picture_style(section: Section, place: int, sizes: Mapping[str, str]) -> str:
    """Return what a picture is prepared for at a place (0 = top item) of a section: "" = none is shown.

    ``sizes`` says which size a theme gives a style, where it is not the style's own.
    """
    style = section.style
    if style == "feature" and place > 0:
        style = "cards"
    return sizes.get(style, style) if style in ("feature", "cards", "video") else ""


def _badge(story: Story, style: str) -> str:
    if style != "video" or story.duration_s is None:
        return ""
    minutes, seconds = divmod(story.duration_s, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def with_pictures(
    edition: Edition, *, pictures: PictureStore, fetcher: Fetcher, clock: Clock, sizes: Mapping[str, str]
) -> tuple[Edition, tuple[str, ...]]:
    """Return the edition with its pictures prepared and stored, and one line a picture that could not be used.

    Each address is fetched once for each use of it, ever; a broken one leaves a designed gap.
    """
    wanted = _wanted(edition, sizes)
    known = dict(pictures.pictures(wanted))
    missing = sorted({url for url, style in wanted if (url, style) not in known})
    for request, answer in fetcher.fetch([Request(url=url, limit=PICTURE_BYTES, accept="image/*") for url in missing]):
        for (url, style), item in wanted.items():
            if url == request.url and (url, style) not in known:
                known[url, style] = _prepared(answer, url, style, item, pictures, clock)
    problems = sorted(
        {f"{url}: {known[url, style]}" for url, style in wanted if isinstance(known.get((url, style)), str)}
    )
    sections = tuple(_placed(filled, known, sizes) for filled in edition.sections)
    return replace(edition, sections=sections), tuple(problems)


def with_known_pictures(edition: Edition, pictures: PictureStore, sizes: Mapping[str, str]) -> Edition:
    """Return the edition with the pictures that were prepared for its items where they stand now; nothing is fetched.

    Edits move items to places of another size, and bring items that no build prepared.
    """
    known = pictures.pictures(_wanted(edition, sizes))
    return replace(edition, sections=tuple(_placed(filled, known, sizes) for filled in edition.sections))


def _wanted(edition: Edition, sizes: Mapping[str, str]) -> dict[tuple[str, str], Item]:
    wanted: dict[tuple[str, str], Item] = {}
    for filled in edition.sections:
        for place, item in enumerate(filled.items):
            key = _picture_key(filled.section, place, item, sizes)
            if key is not None:
                wanted.setdefault(key, item)
    return wanted


def _picture_key(section: Section, place: int, item: Item, sizes: Mapping[str, str]) -> tuple[str, str] | None:
    style, image = picture_style(section, place, sizes), item.cluster.lead.image
    if not style or image is None:
        return None
    badge = _badge(item.cluster.lead, style)
    return image.url, f"{style}:{badge}" if badge else style


def _prepared(
    answer: Response | FetchError, url: str, style: str, item: Item, pictures: PictureStore, clock: Clock
) -> Picture | str:
    """Return the picture made of an answer, or the reason why there is none.

    Either is remembered, but not a failure of the network, which may pass.
    """
    if isinstance(answer, FetchError):
        return answer.what
    if answer.status != 200:
        return f"the server answered {answer.status}"
    image, (kind, _, badge) = item.cluster.lead.image, style.partition(":")
    alt, credit = (image.alt, image.credit) if image else ("", "")
    try:
        picture, body, media_type = prepare(answer.body, style=kind, alt=alt, credit=credit, badge=badge)
    except FileProblem as problem:
        pictures.save_picture(url, style, problem.what, b"", "", now=clock.now())
        return problem.what
    pictures.save_picture(url, style, picture, body, media_type, now=clock.now())
    return picture


def _placed(
    filled: FilledSection, known: Mapping[tuple[str, str], Picture | str], sizes: Mapping[str, str]
) -> FilledSection:
    items = []
    for place, item in enumerate(filled.items):
        key = _picture_key(filled.section, place, item, sizes)
        found = known.get(key) if key is not None else None
        image = item.cluster.lead.image
        if isinstance(found, Picture) and image is not None:
            # One file may serve two stories: what it shows is said by each.
            found = replace(found, alt=image.alt or found.alt, credit=image.credit or found.credit)
        items.append(replace(item, picture=found if isinstance(found, Picture) else None))
    return replace(filled, items=tuple(items))
