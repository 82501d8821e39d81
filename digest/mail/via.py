"""The addresses of `via`: how one is written, and the transport it names."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from digest.errors import UsageError
from digest.mail.transport import Transport, Via

KINDS = ("smtp", "smtps", "lmtp", "sendmail", "maildir", "eml")


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
