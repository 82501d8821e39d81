"""What is made: sections, items, editions, the edits of people, and what rendering returns. Frozen values; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as ClockTime
from enum import StrEnum
from typing import Any, Literal

from digest.dates import aware
from digest.model.news import Cluster

STYLES = ("feature", "cards", "headlines", "video", "brief")  # ours; extensions give further ones
Sort = Literal["top", "latest"]


@dataclass(frozen=True, kw_only=True)
class Publication:
    """Who publishes: what every mail and page says of itself."""

    name: str  # "The Morning Halyard"
    tagline: str = ""
    language: str = "en"  # BCP 47 tag of the fixed texts
    languages: tuple[str, ...] = ()  # every one an edition is rendered in, the usual first; () = only the usual
    taglines: Mapping[str, str] = field(default_factory=dict)  # by language, where it is another
    direction: Literal["ltr", "rtl"] = "ltr"
    time_zone: str = "UTC"  # IANA zone of days and times shown
    sender: str = ""  # header from: "The Morning Halyard <news@halyard.example>"
    reply_to: str = ""  # an address, "" = the sender's
    postal_address: str = ""  # in the imprint
    public_url: str = ""  # "https://halyard.example", no slash at the end; "" = nothing is online
    desk_url: str = ""  # where editors reach the desk, no slash at the end; "" = not by an address
    rights: str = ""  # the publication's own line of rights
    operators: tuple[str, ...] = ()  # addresses of alerts
    editors: tuple[str, ...] = ()  # addresses of notices about approval


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something `check` has to say about a rendered mail."""

    code: str  # "size", "link-scheme", "unsubscribe-missing"
    severity: Literal["error", "warning", "note"]  # errors block approval
    where: str  # "html:412", "subject", "templates/mail/edition.mjml:12"
    message: str  # one plain sentence
    fix: str = ""  # what to do

    def document(self) -> dict[str, str]:
        """Return it as JSON documents have it."""
        names = ("code", "severity", "where", "message", "fix")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, kw_only=True)
class Match:
    """Rules that bring a story into a section whatever its feed; every rule given must hold (any word of each)."""

    feeds: tuple[str, ...] = ()  # addresses or names of feeds
    categories: tuple[str, ...] = ()  # the feed's categories, compared without case
    paths: tuple[str, ...] = ()  # words of the URL's path
    words: tuple[str, ...] = ()  # words of headline or teaser, compared without case
    languages: tuple[str, ...] = ()  # BCP 47 tags, compared by primary language


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of every edition, as configured."""

    slug: str  # in URLs and in readers' choices
    title: str  # as shown
    titles: Mapping[str, str] = field(default_factory=dict)  # by language, where it is another
    style: str = "headlines"  # how its items look
    sort: Sort = "top"  # ranked, or newest first
    stories: int = 5  # most items it may hold
    minimum: int = 1  # fewer than this, and the section is left out
    prior: float = 0.0  # added to the score of every story placed here
    per_source: int = 2  # most items of one source
    per_byline: int = 1  # most items of one byline
    per_kicker: int = 1  # most items under one kicker
    match: tuple[Match, ...] = ()  # any of these rules brings a story here
    repeats: bool = False  # it may also show what another section has
    color: str = ""  # reserved for themes; "" = the theme's accent


@dataclass(frozen=True, kw_only=True)
class Embargo:
    """What must not appear before a moment; every kind of condition given must hold, any one of a kind will do."""

    until: datetime  # UTC
    words: tuple[str, ...] = ()  # of headline or teaser; a final * stands for any ending
    sources: tuple[str, ...] = ()  # names of sources or feeds
    urls: tuple[str, ...] = ()  # beginnings of addresses

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        object.__setattr__(self, "until", aware(self.until, "until"))


@dataclass(frozen=True, kw_only=True)
class Bars:
    """What must not appear, or not yet; `[picking]` in digest.toml."""

    words: tuple[str, ...] = ()  # of kicker, headline or teaser, without case; a final * stands for any ending
    sources: tuple[str, ...] = ()  # names of sources or feeds
    bylines: tuple[str, ...] = ()  # names of writers
    embargoes: tuple[Embargo, ...] = ()
    feed_embargoes: Mapping[str, timedelta] = field(default_factory=dict)  # by feed's address: from its stories' time


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What counts how much in ranking (design §5); `[weights]` in digest.toml."""

    sources: float = 1.0  # × log2(1 + distinct sources of the event)
    source_weight: float = 0.5  # × weight of the lead's feed, less the usual 1
    position: float = 0.5  # × 1 / log2(1 + best position in a feed)
    section: float = 1.0  # × the section's prior
    boost: float = 1.0  # × an editor's boost
    half_life_hours: float = 720.0  # after so many hours a story counts half; 0 = age does not matter
    diversity: float = 0.3  # 0 = the best by score, 1 = the most different (maximal marginal relevance)


