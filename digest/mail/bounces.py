"""What a message that came back says: RFC 3464 reports, RFC 5965 complaints, requests to leave, and odd bounces.

Pure: bytes in, a value out; nothing a message claims is believed here. Of 117 real bounces only 19 are RFC 3464
(docs/explain/sending.md), so the others go to flufl.bounce, which knows the formats of old servers.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser
from email.policy import compat32
from email.utils import getaddresses

from digest.model.mail import Bounce
from digest.model.returned import Returned, ReturnKind

LARGEST = 2_000_000  # bytes read of a message
MOST_PARTS = 200
LONGEST_REPLY = 300  # characters of a diagnostic
_CAME_TO = ("Delivered-To", "X-Original-To", "X-Delivered-To", "Envelope-To", "To", "Cc")
# "daily.ID.MAC", as `ReturnPath.request` writes it.
_REQUEST = re.compile(r"unsubscribe(?:%20|[\s_]+)([a-z0-9-]+\.[A-Za-z0-9-]+\.[a-z2-7]{12})\b", re.I)
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_UNKNOWN_USER = re.compile(
    r"user unknown|unknown user|no such (?:user|recipient|mailbox|address)|(?:does not|doesn't) exist"
    r"|no mailbox here|mailbox (?:unavailable|not found|disabled)|recipient (?:address )?(?:rejected: user|unknown)"
    r"|account (?:has been )?(?:disabled|deleted|closed)|invalid recipient",
    re.I,
)
_ABSENT = re.compile(
    r"out of (?:the )?office|automatic reply|auto[- ]?reply|autoresponse|vacation|abwesen|automatische antwort"
    r"|absence|fuera de la oficina",
    re.I,
)
_AGAINST = frozenset({"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list"})  # RFC 5965 §7.3


def understood(raw: bytes) -> Returned:
    """Return what a message says; never raises, whatever it holds."""
    try:
        return _understood(email.message_from_bytes(raw[:LARGEST], policy=compat32))
    except Exception:  # the parser of the standard library meets what it never met before: kept, and counted
        return Returned(kind=ReturnKind.UNKNOWN)


def is_permanent(status: str, reply: str) -> bool:
    """Tell whether an address is gone for good (RFC 3463): class 5 and about the address or its mailbox.

    A full mailbox, a policy, a relay that is lost: those pass, though their class be 5 (docs/howto/bounces.md).
    """
    found = _STATUS.search(status) or _STATUS.search(reply)
    if found is None:
        return bool(re.search(r"\b55[0-4]\b", reply) and _UNKNOWN_USER.search(reply))
    kind, subject, detail = found.groups()
    if kind != "5":
        return False
    if subject == "1":
        return detail not in ("7", "8")  # those speak of the sender's address
    if (subject, detail) == ("2", "1"):
        return True
    return bool(_UNKNOWN_USER.search(reply))


def _understood(message: Message) -> Returned:
    parts = _parts(message)
    came_to = tuple(dict.fromkeys(_addresses(message)))
    requests = tuple(dict.fromkeys(_requests(message, parts)))
    complaint = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
    if complaint is not None:
        return _complaint(complaint, came_to, requests)
    report = [
        block for part in parts if part.get_content_type() == "message/delivery-status" for block in _blocks(part)
    ]
    if report:
        return _report(report, came_to, requests)
    own = tuple(_REQUEST.findall(_text(message.get("Subject", ""))))
    if own:
        return Returned(kind=ReturnKind.LEAVE, came_to=came_to, requests=own)
    if _is_automatic(message):
        return Returned(kind=ReturnKind.AUTOMATIC, came_to=came_to)
    bounces = _odd(message) or _plain(message, parts)
    if bounces:
        return Returned(kind=ReturnKind.BOUNCE, came_to=came_to, requests=requests, bounces=bounces)
    return Returned(kind=ReturnKind.UNKNOWN, came_to=came_to, requests=requests)


def _parts(message: Message) -> list[Message]:
    found = []
    for part in message.walk():
        found.append(part)
        if len(found) >= MOST_PARTS:
            break
    return found


def _text(value: object) -> str:
    """Return a header as text, bytes that are none of ours replaced."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _addresses(message: Message) -> Iterator[str]:
    for name in _CAME_TO:
        values = [_text(value) for value in message.get_all(name, [])]
        yield from (address.lower() for _, address in getaddresses(values) if "@" in address)


def _requests(message: Message, parts: list[Message]) -> Iterator[str]:
    """Yield the signed requests in the headers of ours that it sends back."""
    for part in parts:
        if part is not message:
            yield from _REQUEST.findall(_unfolded(part.get("List-Unsubscribe", "")))
        if part.get_content_type() == "text/rfc822-headers":
            quoted = HeaderParser(policy=compat32).parsestr(_body(part))
            yield from _REQUEST.findall(_unfolded(quoted.get("List-Unsubscribe", "")))


