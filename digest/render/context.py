"""What a template may use: plain values made of an edition (docs/reference/template-contract.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as ClockTime
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_time

from digest.model import links
from digest.model.editions import CORRECTION, Edition, FilledSection, Item, Picture, Publication, Related
from digest.model.languages import direction
from digest.render.catalogue import words
from digest.render.foreign import language_of, safe, script_of, settled, written

LONGEST_HEADLINE = 200  # characters; a longer one is no headline
LONGEST_TEASER = 400
LONGEST_NAME = 80


@dataclass(frozen=True, kw_only=True)
class LineView:
    """A related line."""

    headline: str
    url: str
    source: str
    lang: str
    dir: str
    foreign: bool  # whether it says its language or direction


@dataclass(frozen=True, kw_only=True)
class ItemView:
    """An item as a template sees it; every text is one clean line, "" where there is none."""

    headline: str
    kicker: str
    teaser: str
    url: str
    lang: str  # "" = the document's
    dir: str  # "" = the document's
    foreign: bool  # whether it says its language or direction
    script: str  # "arabic", "cjk": letters that need type of their own, where they are not the document's
    byline: str
    dateline: str
    source: str
    via: str  # the feed's name where it is not the source
    time: str  # in the publication's zone; with the weekday when not of the edition's day
    update: bool
    duration: str  # "2:14"
    picture: Picture | None
    picture_url: str
    related: tuple[LineView, ...]
    note: str
    correction: bool  # whether the note corrects the item
    credit: tuple[str, ...]  # by, place, source via feed, time: those there are, in the reader's language


@dataclass(frozen=True, kw_only=True)
class SponsorView:
    """A labelled slot as a template sees it."""

    name: str
    label: str
    text: str
    url: str
    picture: Picture | None
    picture_url: str


@dataclass(frozen=True, kw_only=True)
class SectionView:
    """A section that holds items, or is asked for and empty."""

    slug: str
    title: str
    style: str
    url: str  # of its part of the web page
    items: tuple[ItemView, ...]
    notes: tuple[str, ...]
    sponsors: tuple[SponsorView, ...]
    sources: tuple[str, ...]


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Return the locale of a language tag; British English for English and for what Babel does not know."""
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        locale = Locale("en", "GB")
    return Locale("en", "GB") if str(locale) == "en" else locale


def long_day(day: date, language: str) -> str:
    """Return "Monday 23 November 2026" in a language."""
    text = str(format_date(day, "full", locale=locale_of(language)))
    # Where English puts the day first, no comma stands in a line of print.
    return text.replace(",", "") if locale_of(language).language == "en" and text.count(",") == 1 else text


def paragraphs(text: str, longest: int) -> str:
    """Return what an editor wrote in clean lines, an empty one between paragraphs, cut at ``longest`` characters."""
    clean = [safe(line) for line in text[: longest * 2].replace("\r\n", "\n").split("\n")]
    joined = "\n".join(clean).strip("\n")
    return joined if len(joined) <= longest else joined[: longest - 1].rstrip() + "…"


def web_only(url: str) -> str:
    """Return an http(s) address, or "" for any other."""
    parts = urlsplit(url)
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def picture_source(publication: Publication, picture: Picture | None) -> str:
    """Return where a mail finds a picture: online, or in itself where nothing is online; "" for none."""
    if picture is None:
        return ""
    if publication.public_url:
        return links.picture_url(publication.public_url, picture.name)
    return f"cid:{links.content_id(picture.name, publication.sender)}"


def sponsors_at(edition: Edition, place: str, publication: Publication) -> tuple[SponsorView, ...]:
    """Return the sponsors of a place as a template sees them."""
    return tuple(
        SponsorView(
            name=safe(each.name, LONGEST_NAME),
            label=safe(each.label, LONGEST_NAME),
            text=safe(each.text, LONGEST_TEASER),
            url=web_only(each.url),
            picture=each.picture,
            picture_url=picture_source(publication, each.picture),
        )
        for each in edition.sponsors
        if each.placement == place
    )


def in_language(said: Mapping[str, str], language: str, usual: str) -> str:
    """Return what is said in a language: that of the tag, else of its first part, else the usual words."""
    return said.get(language) or said.get(language.split("-")[0]) or usual


@lru_cache(maxsize=4096)
def clock_face(hour: int, minute: int, language: str) -> str:
    """Return "09:12" in a language."""
    return str(format_time(ClockTime(hour, minute), "HH:mm", locale=locale_of(language)))


