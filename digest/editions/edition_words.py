"""Edits that change words: of an item, and of the edition itself. Each says what was wrong with it, or ""."""

from __future__ import annotations

from dataclasses import replace

from digest.editions.board import Board
from digest.editions.compose import preheader_of, subject_of
from digest.editions.rearrange import text
from digest.model.editions import CORRECTION, Edit, Edition, Item, Note, Related, Sponsor

_WORDS = ("headline", "kicker", "teaser")
_NO_ITEM = "the story is not among the chosen ones"


def rewrite(board: Board, edit: Edit) -> str:
    """Replace the headline, kicker or teaser shown; an empty kicker or teaser takes it away."""
    words = {name: text(edit.value, name) for name in _WORDS if isinstance(edit.value.get(name), str)}
    if words.get("headline") == "":
        return "a headline cannot be empty"

    def rewritten(item: Item) -> Item:
        return replace(
            item,
            headline=words.get("headline", item.headline),
            kicker=words.get("kicker", item.kicker),
            teaser=words.get("teaser", item.teaser),
        )

    return "" if board.change(edit.target, rewritten) else _NO_ITEM


def related(board: Board, edit: Edit) -> str:
    """Replace the lines under an item."""
    lines = edit.value.get("related")
    if not isinstance(lines, list | tuple) or not all(isinstance(line, dict) for line in lines):
        return "it needs a list of lines, each with a headline and an address"
    found = tuple(
        Related(
            headline=text(line, "headline"),
            url=text(line, "url"),
            source=text(line, "source"),
            language=text(line, "language"),
        )
        for line in lines
    )
    if not all(line.headline and line.url.startswith(("http://", "https://")) for line in found):
        return "every line needs a headline and an http(s) address"
    return "" if board.change(edit.target, lambda item: replace(item, related=found)) else _NO_ITEM


def note_item(board: Board, edit: Edit) -> str:
    """Put a note under an item."""
    note = text(edit.value, "text")
    return "" if board.change(edit.target, lambda item: replace(item, note=note)) else _NO_ITEM


def correct(board: Board, edit: Edit) -> str:
    """Correct an item: new words where given, and a note that says so."""
    problem = rewrite(board, edit)
    said = text(edit.value, "text")
    if problem or not said:
        return problem

    def noted(item: Item) -> Item:
        return replace(item, note=f"{CORRECTION}{said}")

    return "" if board.change(edit.target, noted) else _NO_ITEM


def of_edition(edition: Edition, edit: Edit) -> tuple[Edition, str]:
    """Apply an edit of the edition's own words and slots; others leave it as it is."""
    value = edit.value
    if edit.kind == "intro":
        said = value.get("text")
        return replace(edition, intro=said.strip() if isinstance(said, str) else "", intro_by=text(value, "by")), ""
    if edit.kind == "subject":
        return _subject(edition, text(value, "text")), ""
    if edit.kind == "preheader":
        return _preheader(edition, text(value, "text")), ""
    if edit.kind == "note" and not edit.target:
        return _note(edition, edit)
    if edit.kind == "sponsor":
        return _sponsor(edition, edit)
    return edition, ""


def _subject(edition: Edition, said: str) -> Edition:
    own = subject_of([item.headline for item in edition.items])
    return replace(edition, subject=said or own, subject_by_editor=bool(said))


def _preheader(edition: Edition, said: str) -> Edition:
    own = preheader_of([item.headline for item in edition.items])
    return replace(edition, preheader=said or own, preheader_by_editor=bool(said))


def _note(edition: Edition, edit: Edit) -> tuple[Edition, str]:
    said, after = text(edit.value, "text"), text(edit.value, "after")
    if not said:
        return edition, "it needs a text"
    if after and after not in {filled.section.slug for filled in edition.sections}:
        return edition, f"there is no section “{after}”"
    return replace(edition, notes=(*edition.notes, Note(text=said, after=after))), ""


def _sponsor(edition: Edition, edit: Edit) -> tuple[Edition, str]:
    value = edit.value
    name = text(value, "name") or edit.target
    if not name:
        return edition, "it needs the sponsor's name"
    others = tuple(sponsor for sponsor in edition.sponsors if sponsor.name != name)
    before = next((sponsor.image for sponsor in edition.sponsors if sponsor.name == name), "")
    image = text(value, "image")
    if value.get("remove") is True:
        there = len(others) < len(edition.sponsors)
        return replace(edition, sponsors=others), "" if there else f"there is no sponsor “{name}”"
    made = Sponsor(
        name=name,
        label=text(value, "label") or "Powered by",
        text=text(value, "text"),
        url=text(value, "url"),
        # Only the configuration may name a file: whoever edits has no business in our folders.
        image=image if image.startswith(("http://", "https://")) else before,
        placement=text(value, "placement") or "imprint",
    )
    return replace(edition, sponsors=(*others, made)), ""
