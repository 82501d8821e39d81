"""Where messages are handed over: a relay (SMTP, LMTP), a program, or a folder. `via` makes one of its address.

Every kind is a Transport that opens Connections; a connection announces an envelope, then delivers its body with the
next envelope right behind it, so that a relay costs one round trip a message (facts: four times smtplib's speed).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from digest.mail.replies import Reply
from digest.model.mail import Envelope, Message


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An envelope that was not taken, and where it ended: "mail", "rcpt" or "data"."""

    reply: Reply
    phase: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What the relay answered to a body, and to the envelope announced behind it."""

    reply: Reply
    following: Refusal | None = None  # None: ready for its body, or there was none


class Cut(ConnectionError):
    """The connection ended. ``after_dot`` tells whether the relay may have the message: then it is in doubt."""

    def __init__(self, what: str, *, phase: str, after_dot: bool, reply: Reply | None = None) -> None:
        """``reply`` is the relay's answer to the body, where only the next envelope was cut off."""
        super().__init__(what)
        self.what, self.phase, self.after_dot, self.reply = what, phase, after_dot, reply


class Connection(Protocol):
    """One session. Raises Cut when it ends, RelayError and RelayUnreachable where the relay refuses us."""

    def probe(self, sender: str, size: int) -> None:
        """Ask whether mail from ``sender`` of ``size`` bytes would be taken; raises RelayError."""

    def announce(self, envelope: Envelope) -> Refusal | None:
        """Announce a message; None = its body may be written."""

    def deliver(self, message: Message, following: Envelope | None) -> Answered:
        """Write the announced body, and the next envelope behind it."""

    def abandon(self) -> None:
        """Close without the final dot: what was announced is not handed over."""

    def close(self) -> None:
        """End the session in good order."""


def name_of(transport: Transport) -> str:
    """Return what a transport calls its relay, for messages; "" where an extension's has no ``name``."""
    return str(getattr(transport, "name", ""))


class Transport(Protocol):
    """Opens connections."""

    def open(self) -> Connection:
        """Return a session; raises RelayError or RelayUnreachable before any envelope is written."""


@dataclass(frozen=True, kw_only=True)
class Via:
    """A `via` address, understood."""

    kind: str  # one of `digest.mail.via.KINDS`
    host: str = ""
    port: int = 0
    user: str = ""
    path: Path = Path()  # of a folder or socket
    tls: str = "required"  # "required", "none": said in words, or a loopback host
    auth: str = "password"  # or "xoauth2": the password is an access token

    @property
    def mails(self) -> bool:
        """Whether messages leave the machine's files."""
        return self.kind not in ("maildir", "eml")