def clock_time(moment: datetime | None, note: str, day: date, zone: ZoneInfo, language: str) -> str:
    """Return the time of a story as shown, "" when it is unknown or cannot be."""
    if moment is None or note in ("future", "unknown"):
        return ""
    local, locale = moment.astimezone(zone), locale_of(language)
    hour = clock_face(local.hour, local.minute, language)
    if local.date() == day:
        return hour
    if 0 < (day - local.date()).days < 7:
        return f"{format_date(local.date(), 'EEEE', locale=locale)}\u00a0{hour}"
    return f"{format_date(local.date(), 'd MMM', locale=locale)}\u00a0{hour}"


def duration(seconds: int | None) -> str:
    """Return "2:14" or "1:02:14", "" when unknown."""
    if not seconds or seconds < 0:
        return ""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def item_view(item: Item, *, edition: Edition, publication: Publication, language: str) -> ItemView:
    """Return an item as a template sees it."""
    story, zone = item.cluster.lead, ZoneInfo(publication.time_zone)
    headline = safe(item.headline, LONGEST_HEADLINE)
    lang = language_of(headline, story.language, language)
    turned = _turned(headline, lang, language)
    source, feed = safe(story.source or story.feed_name, LONGEST_NAME), safe(story.feed_name, LONGEST_NAME)
    via = feed if feed and feed.casefold() != source.casefold() else ""
    byline, dateline = safe(story.byline, LONGEST_NAME), safe(story.dateline, LONGEST_NAME)
    time = clock_time(story.published, story.date_note, edition.day, zone, language)
    return ItemView(
        headline=headline,
        kicker=safe(item.kicker, LONGEST_NAME),
        teaser=safe(item.teaser, LONGEST_TEASER),
        url=web_only(story.url),
        lang=lang,
        dir=turned,
        foreign=bool(lang or turned),
        script=script_of(lang),
        byline=byline,
        dateline=dateline,
        source=source,
        via=via,
        time=time,
        update=bool(item.update_of),
        duration=duration(story.duration_s),
        picture=item.picture,
        picture_url=picture_source(publication, item.picture),
        related=tuple(_line(each, language) for each in item.related if web_only(each.url)),
        note=safe(item.note.removeprefix(CORRECTION), LONGEST_TEASER),
        correction=item.note.startswith(CORRECTION),
        credit=credit(byline, dateline, source, via, time, language),
    )


def credit(byline: str, dateline: str, source: str, via: str, time: str, language: str) -> tuple[str, ...]:
    """Return who wrote an item, where, for whom and when: those there are, in a language."""
    said = words(language)
    parts = (
        said("By {name}").format(name=byline) if byline else "",
        dateline,
        said("{source} via {feed}").format(source=source, feed=via) if via else source,
        time,
    )
    return tuple(settled(part, language) for part in parts if part)


def _line(related: Related, language: str) -> LineView:
    headline = safe(related.headline, LONGEST_HEADLINE)
    lang = language_of(headline, related.language, language)
    turned = _turned(headline, lang, language)
    return LineView(
        headline=headline,
        url=related.url,
        source=safe(related.source, LONGEST_NAME),
        lang=lang,
        dir=turned,
        foreign=bool(lang or turned),
    )


def _turned(text: str, lang: str, language: str) -> str:
    """Return the direction of a text in a language of its own, "" where it is the document's."""
    way = direction(lang) if lang else written(text, language)
    return way if way != direction(language) else ""


def section_view(
    filled: FilledSection, *, edition: Edition, publication: Publication, language: str, page: str | None = None
) -> SectionView:
    """Return a section as a template sees it; ``page`` is the edition's, None = at its public address."""
    base, slug = publication.public_url, filled.section.slug
    if page is None:
        page = links.edition_url(base, edition.digest, edition.day) if base else ""
    sources = {safe(s.source or s.feed_name, LONGEST_NAME) for item in filled.items for s in (item.cluster.lead,)}
    return SectionView(
        slug=slug,
        title=safe(in_language(filled.section.titles, language, filled.section.title), LONGEST_NAME),
        style=filled.section.style,
        url=f"{page}#{slug}" if page else "",
        items=tuple(
            item_view(item, edition=edition, publication=publication, language=language) for item in filled.items
        ),
        notes=tuple(safe(note.text, LONGEST_TEASER) for note in edition.notes if note.after == slug),
        sponsors=sponsors_at(edition, slug, publication),
        sources=tuple(sorted(sources - {""})),
    )
