"""Who gets it and what became of it: subscribers, parts, messages, deliveries. Frozen values; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from digest.dates import aware

Format = Literal["html", "text"]


class SubscriberStatus(StrEnum):
    """Whether a person is mailed. Only ACTIVE is; the others say why not."""

    ACTIVE = "active"
    PENDING = "pending"  # has not confirmed yet
    UNSUBSCRIBED = "unsubscribed"  # left
    BOUNCED = "bounced"  # the address refuses for good
    COMPLAINED = "complained"  # called it spam


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """A person who asked for the digest."""

    id: str  # random, never used again
    email: str  # as written; what is mailed
    email_key: str  # normalised; what is compared
    name: str = ""
    sections: tuple[str, ...] | None = None  # slugs, None = all
    digests: tuple[str, ...] = ("daily",)  # names of digests
    format: Format = "html"  # "html" comes with its text part, "text" without HTML
    language: str = ""  # BCP 47; "" = the publication's
    time_zone: str = ""  # IANA; "" = the publication's
    status: SubscriberStatus = SubscriberStatus.ACTIVE
    status_reason: str = ""  # why it is not active, or how it became so
    consent: Mapping[str, Any] = field(default_factory=dict)  # when, where from, the text shown
    paused_until: date | None = None  # nothing before this day
    attributes: Mapping[str, str] = field(default_factory=dict)  # further columns of the CSV, for templates
    weekdays_only: bool = False  # nothing on Saturdays and Sundays


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """Somebody asked for a digest with this address; nothing is mailed but the question whether it was she."""

    id: str  # random; what the confirmation link carries
    email: str  # as written
    email_key: str  # normalised
    name: str = ""
    digests: tuple[str, ...]
    sections: tuple[str, ...] | None = None  # None = all
    language: str = ""
    consent: Mapping[str, Any] = field(default_factory=dict)  # where from, the text shown
    asked_at: datetime
    confirmed_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        object.__setattr__(self, "asked_at", aware(self.asked_at, "asked_at"))
        if self.confirmed_at is not None:
            object.__setattr__(self, "confirmed_at", aware(self.confirmed_at, "confirmed_at"))


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """A promise not to mail an address, kept whatever is imported later."""

    email_key: str  # normalised address, or its keyed hash once erased
    digest: str = ""  # "" = every digest
    reason: str  # "unsubscribed", "complained", "bounced", "erased"
    at: datetime
    source: str = ""  # "one-click", "preferences page", "digest subscribers remove"

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        object.__setattr__(self, "at", aware(self.at, "at"))


class EditionKey(NamedTuple):
    """What names an edition in the ledger."""

    digest: str
    day: date


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A run of encoded bytes that always stands, or stands for some choices of sections, or a slot."""

    piece: str = ""  # "" = always; otherwise a condition, grammar in digest/render/__init__.py
    slot: str = ""  # name of a slot, then `data` is empty
    data: bytes = b""  # quoted-printable, ends where the next segment may begin


@dataclass(frozen=True, kw_only=True)
class MailPicture:
    """A picture that a mail shows: linked online, or embedded in it."""

    name: str  # "HASH.jpg", in the store and online
    piece: str = ""  # under which condition it is shown
    content_id: str = ""  # of an embedded one, without angle brackets; "" = linked
    media_type: str = ""  # of an embedded one
    data: bytes = b""  # of an embedded one: base64 in lines with CRLF


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A rendered edition, MIME-encoded once, cut at marks and slots; a message is a join of its bytes."""

    digest: str
    day: date
    language: str
    number: int  # of the edition
    sections: tuple[str, ...]  # slugs that hold items, in order: what a choice chooses from
    headlines: Mapping[str, tuple[str, ...]]  # slug -> headlines, for the subject of a choice
    words: Mapping[str, int]  # slug -> words, for the minutes of a choice
    subject: str  # of the whole edition, or the editor's
    preheader: str
    fixed_subject: bool  # an editor wrote it: every choice keeps it
    fixed_preheader: bool
    html: tuple[Segment, ...]
    text: tuple[Segment, ...]
    counted: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # slot -> plural category -> "{n} stories"
    pictures: tuple[MailPicture, ...] = ()  # every one the HTML shows


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """Who a transport is told about (RFC 5321), not the headers."""

    sender: str  # return path
    recipient: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """One person's message, ready for the wire but for dot-stuffing; lines end in CRLF."""

    envelope: Envelope
    message_id: str  # without angle brackets
    data: bytes
    dotted: bool = True  # whether a line may begin with a dot, so that it has to be looked for


