"""Mail that is no edition: one notice written as a message. A repeat has the same Message-ID and so is recognisable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr

from digest.mail.encoding import address_header, header_text, quoted
from digest.mail.identity import domain_of, short_hash
from digest.model.editions import Publication
from digest.model.mail import Envelope, Message, Notice

_LEAF = "Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class NoticeWriter:
    """Writes notices in the name of a publication."""

    publication: Publication
    return_path: str  # envelope sender
    html_of: Callable[[Notice], str]  # the same words as HTML

    def __call__(self, notice: Notice) -> Message:
        """Return the message of a notice: text, and the same as HTML; nothing in it can break out of its header."""
        recipient = parseaddr(notice.recipient)[1] if "<" in notice.recipient else notice.recipient
        message_id = f"notice.{short_hash(notice.key)}@{domain_of(self.publication)}"
        mark = f"=_{short_hash(f'{notice.key} parts')}"
        head = [
            address_header("From", *parseaddr(self.publication.sender)),
            address_header("To", "", recipient),
            header_text("Subject", notice.subject),
            b"Date: " + format_datetime(notice.at).encode("ascii") + b"\r\n",
            b"Message-ID: <" + message_id.encode("ascii", "ignore") + b">\r\n",
            b"MIME-Version: 1.0\r\n",
            b"Auto-Submitted: auto-generated\r\n",
            header_text("Content-Language", notice.language or self.publication.language),
        ]
        if self.publication.reply_to:
            head.append(address_header("Reply-To", *parseaddr(self.publication.reply_to)))
        body = (
            f'Content-Type: multipart/alternative; boundary="{mark}"\r\n\r\n'.encode("ascii")
            + _leaf(mark, "plain", self._text(notice))
            + _leaf(mark, "html", self.html_of(notice))
            + f"--{mark}--\r\n".encode("ascii")
        )
        envelope = Envelope(sender=self.return_path, recipient=recipient)
        return Message(envelope=envelope, message_id=message_id, data=b"".join(head) + body)

    def _text(self, notice: Notice) -> str:
        signature = [self.publication.name, self.publication.postal_address]
        return f"{notice.text.rstrip()}\n\n-- \n" + "\n".join(line for line in signature if line) + "\n"


def _leaf(mark: str, kind: str, text: str) -> bytes:
    return f"--{mark}\r\n{_LEAF.format(kind=kind)}".encode("ascii") + quoted(text)[0] + b"\r\n"
