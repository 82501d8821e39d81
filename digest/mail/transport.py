"""Where messages are handed over: a relay (SMTP, LMTP), a program, or a folder. The address is `[delivery] via`.

Every kind is a Transport that opens Connections; a connection announces an envelope, then delivers its body with the
next envelope right behind it, so that a relay costs one round trip a message (facts: four times smtplib's speed).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from digest.errors import UsageError
from digest.mail.replies import Reply
from digest.model.mail import Envelope, Message

KINDS = ("smtp", "smtps", "lmtp", "sendmail", "maildir", "eml")


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


class Transport(Protocol):
    """Opens connections."""

    def open(self) -> Connection:
        """Return a session; raises RelayError or RelayUnreachable before any envelope is written."""


@dataclass(frozen=True, kw_only=True)
class Via:
    """A `via` address, understood."""

    kind: str  # one of KINDS
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


def parse_via(text: str, base: Path) -> Via:
    """Return an address of `via`; raise UsageError saying how it is written. Relative folders start from ``base``."""
    kind, separator, rest = text.partition(":")
    if not separator or kind not in KINDS:
        raise UsageError(
            f"{text!r} is no way to deliver",
            where="via",
            fix="write smtp://user@host:587, smtps://…, lmtp://…, eml:DIR",
        )
    if kind in ("eml", "maildir"):
        if not rest:
            raise UsageError(f"{text!r} names no folder", where="via", fix=f"write {kind}:DIR")
        return Via(kind=kind, path=(base / unquote(rest.removeprefix("//"))).absolute())
    if kind == "sendmail":
        return Via(kind=kind, path=Path(rest or "/usr/sbin/sendmail"))
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UsageError(f"{text!r} has no valid port", where="via", fix="write smtp://host:587") from None
    if parts.password:
        raise UsageError("a password stands in the address", where="via", fix="set DIGEST_RELAY_PASSWORD instead")
    if kind == "lmtp" and not parts.hostname:
        return Via(kind=kind, path=Path(parts.path), tls="none")
    if not parts.hostname:
        raise UsageError(f"{text!r} names no host", where="via", fix="write smtp://host:587")
    default_tls = "none" if is_loopback(parts.hostname) or kind == "lmtp" else "required"
    tls = parse_qs(parts.query).get("tls", [default_tls])[0]
    if tls not in ("required", "none"):
        raise UsageError(f"tls={tls} is unknown", where="via", fix="write tls=required or tls=none")
    auth = parse_qs(parts.query).get("auth", ["password"])[0]
    if auth not in ("password", "xoauth2"):
        raise UsageError(f"auth={auth} is unknown", where="via", fix="write auth=xoauth2, or nothing for a password")
    default = {"smtp": 587, "smtps": 465, "lmtp": 24}[kind]
    return Via(
        kind=kind, host=parts.hostname, port=port or default, user=unquote(parts.username or ""), tls=tls, auth=auth
    )


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host.lower() in ("localhost", "localhost.localdomain"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def transport(via: Via, *, password: str, timeout_s: float, hostname: str) -> Transport:
    """Return the transport of an address; nothing is opened yet. ``hostname`` is what we say in EHLO."""
    if via.kind in ("eml", "maildir", "sendmail"):
        from digest.mail.folders import EmlFolder, Maildir, Sendmail

        if via.kind == "eml":
            return EmlFolder(via.path)
        return Maildir(via.path) if via.kind == "maildir" else Sendmail(via.path)
    from digest.mail.smtp import Relay

    return Relay(via, password=password, timeout_s=timeout_s, hostname=hostname)