class DeliveryState(StrEnum):
    """Where one person's copy stands (design §4)."""

    PLANNED = "planned"  # nobody works on it
    CLAIMED = "claimed"  # a sender holds a lease on it; nothing was written to the relay
    HANDED = "handed"  # a body may have been written; after a crash this is what is in doubt
    ACCEPTED = "accepted"  # the relay took responsibility (RFC 5321)
    DEFERRED = "deferred"  # the relay said "later" (4xx); `next_attempt` says when
    REFUSED = "refused"  # the relay said "never" (5xx) of this recipient
    IN_DOUBT = "in_doubt"  # cut after the final dot, or a sender died with it handed
    SUPPRESSED = "suppressed"  # the person left before the hand-over
    EXPIRED = "expired"  # too late, stopped, or given up; `reply` says which


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A row of the ledger: one edition, one person."""

    edition: EditionKey
    subscriber: str  # id
    state: DeliveryState
    attempts: int = 0
    next_attempt: datetime | None = None
    lease_until: datetime | None = None
    message_id: str = ""
    reply: str = ""  # the relay's last words, or why it expired


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A claimed row with everything a message needs."""

    subscriber: str  # id
    email: str
    name: str
    sections: tuple[str, ...] | None
    format: Format
    language: str
    attempts: int  # attempts before this one
    attributes: Mapping[str, str] = field(default_factory=dict)


class OutcomeKind(StrEnum):
    """What became of one hand-over."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    RETURNED = "returned"  # nothing was written: planned again, no attempt counted


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one connection learnt about one row."""

    subscriber: str  # id
    kind: OutcomeKind
    at: datetime
    code: int = 0  # SMTP reply code
    enhanced: str = ""  # RFC 3463, "5.1.1"
    reply: str = ""  # the relay's words
    phase: str = ""  # "mail", "rcpt", "data", "body", "dot": where it ended
    next_attempt: datetime | None = None  # of a deferred one

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        object.__setattr__(self, "at", aware(self.at, "at"))
        if self.next_attempt is not None:
            object.__setattr__(self, "next_attempt", aware(self.next_attempt, "next_attempt"))


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The ledger of one edition in figures; ``total`` is the sum of the states."""

    planned: int = 0
    claimed: int = 0
    handed: int = 0
    accepted: int = 0
    deferred: int = 0
    refused: int = 0
    in_doubt: int = 0
    suppressed: int = 0
    expired: int = 0

    @property
    def total(self) -> int:
        """The sum of all states."""
        return sum(getattr(self, state.value) for state in DeliveryState)

    @property
    def open(self) -> int:
        """Rows that a sender may still hand over: planned, claimed, handed and deferred."""
        return self.planned + self.claimed + self.handed + self.deferred


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One hand-over on record; append-only."""

    edition: EditionKey
    subscriber: str
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Rates:
    """`[delivery.rates]` and `[delivery.warm_up]`, as values; 0 = no limit."""

    per_second: float = 0.0
    per_hour: int = 0  # in any hour, counted by minutes
    per_domain: float = 0.0  # messages a second to any one recipient domain
    domains: Mapping[str, float] = field(default_factory=dict)  # the same for domains by name
    warm_up_from: date | None = None  # first day of the warm-up
    warm_up: tuple[int, ...] = ()  # most messages a day, from the first day on; afterwards there is no limit

    def daily(self, day: date) -> int:
        """Return how many messages may leave on a day; 0 = no limit."""
        if self.warm_up_from is None:
            return 0
        number = (day - self.warm_up_from).days
        return self.warm_up[max(number, 0)] if number < len(self.warm_up) else 0

    @property
    def counts(self) -> bool:
        """Whether what earlier processes handed over has to be known."""
        return bool(self.per_hour or self.warm_up)


class NoticeKind(StrEnum):
    """Mail that is no edition."""

    CONFIRM = "confirm"  # double opt-in
    APPROVAL = "approval"  # an edition waits for its editors
    ALERT = "alert"  # something needs an operator
    LINK = "link"  # a person's own links, on request


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Mail that is no edition, queued in its own outbox and sent by the same transport."""

    kind: NoticeKind
    recipient: str  # an address
    subject: str
    text: str  # plain text body
    key: str  # the same key is queued once: "feed-dead:URL:2026-11-23"
    at: datetime
    language: str = ""  # BCP 47 tag of its words; "" = the publication's

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        object.__setattr__(self, "at", aware(self.at, "at"))


@dataclass(frozen=True, kw_only=True)
class QueuedNotice:
    """A notice taken out of the outbox to be handed over."""

    notice: Notice
    attempts: int  # attempts before this one


@dataclass(frozen=True, kw_only=True)
class Bounce:
    """A message that came back, as understood."""

    recipient: str  # address or subscriber id, as far as known
    permanent: bool  # RFC 3463 class 5
    code: str = ""  # enhanced status code
    text: str = ""  # the diagnostic
