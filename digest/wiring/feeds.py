"""Looking after the feeds: what changes digest.toml and what the store knows of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from digest.config import edit
from digest.errors import UsageError
from digest.model.news import Feed
from digest.pipeline import adding
from digest.pipeline.opml_sections import Imported, export_opml, import_opml
from digest.wiring import Wiring


class Feeds:
    """The publication's feeds. Each change is written into digest.toml, comments kept, or not at all."""

    def __init__(self, wiring: Wiring, file: Path, environment: Mapping[str, str]) -> None:
        self.wiring, self.settings = wiring, wiring.settings
        self._file, self._environment = file, environment

    def _rewrite(self, change: Callable[[str], str]) -> None:
        self.settings = edit.rewrite(self._file, change, self._environment)

    def named(self, name: str) -> Feed:
        """Return the feed with a name or address; raise UsageError where there is none, or several."""
        feeds = self.settings.feeds
        exact = [feed for feed in feeds if name in (feed.url, feed.name)]
        near = exact or [feed for feed in feeds if name.casefold() == feed.name.casefold()]
        if len(near) > 1:
            raise UsageError(f"{len(near)} feeds are called {name!r}", where="FEED", fix="give its address")
        if not near:
            raise UsageError(f"no feed is called {name!r}", where="FEED", fix="see `digest feeds list`")
        return near[0]

    def section(self, slug: str) -> str:
        """Return a section's slug by slug or title; raise UsageError where there is none."""
        for section in self.settings.sections:
            if slug.casefold() in (section.slug, section.title.casefold()):
                return section.slug
        known = ", ".join(section.slug for section in self.settings.sections)
        raise UsageError(f"there is no section {slug!r}", where="SECTION", fix=f"choose one of {known}")

    def find(self, address: str) -> adding.Found:
        """Return the feed behind an address; raise FetchError, ParseError, or UsageError where it is listed already."""
        self._refuse_known(adding.address_of(address))
        found = adding.find(address, fetcher=self.wiring.fetcher, clock=self.wiring.clock)
        self._refuse_known(found.url)
        return found

    def _refuse_known(self, url: str) -> None:
        for feed in self.settings.feeds:
            if feed.url == url:
                known = f" as {feed.name}" if feed.name else ""
                raise UsageError(f"{url} is among the feeds already{known}", fix="see `digest feeds check`")

    def add(self, found: adding.Found, feed: Feed, *, seen: bool) -> int:
        """Write a feed into digest.toml; return how many of its stories count as ``seen``."""
        feed = replace(feed, name=feed.name or self._free_name(found.title))
        # Its history comes first: were it killed in between, the feed would be missing, not its stories mailed.
        if seen:
            count = adding.count_as_seen(feed, found, stories=self.wiring.stories, clock=self.wiring.clock)
        else:
            count = 0
            adding.forget((feed.url,), stories=self.wiring.stories, clock=self.wiring.clock)
        self._rewrite(lambda text: edit.with_feeds(text, [feed]))
        return count

    def _free_name(self, title: str) -> str:
        """Return a feed's own title as its name, unless another feed has it."""
        name = " ".join(title.split())
        return "" if name in {feed.name for feed in self.settings.feeds} else name

    def remove(self, feed: Feed) -> None:
        """Take a feed out of digest.toml; its stories are no candidates any more, past editions keep theirs."""
        self._rewrite(lambda text: edit.without_feed(text, feed.url))

    def move(self, feed: Feed, *, section: str | None, url: str = "") -> None:
        """Give a feed another section ("" = the rules decide) or another address; a new address begins anew."""
        if url:
            url = adding.address_of(url)
            self._refuse_known(url)
        self._rewrite(lambda text: edit.with_moved_feed(text, feed.url, section=section, new_url=url))
        if url:
            adding.forget((url,), stories=self.wiring.stories, clock=self.wiring.clock)

    def import_opml(self, body: bytes) -> Imported:
        """Add the feeds of an OPML file, folders being sections; raise ParseError where it is none."""
        settings = self.settings
        imported = import_opml(body, feeds=settings.feeds, sections=settings.sections)
        if imported.feeds:
            self._rewrite(lambda text: edit.with_feeds(text, imported.feeds, sections=imported.sections))
        return imported

    def export_opml(self) -> bytes:
        """Return the feeds as OPML, a folder a section."""
        settings = self.settings
        return export_opml(settings.feeds, sections=settings.sections, title=settings.publication.name)

    def matching_rules(self, names: Sequence[str]) -> list[str]:
        """Return the sections whose match rules name a feed: they are not rewritten."""
        return [
            section.slug
            for section in self.settings.sections
            if any(name in rule.feeds for rule in section.match for name in names if name)
        ]
