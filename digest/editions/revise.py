"""Draft = base + edits, applied on read. Pure: the same base and edits give the same edition.

What each kind of edit takes (``target`` is a story id where nothing else is said; ``value`` is JSON):

=========== =========================== ==============================================================================
kind        value                       does
=========== =========================== ==============================================================================
pin         section?, place? (1)        holds an event at a place, above quotas; wins over everything before it
drop        reason?                     takes an event out
move        section?, place?            moves an event to a section, at a place or last
promote                                 makes an event the top item of its section
boost       boost                       adds to its score and lets it rise or fall within its section
merge       with: [story ids]           makes one event of several
split       with?, from?: [story ids]   takes a story (and those) out of its event, whose others are ``from``; it is
                                        listed first among the passed, and ranks by itself in the next base
lead                                    shows this story of its event
rewrite     headline?, kicker?, teaser? the words shown
related     related: [{headline, url,   replaces the lines under an item
            source?}]
add         section, place?, headline,  a story by URL, pinned
            url, teaser?, kicker?,
            source?, byline?, image?
note        text, after?                target "": a boxed line of the edition's; else a note under an item
intro       text, by?                   the editor's words at the top
subject     text                        "" = what compose writes
preheader   text                        "" = what compose writes
sponsor     name, label?, text?, url?,  adds or replaces a sponsor; remove: true takes one out
            image?, placement?, remove?
correct     text?, headline?, kicker?,  a correction after sending has begun: a note under the item and new words; with
            teaser?, withdraw?          withdraw: true its page and lists leave it out
undo        (target: a sequence or "")  takes back an edit, the last one still standing without a target
redo        (target: a sequence or "")  brings back an edit, the last one taken back without a target
=========== =========================== ==============================================================================

Structure comes first (merge, split, lead, add), then order, then drops and pins, then words: so pins and drops hold on
any base, also on one built later. An edit whose target is not there is kept and reported in ``health.notes``. What was
decided about an event that was joined to another since waits until it is split off again: the other keeps its place and
its words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from digest.editions import edition_words, rearrange
from digest.editions.board import Board
from digest.editions.compose import preheader_of, subject_of
from digest.model.editions import Edit, Edition

Step = Callable[[Board, Edit], str]
"""Applies an edit and returns what was wrong with it, or ""."""

_STRUCTURE: dict[str, Step] = {
    "merge": rearrange.merge,
    "split": rearrange.split,
    "lead": rearrange.lead,
    "add": rearrange.add,
}
_ORDER: dict[str, Step] = {"boost": rearrange.boost, "move": rearrange.move, "promote": rearrange.promote}
_HOLDS: dict[str, Step] = {"drop": rearrange.drop, "pin": rearrange.pin}
_WORDS: dict[str, Step] = {
    "rewrite": edition_words.rewrite,
    "related": edition_words.related,
    "note": edition_words.note_item,
    "correct": edition_words.correct,
}


def standing(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Return the edits that stand after every undo and redo, in order, without the undo and redo themselves."""
    done: list[Edit] = []
    undone: list[int] = []  # positions in `done`, the last taken back at the end
    for edit in sorted(edits, key=lambda each: each.sequence):
        if edit.kind == "undo":
            open_ = [at for at in range(len(done)) if at not in undone]
            at = _named(done, open_, edit.target)
            if at is not None:
                undone.append(at)
        elif edit.kind == "redo":
            at = _named(done, undone, edit.target)
            if at is not None:
                undone.remove(at)
        else:
            done.append(edit)
    return tuple(edit for at, edit in enumerate(done) if at not in undone)


def _named(done: Sequence[Edit], among: Sequence[int], target: str) -> int | None:
    if not target:
        return among[-1] if among else None
    return next((at for at in among if str(done[at].sequence) == target), None)


def apply(base: Edition, edits: Sequence[Edit]) -> Edition:
    """Return the edition a base becomes with its edits; never raises for an edit that does not fit: it is reported."""
    edits_now = standing(edits)
    if not edits_now:
        return base
    board = Board(base)
    joints = [edit for edit in edits_now if edit.kind in ("merge", "split")]
    problems: list[tuple[Edit, str]] = []
    for steps in (_STRUCTURE, _ORDER, _HOLDS, _WORDS):
        problems.extend(
            (edit, steps[edit.kind](board, edit))
            for edit in (_last_holds(edits_now) if steps is _HOLDS else edits_now)
            if edit.kind in steps and not (edit.kind == "note" and not edit.target) and not _waits(board, edit, joints)
        )
    edition = replace(base, sections=board.sections())
    edition = _with_subject(base, edition)
    for edit in edits_now:
        edition, problem = edition_words.of_edition(edition, edit)
        problems.append((edit, problem))
    notes = [_reported(edit, problem) for edit, problem in problems if problem]
    if not notes:
        return edition
    return replace(edition, health=replace(edition.health, notes=(*edition.health.notes, *notes)))


def _waits(board: Board, edit: Edit, joints: Sequence[Edit]) -> bool:
    """Return whether what an edit decided about was joined to another event since, which another story leads."""
    if edit.kind in _STRUCTURE:
        return False
    joined = False
    for later in joints:
        named = (later.target, *rearrange.texts(later.value, "with"))
        if later.sequence > edit.sequence and edit.target in named:
            joined = later.kind == "merge" and later.target != edit.target
    there = board.find(edit.target) if joined else None
    return there is not None and (edit.kind not in _WORDS or there[1].cluster.lead.id != edit.target)


def _last_holds(edits: Sequence[Edit]) -> list[Edit]:
    """Return the pins and drops that count, one a story: drops first, then pins by their place.

    Pins by place, so that each finds the places before it already taken and ends up exactly where it was put.
    """
    last = {edit.target: edit for edit in edits if edit.kind in _HOLDS}
    return sorted(last.values(), key=lambda edit: (edit.kind == "pin", rearrange.place_of(edit) or 1, edit.sequence))


def _with_subject(base: Edition, edition: Edition) -> Edition:
    """Return the edition with the subject and preheader its items now suggest, where no editor wrote them."""
    if [item.headline for item in base.items] == [item.headline for item in edition.items]:
        return edition
    headlines = [item.headline for item in edition.items]
    return replace(
        edition,
        subject=edition.subject if edition.subject_by_editor else subject_of(headlines),
        preheader=edition.preheader if edition.preheader_by_editor else preheader_of(headlines),
    )


def _reported(edit: Edit, problem: str) -> str:
    return f"edit {edit.sequence} ({edit.kind} by {edit.by}) had no effect: {problem}"
