"""An editor at work on one edition: her edits bound to the real things."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from digest.editions.revise import apply
from digest.errors import FetchError, StoreConflict, UsageError
from digest.model.editions import Edit, Edition, EditionRecord, EditionState
from digest.model.news import PageMetadata, Story
from digest.model.web import Request
from digest.pipeline import editing
from digest.pipeline.pictures import with_known_pictures, with_pictures

if TYPE_CHECKING:
    from digest.pipeline.explaining import Explanation
    from digest.wiring.publisher import Publisher

ATTEMPTS = 3  # to append where somebody else appends at the same moment


class Editing:
    """What an editor does to the edition of a day. Every edit is kept with who made it, and can be undone."""

    def __init__(self, publisher: Publisher, day: date | None, *, by: str) -> None:
        self.publisher, self.wiring, self.by = publisher, publisher.wiring, by
        self.key = publisher.key(day)

    @property
    def record(self) -> EditionRecord:
        """The edition as stored; raises UsageError where none was built."""
        return editing.record_of(self.key, self.wiring.editions)

    def edition(self) -> Edition:
        """Return the edition with its edits applied."""
        record = self.record
        assert record.base is not None
        return apply(record.base, record.edits)

    def story(self, words: str) -> Story:
        """Return the story meant by id, address or words of its headline; raises UsageError."""
        return editing.story_meant(self.edition(), words)

    def section(self, name: str) -> str:
        """Return a section's slug by slug or title; raises UsageError."""
        sections = [filled.section for filled in self.edition().sections]
        for section in sections:
            if name.casefold() in (section.slug, section.title.casefold()):
                return section.slug
        known = ", ".join(section.slug for section in sections)
        raise UsageError(f"there is no section {name!r}", where="SECTION", fix=f"choose one of {known}")

    def make(self, kind: str, target: str = "", value: Mapping[str, Any] | None = None) -> Edition:
        """Keep an edit and return the edition with it; raises UsageError, StoreConflict.

        Where it frees a place, the edition is composed again from the same news.
        """
        record = editing.append(
            self.key, kind, target, value or {}, by=self.by, editions=self.wiring.editions, clock=self.wiring.clock
        )
        if kind in editing.REBUILDS and record.base is not None:
            self.publisher.build(self.key.day, at=record.base.built_at)
        edition = self.edition()
        if record.state in (EditionState.DRAFT, EditionState.APPROVED):
            with_pictures(
                edition,
                pictures=self.wiring.pictures,
                fetcher=self.wiring.fetcher,
                clock=self.wiring.clock,
                sizes=self.wiring.theme.picture_sizes,
            )
        elif kind == "correct" and record.published_at is not None:
            self.publisher.publish(self.key)
            if record.listed_at is not None:
                self.publisher.list(self.key)
        return edition

    def change(
        self, kind: str, target: str, value: Mapping[str, Any], *, seen: int, record: EditionRecord | None = None
    ) -> tuple[EditionRecord, Edit | None]:
        """Keep an edit of somebody who had seen the first ``seen`` edits; return the edition, and what it clashes with.

        Nothing is kept where somebody else decided the same meanwhile; edits that do not touch each other both stand.
        No picture is fetched, and nothing composed again but where the base itself holds what is taken back: see
        `make`. ``record`` is the edition as it was just read. Raises UsageError, StoreConflict.
        """
        for attempt in range(ATTEMPTS):
            record = self.record if record is None or attempt else record
            made = Edit(kind=kind, target=target, value=dict(value), by=self.by, at=self.wiring.clock.now())
            other = editing.clash(record.edits[seen:], made)
            if other is not None:
                return record, other
            try:
                editing.append(
                    self.key,
                    kind,
                    target,
                    value,
                    by=self.by,
                    editions=self.wiring.editions,
                    clock=self.wiring.clock,
                    record=record,
                )
            except StoreConflict:
                if attempt == ATTEMPTS - 1 or len(self.record.edits) == len(record.edits):
                    raise
                continue
            if kind == "undo":
                self._without(target, record)
            return self.record, None
        raise AssertionError("unreachable")

    def _without(self, sequence: str, record: EditionRecord) -> None:
        """Compose the edition again where its base was made with the edit that was taken back."""
        taken = next((edit for edit in record.edits if str(edit.sequence) == sequence), None)
        if taken is not None and record.base is not None and editing.composed_with(record.base, taken):
            self.publisher.build(self.key.day, at=record.base.built_at)

    def fetch_pictures(self) -> bool:
        """Fetch what pictures the edition wants and has not; tell whether one came."""
        edition = self.edition()
        known = self.wiring.pictures, self.wiring.theme.picture_sizes
        before = with_known_pictures(edition, *known)
        after, _ = with_pictures(
            edition, pictures=known[0], fetcher=self.wiring.fetcher, clock=self.wiring.clock, sizes=known[1]
        )
        return before != after

    def added(self, url: str, value: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return id and value of a story added by its address, its page read; raises UsageError."""
        if not url.lower().startswith(("http://", "https://")):
            raise UsageError(f"{url!r} is no web address", where="URL", fix="write it with https://")
        return editing.added_value(url, self._page(url), value)

    def add(self, url: str, value: Mapping[str, Any]) -> Edition:
        """Add a story by its address; headline, teaser and picture come from its page where they are not given."""
        return self.make("add", *self.added(url, value))

    def _page(self, url: str) -> PageMetadata:
        from digest.stories.page import metadata

        answer = next(iter(self.wiring.page_fetcher.fetch([Request(url=url, limit=3_000_000)])))[1]
        if isinstance(answer, FetchError) or answer.status != 200:
            return PageMetadata()
        return metadata(answer.body, url=answer.final_url)

    def withdraw(self) -> EditionState:
        """Take the approval back, or hold a draft; return where it stood. Raises StoreConflict once sending began."""
        return self.wiring.editions.withdraw(self.key, now=self.wiring.clock.now())

    def explain(self, words: str) -> Explanation:
        """Return what became of a story in the edition; raises UsageError for one nobody knows."""
        from digest.pipeline.explaining import explain

        edition = self.edition()
        try:
            story = editing.story_meant(edition, words)
        except UsageError as unknown:
            found = self.wiring.stories.find(words)
            if found is None:
                raise unknown from None
            story = found
        return explain(story, edition, self.record)
