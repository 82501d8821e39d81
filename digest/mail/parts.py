"""A rendered edition, MIME-encoded once and cut at marks and slots; a message body is a join of its bytes.

Pictures are linked, or where nothing is online embedded: `Parts.pictures` holds those that the HTML shows, each under
the condition of the piece it stands in, so that a choice of sections carries no picture of the others.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping

from digest.mail.encoding import SOFT, quoted
from digest.model.editions import Edition, Rendered
from digest.model.mail import MailPicture, Parts, Segment
from digest.model.pieces import Piece, holds, split

Contents = Callable[[str], tuple[bytes, str] | None]
"""Bytes and media type of a picture's name, None for one nobody has."""

_SHOWN = re.compile(r'\bsrc="(?:cid:([\w.-]+)@([^"]+)|[^"]*/img/([\w.-]+))"')


def encode(
    rendered: Rendered, edition: Edition, *, number: int, language: str, contents: Contents | None = None
) -> Parts:
    """Return the parts of a rendered edition: what is stored at approval.

    ``contents`` gives the pictures to embed; without it they are named, not held.
    """
    pieces = split(rendered.html, rendered.nonce)
    filled = [each for each in edition.sections if each.items]
    return Parts(
        digest=edition.digest,
        day=edition.day,
        language=language,
        number=number,
        sections=tuple(each.section.slug for each in filled),
        headlines={each.section.slug: tuple(item.headline for item in each.items) for each in filled},
        words={
            each.section.slug: sum(len(f"{item.headline} {item.teaser}".split()) for item in each.items)
            for each in filled
        },
        subject=rendered.subject,
        preheader=rendered.preheader,
        fixed_subject=edition.subject_by_editor,
        fixed_preheader=edition.preheader_by_editor,
        html=_segments(pieces),
        text=_segments(split(rendered.text, rendered.nonce)),
        counted=rendered.counted,
        pictures=tuple(_pictures(pieces, contents)),
    )


def _pictures(pieces: Iterable[Piece], contents: Contents | None) -> Iterable[MailPicture]:
    """Yield each picture that the HTML shows, once, under all conditions it stands under."""
    conditions: dict[tuple[str, str], list[str]] = {}
    for piece in pieces:
        for embedded, domain, linked in _SHOWN.findall(piece.text):
            conditions.setdefault((embedded or linked, domain), []).append(piece.condition)
    for (name, domain), found in sorted(conditions.items()):
        picture = MailPicture(name=name, piece=_either(found))
        body = contents(name) if domain and contents is not None else None
        if body is not None:
            lines = base64.encodebytes(body[0]).replace(b"\n", b"\r\n")
            picture = MailPicture(
                name=name, piece=picture.piece, content_id=f"{name}@{domain}", media_type=body[1], data=lines
            )
        yield picture


def _either(conditions: Iterable[str]) -> str:
    """Return the condition that holds where one of these does; "" always does."""
    slugs: list[str] = []
    for condition in conditions:
        kind, _, named = condition.partition(":")
        if kind != "any":
            return ""
        slugs += [slug for slug in named.split(",") if slug not in slugs]
    return f"any:{','.join(slugs)}"


def related(parts: Parts, sections: tuple[str, ...] | None, mark: bytes) -> bytes:
    """Return the embedded pictures of a choice of sections as parts of a multipart/related; b"" for none."""
    return b"".join(
        b"--%s\r\n" % mark
        + f'Content-Type: {each.media_type}; name="{each.name}"\r\n'
        f"Content-Transfer-Encoding: base64\r\nContent-ID: <{each.content_id}>\r\n"
        f'Content-Disposition: inline; filename="{each.name}"\r\n\r\n'.encode("ascii")
        + each.data
        for each in parts.pictures
        if each.data and holds(each.piece, sections)
    )


def _segments(pieces: Iterable[Piece]) -> tuple[Segment, ...]:
    return tuple(
        Segment(piece=piece.condition, slot=piece.slot)
        if piece.slot
        else Segment(piece=piece.condition, data=run(piece.text))
        for piece in pieces
    )


def run(text: str) -> bytes:
    """Return text encoded so that anything may be joined behind it: at the start of an encoded line."""
    encoded, at_start = quoted(text)
    return encoded if at_start else encoded + SOFT


def chosen(segments: Iterable[Segment], sections: tuple[str, ...] | None) -> tuple[Segment, ...]:
    """Return the segments of a choice of sections: worked out once for all who made it."""
    return tuple(segment for segment in segments if not segment.piece or holds(segment.piece, sections))


def join(segments: Iterable[Segment], slots: Mapping[str, bytes]) -> bytes:
    """Return the encoded body of chosen segments; ``slots`` are encoded by `run`. Ends with CRLF."""
    pieces = [slots[segment.slot] if segment.slot else segment.data for segment in segments]
    pieces.append(b"\r\n")
    return b"".join(pieces)


def wire_size(parts: Parts) -> int:
    """Return about how many bytes a whole message has: both parts and the embedded pictures, headers aside."""
    words = sum(len(segment.data) for segment in (*parts.html, *parts.text))
    return words + sum(len(each.data) for each in parts.pictures)


def encoded_size(parts: Parts) -> int:
    """Return the bytes of the whole HTML part as encoded: what Gmail clips at 102,400."""
    return sum(len(segment.data) for segment in parts.html)
