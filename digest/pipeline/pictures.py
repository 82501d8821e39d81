"""Chosen items and sponsors → the same with their pictures: fetched once, prepared for the style, stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from digest.errors import FetchError, FileProblem
from digest.model.editions import Edition, FilledSection, Item, Picture, Section, Sponsor
from digest.model.news import Story
from digest.model.web import Request, Response
from digest.ports import Clock, Fetcher, PictureStore
from digest.render.images import SPONSOR, prepare, prepare_logo

PICTURE_BYTES = 8_000_000


@dataclass(frozen=True, kw_only=True)
class _Use:
    """What a picture is for: its words. Where and how large stands in its key (address, style)."""

    alt: str = ""
    credit: str = ""


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


# Where the web page shows a larger picture than the mail.
WEB = {"cards": "web"}


def with_pictures(
    edition: Edition, *, pictures: PictureStore, fetcher: Fetcher, clock: Clock, sizes: Mapping[str, str]
) -> tuple[Edition, tuple[str, ...]]:
    """Return the edition with its pictures prepared and stored, and one line a picture that could not be used.

    They are prepared for the mail and for the web page. Each address is fetched once for each use of it, ever; a file
    of the publication's own is read each time, as it may have changed. A broken one leaves a designed gap.
    """
    wanted = _wanted(edition, {**sizes, **WEB}) | _wanted(edition, sizes)
    files = {key for key in wanted if not key[0].startswith(("http://", "https://"))}
    known = {key: found for key, found in pictures.pictures(wanted).items() if key not in files}
    for key in sorted(files):
        known[key] = _prepared(_read(key[0]), *key, wanted[key], pictures, clock)
    missing = sorted({url for url, style in wanted if (url, style) not in known})
    for request, answer in fetcher.fetch([Request(url=url, limit=PICTURE_BYTES, accept="image/*") for url in missing]):
        for (url, style), use in wanted.items():
            if url == request.url and (url, style) not in known:
                known[url, style] = _prepared(answer, url, style, use, pictures, clock)
    problems = sorted(
        {f"{url}: {known[url, style]}" for url, style in wanted if isinstance(known.get((url, style)), str)}
    )
    return _with(edition, known, sizes), tuple(problems)


def wants_pictures(edition: Edition, *, pictures: PictureStore, sizes: Mapping[str, str]) -> bool:
    """Tell whether an edition would show a picture of which nothing is known yet."""
    wanted = [key for key in _wanted(edition, sizes) if key[0].startswith(("http://", "https://"))]
    return len(pictures.pictures(wanted)) < len(wanted)


def with_known_pictures(edition: Edition, pictures: PictureStore, sizes: Mapping[str, str]) -> Edition:
    """Return the edition with the pictures that were prepared for its items where they stand now; nothing is fetched.

    Edits move items to places of another size, and bring items that no build prepared.
    """
    return _with(edition, pictures.pictures(_wanted(edition, sizes)), sizes)


def with_web_pictures(edition: Edition, pictures: PictureStore, sizes: Mapping[str, str]) -> Edition:
    """Return the edition with its pictures as the web shows them; those of the mail where no others were prepared."""
    mail, web = _wanted(edition, sizes), _wanted(edition, {**sizes, **WEB})
    found = pictures.pictures([*mail, *web])
    larger, usual = _with(edition, found, {**sizes, **WEB}), _with(edition, found, sizes)
    if larger == usual:
        return usual
    sections = tuple(
        replace(
            many,
            items=tuple(
                replace(item, picture=item.picture or other.picture)
                for item, other in zip(many.items, few.items, strict=True)
            ),
        )
        for many, few in zip(larger.sections, usual.sections, strict=True)
    )
    return replace(larger, sections=sections)


def picture_names(edition: Edition) -> tuple[str, ...]:
    """Return the file name of each picture an edition shows, sorted."""
    shown: list[Item | Sponsor] = [*edition.items, *edition.sponsors]
    return tuple(sorted({each.picture.name for each in shown if each.picture is not None}))


def _with(edition: Edition, known: Mapping[tuple[str, str], Picture | str], sizes: Mapping[str, str]) -> Edition:
    sponsors = []
    for sponsor in edition.sponsors:
        found = known.get(_sponsor_key(sponsor, sizes))
        shown = replace(found, alt=sponsor.name) if isinstance(found, Picture) else None
        sponsors.append(replace(sponsor, picture=shown))
    sections = tuple(_placed(filled, known, sizes) for filled in edition.sections)
    return replace(edition, sections=sections, sponsors=tuple(sponsors))


def _wanted(edition: Edition, sizes: Mapping[str, str]) -> dict[tuple[str, str], _Use]:
    wanted = {_sponsor_key(each, sizes): _Use(alt=each.name) for each in edition.sponsors if each.image}
    for filled in edition.sections:
        for place, item in enumerate(filled.items):
            for key in _picture_key(filled.section, place, item, sizes):
                image = item.cluster.lead.image
                wanted.setdefault(key, _Use(alt=image.alt, credit=image.credit) if image else _Use())
    return wanted


def _sponsor_key(sponsor: Sponsor, sizes: Mapping[str, str]) -> tuple[str, str]:
    return sponsor.image, f"sponsor:{sizes.get('sponsor', '#FFFFFF')}"


def _picture_key(section: Section, place: int, item: Item, sizes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the key of an item's picture, nothing where none is shown."""
    style, image = picture_style(section, place, sizes), item.cluster.lead.image
    if style and image is not None and image.url.startswith(("http://", "https://")):
        badge = _badge(item.cluster.lead, style)
        yield image.url, f"{style}:{badge}" if badge else style


def _read(path: str) -> Response | FetchError:
    """Return a file of the publication's own as if it had been fetched."""
    try:
        with Path(path).open("rb") as file:
            body = file.read(PICTURE_BYTES + 1)
    except OSError as error:
        return FetchError(f"it cannot be read ({error.strerror or error})", where=path)
    if len(body) > PICTURE_BYTES:
        return FetchError(f"it has more than {PICTURE_BYTES // 1_000_000} MB", where=path)
    return Response(url=path, final_url=path, status=200, body=body)


def _prepared(
    answer: Response | FetchError, url: str, style: str, use: _Use, pictures: PictureStore, clock: Clock
) -> Picture | str:
    """Return the picture made of an answer, or the reason why there is none.

    Either is remembered, but not a failure of the network, which may pass.
    """
    if isinstance(answer, FetchError):
        return answer.what
    if answer.status != 200:
        return f"the server answered {answer.status}"
    kind, _, rest = style.partition(":")
    try:
        if kind == "sponsor":
            picture, body, media_type = prepare_logo(answer.body, ground=rest, name=use.alt, most=SPONSOR)
        else:
            picture, body, media_type = prepare(answer.body, style=kind, alt=use.alt, credit=use.credit, badge=rest)
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
        found = next((known.get(key) for key in _picture_key(filled.section, place, item, sizes)), None)
        image = item.cluster.lead.image
        if isinstance(found, Picture) and image is not None:
            # One file may serve two stories: what it shows is said by each.
            found = replace(found, alt=image.alt or found.alt, credit=image.credit or found.credit)
        items.append(replace(item, picture=found if isinstance(found, Picture) else None))
    return replace(filled, items=tuple(items))
