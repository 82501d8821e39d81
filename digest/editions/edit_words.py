"""What an edit did, in words: for the history, and for whoever looked at an older draft. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from digest.editions.board import tells
from digest.model.editions import Edit, Edition

_WORDS = ("headline", "kicker", "teaser")
_SHORT = 48  # characters of a headline that stands for its story


def did(edit: Edit, edition: Edition, edits: Sequence[Edit] = (), base: Edition | None = None) -> str:
    """Return what an edit did without who did it: "rewrote the headline of place 2".

    Stories are named by their place in ``edition``, those that are not in it by their headline there or in ``base``;
    ``edits`` are those of the edition, so that an undo can say what it took back.
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
    what = name_of(edit.target, edition, base)
    if edit.kind in ("rewrite", "correct"):
        words = [name for name in _WORDS if name in edit.value]
        verb = "rewrote" if edit.kind == "rewrite" else "corrected"
        return f"{verb} the {' and '.join(words)} of {what}" if words else f"{verb} {what}"
    return _OF_STORIES[edit.kind].format(what=what, section=_section(edit, edition), up=_up(edit))


_OF_STORIES = {
    "pin": "pinned {what}{section}",
    "drop": "dropped {what}",
    "move": "moved {what}{section}",
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


def _section(edit: Edit, edition: Edition) -> str:
    slug = edit.value.get("section")
    title = next((each.section.title for each in edition.sections if each.section.slug == slug), "")
    return f" in {title}" if title and edit.kind == "pin" else f" to {title}" if title else ""


def name_of(story_id: str, edition: Edition, base: Edition | None = None) -> str:
    """Return how a story is called: its place in the mail, else its headline in the edition or its base."""
    for place, item in enumerate(edition.items, 1):
        if tells(item.cluster, story_id):
            return f"place {place}"
    for filled in (each for where in (edition, base) if where is not None for each in where.sections):
        for cluster in (*(item.cluster for item in filled.items), *(passed.cluster for passed in filled.passed)):
            if tells(cluster, story_id):
                return _quoted(cluster.lead.headline)
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
