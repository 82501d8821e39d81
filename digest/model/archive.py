"""What stands in the archive: an edition as the web shows it, with what was corrected since. Frozen values; no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from digest.dates import aware
from digest.model.editions import Edition, EditionState, FilledSection


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What was put right after sending had begun. The mail as sent keeps its words."""

    story: str  # id of the item's lead
    section: str  # slug of the section it stands in, "" where it is gone
    headline: str  # as shown now
    text: str  # what was wrong, "" where only words were replaced
    withdrawn: bool = False  # the story was taken out: it is no item of the edition any more
    at: datetime
    by: str = ""

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        object.__setattr__(self, "at", aware(self.at, "at"))


@dataclass(frozen=True, kw_only=True)
class Retraction:
    """An edition taken off the archive as a whole: its address says so (410), nothing lists it."""

    reason: str  # as told to readers
    at: datetime

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        object.__setattr__(self, "at", aware(self.at, "at"))


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An edition as the archive shows it: edits and corrections applied, withdrawn stories gone, pictures in place."""

    edition: Edition  # sections in order, empty ones included; its digest and day are the key
    number: int  # given at approval, and kept
    title: str  # of the digest: "The Morning Halyard"
    url: str  # of its page, absolute, nothing personal; "" where no public_url is set
    approved_at: datetime
    listed_at: datetime | None = None  # None = online, but in no list yet
    corrections: tuple[Correction, ...] = ()  # oldest first, withdrawn stories included
    retraction: Retraction | None = None  # then it is listed nowhere

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        object.__setattr__(self, "approved_at", aware(self.approved_at, "approved_at"))
        if self.listed_at is not None:
            object.__setattr__(self, "listed_at", aware(self.listed_at, "listed_at"))

    @property
    def digest(self) -> str:
        """The digest's name."""
        return self.edition.digest

    @property
    def day(self) -> date:
        """Its day in the publication's zone."""
        return self.edition.day

    @property
    def sections(self) -> tuple[FilledSection, ...]:
        """The sections that hold items."""
        return tuple(filled for filled in self.edition.sections if filled.items)

    @property
    def is_open(self) -> bool:
        """Whether it may stand in lists, feeds and search."""
        return self.listed_at is not None and self.retraction is None

    @property
    def published_at(self) -> datetime:
        """When it was first in a list, or else approved: the date of feeds."""
        return self.listed_at or self.approved_at

    @property
    def changed_at(self) -> datetime:
        """When its page last changed its words."""
        ends = [self.published_at, *(each.at for each in self.corrections)]
        return max([*ends, self.retraction.at] if self.retraction else ends)

    def corrections_of(self, story: str) -> tuple[Correction, ...]:
        """Return what was corrected of a story, oldest first."""
        return tuple(each for each in self.corrections if each.story == story)


@dataclass(frozen=True, kw_only=True)
class ArchivedDay:
    """Where one day of a digest stands, without its contents: what calendars and incremental builds ask."""

    digest: str
    day: date
    state: EditionState
    number: int | None = None
    reason: str = ""  # why it was skipped or stopped
    version: str = ""  # hash of what was mailed
    edits: int = 0  # how many there are, corrections included
    published_at: datetime | None = None  # its page is online
    listed_at: datetime | None = None
    retraction: Retraction | None = None

    @property
    def is_online(self) -> bool:
        """Whether it has a page."""
        return self.published_at is not None

    @property
    def is_open(self) -> bool:
        """Whether it stands in lists, feeds and search."""
        return self.is_online and self.listed_at is not None and self.retraction is None
