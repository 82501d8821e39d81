"""Published editions → the static site: what changed since the last build, and what leads to it.

Editions are read one after the other, oldest first, and let go of again; lists are laid out on the way. What follows
from all editions (feeds, sitemaps, search) is added in `_Digest.followed`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from digest.archive import addresses, lists, memory, pages
from digest.archive.almanac import cell_of
from digest.archive.house import House
from digest.archive.memory import Known, Memory, fingerprint
from digest.archive.shelves import Shelf, Shelving
from digest.archive.sitemaps import INDEX, NEWS_FILE
from digest.dates import iso
from digest.model.archive import ArchivedDay, Listed
from digest.model.counting import count_of
from digest.pipeline.pictures import picture_names
from digest.pipeline.search_files import IndexReport
from digest.pipeline.site_feeds import put_feeds, site_files
from digest.pipeline.site_files import SiteFiles, opened

HELD = 80  # editions kept for the lists that are being laid out


@dataclass(frozen=True, kw_only=True)
class Mailed:
    """The mail of an edition as it was sent."""

    files: Mapping[str, bytes]  # by name beside the page: "mail.html", "mail.de.html"
    pictures: tuple[str, ...]  # names of what it shows


@dataclass(frozen=True, kw_only=True)
class Source:
    """One digest, and how its editions are had."""

    house: House
    stamp: str  # changes when anything but the editions does: templates, theme, configuration, program
    days: tuple[ArchivedDay, ...]  # oldest first
    load: Callable[[date], Listed]
    mailed: Callable[[date], Mailed]
    content: Callable[[str], bytes | None]  # a picture's bytes by its name


@dataclass
class SiteReport:
    """What a build did."""

    editions: int = 0  # in the archive
    made: int = 0  # edition pages made or made again
    written: int = 0  # files that changed
    removed: int = 0
    missing: list[str] = field(default_factory=list)  # pictures that nobody has any more
    feeds: list[str] = field(default_factory=list)  # addresses of whole feeds that changed
    index: IndexReport | None = None  # of search; None = there is no search page

    @property
    def line(self) -> str:
        """One sentence for people."""
        done = (
            count_of(self.editions, "edition"),
            f"{count_of(self.made, 'page')} of editions made, {count_of(self.written, 'file')} changed",
        )
        return "; ".join(done) + (f", {self.removed} removed." if self.removed else ".")

    def document(self) -> dict[str, int]:
        """Return it for machines."""
        return {name: getattr(self, name) for name in ("editions", "made", "written", "removed")}


def build_site(sources: Sequence[Source], folder: Path, *, fresh: bool = False) -> SiteReport:
    """Bring a site up to date; raises FileProblem, TemplateError, StoreError, and then the old site stands.

    With ``fresh`` every page is made again; those that come out the same are not written.
    """
    report = SiteReport()
    known = {} if fresh else _remembered(folder)
    with opened(folder) as files:
        made = {source.house.digest: _Digest(source, known, files, report).build() for source in sources}
        _around(sources, made, files)
        # Digests that are no more keep their pages: links to them are out there.
        kept = {name: each for name, each in known.items() if name not in made}
        files.put(memory.FILE, memory.dump({**kept, **{name: each.memory for name, each in made.items()}}))
        report.written, report.removed = files.commit()
    return report


def _remembered(folder: Path) -> dict[str, Memory]:
    try:
        return memory.load((folder / memory.FILE).read_bytes())
    except OSError:
        return {}


def _around(sources: Sequence[Source], made: Mapping[str, _Digest], files: SiteFiles) -> None:
    """Put what belongs to no digest: the root, 404, signing up, the style sheet, robots.txt."""
    house = sources[0].house
    path = house.publication.public_url.partition("://")[2].partition("/")[2]
    for each in sources:
        files.put(each.house.css, each.house.style.encode("utf-8"))
    files.put(addresses.file_of(f"{addresses.SIGNUP}/"), lists.signup_page(house))
    files.put(addresses.MISSING, lists.missing_page(house, f"/{path}/" if path else "/"))
    digests = [(name, each.house.title, each.latest) for name, each in made.items()]
    files.put(addresses.INDEX, lists.root_page(house, digests))
    houses = [each.house for each in sources]
    built = [made[each.digest] for each in houses]
    maps = site_files(houses, [each.memory for each in built], [each.open_days for each in built])
    for name, body in maps.items():
        files.put(name, body)
    files.put(addresses.ROBOTS, lists.robots(house, sorted(each for each in (INDEX, NEWS_FILE) if each in maps)))


class _Digest:
    """One digest's pages while they are made."""

    def __init__(self, source: Source, known: Mapping[str, Memory], files: SiteFiles, report: SiteReport) -> None:
        self.source, self.house, self.files, self.report = source, source.house, files, report
        self.known = known.get(self.house.digest, Memory())
        self.memory = Memory(names=dict(self.known.names))
        self.memory.names |= {each.slug: self.house.views.name(each) for each in self.house.sections}
        self.open_days = [each.day for each in source.days if each.is_open]
        self.shelvings = {each.slug: Shelving(each.slug) for each in self.house.sections}
        self.held: OrderedDict[date, Listed] = OrderedDict()

    @property
    def latest(self) -> date | None:
        """The day of the newest edition to be read."""
        return self.open_days[-1] if self.open_days else None

    def build(self) -> _Digest:
        for day in self.source.days:
            if day.is_online:
                self._edition(day)
        for shelving in self.shelvings.values():
            for shelf in shelving.finish():
                self._shelf(shelf)
        self._calendar()
        self.followed()
        for path in self.known.pages.keys() - self.memory.pages.keys():
            self.files.drop(addresses.file_of(path))
        return self

    def followed(self) -> None:
        """Put what follows from all editions: the feeds."""
        put_feeds(self.house, self.memory, self.open_days, self._listed, self._feed, stamp=self.source.stamp)

    def _feed(self, path: str, mark: str, make: Callable[[], bytes]) -> None:
        before = self.files.written
        self._page(path, mark, make)
        if self.files.written > before and path.partition(".")[0].endswith("feed"):
            self.report.feeds.append(self.house.absolute(path))

    # Editions

    def _edition(self, day: ArchivedDay) -> None:
        self.report.editions += 1
        older, newer = self._beside(day.day)
        words = fingerprint(self.source.stamp, day.version, day.edits, day.is_open, day.retraction)
        page = fingerprint(words, day.listed_at is not None, older, newer)
        known = self.known.days.get(day.day.isoformat())
        path = addresses.edition(self.house.digest, day.day)
        if known is None or known.page != page or not self.files.has(addresses.file_of(path)):
            listed = self._listed(day.day)
            known = Known(
                page=page,
                words=words,
                subject=self._subject(listed) if day.is_open else "",  # a server may show hidden files
                stories=_counts(listed),
                listed=iso(listed.listed_at) or "",
                changed=iso(listed.changed_at) or "",
            )
            self.memory.names |= {
                each.section.slug: self.house.views.name(each.section)
                for each in listed.sections
                if each.section.slug not in self.shelvings
            }
            put_edition(listed, self.source, self.files, older=older, newer=newer, missing=self.report.missing)
            self.report.made += 1
        self.memory.days[day.day.isoformat()] = known
        if day.is_open:
            for slug, count in known.stories.items():
                for shelf in self.shelvings.setdefault(slug, Shelving(slug)).add(day.day, count):
                    self._shelf(shelf)

    def _subject(self, listed: Listed) -> str:
        return self.house.views.line(listed.edition.subject, lists.LONGEST_SUBJECT)

    def _beside(self, day: date) -> tuple[date | None, date | None]:
        return beside(self.open_days, day)

    def _listed(self, day: date) -> Listed:
        if day not in self.held:
            self.held[day] = self.source.load(day)
            if len(self.held) > HELD:
                self.held.popitem(last=False)
        self.held.move_to_end(day)
        return self.held[day]

    # Lists

    def _page(self, path: str, mark: str, make: Callable[[], bytes]) -> None:
        """Put a page unless it is as it was."""
        self.memory.pages[path] = mark
        if self.known.pages.get(path) != mark or not self.files.has(addresses.file_of(path)):
            self.files.put(addresses.file_of(path), make())

    def _shelf(self, shelf: Shelf) -> None:
        days = {spot.day for spot in shelf.spots}
        words = {day: self.memory.days[day.isoformat()].words for day in days}
        name = self.memory.names[shelf.slug]
        self._page(
            addresses.section(self.house.digest, shelf.slug, shelf.number),
            fingerprint(self.source.stamp, name, shelf.fingerprint(words)),
            lambda: pages.section_page(shelf, name, self.house, {day: self._listed(day) for day in sorted(days)}),
        )

    def _almanac(self) -> lists.Almanac:
        retracted = self.house.say.bare("retracted")
        cells = {
            each.day: cell_of(each, retracted=retracted)
            for each in self.source.days
            if each.is_open or each.retraction is not None or each.reason
        }
        rows = {
            day: lists.Row(day=day, subject=known.subject, stories=known.count)
            for day in self.open_days
            for known in (self.memory.days[day.isoformat()],)
        }
        totals = dict.fromkeys(self.shelvings, 0)
        for day in self.open_days:
            for slug, count in self.memory.days[day.isoformat()].stories.items():
                totals[slug] += count
        sections = tuple((slug, self.memory.names[slug], count) for slug, count in totals.items())
        return lists.Almanac(days=cells, rows=rows, sections=sections)

    def _calendar(self) -> None:
        almanac, house, stamp = self._almanac(), self.house, self.source.stamp
        days, rows = _by_month(almanac.days), _by_month(almanac.rows)
        for year, month in almanac.months:
            here = [days.get((year, month), []), rows.get((year, month), [])]
            mark = fingerprint(stamp, here, _near(almanac.months, (year, month)))
            make = _bound(lists.month_page, year, month, almanac, house)
            self._page(addresses.month(house.digest, year, month), mark, make)
        for year in almanac.years:
            mark = fingerprint(
                stamp, almanac.years, [each for month in range(1, 13) for each in days.get((year, month), [])]
            )
            self._page(addresses.year(house.digest, year), mark, _bound(lists.year_page, year, almanac, house))
        self._page(addresses.about(house.digest), fingerprint(stamp), lambda: lists.about_page(house))
        latest = self.latest
        mark = fingerprint(
            stamp,
            self.memory.days[latest.isoformat()].words if latest else "",
            len(almanac.rows),
            house.search_sponsor,
            almanac.sections,
            almanac.open_days[:1],
            [days.get(month, []) for month in almanac.months[-lists.HOME_MONTHS :]],
        )
        self._page(
            addresses.home(house.digest),
            mark,
            lambda: lists.home_page(self._listed(latest) if latest else None, almanac, house),
        )


