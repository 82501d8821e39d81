"""A message's bytes → its parts, its fields, and the domains it says are its sender's. Any bytes can be read."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

from digest.check.hosts import domains, host_of

_SENDERS = ("List-Unsubscribe", "List-Archive", "Archived-At", "List-Help")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One message as a reader gets it."""

    raw: bytes  # as it stands in the file
    fields: Message  # for `text_of` and `texts_of`; its parts are below
    html: str = ""
    text: str = ""
    order: tuple[str, ...] = ()  # "html" and "plain" as they stand in it
    attached: dict[str, bytes] = field(default_factory=dict)  # "cid:…" → what it leads to

    @property
    def subject(self) -> str:
        """The subject with its encoded words decoded (RFC 2047)."""
        said = text_of(self.fields, "Subject")
        try:
            return str(make_header(decode_header(said)))
        except Exception:  # the email package raises many kinds on fields nobody should write
            return said

    @property
    def sender_domain(self) -> str:
        """The domain of From in lower case, "" without one."""
        address = parseaddr(text_of(self.fields, "From"))[1]
        return address.rpartition("@")[2].lower() if "@" in address else ""

    @property
    def own(self) -> frozenset[str]:
        """The domains it says are its sender's."""
        hosts = [self.sender_domain]
        for name in _SENDERS:
            for value in texts_of(self.fields, name):
                hosts.extend(host_of(url.strip(" <>\r\n\t")) for url in value.split(","))
        return domains(hosts)


def letter(raw: bytes) -> Letter:
    """Return a message; raise ValueError where its parts are nested too deeply to be read."""
    try:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        parts = list(message.walk())
    except RecursionError:
        raise ValueError("its parts are nested too deeply") from None
    bodies: dict[str, str] = {}
    attached: dict[str, bytes] = {}
    for part in parts:
        if part.is_multipart():
            continue
        body = _body(part)
        name = text_of(part, "Content-ID").strip("<> ")
        if name:
            attached[f"cid:{name}"] = body
        kind = part.get_content_type().removeprefix("text/")
        if kind in ("html", "plain") and "attachment" not in text_of(part, "Content-Disposition").lower():
            bodies.setdefault(kind, _text(part, body))
    return Letter(
        raw=raw,
        fields=message,
        html=bodies.get("html", ""),
        text=bodies.get("plain", ""),
        order=tuple(bodies),
        attached=attached,
    )


def _body(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message, body: bytes) -> str:
    try:
        text = body.decode(str(part.get_content_charset() or "utf-8"), "replace")
    except Exception:  # a charset nobody knows, or one that is none
        text = body.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


def text_of(message: Message, name: str) -> str:
    """Return a header field as text, unfolded; "" where it is missing, or so broken that it cannot be read."""
    try:
        return " ".join(str(message.get(name) or "").split())
    except Exception:  # as above
        return ""


def texts_of(message: Message, name: str) -> list[str]:
    """Return each field of a name as text."""
    try:
        return [str(value) for value in message.get_all(name, [])]
    except Exception:  # as above
        return [""]