@dataclass(frozen=True, kw_only=True)
class SentEvent:
    """What an earlier edition told, as far as it is remembered."""

    digest: str
    day: date
    lead: str  # story id
    stories: tuple[str, ...]  # ids of every story of the event at that time
    sources: tuple[str, ...]  # who told it then
    headline: str  # as shown then


@dataclass(frozen=True, kw_only=True)
class Term:
    """One reason of a score."""

    name: str  # "sources", "source_weight", "position", "section", "boost", …
    value: float  # what was measured
    weight: float  # what the publication says it counts
    contribution: float  # weight · value · decay: what it adds


@dataclass(frozen=True, kw_only=True)
class Score:
    """A sum that explains itself: the contributions add up to the total within 1e-9."""

    terms: tuple[Term, ...] = ()  # in a fixed order
    total: float = 0.0  # their sum

    def __post_init__(self) -> None:
        """Refuse a total that its terms do not explain."""
        if abs(sum(term.contribution for term in self.terms) - self.total) > 1e-9:
            raise ValueError("contributions do not sum to the total")


@dataclass(frozen=True, kw_only=True)
class Related:
    """A line under an item: the same event told elsewhere, or written by hand."""

    headline: str  # as shown
    url: str  # absolute http(s)
    source: str = ""  # who wrote it
    language: str = ""  # BCP 47 tag, "" = the edition's


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture of our own making, sized for the mail, stored under the hash of its bytes."""

    name: str  # "HASH.jpg": file name in images/ and in /img/
    width: int  # pixels as shown (the file may hold twice as many)
    height: int  # pixels as shown
    alt: str = ""  # what it shows; "" = ornament
    credit: str = ""  # whose it is


@dataclass(frozen=True, kw_only=True)
class Item:
    """A story placed in a section."""

    cluster: Cluster  # the event; its lead is what is shown
    headline: str  # as shown, an editor's words where there are any
    kicker: str = ""  # as shown
    teaser: str = ""  # as shown
    related: tuple[Related, ...] = ()  # lines under it
    score: Score = Score()  # why it ranks where it does
    reason: str = ""  # one plain sentence: "4 sources, first in 2 feeds, 3 h old"
    section_reason: str = ""  # why it is in this section: "its feed belongs there"
    update_of: str = ""  # day (ISO) of the edition that had this event before; "" = new
    picture: Picture | None = None  # prepared for the section's style
    pinned: bool = False  # an editor put it there
    note: str = ""  # an editor's note under it, plain text


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A cluster that was not chosen, and why."""

    cluster: Cluster  # the event
    score: Score = Score()  # how it ranked
    reason: str = ""  # "third by Ruva Selwick today", "0.1 below the fifth", "in the edition of 2026-11-22"
    section_reason: str = ""  # why it was considered for this section


@dataclass(frozen=True, kw_only=True)
class FilledSection:
    """A section of one edition: what is in it and what was passed over."""

    section: Section  # as configured when it was built
    items: tuple[Item, ...] = ()  # in the order of the mail; the first is its top item
    passed: tuple[Passed, ...] = ()  # the best of those not chosen, best first


@dataclass(frozen=True, kw_only=True)
class Sponsor:
    """A labelled slot, paid or of the house."""

    name: str  # "Tidewell Charts"
    label: str = "Powered by"  # shown before it
    text: str = ""  # one or two sentences
    url: str = ""  # absolute http(s)
    image: str = ""  # absolute http(s), or the absolute path of a file; "" = none
    start: date | None = None  # first day, in the publication's zone
    until: date | None = None  # last day
    placement: str = "imprint"  # "top", "imprint", or a section's slug: after it
    picture: Picture | None = None  # prepared of the image


CORRECTION = "Correction: "  # what an item's note begins with when it corrects the item


@dataclass(frozen=True, kw_only=True)
class Note:
    """A boxed line of the editors', placed after a section or at the top."""

    text: str  # plain text
    after: str = ""  # a section's slug; "" = under the intro


@dataclass(frozen=True, kw_only=True)
class Health:
    """What an operator or editor should know about how the edition came about; one line each."""

    feeds: int = 0  # feeds asked
    feeds_failed: tuple[str, ...] = ()  # "Harbour Notes: no answer within 20 s"
    feeds_silent: tuple[str, ...] = ()  # names of feeds that gave nothing new
    stories: int = 0  # stories considered
    clusters: int = 0  # events they tell
    duplicates: int = 0  # copies folded away
    short_sections: tuple[str, ...] = ()  # "Science: nothing in the window", "Trade: 2 of 5"
    notes: tuple[str, ...] = ()  # anything else worth a line