def _bound(make: Callable[..., bytes], *values: object) -> Callable[[], bytes]:
    return lambda: make(*values)


def _by_month(days: Mapping[date, object]) -> dict[tuple[int, int], list[object]]:
    made: dict[tuple[int, int], list[object]] = {}
    for day in sorted(days):
        made.setdefault((day.year, day.month), []).append(days[day])
    return made


def _near(months: Sequence[tuple[int, int]], month: tuple[int, int]) -> Sequence[tuple[int, int]]:
    place = months.index(month)
    return months[max(0, place - 1) : place + 2]


def _counts(listed: Listed) -> dict[str, int]:
    return {each.section.slug: len(each.items) for each in listed.sections}


def beside(open_days: Sequence[date], day: date) -> tuple[date | None, date | None]:
    """Return the days of the editions before and after a day among those to be read, oldest first."""
    from bisect import bisect_left, bisect_right

    before, after = bisect_left(open_days, day), bisect_right(open_days, day)
    return (open_days[before - 1] if before else None), (open_days[after] if after < len(open_days) else None)


def put_edition(
    listed: Listed,
    source: Source,
    files: SiteFiles,
    *,
    older: date | None = None,
    newer: date | None = None,
    missing: list[str],
) -> None:
    """Put an edition's pictures, its mail as sent, then its page: what a page shows is there before it is.

    ``missing`` gets the names of pictures that nobody has.
    """
    house, path = source.house, addresses.edition(listed.digest, listed.day)
    mailed = source.mailed(listed.day)
    put_pictures({*picture_names(listed.edition), *mailed.pictures}, source, files, missing)
    if listed.retraction is not None:
        for name in mailed.files:
            files.drop(f"{path}{name}")
        files.put(f"{path}{addresses.GONE}", b"")
        files.put(addresses.file_of(path), pages.retracted_page(listed, house))
        return
    for name, body in mailed.files.items():
        files.put(f"{path}{name}", body)
    first = f"{path}{next(iter(mailed.files))}" if mailed.files else ""
    page = pages.edition_page(listed, house, older=older, newer=newer, mail=first)
    files.put(addresses.file_of(path), page)


def put_pictures(names: Iterable[str], source: Source, files: SiteFiles, missing: list[str]) -> None:
    """Put pictures the site does not have; their names are the hashes of their bytes."""
    for name in sorted(names):
        path = f"img/{name}"
        if files.has(path):
            continue
        body = source.content(name)
        if body is None:
            missing.append(name)
        else:
            files.put(path, body)