def _unfolded(value: object) -> str:
    return re.sub(r"\r?\n[ \t]+", "", _text(value))


def _body(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _blocks(part: Message) -> list[Message]:
    """Return the groups of fields of a report, which the parser keeps as messages."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)]
    return []


def _complaint(part: Message, came_to: tuple[str, ...], requests: tuple[str, ...]) -> Returned:
    blocks = _blocks(part)
    fields = blocks[0] if blocks else HeaderParser(policy=compat32).parsestr(_body(part))
    kind = _text(fields.get("Feedback-Type", "")).strip().lower()
    recipients = [_address(value) for value in fields.get_all("Original-Rcpt-To", [])]
    return Returned(
        kind=ReturnKind.COMPLAINT if kind in _AGAINST else ReturnKind.AUTOMATIC,
        came_to=came_to,
        requests=requests,
        bounces=tuple(Bounce(recipient=each, permanent=True, text=kind) for each in recipients if each),
    )


def _report(blocks: list[Message], came_to: tuple[str, ...], requests: tuple[str, ...]) -> Returned:
    failed, others = [], 0
    for block in blocks:
        action = _text(block.get("Action", "")).strip().lower()
        if not action:
            continue  # the fields of the message as a whole
        if action != "failed":
            others += 1
            continue
        recipient = _address(block.get("Original-Recipient") or block.get("Final-Recipient") or "")
        status = _text(block.get("Status", "")).strip()
        reply = " ".join(_unfolded(block.get("Diagnostic-Code", "")).partition(";")[2].split())[:LONGEST_REPLY]
        found = _STATUS.search(status)
        code = found.group() if found else ""
        failed.append(Bounce(recipient=recipient, permanent=is_permanent(code, reply), code=code, text=reply or status))
    if failed:
        return Returned(kind=ReturnKind.BOUNCE, came_to=came_to, requests=requests, bounces=tuple(failed))
    kind = ReturnKind.AUTOMATIC if others else ReturnKind.UNKNOWN
    return Returned(kind=kind, came_to=came_to, requests=requests)


def _address(value: object) -> str:
    """Return the address of a field such as "rfc822; ada@example.org"."""
    text = _text(value)
    text = text.partition(";")[2] if ";" in text else text
    return text.strip().strip("<>").lower()


def _is_automatic(message: Message) -> bool:
    """Tell whether a program answered (RFC 3834 and what older ones write), and no server reported."""
    submitted = _text(message.get("Auto-Submitted", "")).strip().lower()
    if submitted.startswith("auto-replied"):
        return not _from_server(message)
    if message.get("X-Autoreply") or message.get("X-Autorespond") or message.get("X-Auto-Response-Suppress"):
        return not _from_server(message)
    if _text(message.get("Precedence", "")).strip().lower() == "auto_reply":
        return True
    return bool(_ABSENT.search(_text(message.get("Subject", "")))) and not _from_server(message)


def _from_server(message: Message) -> bool:
    sender = _text(message.get("From", "")).lower()
    null = _text(message.get("Return-Path", "x")).strip() == "<>"
    return null or any(name in sender for name in ("mailer-daemon", "postmaster", "mail delivery"))


def _odd(message: Message) -> tuple[Bounce, ...]:
    """Return what flufl.bounce makes of it; of odd messages it raises, and then nothing."""
    from flufl.bounce import all_failures

    try:
        passing, lasting = all_failures(message)
    except Exception:  # each of its many detectors meets what it never met before
        return ()
    found = [(address, True) for address in lasting] + [(address, False) for address in passing - lasting]
    named = ((address.decode("utf-8", "replace"), permanent)
             for address, permanent in found)  # fmt: skip
    return tuple(Bounce(recipient=address.lower(), permanent=permanent) for address, permanent in sorted(named))


def _plain(message: Message, parts: list[Message]) -> tuple[Bounce, ...]:
    """Return what a server wrote in words of its own: whose copy it was, only a signed return path can tell."""
    if not _from_server(message):
        return ()
    text = " ".join(_body(part)[:20_000] for part in parts if part.get_content_type() == "text/plain")
    found = next((match for match in _STATUS.finditer(text) if match.group(1) in "45"), None)
    if found is None and not _UNKNOWN_USER.search(text):
        return ()
    code = found.group() if found else ""
    line = next((line.strip() for line in text.splitlines() if code and code in line), "")
    line = line or next((line.strip() for line in text.splitlines() if _UNKNOWN_USER.search(line)), "")
    permanent = is_permanent(code, line) if code else True
    return (Bounce(recipient="", permanent=permanent, code=code, text=" ".join(line.split())[:LONGEST_REPLY]),)
