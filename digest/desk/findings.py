"""What `check` found, each with what it comes from where that can be told: an item, or a text of the edition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from digest.model.editions import Finding, Item
from digest.model.pieces import join, split
from digest.pipeline.approving import Proof, inert_slots
from digest.wiring.drafts import Draft

NEAR = 8  # lines of the mail an item may take; what stands farther below it is not its own
_LINE = re.compile(r"html:(\d+)$")
_CUT = re.compile(r"“([^”]{8,})…”|(https?://\S{60,})")  # findings quote the beginning of a long headline or address
WORDS = {"subject": "Go to the subject", "preheader": "Go to the preheader", "intro": "Go to the intro"}


def said_of(finding: Finding) -> str:
    """Return a finding as a clause that can stand alone: "subject: it has 88 characters"."""
    return f"{finding.where}: {finding.message}" if finding.message.startswith("it ") else finding.message


@dataclass(frozen=True, kw_only=True)
class Found:
    """A finding and its cause."""

    finding: Finding
    cause: str = ""  # id of the item, or the name of a text of the edition; "" = the whole mail
    cause_words: str = ""  # "Go to place 6"

    @property
    def said(self) -> str:
        """What was found, with what it was found in."""
        return said_of(self.finding)


def lines_of(proof: Proof) -> tuple[str, ...]:
    """Return the lines of the mail that `html:12` counts."""
    rendered = proof.rendered
    return tuple(join(split(rendered.html, rendered.nonce), None, inert_slots(rendered, proof.edition)).split("\n"))


def cause_of(finding: Finding, draft: Draft, lines: Sequence[str] = ()) -> Found:
    """Return a finding with what it names: a text of the edition, or an item by its words, its address or its line."""
    if finding.where in WORDS:
        return Found(finding=finding, cause=finding.where, cause_words=WORDS[finding.where])
    items = draft.edition.items
    said = f"{finding.where} {finding.message}"
    cut = tuple("".join(each) for each in _CUT.findall(said))
    number = next((number for number, item in enumerate(items, 1) if _is_named(item, said, cut)), 0)
    place = _LINE.match(finding.where)
    if not number and place is not None:
        number = _at(int(place.group(1)), items, lines)
    if not number:
        return Found(finding=finding)
    return Found(finding=finding, cause=items[number - 1].cluster.id, cause_words=f"Go to place {number}")


def _names(item: Item) -> list[str]:
    picture = [item.picture.name] if item.picture is not None else []
    named = [item.cluster.lead.url, item.headline, *(line.url for line in item.related), *picture]
    return [each for each in named if each]


def _is_named(item: Item, said: str, cut: tuple[str, ...]) -> bool:
    return any(each in said or (cut and each.startswith(cut)) for each in _names(item))


def _at(line: int, items: Sequence[Item], lines: Sequence[str]) -> int:
    """Return the number of the item a line of the mail belongs to, 0 where it is none's."""
    for at in range(line, max(0, line - NEAR), -1):
        if at > len(lines):
            continue
        text = lines[at - 1]
        there = [
            number
            for number, item in enumerate(items, 1)
            if any(escape(each) in text or each in text for each in _names(item))
        ]
        if there:
            return there[-1] if at < line or len(there) == 1 else 0
    return 0
