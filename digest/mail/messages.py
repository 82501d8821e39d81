"""One person's message: headers of our own writing around a join of the approved parts.

Headers that carry addresses and links are written by `digest.mail.encoding`, because `email.policy` breaks a URL over
about 75 characters into RFC 2047 words, which kills one-click unsubscribing (RFC 8058).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime, parseaddr
from functools import cached_property

from digest.mail.dkim import BodyHash, Field, Signer, canonical_fields
from digest.mail.encoding import address_header, header_text, one_line, url_header
from digest.mail.identity import domain_of, short_hash
from digest.mail.parts import chosen, related, run
from digest.model import links
from digest.model.editions import Publication
from digest.model.mail import Envelope, Format, Message, Parts, Planned, Segment
from digest.templating.counting import counted

WORDS_A_MINUTE = 230  # silent reading of news; Brysbaert (2019) gives 238 for non-fiction

_LEAF = b"Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
_TEXT, _HTML = _LEAF % b"text/plain", _LEAF % b"text/html"

LinksOf = Callable[[str], tuple[str, str]]
"""(unsubscribe_url, preferences_url) of a subscriber's id."""
LineOf = Callable[[Sequence[str]], str]
"""A subject or preheader of headlines."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A body but for what a person fills, worked out once a choice and format.

    Its runs are the approved bytes themselves, not copies, so that a thousand choices cost next to nothing.
    """

    content: bytes  # the header fields that say what the body is
    content_fields: tuple[Field, ...]  # the same, as they are signed
    pieces: tuple[bytes | str, ...]  # encoded runs, and names of slots that a person fills
    own: frozenset[str]  # those slots
    begun: BodyHash  # what comes before the first of them is hashed once
    dotted: bool  # whether a line may begin with a dot; looked for once, it takes a sixth of a hand-over


@dataclass
class Choice:
    """What a choice of sections decides, worked out once for all who made it."""

    subject: bytes  # the header
    frames: dict[Format, Frame]