# Why an edition is skipped that a backup may send again: only a person's approval lets it go (`digest db restore`).
RESTORED = "restored"


class EditionState(StrEnum):
    """Where an edition stands (design §4)."""

    DRAFT = "draft"  # built, open to edits
    APPROVED = "approved"  # rendered, encoded and frozen; a later edit makes it a draft again
    SENDING = "sending"  # the first row was claimed; only corrections from here on
    FINISHED = "finished"  # no row is planned, claimed, handed or deferred
    STOPPED = "stopped"  # by a person, for good; open rows expired
    SKIPPED = "skipped"  # nothing was sent, and `reason` says why


@dataclass(frozen=True, kw_only=True)
class Edition:
    """One dated number of a digest: the base a build made, or that base with its edits applied."""

    digest: str  # "daily"
    day: date  # in the publication's zone: the key together with digest
    number: int | None = None  # given at approval
    subject: str = ""  # <= 60 characters where compose wrote it
    preheader: str = ""  # 40-100 characters where compose wrote it
    subject_by_editor: bool = False  # then variants keep it
    preheader_by_editor: bool = False
    intro: str = ""  # plain text or Markdown of the editors
    intro_by: str = ""  # "Ada Merrow, editor"
    sections: tuple[FilledSection, ...] = ()  # in the publication's order, empty ones included
    sponsors: tuple[Sponsor, ...] = ()  # those whose dates hold
    notes: tuple[Note, ...] = ()
    health: Health = Health()
    since: datetime | None = None  # start of the window of news
    built_at: datetime  # end of the window: its cut-off
    first_built_at: datetime | None = None  # cut-off of the day's first base; None = this is the first

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        object.__setattr__(self, "built_at", aware(self.built_at, "built_at"))
        for name in ("since", "first_built_at"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, aware(getattr(self, name), name))

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item in the order of the mail."""
        return tuple(item for filled in self.sections for item in filled.items)


EDIT_KINDS = (
    "pin", "drop", "move", "promote", "boost", "merge", "split", "lead", "rewrite", "related", "add", "note",
    "intro", "subject", "preheader", "sponsor", "correct", "undo", "redo",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One change by a person. Append-only; the draft is the base with all of these applied."""

    kind: str  # one of EDIT_KINDS
    target: str = ""  # a story id, or what the kind needs (an edit's sequence for undo)
    value: Mapping[str, Any] = field(default_factory=dict)  # JSON: {"section": "trade", "place": 1}
    by: str  # who
    at: datetime  # when
    sequence: int = 0  # 1, 2, 3 … within its edition; 0 = not stored yet

    def __post_init__(self) -> None:
        """Refuse naive instants and unknown kinds."""
        object.__setattr__(self, "at", aware(self.at, "at"))
        if self.kind not in EDIT_KINDS:
            raise ValueError(f"unknown kind of edit {self.kind!r}")


@dataclass(frozen=True, kw_only=True)
class EditionRecord:
    """An edition as the store keeps it: base, edits, and where it stands."""

    digest: str
    day: date
    state: EditionState
    base: Edition | None = None  # None for a day that was skipped before anything was built
    edits: tuple[Edit, ...] = ()  # in order
    number: int | None = None  # given at the first approval
    version: str = ""  # hash of the stored parts once approved
    reason: str = ""  # why skipped or stopped
    held: bool = False  # an editor said hold: no automatic approval
    draft: int = 0  # grows with each edit and each base that prints something else: what an approval is asked of
    opens: ClockTime | None = None  # local; when its hand-over begins, where an editor moved it
    approved_at: datetime | None = None
    approved_by: str = ""
    published_at: datetime | None = None  # its page and images are online, unlisted
    listed_at: datetime | None = None  # in archive, feeds and search
    retracted_at: datetime | None = None  # taken off the archive
    retraction: str = ""  # why, as told to readers


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """An edition in one language, whole, with cut marks and slots (grammar in digest/render/__init__.py)."""

    language: str  # BCP 47
    subject: str  # of the whole edition
    preheader: str  # of the whole edition
    html: str  # with cut marks and slots
    text: str  # with cut marks and slots
    nonce: str  # 12 hex digits inside every mark and slot, so that foreign text cannot hold one
    findings: tuple[Finding, ...] = ()  # what the theme itself has to say: contrasts too weak
    cuts: tuple[str, ...] = ()  # what was shortened or dropped to fit, one line each
    counted: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # slot -> plural category -> "{n} stories"
