"""What an edit did, in words: for the history, and for whoever looked at an older draft. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from digest.editions.board import tells
from digest.model.editions import Edit, Edition

_WORDS = ("headline", "kicker", "teaser")
_SHORT = 48  # characters of a headline that stands for its story


def did(edit: Edit, edition: Edition, edits: Sequence[Edit] = (), base: Edition | None = None) -> str:
    """Return what an edit did without who did it: "dropped “Wheat is dear”".

    Stories are named by their headline in ``edition``, else in ``base``; one that was rewritten by its place, for the
    words tell the rest. ``edits`` are those of the edition, so that an undo can say what it took back.
    """
    if edit.kind in ("undo", "redo"):
        verb = "took back" if edit.kind == "undo" else "brought back"
        meant = next((each for each in edits if str(each.sequence) == edit.target), None)
        return (
            f"{verb} that {meant.by} {did(meant, edition, (), base)}"
            if meant is not None
            else f"{verb} the last change"
        )
    if edit.kind in ("subject", "preheader", "intro"):
        return f"wrote the {edit.kind}" if edit.value.get("text") else f"took the {edit.kind} out"
    if edit.kind == "sponsor":
        verb = "took out" if edit.value.get("remove") else "changed"
        return f"{verb} the sponsor {edit.value.get('name', '')}".rstrip()
    if edit.kind == "note" and not edit.target:
        return "wrote a note"
    if edit.kind == "add":
        return f"added {_quoted(str(edit.value.get('headline', '')))}"
    if edit.kind in ("rewrite", "correct"):
        what = _place_of(edit.target, edition) or name_of(edit.target, edition, base)
        words = [name for name in _WORDS if name in edit.value]
        verb = "rewrote" if edit.kind == "rewrite" else "corrected"
        return f"{verb} the {' and '.join(words)} of {what}" if words else f"{verb} {what}"
    what = name_of(edit.target, edition, base)
    return _OF_STORIES[edit.kind].format(what=what, up=_up(edit)) + _where(edit, edition)


_OF_STORIES = {
    "pin": "pinned {what}",
    "drop": "dropped {what}",
    "move": "moved {what}",
    "promote": "made {what} the top item",
    "boost": "{up} {what}",
    "merge": "joined stories to {what}",
    "split": "took {what} apart",
    "lead": "chose what leads {what}",
    "related": "changed the lines under {what}",
    "note": "wrote a note under {what}",
}


def _up(edit: Edit) -> str:
    amount = edit.value.get("boost")
    return "lowered" if isinstance(amount, int | float) and amount < 0 else "raised"


def _where(edit: Edit, edition: Edition) -> str:
    if edit.kind not in ("pin", "move"):
        return ""
    slug, place = edit.value.get("section"), edit.value.get("place")
    title = next((each.section.title for each in edition.sections if each.section.slug == slug), "")
    if place:
        return f" to place {place}" + (f" of {title}" if title else "")
    return f" in {title}" if title and edit.kind == "pin" else f" to {title}" if title else ""


def _place_of(story_id: str, edition: Edition) -> str:
    for place, item in enumerate(edition.items, 1):
        if tells(item.cluster, story_id):
            return f"place {place}"
    return ""


def name_of(story_id: str, edition: Edition, base: Edition | None = None) -> str:
    """Return how a story is called: its headline in the edition, chosen or passed over, else in its base."""
    for where in (each for each in (edition, base) if each is not None):
        for item in where.items:
            if tells(item.cluster, story_id):
                return _quoted(item.headline)
        for passed in (passed for filled in where.sections for passed in filled.passed):
            if tells(passed.cluster, story_id):
                return _quoted(passed.cluster.lead.headline)
    return "a story"


def _quoted(headline: str) -> str:
    short = headline if len(headline) <= _SHORT else f"{headline[: _SHORT - 1].rstrip()}…"
    return f"“{short}”" if short else "a story"


def sentences(
    edits: Sequence[Edit], edition: Edition, every: Sequence[Edit] = (), base: Edition | None = None
) -> tuple[str, ...]:
    """Return a sentence a person in a row: "Jonne rewrote the headline of place 2 and pinned place 9."."""
    found = []
    for by, theirs in groupby(edits, key=lambda edit: edit.by):
        things = list(dict.fromkeys(did(edit, edition, every, base) for edit in theirs))
        listed = things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}"
        found.append(f"{by} {listed}.")
    return tuple(found)