@dataclass
class Writer:
    """Writes the messages of one edition in one language."""

    parts: Parts
    publication: Publication
    title: str  # of the digest, in List-Id
    return_path: str  # envelope sender
    date: datetime  # of the approval: a repeat carries the same
    links_of: LinksOf
    subject_of: LineOf
    preheader_of: LineOf
    signer: Signer | None = None  # DKIM
    sender_of: Callable[[str], str] | None = None  # a return path of each subscriber's own (VERP)
    request_of: Callable[[str], str] | None = None  # what a subscriber's mail to leave says in its subject
    page: str | None = None  # the edition's in a private archive; None = at its public address
    _choices: dict[tuple[str, ...] | None, Choice] = field(default_factory=dict)
    _common: bytes = b""
    _working_out: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, person: Planned) -> Message:
        """Return the message of one person; the same person and edition give the same bytes."""
        choice = self._choice(person.sections)
        frame = choice.frames[person.format]
        unsubscribe, preferences = self.links_of(person.subscriber)
        own = {
            "unsubscribe_url": unsubscribe,
            "preferences_url": preferences,
            "email": person.email,
            "name": one_line(person.name),
        }
        slots = {name: run(own[name]) for name in frame.own}
        body = b"".join([slots[piece] if isinstance(piece, str) else piece for piece in frame.pieces])
        message_id = self.message_id(person.subscriber)
        head = self._head(person, choice, message_id, unsubscribe)
        signatures = b""
        if self.signer is not None:
            fields = (*self._shared_fields, *canonical_fields(head), *frame.content_fields)
            signatures = self.signer.signatures(fields, frame.begun.of(body))
        sender = self.sender_of(person.subscriber) if self.sender_of else self.return_path
        envelope = Envelope(sender=sender, recipient=person.email)
        data = b"".join((signatures, self._shared(), head, frame.content, b"\r\n", body))
        return Message(envelope=envelope, message_id=message_id, data=data, dotted=frame.dotted)

    def message_id(self, subscriber: str) -> str:
        """Return the Message-ID of a person's copy, without angle brackets: a repeat is recognisable by it."""
        text = f"{self.parts.digest}\n{self.parts.day}\n{subscriber}"
        return f"{self.parts.digest}.{self.parts.day}.{short_hash(text)}@{self._domain}"

    @cached_property
    def _domain(self) -> str:
        return domain_of(self.publication)

    @cached_property
    def _boundary(self) -> bytes:
        # Neither quoted-printable nor base64 can hold "=_".
        return f"=_{short_hash(f'{self.parts.digest} {self.parts.day} {self.parts.language}')}".encode("ascii")

    @cached_property
    def _leaves(self) -> str:
        """The address that mails to leave go to: where bounces are read, if they are, so are those."""
        reply = parseaddr(self.publication.reply_to or self.publication.sender)[1]
        return self.return_path if self.request_of else reply

    def _leave_by_mail(self, subscriber: str) -> str:
        request = self.request_of(subscriber) if self.request_of else self.parts.digest
        return f"mailto:{self._leaves}?subject=unsubscribe%20{request}"

    def _choice(self, sections: tuple[str, ...] | None) -> Choice:
        choice = self._choices.get(sections)
        if choice is None:
            with self._working_out:  # every connection begins with the same one: it is worked out once, not by each
                choice = self._choices.get(sections) or self._worked_out(sections)
                self._choices[sections] = choice
        return choice

    def _worked_out(self, sections: tuple[str, ...] | None) -> Choice:
        parts = self.parts
        held = [slug for slug in parts.sections if sections is None or slug in sections]
        headlines = [headline for slug in held for headline in parts.headlines[slug]]
        whole = held == list(parts.sections)
        # Who chose only sections without a story and is told so gets the digest's name as the subject.
        subject = parts.subject if whole or parts.fixed_subject else self.subject_of(headlines) or self.title
        preheader = parts.preheader if whole or parts.fixed_preheader else self.preheader_of(headlines)
        minutes = max(1, round(sum(parts.words[slug] for slug in held) / WORDS_A_MINUTE))
        values = {
            "subject": subject,
            "preheader": preheader,
            "stories": counted(parts.counted.get("stories", {}), len(headlines), parts.language),
            "minutes": counted(parts.counted.get("minutes", {}), minutes, parts.language),
        }
        slots = {key: run(value) for key, value in values.items()}
        text, html = _pieces(parts.text, sections, slots), _pieces(parts.html, sections, slots)
        mark = self._boundary
        both: list[bytes | str] = [
            b"--%s\r\n%s\r\n" % (mark, _TEXT),
            *text,
            b"--%s\r\n" % mark,
            *self._with_pictures([b"%s\r\n" % _HTML, *html], sections),
            b"--%s--\r\n" % mark,
        ]
        frames: dict[Format, Frame] = {
            "text": _frame(_TEXT, text),
            "html": _frame(b'Content-Type: multipart/alternative; boundary="%s"\r\n' % mark, both),
        }
        return Choice(subject=header_text("Subject", subject), frames=frames)

    def _with_pictures(self, html: list[bytes | str], sections: tuple[str, ...] | None) -> list[bytes | str]:
        """Return the HTML part, in a multipart/related with the pictures it embeds (RFC 2387) where there are some."""
        mark = b"=_r" + self._boundary.removeprefix(b"=_")
        pictures = related(self.parts, sections, mark)
        if not pictures:
            return html
        kind = b'Content-Type: multipart/related; type="text/html"; boundary="%s"\r\n\r\n' % mark
        return [kind, b"--%s\r\n" % mark, *html, pictures, b"--%s--\r\n" % mark]

    def _head(self, person: Planned, choice: Choice, message_id: str, unsubscribe: str) -> bytes:
        leave = [unsubscribe] if unsubscribe else []
        leave.append(self._leave_by_mail(person.subscriber))
        head = [
            address_header("To", person.name, person.email),
            choice.subject,
            b"Message-ID: <" + message_id.encode("ascii", "ignore") + b">\r\n",
            url_header("List-Unsubscribe", leave),
        ]
        if unsubscribe.startswith("https:"):
            head.append(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
        return b"".join(head)

    @cached_property
    def _shared_fields(self) -> tuple[Field, ...]:
        return canonical_fields(self._shared())

    def _shared(self) -> bytes:
        """Return the headers that every copy has, written once."""
        if not self._common:
            publication, parts = self.publication, self.parts
            name, address = parseaddr(publication.sender)
            lines = [
                address_header("From", name, address),
                b"Date: " + format_datetime(self.date).encode("ascii") + b"\r\n",
                b"MIME-Version: 1.0\r\n",
                _list_id(self.title, parts.digest, self._domain),
                header_text("Feedback-ID", f"{parts.day}:{parts.digest}:digest:{self._domain}"),
                b"Precedence: list\r\n",
                b"Auto-Submitted: auto-generated\r\n",
                header_text("Content-Language", parts.language),
            ]
            if publication.reply_to:
                lines.append(address_header("Reply-To", *parseaddr(publication.reply_to)))
            if self.page is not None:
                lines += [url_header("Archived-At", [self.page])] if self.page else []
            elif publication.public_url:
                home = links.digest_url(publication.public_url, parts.digest)
                page = links.edition_url(publication.public_url, parts.digest, parts.day)
                lines += [url_header("List-Archive", [home]), url_header("Archived-At", [page])]
            self._common = b"".join(lines)
        return self._common


def _pieces(
    segments: Sequence[Segment], sections: tuple[str, ...] | None, slots: Mapping[str, bytes]
) -> list[bytes | str]:
    """Return a choice's runs, the slots it decides filled, the names of others left; the last run ends with CRLF."""
    taken = chosen(segments, sections)
    return [*(slots.get(each.slot, each.slot) if each.slot else each.data for each in taken), b"\r\n"]


def _frame(content: bytes, pieces: Sequence[bytes | str]) -> Frame:
    beginning = itertools.takewhile(lambda piece: isinstance(piece, bytes), pieces)
    return Frame(
        content=content,
        content_fields=canonical_fields(content),
        pieces=tuple(pieces),
        own=frozenset(piece for piece in pieces if isinstance(piece, str)),
        begun=BodyHash(b"".join(piece for piece in beginning if isinstance(piece, bytes))),
        # What a person fills cannot begin a line with a dot: `run` writes "=2E" there.
        dotted=any(isinstance(piece, bytes) and (b"\n." in piece or piece.startswith(b".")) for piece in pieces),
    )


def _list_id(title: str, digest: str, domain: str) -> bytes:
    """Return List-Id (RFC 2919): stable over the years, per digest."""
    return header_text("List-Id", one_line(title).replace("<", "").replace(">", ""))[:-2] + (
        f"\r\n <{digest}.{domain}>\r\n".encode("ascii", "ignore")
    )
