"""What editors did and what came of it: `digest edit undo`, `redo` and `list`, `withdraw` and `explain`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.editing import EXITS, By, Story, editor, group
from digest.cli.editions import EditionOption
from digest.cli.session import JsonOption, Session, command
from digest.errors import EXIT_DONE
from digest.model.counting import count_of

if TYPE_CHECKING:
    from digest.wiring.editing import Editing


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    command(app, "withdraw", example="digest withdraw", exits=EXITS)(withdraw)
    command(app, "explain", example='digest explain "ferry talks" --edition 2026-11-23', exits=EXITS)(explain)


Sequence = Annotated[int, typer.Argument(metavar="[N]", min=0, help="The edit's number; the last one without it.")]


@command(group, "undo", example="digest edit undo", exits=EXITS)
def undo(session: Session, number: Sequence = 0, edition: EditionOption = "", by: By = "") -> int:
    """Take an edit back."""
    desk = editor(session, edition, by)
    desk.make("undo", str(number) if number else "")
    return _list(session, desk)


@command(group, "redo", example="digest edit redo", exits=EXITS)
def redo(session: Session, number: Sequence = 0, edition: EditionOption = "", by: By = "") -> int:
    """Bring back an edit that was taken back."""
    desk = editor(session, edition, by)
    desk.make("redo", str(number) if number else "")
    return _list(session, desk)


@command(group, "list", example="digest edit list", exits=EXITS)
def list_(session: Session, edition: EditionOption = "", as_json: JsonOption = False) -> int:
    """List the edits, and which of them stand."""
    desk = editor(session, edition, "")
    if not as_json:
        return _list(session, desk)
    from digest.dates import iso
    from digest.editions.revise import standing

    record = desk.record
    stand = {edit.sequence for edit in standing(record.edits)}
    session.emit(
        [
            {
                "number": edit.sequence,
                "kind": edit.kind,
                "target": edit.target,
                "value": dict(edit.value),
                "by": edit.by,
                "at": iso(edit.at),
                "stands": edit.sequence in stand,
            }
            for edit in record.edits
        ]
    )
    return EXIT_DONE


def _list(session: Session, desk: Editing) -> int:
    from digest.editions.revise import standing

    record = desk.record
    stand = {edit.sequence for edit in standing(record.edits)}
    for edit in record.edits:
        mark = " " if edit.sequence in stand or edit.kind in ("undo", "redo") else "-"
        at = edit.at.astimezone(session.settings.zone)
        value = json.dumps(dict(edit.value), ensure_ascii=False) if edit.value else ""
        session.say(f"{mark}{edit.sequence:3} {at:%H:%M} {edit.by}: {edit.kind} {edit.target} {value}".rstrip())
    session.say(f"{len(stand)} of {count_of(len(record.edits), 'edit')} stand.")
    return EXIT_DONE


def withdraw(session: Session, edition: EditionOption = "") -> int:
    """Take an approval back, or hold a draft. What is held does not approve itself."""
    from digest.model.editions import EditionState

    desk = editor(session, edition, "")
    before = desk.withdraw()
    said = "is a draft again, and" if before is EditionState.APPROVED else ""
    session.say(f"The edition of {desk.key.day} {said} waits for `digest approve`.".replace("  ", " "))
    return EXIT_DONE


def explain(session: Session, story: Story, edition: EditionOption = "", as_json: JsonOption = False) -> int:
    """Tell why a story was or was not in an edition. Also years later."""
    from digest.pipeline.explaining import explanation_text

    found = editor(session, edition, "").explain(story)
    if as_json:
        session.emit(found.document())
    else:
        session.say(explanation_text(found))
    return EXIT_DONE
