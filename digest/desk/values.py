"""What the desk's columns show, as plain values for the templates."""

from __future__ import annotations

from dataclasses import dataclass

from digest.model.editions import Related, Sponsor
from digest.model.news import Story


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A state of an item, a word first."""

    kind: str  # "pin", "ed", "new", "up": its colour
    text: str


@dataclass(frozen=True, kw_only=True)
class TermView:
    """A contribution to a score."""

    label: str  # "Sources, 7"
    width: float  # percent of the longest
    negative: bool
    figure: str  # "4.80"


@dataclass(frozen=True, kw_only=True)
class SourceView:
    """One story of an event."""

    id: str
    headline: str
    url: str
    about: str  # "Calder Wire, 05:40"
    role: str  # "lead", "copy", ""
    line: Related | None  # the line it is, or would be, under the item; None = it cannot be one
    shown: bool  # whether that line is shown
    language: str
    direction: str


@dataclass(frozen=True, kw_only=True)
class CardView:
    """An item, as a row and opened."""

    id: str  # of the lead: what edits name
    number: int  # place in the mail, from 1
    place: int  # place in the section, from 1
    section: str
    headline: str
    kicker: str
    teaser: str
    received: Story  # its words before any edit
    rewritten: bool
    source: str
    time: str
    sources: int
    tags: tuple[Tag, ...]
    bar: int  # pixels of 40
    score: str
    pinned: bool
    pin: int  # sequence of the edit that pinned it; 0 = none did
    reason: str
    terms: tuple[TermView, ...]
    stories: tuple[SourceView, ...]
    by_hand: tuple[Related, ...]  # lines that are no story of the event
    note: str
    language: str
    direction: str
    url: str


@dataclass(frozen=True, kw_only=True)
class CardChoice:
    """An item by its place, to choose from."""

    id: str
    number: int
    headline: str


@dataclass(frozen=True, kw_only=True)
class GoneView:
    """An item that was dropped here, with the way back."""

    id: str
    headline: str
    kicker: str
    by: str
    time: str
    sequence: int  # of the edit to take back


@dataclass(frozen=True, kw_only=True)
class NoteView:
    """A boxed line of the editors'."""

    text: str
    sequence: int  # of the edit that wrote it; 0 = it came with the base


@dataclass(frozen=True, kw_only=True)
class SectionColumn:
    """A section of the first column."""

    slug: str
    title: str
    style: str
    quota: int
    cards: tuple[CardView, ...]
    gone: tuple[GoneView, ...]
    sponsors: tuple[Sponsor, ...]  # after it, locked in place
    notes: tuple[NoteView, ...]

    @property
    def free(self) -> int:
        """Places nobody fills."""
        return max(0, self.quota - len(self.cards))


@dataclass(frozen=True, kw_only=True)
class CandidateView:
    """An event that was passed over."""

    id: str
    section: str
    section_title: str
    headline: str
    kicker: str
    score: str
    value: float
    reason: str
    ran: str  # day of the edition that had it, as shown; "" = none had
    new: str  # "06:38", when it came after the day's first draft; "" = that draft knew it
    source: str
    time: str
    sources: int
    language: str
    direction: str
    url: str
    join: CardChoice | None  # the item it is much like, which it may be joined to
