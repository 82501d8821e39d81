"""The archive of a publication, bound to the real things: its pages, and what puts editions in or takes them out."""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest import __version__
from digest.archive import addresses, pages
from digest.archive.feeds import FORMATS
from digest.archive.house import House
from digest.archive.memory import fingerprint
from digest.archive.search_page import search_page
from digest.archive.search_records import record
from digest.config import DigestSettings
from digest.dates import edition_day
from digest.errors import FileProblem, UsageError
from digest.mail.mailed import mailed_html
from digest.model.archive import ArchivedDay, Listed
from digest.model.editions import EditionState, Sponsor
from digest.model.mail import EditionKey
from digest.model.web import Request, Response
from digest.pipeline import publishing, site
from digest.pipeline.archiving import listed_of
from digest.pipeline.search_files import PARTS, IndexReport, build_index, pagefind
from digest.pipeline.searching import common_words
from digest.pipeline.site_files import opened
from digest.pipeline.site_private import put_private
from digest.pipeline.web_views import WebViews
from digest.render.web_words import WebWords
from digest.templating import fill, source, sources
from digest.wiring.searching import Searching

if TYPE_CHECKING:
    from digest.wiring import Wiring

PATIENCE_S = 120.0  # how long one who writes the site waits for another
STYLE, SCRIPT = "pages/archive/style.css", "pages/archive/search.js"
_LABELS = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}
FEEDS = tuple((kind, _LABELS[ending], f"feed.{ending}") for ending, (kind, _) in FORMATS.items())

log = logging.getLogger("digest.archive")


