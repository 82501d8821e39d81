"""Search bound to the store: in step with the archive whenever it is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from digest.archive import addresses
from digest.archive.house import House
from digest.archive.search_page import PAGE, Asked, Choices, search_page
from digest.model.archive import Listed
from digest.model.mail import EditionKey
from digest.model.searching import Answer, Question, read_question
from digest.pipeline import searching
from digest.pipeline.archiving import listed_of
from digest.pipeline.search_files import PARTS, facets_of
from digest.wiring import Wiring


class Searching:
    """What commands, desk and pages ask. Each raises StoreError."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring, self.settings = wiring, wiring.settings
        self._chosen: tuple[tuple[tuple[str, date, int, int], ...], Choices] | None = None

    def refresh(self, tell: Callable[[int, int], None] = lambda done, of: None) -> int:
        """Bring search in step with the archive; return how many editions were put in or taken out."""
        return searching.refresh(self.wiring.search, self._listed, clock=self.wiring.clock, tell=tell)

    def _listed(self, key: EditionKey) -> Listed:
        record = self.wiring.editions.edition(key)
        assert record is not None  # it is due because it is listed
        digest = self.settings.digest(key.digest)
        return listed_of(
            record,
            publication=self.settings.publication,
            title=digest.title if digest else self.settings.publication.name,
            pictures=self.wiring.pictures,
            sizes={},
        )

    def question(
        self,
        words: str,
        *,
        section: str = "",
        source: str = "",
        digest: str = "",
        since: date | None = None,
        until: date | None = None,
    ) -> Question:
        """Return what is meant by words and filters; a section may be named by its title."""
        return Question(
            terms=read_question(words, common=searching.common_words()),
            section=self.section(section),
            source=source,
            digest=digest,
            since=since,
            until=until,
        )

    def section(self, name: str) -> str:
        """Return the slug of a section by slug or title; one that is no more keeps its slug."""
        folded = name.casefold()
        known = (each.slug for each in self.settings.sections if folded in (each.slug, each.title.casefold()))
        return next(known, name)

    def find(self, question: Question, *, limit: int = 20, offset: int = 0) -> Answer:
        """Return the best matches, best first."""
        return self.wiring.search.find(question, limit=limit, offset=offset)

    def choices(self, folder: Path | None = None) -> Choices:
        """Return what stories can be narrowed down by: read with the index, else from the store."""
        found = facets_of((folder or self.settings.archive_dir) / addresses.SEARCH)
        if found is not None:
            return Choices(sections=found.sections, sources=sorted(found.sources), years=found.years)
        days = self.wiring.search.days()
        if self._chosen is None or self._chosen[0] != days:  # all stories are read for it, so once a change
            sections, sources = self.wiring.search.facets()
            years = sorted({day.year for _, day, _, _ in days}, reverse=True)
            self._chosen = days, Choices(sections=dict(sections), sources=sources, years=years)
        return self._chosen[1]

    def page(self, asked: Asked, house: House, *, script: str) -> bytes:
        """Return the search page with an answer, for a browser that runs no ``script``."""
        year = int(asked.year) if asked.year.isdecimal() and len(asked.year) == 4 else 0
        question = self.question(
            asked.words,
            section=asked.section,
            source=asked.source,
            since=date(year, 1, 1) if year else None,
            until=date(year, 12, 31) if year else None,
        )
        answer = self.find(question, limit=PAGE, offset=PAGE * (asked.page - 1)) if asked.words else None
        return search_page(
            house,
            self.choices(),
            script=script,
            indexed=(self.settings.archive_dir / addresses.SEARCH / PARTS).is_file(),
            served=True,
            asked=asked,
            terms=question.terms,
            hits=answer.hits if answer is not None else None,
            total=answer.total if answer is not None else 0,
        )

    def earlier(self, story: str, *, before: date | None = None, limit: int = 10) -> tuple[searching.Earlier, ...]:
        """Return earlier items like a story, named by id, address or words: "Have we run this?"."""
        meant = self.wiring.stories.find(story) or searching.story_of_words(story)
        return searching.earlier(meant, search=self.wiring.search, before=before, limit=limit)
