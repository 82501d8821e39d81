"""The edits of an edition as sentences: who did what, when, and which of them stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from digest.editions.rearrange import text
from digest.model.editions import Edit
from digest.model.news import Story
from digest.pipeline.editing import stories_in
from digest.wiring.drafts import Draft

_DID = {
    "pin": "pinned",
    "drop": "dropped",
    "move": "moved",
    "promote": "put at the top",
    "boost": "boosted",
    "merge": "joined to another event",
    "split": "took out of its event",
    "lead": "chose as the lead",
    "rewrite": "rewrote",
    "related": "changed the lines under",
    "add": "added",
    "correct": "corrected",
}
_WHOLE = {"intro": "wrote the intro", "subject": "wrote the subject", "preheader": "wrote the preheader"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the history."""

    sequence: int
    time: str
    who: str  # "You" or a name
    did: str  # "pinned"
    what: str  # the headline or words it is about, "" where `did` says all
    after: str  # "to place 2 of Trade"
    stands: bool
    can_redo: bool


def history(draft: Draft, zone: ZoneInfo, viewer: str) -> Iterator[Entry]:
    """Yield the edits, the newest first, without undo and redo themselves: what they did shows in what stands."""
    known: dict[str, Story] = {}
    assert draft.record.base is not None
    for edition in (draft.edition, draft.record.base):
        for story, _, _ in stories_in(edition):
            known.setdefault(story.id, story)
    titles = {filled.section.slug: filled.section.title for filled in draft.edition.sections}
    stand = {edit.sequence for edit in draft.standing}
    for edit in reversed(draft.record.edits):
        if edit.kind in ("undo", "redo"):
            continue
        did, what, after = _said(edit, known, titles)
        yield Entry(
            sequence=edit.sequence,
            time=edit.at.astimezone(zone).strftime("%H:%M"),
            who="You" if edit.by == viewer else edit.by,
            did=did,
            what=what,
            after=after,
            stands=edit.sequence in stand,
            can_redo=edit.sequence not in stand,
        )


def _said(edit: Edit, known: dict[str, Story], titles: dict[str, str]) -> tuple[str, str, str]:
    value = edit.value
    if edit.kind in _WHOLE:
        said = text(value, "text")
        return (_WHOLE[edit.kind], said, "") if said else (_WHOLE[edit.kind].replace("wrote", "cleared"), "", "")
    if edit.kind == "note" and not edit.target:
        return "added a note", text(value, "text"), ""
    if edit.kind == "note":
        did = "wrote a note under" if text(value, "text") else "took away the note under"
    elif edit.kind == "sponsor":
        return ("took out the sponsor" if value.get("remove") else "set the sponsor"), text(value, "name"), ""
    else:
        did = _DID.get(edit.kind, edit.kind)
    story = known.get(edit.target)
    what = text(value, "headline") or (story.headline if story is not None else edit.target)
    return did, what, _where(edit, titles)


def _where(edit: Edit, titles: dict[str, str]) -> str:
    section, place = titles.get(text(edit.value, "section"), ""), edit.value.get("place")
    if edit.kind not in ("pin", "move", "add"):
        return ""
    said = f"to place {place}" if place else "last"
    return f"{said} of {section}" if section else said if place else ""
