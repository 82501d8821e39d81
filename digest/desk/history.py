"""The edits of an edition as sentences: who did what, when, and which of them stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from digest.editions.edit_words import did
from digest.editions.rearrange import text
from digest.wiring.drafts import Draft


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the history."""

    sequence: int
    time: str
    who: str  # "You" or a name
    did: str  # "rewrote the headline of place 2"
    said: str  # the words written, "" where there are none
    stands: bool


def history(draft: Draft, zone: ZoneInfo, viewer: str) -> Iterator[Entry]:
    """Yield the edits, the newest first, without undo and redo themselves: what they did shows in what stands."""
    base = draft.record.base
    stand = {edit.sequence for edit in draft.standing}
    for edit in reversed(draft.record.edits):
        if edit.kind in ("undo", "redo"):
            continue
        words = edit.kind in ("rewrite", "subject", "preheader", "note", "correct")
        yield Entry(
            sequence=edit.sequence,
            time=edit.at.astimezone(zone).strftime("%H:%M"),
            who="You" if edit.by == viewer else edit.by,
            did=did(edit, draft.edition, draft.record.edits, base),
            said=(text(edit.value, "headline") or text(edit.value, "text")) if words else "",
            stands=edit.sequence in stand,
        )
