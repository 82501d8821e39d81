"""A rendered edition, MIME-encoded once and cut at marks and slots; a message body is a join of its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from digest.mail.encoding import SOFT, quoted
from digest.model.editions import Edition, Rendered
from digest.model.mail import Parts, Segment
from digest.model.pieces import Piece, holds, split


def encode(rendered: Rendered, edition: Edition, *, number: int, language: str) -> Parts:
    """Return the parts of a rendered edition: what is stored at approval."""
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
        html=_segments(split(rendered.html, rendered.nonce)),
        text=_segments(split(rendered.text, rendered.nonce)),
        counted=rendered.counted,
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


def encoded_size(parts: Parts) -> int:
    """Return the bytes of the whole HTML part as encoded: what Gmail clips at 102,400."""
    return sum(len(segment.data) for segment in parts.html)
