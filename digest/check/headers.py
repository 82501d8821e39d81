"""What Gmail, Yahoo and Microsoft ask of a bulk mail's headers (their sender rules of 2024, RFC 5322, RFC 8058)."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr

from digest.model.editions import Finding

_LONGEST_LINE = 998  # bytes without CRLF (RFC 5322 §2.1.1)
_ONCE = ("From", "Date", "Message-ID", "Subject", "To", "Reply-To", "MIME-Version")


def check_headers(message: EmailMessage, raw: bytes) -> Iterator[Finding]:
    """Check a message's headers and lines; ``raw`` are its bytes as they stand in the file."""
    for name in ("From", "Date", "Message-ID", "To"):
        if not message.get(name):
            yield _finding(f"header-{name.lower()}", "error", name, "it is missing", "every mail needs it")
    for name in _ONCE:
        if len(message.get_all(name, [])) > 1:
            yield _finding("header-twice", "error", name, "it stands there more than once", "keep one")
    senders = getaddresses([str(value) for value in message.get_all("From", [])])
    if len(senders) > 1:
        yield _finding("header-from", "error", "From", f"it names {len(senders)} addresses", "name one")
    elif senders and "@" not in parseaddr(str(message["From"]))[1]:
        yield _finding("header-from", "error", "From", "it holds no address", "write 'Name <news@example.org>'")
    yield from _leaving(message)
    long = max((len(line.rstrip(b"\r")) for line in raw.split(b"\n")), default=0)
    if long > _LONGEST_LINE:
        said = f"a line has {long} bytes; relays break lines above {_LONGEST_LINE}"
        yield _finding("line-length", "error", "mail", said, "encode the parts as quoted-printable")


def _leaving(message: EmailMessage) -> Iterator[Finding]:
    leave = str(message.get("List-Unsubscribe", ""))
    if not leave:
        fix = "add an https address of your own"
        yield _finding("list-unsubscribe", "error", "List-Unsubscribe", "it is missing", fix)
        return
    if "<https:" not in leave.lower():
        said = "it has no https address, so one click does not work"
        yield _finding("list-unsubscribe", "warning", "List-Unsubscribe", said, "add one beside mailto:")
    elif str(message.get("List-Unsubscribe-Post", "")).replace(" ", "") != "List-Unsubscribe=One-Click":
        said = "it is missing, so Gmail and Yahoo offer no one-click unsubscribe"
        yield _finding("one-click", "error", "List-Unsubscribe-Post", said, "write List-Unsubscribe=One-Click")


def _finding(code: str, severity: str, where: str, message: str, fix: str) -> Finding:
    return Finding(
        code=code, severity="error" if severity == "error" else "warning", where=where, message=message, fix=fix
    )
