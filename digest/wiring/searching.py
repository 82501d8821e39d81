"""Search bound to the store: in step with the archive whenever it is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from digest.model.archive import Listed
from digest.model.mail import EditionKey
from digest.model.searching import Answer, Question, read_question
from digest.pipeline import searching
from digest.pipeline.archiving import listed_of
from digest.wiring import Wiring


class Searching:
    """What commands, desk and pages ask. Each raises StoreError."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring, self.settings = wiring, wiring.settings

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

    def earlier(self, story: str, *, before: date | None = None, limit: int = 10) -> tuple[searching.Earlier, ...]:
        """Return earlier items like a story, named by id, address or words: "Have we run this?"."""
        meant = self.wiring.stories.find(story) or searching.story_of_words(story)
        return searching.earlier(meant, search=self.wiring.search, before=before, limit=limit)
