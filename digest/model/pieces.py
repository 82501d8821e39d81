"""Cut marks and slots: how one rendered text serves every reader's choice.

A slot is ``%%NONCE.name%%``. A cut mark is ``<!--cut:NONCE:CONDITION-->``: what follows it, up to the next mark, stands
when CONDITION holds. Conditions are ``""`` (always), ``any:slug,slug`` (the reader's choice includes one of them) and
``asked:slug`` (the reader chose sections and named this one). The nonce is derived from the edition, so no feed can
write a mark or a slot. In plain text a mark stands on a line of its own and goes together with its newline.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A run of text that stands under a condition, or a slot."""

    condition: str = ""
    slot: str = ""  # then `text` is empty
    text: str = ""


def split(marked: str, nonce: str) -> tuple[Piece, ...]:
    """Return the pieces of a marked text, in order, without empty ones."""
    marks = re.compile(rf"<!--cut:{nonce}:([a-z0-9:,-]*)-->\n?|%%{nonce}\.([a-z_]+)%%")
    pieces: list[Piece] = []
    condition, end = "", 0
    for match in marks.finditer(marked):
        if match.start() > end:
            pieces.append(Piece(condition=condition, text=marked[end : match.start()]))
        end = match.end()
        if match.group(2):
            pieces.append(Piece(condition=condition, slot=match.group(2)))
        else:
            condition = match.group(1)
    if end < len(marked):
        pieces.append(Piece(condition=condition, text=marked[end:]))
    return tuple(pieces)


def holds(condition: str, sections: tuple[str, ...] | None) -> bool:
    """Tell whether a condition holds for a choice of sections; None = all of them, unasked."""
    kind, _, slugs = condition.partition(":")
    if not kind:
        return True
    if kind == "any":
        return sections is None or bool(set(slugs.split(",")) & set(sections))
    if kind == "asked":
        return sections is not None and slugs in sections
    raise ValueError(f"unknown condition {condition!r}")


def join(pieces: Iterable[Piece], sections: tuple[str, ...] | None, slots: Mapping[str, str]) -> str:
    """Return the text of a choice, its slots filled; raise KeyError for a slot without a value."""
    return "".join(
        slots[piece.slot] if piece.slot else piece.text for piece in pieces if holds(piece.condition, sections)
    )
