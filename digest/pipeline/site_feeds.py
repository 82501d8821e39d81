"""What tells other programs of the archive: feeds of a digest and its sections, and sitemaps."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

from digest.archive import addresses, feeds, sitemaps
from digest.archive.house import House
from digest.archive.memory import Known, Memory, fingerprint
from digest.archive.syndicated import EDITIONS, STORIES, Channel, Syndication
from digest.dates import parse_iso
from digest.model.archive import Listed

Put = Callable[[str, str, Callable[[], bytes]], None]
"""Puts a file by its path, unless what its mark says is as it was."""

KINDS = (("feed", True), ("summary", False))  # name of the file, and whether entries hold their whole text


def syndication(house: House) -> Syndication | None:
    """Return what a digest's feeds share, None where it has none: their addresses are absolute and open."""
    if not house.feeds or house.private or not house.publication.public_url:
        return None
    return Syndication(
        publication=house.publication,
        digest=house.digest,
        title=house.title,
        say=house.say.bare,
        hub=house.hub,
        zone=house.zone,
    )


def put_feeds(
    house: House, memory: Memory, days: Sequence[date], load: Callable[[date], Listed], put: Put, *, stamp: str
) -> None:
    """Put the feeds of a digest and of each section; ``days`` are those of editions to be read, oldest first."""
    ours = syndication(house)
    if ours is None:
        return
    newest = list(reversed(days))
    sets: list[tuple[str, list[date], Callable[[list[Listed], bool], Channel]]] = [
        (addresses.home(house.digest), newest[:EDITIONS], lambda listed, full: ours.editions(listed, full=full))
    ]
    for slug, name in sorted(memory.names.items()):
        chosen = list(_of_section(slug, newest, memory.days))
        if chosen or any(each.slug == slug for each in house.sections):
            sets.append((addresses.section(house.digest, slug), chosen, _section(ours, slug, name)))
    for path, chosen, make in sets:
        words = [memory.days[day.isoformat()].words for day in chosen]
        mark = fingerprint(stamp, house.hub, path, memory.names.get(path.split("/")[-2], ""), *words)
        for kind, full in KINDS:
            channel = functools.cache(_bound(make, chosen, load, full))  # three formats say the same
            for ending, (_, write) in feeds.FORMATS.items():
                put(f"{path}{kind}.{ending}", mark, functools.partial(_written, write, channel))


def _section(ours: Syndication, slug: str, name: str) -> Callable[[list[Listed], bool], Channel]:
    return lambda listed, full: ours.section(slug, name, listed, full=full)


def _bound(
    make: Callable[[list[Listed], bool], Channel], chosen: Sequence[date], load: Callable[[date], Listed], full: bool
) -> Callable[[], Channel]:
    return lambda: make([load(day) for day in chosen], full)


def _written(write: Callable[[Channel], bytes], channel: Callable[[], Channel]) -> bytes:
    return write(channel())


def _of_section(slug: str, newest: Iterable[date], known: Mapping[str, Known]) -> Iterator[date]:
    """Yield the newest days that fill a section's feed."""
    stories = 0
    for day in newest:
        count = known[day.isoformat()].stories.get(slug, 0)
        if count:
            yield day
            stories += count
        if stories >= STORIES:
            return


def site_files(houses: Sequence[House], memories: Sequence[Memory], days: Sequence[Sequence[date]]) -> dict[str, bytes]:
    """Return the sitemaps of all digests by path, none where nothing is online or all is private.

    ``days`` are those of each digest's editions to be read, oldest first.
    """
    first = houses[0]
    if not first.publication.public_url or first.private:
        return {}
    found: list[tuple[str, sitemaps.Address]] = []
    told: list[sitemaps.News] = []
    lists: list[str] = []
    for house, memory, open_days in zip(houses, memories, days, strict=True):
        for day in open_days:
            known, url = memory.days[day.isoformat()], house.absolute(addresses.edition(house.digest, day))
            changed = parse_iso(known.changed) if known.changed else None
            found.append((day.isoformat(), sitemaps.Address(url=url, changed=changed)))
            if known.listed:
                told.append(
                    sitemaps.News(
                        url=url,
                        publication=house.publication.name,
                        language=house.language,
                        title=known.subject or house.title,
                        published=parse_iso(known.listed),
                    )
                )
        lists += [house.absolute(path) for path in sorted(memory.pages) if path.endswith("/")]
    pages = [each for _, each in sorted(found, key=lambda each: (each[0], each[1].url))]
    pages += [sitemaps.Address(url=url) for url in lists]
    told.sort(key=lambda each: (each.published, each.url), reverse=True)
    files = sitemaps.files(pages, first.publication.public_url)
    return {**files, sitemaps.NEWS_FILE: sitemaps.news(told)}
