"""What comes back by mail: bounces, complaints, requests to leave. Frozen values; no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from digest.model.mail import Bounce, EditionKey


class ReturnKind(StrEnum):
    """What a message that came back is."""

    BOUNCE = "bounce"  # a copy could not be delivered
    COMPLAINT = "complaint"  # a reader called it spam (RFC 5965)
    LEAVE = "leave"  # a reader asks to leave, by the address of List-Unsubscribe
    AUTOMATIC = "automatic"  # an absence note, a delay warning: nothing follows from it
    UNKNOWN = "unknown"  # nothing we understand


@dataclass(frozen=True, kw_only=True)
class Returned:
    """A message that came back, as far as its own words go: nothing in it is believed until a signature proves it."""

    kind: ReturnKind
    came_to: tuple[str, ...] = ()  # addresses it was delivered to; one may be a signed return path
    requests: tuple[str, ...] = ()  # "daily.ID.MAC" of subjects and of our headers that it quotes
    bounces: tuple[Bounce, ...] = ()  # of a bounce; with signed return paths the recipients are not needed


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Whose copy it was, proved by a signature."""

    subscriber: str
    digest: str
    edition: EditionKey | None = None  # None = known only to be of that digest


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What is kept of a message that came back."""

    fingerprint: str  # SHA-256 of its bytes
    kind: str  # ReturnKind
    subscriber: str = ""  # "" = nobody we know
    day: date | None = None  # of the edition, or the day it was read
    permanent: bool = False
    code: str = ""
    reply: str = ""
