"""What Gmail, Yahoo and Microsoft ask of a bulk mail's headers (their sender rules of 2024, RFC 5322, RFC 8058)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from digest.check.codes import found
from digest.check.hosts import domain_of
from digest.check.message import Letter, text_of, texts_of
from digest.model.editions import Finding

_LONGEST_LINE = 998  # bytes without CRLF (RFC 5322 §2.1.1)
_ONCE = ("From", "Date", "Message-ID", "Subject", "To", "Reply-To", "MIME-Version")
_MESSAGE_ID = re.compile(r"<[^<>\s@]+@([^<>\s@]+)>")
_LIST_ID = re.compile(r"<[^<>\s]+\.[^<>\s]+>\s*\Z")
_FREE = frozenset(
    {"gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "aol.com", "outlook.com", "hotmail.com", "live.com",
     "icloud.com", "me.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "mail.ru", "proton.me", "protonmail.com"}
)  # fmt: skip


def check_headers(letter: Letter) -> Iterator[Finding]:
    """Check a message's headers and lines."""
    message, raw = letter.fields, letter.raw
    yield from _identity(message, letter.sender_domain)
    yield from _leaving(message)
    yield from _list(message)
    yield from _signature(message)
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    if not head.isascii():
        yield found("header-8bit", "header", "a header field holds bytes that are not ASCII")
    if not text_of(message, "MIME-Version"):
        yield found("mime-version", "MIME-Version", "it is missing")
    long = max((len(line.rstrip(b"\r")) for line in raw.split(b"\n")), default=0)
    if long > _LONGEST_LINE:
        yield found("line-length", "mail", f"a line has {long:,} bytes; relays break lines above {_LONGEST_LINE}")


def _identity(message: Message, sender: str) -> Iterator[Finding]:
    for name in ("From", "Date", "Message-ID", "To"):
        if not text_of(message, name):
            yield found(f"header-{name.lower()}", name, "it is missing")
    for name in _ONCE:
        if len(texts_of(message, name)) > 1:
            yield found("header-twice", name, "it stands there more than once")
    senders = _addresses(texts_of(message, "From"))
    if len(senders) > 1:
        yield found("header-from", "From", f"it names {len(senders)} addresses", "name one")
    elif text_of(message, "From") and not sender:
        yield found("header-from", "From", "it holds no address")
    if sender in _FREE:
        yield found("from-free", "From", f"it is an address at {sender}, which asks others to refuse such mail")
    if text_of(message, "Date") and not _is_date(text_of(message, "Date")):
        yield found("header-date", "Date", f"{text_of(message, 'Date')[:60]!r} is no date")
    said = text_of(message, "Message-ID")
    form = _MESSAGE_ID.fullmatch(said)
    if said and form is None:
        yield found("header-message-id", "Message-ID", f"{said[:60]!r} is not of the form <word@host>")
    elif form is not None and sender and domain_of(form[1].lower()) != domain_of(sender):
        yield found("message-id-domain", "Message-ID", f"it is of {form[1][:80]}, and From of {sender[:80]}")


def _addresses(values: list[str]) -> list[tuple[str, str]]:
    try:
        return getaddresses(values)
    except Exception:  # the email package raises many kinds on fields nobody should write
        return []


def _is_date(text: str) -> bool:
    try:
        parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
    return True


def _leaving(message: Message) -> Iterator[Finding]:
    leave = text_of(message, "List-Unsubscribe")
    if not leave:
        yield found("list-unsubscribe", "List-Unsubscribe", "it is missing")
    elif "<https:" not in leave.lower():
        yield found("list-unsubscribe-https", "List-Unsubscribe", "it has no https address, so one click does not work")
    elif text_of(message, "List-Unsubscribe-Post").replace(" ", "") != "List-Unsubscribe=One-Click":
        said = "it is missing or wrong, so Gmail and Yahoo offer no one-click unsubscribe"
        yield found("one-click", "List-Unsubscribe-Post", said)


def _list(message: Message) -> Iterator[Finding]:
    name = text_of(message, "List-Id")
    if not name:
        yield found("list-id", "List-Id", "it is missing")
    elif not _LIST_ID.search(name):
        yield found("list-id", "List-Id", f"{name[:60]!r} is not of the form <name.example.org>")
    if text_of(message, "Precedence").lower() not in ("list", "bulk"):
        yield found("precedence", "Precedence", "it is not list or bulk")
    if not text_of(message, "Auto-Submitted"):
        yield found("auto-submitted", "Auto-Submitted", "it is missing")


def _signature(message: Message) -> Iterator[Finding]:
    signatures = texts_of(message, "DKIM-Signature")
    if not signatures:
        yield found("dkim", "DKIM-Signature", "the message is not signed")
        return
    covered = {
        name.strip().lower()
        for signature in signatures
        for match in re.findall(r"(?:^|;)\s*h\s*=([^;]*)", signature)
        for name in match.split(":")
    }
    missing = [name for name in ("List-Unsubscribe", "List-Unsubscribe-Post") if name.lower() not in covered]
    if missing and text_of(message, "List-Unsubscribe"):
        yield found("dkim-covers", "DKIM-Signature", f"it does not cover {' and '.join(missing)}")
