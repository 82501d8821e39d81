"""The editions a desk works on, kept ready: what is read, applied and rendered once serves until an edit changes it."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from digest.editions.revise import standing
from digest.model.editions import Edit, Edition, EditionRecord, Rendered
from digest.model.mail import EditionKey
from digest.pipeline.approving import Proof, edition_of
from digest.pipeline.pictures import wants_pictures
from digest.pipeline.ran import Ran, ran_before
from digest.wiring.editing import Editing
from digest.wiring.publisher import Publisher

T = TypeVar("T")
REMEMBERED = timedelta(days=14)  # editions that may not be listed yet, and so not be known to search
KEPT = 96  # results kept: several editors' views of a few drafts


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An edition as it stands at one moment."""

    key: EditionKey
    record: EditionRecord
    edition: Edition  # its edits applied, with the pictures that are ready
    stamp: str  # changes whenever anything above does

    @property
    def number(self) -> int:
        """Which draft it is: each edit makes another, and each base that prints something else."""
        return self.record.draft

    @property
    def standing(self) -> tuple[Edit, ...]:
        """The edits that are not taken back."""
        return standing(self.record.edits)


class Drafts:
    """Reads drafts, changes them, renders them. Used by several threads at a time."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher, self.wiring = publisher, publisher.wiring
        self._kept: OrderedDict[Hashable, object] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def latest(self) -> date:
        """Return the day of the newest edition, today where there is none."""
        recent = self.wiring.editions.recent(self.publisher.digest.name, limit=1)
        return recent[0].day if recent else self.publisher.key().day

    def draft(self, day: date) -> Draft | None:
        """Return the edition of a day as it stands now; None where nothing was built. Raises StoreError."""
        key = self.publisher.key(day)
        record = self.wiring.editions.edition(key)
        if record is None or record.base is None:
            return None
        return self.of(key, record)

    def of(self, key: EditionKey, record: EditionRecord) -> Draft:
        """Return the draft a record stands for."""
        edition = edition_of(record, key, self.wiring.pictures, self.wiring.theme.picture_sizes)
        assert record.base is not None
        stamp = f"{len(record.edits)}-{_hash(record, edition)}"
        made = Draft(key=key, record=record, edition=edition, stamp=stamp)
        return self.kept(("draft", key, stamp), lambda: made)

    def at(self, day: date, stamp: str) -> Draft | None:
        """Return the draft of a stamp if it is still kept: the store is not asked for what was just shown."""
        with self._lock:
            found = self._kept.get(("draft", self.publisher.key(day), stamp))
        return found if isinstance(found, Draft) else None

    def editing(self, day: date, by: str) -> Editing:
        """Return somebody at work on the edition of a day."""
        return Editing(self.publisher, day, by=by)

    def wants_pictures(self, draft: Draft) -> bool:
        """Tell whether the edition would show a picture that nobody fetched yet."""
        sizes = self.wiring.theme.picture_sizes
        return wants_pictures(draft.edition, pictures=self.wiring.pictures, sizes=sizes)

    def ran(self, draft: Draft, story_id: str) -> tuple[Ran, ...]:
        """Return the earlier editions that told a story's event, the newest first."""
        return ran_before(
            draft.edition,
            story_id,
            past=self.wiring.editions.sent_events(draft.key.digest, since=draft.key.day - REMEMBERED),
            search=self.wiring.search,
        )

    def number(self, draft: Draft) -> int:
        """Return the number the edition has or would get."""
        return draft.record.number or self.wiring.editions.next_number(draft.key.digest)

    def rendered(self, draft: Draft, language: str = "") -> Rendered:
        """Return the whole mail in a language, the publication's own without one."""
        chosen = language or self.publisher.publication.language
        return self.kept(
            ("rendered", draft.key, draft.stamp, chosen),
            lambda: self.publisher.render(draft.edition, self.number(draft), chosen),
        )

    def proof(self, draft: Draft) -> Proof:
        """Return the edition as it would go out, checked."""
        return self.kept(("proof", draft.key, draft.stamp), lambda: self.publisher.proof(draft.key))

    def kept(self, name: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a name, made where it is not: by one thread, while others wait for it."""
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]  # type: ignore[return-value]  # what was kept under this name
            turn = self._making.setdefault(name, threading.Lock())
        with turn:
            with self._lock:
                if name in self._kept:
                    return self._kept[name]  # type: ignore[return-value]  # made while we waited
            try:
                made = make()
            finally:
                with self._lock:
                    self._making.pop(name, None)
            with self._lock:
                self._kept[name] = made
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return made


def _hash(record: EditionRecord, edition: Edition) -> str:
    """Return 12 hex digits of everything a page shows of an edition besides its edits."""
    said = [record.state.value, record.version, str(record.held), str(edition.built_at), *edition.health.feeds_silent]
    for filled in edition.sections:
        said += [f"{item.cluster.id} {item.picture.name if item.picture else ''}" for item in filled.items]
        said += [f"{passed.cluster.id} {passed.reason}" for passed in filled.passed]
    return hashlib.sha256("\n".join(said).encode("utf-8", "surrogatepass")).hexdigest()[:12]