class ArchiveKeeper:
    """Makes the site, or one edition's part of it."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring, self.settings = wiring, wiring.settings
        self.publication = self.settings.publication

    @property
    def folder(self) -> Path:
        """Where the site is."""
        return self.settings.archive_dir

    def lock(self) -> AbstractContextManager[None]:
        """Hold the site: one process writes it at a time."""
        return self.wiring.locks.hold("archive.site", wait_s=PATIENCE_S)

    def build(self, out: Path | None = None, *, fresh: bool = False) -> site.SiteReport:
        """Bring the whole site up to date, in ``out`` or where it is; raises FileProblem, TemplateError, StoreError."""
        folder = out or self.folder
        with self.lock():
            self._list_finished()
            every = [self.source(digest) for digest in self.settings.digests]
            if self.settings.archive_private:
                Searching(self.wiring).refresh()  # the desk and the terminal ask it
                return put_private(every, folder)
            report = site.build_site(every, folder, fresh=fresh)
            Searching(self.wiring).refresh()
            report.index = self.put_search(folder)
            if out is None and report.feeds:
                self._tell_hub(report.feeds)
            return report

    def _list_finished(self) -> None:
        """List what was sent by a process that ended before it could: nobody else would."""
        for digest in self.settings.digests:
            for day in self.days(digest.name):
                if day.is_online and day.listed_at is None and day.state is EditionState.FINISHED:
                    key = EditionKey(digest.name, day.day)
                    self.wiring.editions.mark(key, "listed", now=self.wiring.clock.now())

    def put_search(self, folder: Path) -> IndexReport:
        """Bring the search page of a site and its index up to date with what the store's search holds."""
        searching = Searching(self.wiring)
        house = self.house(self.settings.digests[0])
        day = functools.cache(house.say.day)
        try:
            report = build_index(
                folder / addresses.SEARCH,
                self.wiring.search.days(),
                lambda first, last: self.wiring.search.each(since=first, until=last),
                language=house.language,
                common=common_words(),
                made_of=lambda told: record(told, house.views.line, day),
                program=pagefind(),
            )
        except FileProblem as problem:  # the pages stand, and the server's search knows the edition
            log.warning("%s", problem)
            report = IndexReport(problem=str(problem))
        with opened(folder) as files:
            files.put(self.script, self._script)
            page = search_page(
                house,
                searching.choices(folder),
                script=self.script,
                indexed=(folder / addresses.SEARCH / PARTS).is_file(),
            )
            files.put(addresses.file_of(addresses.SEARCH), page)
            files.commit()
        return report

    @property
    def script(self) -> str:
        """The path of what searches in the browser."""
        return f"assets/search.{hashlib.sha256(self._script).hexdigest()[:12]}.js"

    @functools.cached_property
    def _script(self) -> bytes:
        return source(self.wiring.templates, SCRIPT).encode("utf-8")

    def _tell_hub(self, feeds: Sequence[str]) -> None:
        """Tell the WebSub hub that feeds changed (W3C WebSub, 6); one that does not answer costs nothing but a line."""
        hub = self.settings.archive_hub
        asked = [
            Request(url=hub, method="POST", form=(("hub.mode", "publish"), ("hub.url", url))) for url in feeds if hub
        ]
        for request, answer in self.wiring.page_fetcher.fetch(asked) if asked else ():
            if not isinstance(answer, Response) or answer.status >= 300:
                said = answer.status if isinstance(answer, Response) else answer
                log.warning("the hub %s was not told of %s: %s", hub, dict(request.form)["hub.url"], said)

    def publish(self, key: EditionKey) -> publishing.PublishReport:
        """Put an approved edition's page, mail and pictures online, in no list yet; raises UsageError, FileProblem."""
        with self.lock():
            return publishing.publish(
                key,
                self.source(self._digest(key)),
                editions=self.wiring.editions,
                approvals=self.wiring.editions,
                assets=self.wiring.assets,
                site=self.folder,
                clock=self.wiring.clock,
                private=self.settings.archive_private,
            )

    def page(self, key: EditionKey) -> tuple[int, bytes] | None:
        """Return the status and page of an edition that is online, None where none is; raises TemplateError."""
        source = self.source(self._digest(key))
        if not any(day.day == key.day and day.is_online for day in source.days):
            return None
        listed = source.load(key.day)
        if listed.retraction is not None:
            return 410, pages.retracted_page(listed, source.house)
        return 200, pages.edition_page(listed, source.house)

    def list(self, key: EditionKey) -> None:
        """Put an edition into every list, and what leads to it; done twice it changes nothing. Raises FileProblem."""
        publishing.mark_listed(
            key, editions=self.wiring.editions, approvals=self.wiring.editions, clock=self.wiring.clock
        )
        self.build()

    def retract(self, key: EditionKey, reason: str) -> site.SiteReport:
        """Take an edition off; raises UsageError without a reason, StoreError where it was never published."""
        if not reason.strip():
            raise UsageError("readers are told why", where="--reason", fix="give one sentence")
        self.wiring.archive.retract(key, " ".join(reason.split()), now=self.wiring.clock.now())
        return self.build()

    def _digest(self, key: EditionKey) -> DigestSettings:
        found = self.settings.digest(key.digest)
        assert found is not None
        return found

    # What a build needs

    def source(self, digest: DigestSettings) -> site.Source:
        """Return a digest and how its editions are had."""
        house = self.house(digest)

        def load(day: date) -> Listed:
            record = self.wiring.editions.edition(EditionKey(digest.name, day))
            assert record is not None
            return listed_of(
                record,
                publication=self.publication,
                title=digest.title,
                pictures=self.wiring.pictures,
                sizes=self.wiring.theme.picture_sizes,
            )

        return site.Source(
            house=house,
            stamp=self._stamp(house),
            days=self.days(digest.name),
            load=load,
            mailed=functools.partial(self._mailed, digest.name),
            content=self.picture,
        )

    def picture(self, name: str) -> bytes | None:
        """Return the bytes of a prepared picture, or of one of the theme's own; None where nobody has them."""
        found = self.wiring.pictures.content(name)
        return self.wiring.assets.get(name) if found is None else found[0]

    def days(self, digest: str) -> tuple[ArchivedDay, ...]:
        """Return how each day of a digest stands."""
        return self.wiring.archive.days(digest)

    def _mailed(self, digest: str, day: date) -> site.Mailed:
        """Return the mail as sent: in the publication's language, and beside it in each other one."""
        base, files, pictures = self.publication.public_url, dict[str, bytes](), set[str]()
        for parts in self.wiring.editions.parts(EditionKey(digest, day)):
            name = "mail.html" if parts.language == self.publication.language else f"mail.{parts.language}.html"
            files[name] = mailed_html(parts, base=base, pictures="../../../../img/")
            pictures |= {picture.name for picture in parts.pictures}
        return site.Mailed(files=dict(sorted(files.items())), pictures=tuple(sorted(pictures)))

    def house(self, digest: DigestSettings) -> House:
        """Return what a digest's pages share."""
        say, style = WebWords(self.publication.language), self._style
        return House(
            publication=self.publication,
            digest=digest.name,
            title=digest.title,
            sections=self.settings.sections,
            language=self.publication.language,
            direction=self.publication.direction,
            say=say,
            views=WebViews(self.publication),
            fill=self._fill,
            css=f"assets/archive.{hashlib.sha256(style.encode()).hexdigest()[:12]}.css",
            style=style,
            logo=self.wiring.theme.logo,
            joins=self.settings.serve.signup and bool(self.publication.public_url),
            private=self.settings.archive_private,
            search=True,
            search_sponsor=self._search_sponsor(),
            hub=self.settings.archive_hub,
            feeds=FEEDS if self.publication.public_url else (),
        )

    def _search_sponsor(self) -> Sponsor | None:
        today = edition_day(self.wiring.clock.now(), self.settings.zone)
        ours = (each for each in self.settings.sponsors if each.placement == "search")
        return next((each for each in ours if (each.start or today) <= today <= (each.until or today)), None)

    def _fill(self, name: str, values: Mapping[str, object]) -> str:
        return fill(self.wiring.templates, name, {"theme": self.wiring.theme, **values})

    @functools.cached_property
    def _style(self) -> str:
        return self._fill(STYLE, {})

    def _stamp(self, house: House) -> str:
        """Return what changes when any page may: the program, its templates, the theme, the configuration."""
        bare: Any = {"say": None, "views": None, "fill": None, "search_sponsor": None}
        shared = replace(house, **bare)  # by what they say alone; the sponsor's pages know it
        folders = ("pages/archive", "pages/shared")
        templates = (text for folder in folders for text in sources(self.wiring.templates, folder))
        return fingerprint(__version__, shared, self._style, *templates)
