"""Records → what the archive shows: edits and corrections applied, withdrawn stories gone, pictures in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from digest.editions.compose import preheader_of, subject_of
from digest.editions.revise import apply, standing
from digest.model import links
from digest.model.archive import Correction, Listed, Retraction
from digest.model.editions import Edit, Edition, EditionRecord, Note, Publication
from digest.pipeline.pictures import with_web_pictures
from digest.ports import PictureStore
from digest.render.context import long_day


def listed_of(
    record: EditionRecord, *, publication: Publication, title: str, pictures: PictureStore, sizes: Mapping[str, str]
) -> Listed:
    """Return an edition as the archive shows it; its record is of a published edition.

    ``title`` is the digest's, ``sizes`` are those of the theme's pictures (`pictures.picture_style`).
    """
    assert record.base is not None
    assert record.approved_at is not None
    made = [edit for edit in standing(record.edits) if edit.kind == "correct"]
    edition = with_web_pictures(apply(record.base, [_only_words(each) for each in record.edits]), pictures, sizes)
    edition = replace(edition, sections=tuple(replace(each, passed=()) for each in edition.sections))
    corrections = tuple(_correction(each, edition) for each in made)
    gone = {each.story for each in corrections if each.withdrawn}
    base = publication.public_url
    retracted = record.retracted_at
    return Listed(
        edition=_without(edition, gone) if gone else edition,
        number=record.number or 0,
        title=title,
        url=links.edition_url(base, record.digest, record.day) if base else "",
        approved_at=record.approved_at,
        listed_at=record.listed_at,
        corrections=corrections,
        retraction=Retraction(reason=record.retraction, at=retracted) if retracted is not None else None,
    )


def correction_notes(
    made: Iterable[tuple[date, Edit]],
    *,
    words: Callable[[str], str],
    language: str,
) -> tuple[Note, ...]:
    """Return the boxes in which an edition tells what was put right in earlier ones, oldest first.

    ``made`` are corrections with the days of their editions; those that only replace words
    show the new ones. ``words`` translates.
    """
    notes = []
    for day, edit in made:
        withdrawn = edit.value.get("withdraw") is True
        form = (
            words("Withdrawn from the edition of {day}: {text}")
            if withdrawn
            else words("Correction of the edition of {day}: {text}")
        )
        said = edit.value.get("text")
        text = said.strip() if isinstance(said, str) else ""
        notes.append(Note(text=form.format(day=long_day(day, language), text=text or _replaced(edit))))
    return tuple(notes)


def _replaced(edit: Edit) -> str:
    """Return the words a correction put in place of others."""
    told = (edit.value.get(name) for name in ("headline", "kicker", "teaser"))
    return " · ".join(each.strip() for each in told if isinstance(each, str) and each.strip())


def _only_words(edit: Edit) -> Edit:
    """Return a correction without its text: that stands beside the item, with its time, not in the item's note."""
    if edit.kind != "correct" or "text" not in edit.value:
        return edit
    return replace(edit, value={name: each for name, each in edit.value.items() if name != "text"})


def _correction(edit: Edit, edition: Edition) -> Correction:
    value: Mapping[str, Any] = edit.value
    said = value.get("text")
    found = next(
        (
            (filled.section.slug, item)
            for filled in edition.sections
            for item in filled.items
            if any(story.id == edit.target for story in item.cluster.stories)
        ),
        None,
    )
    return Correction(
        story=found[1].cluster.lead.id if found else edit.target,
        section=found[0] if found else "",
        headline=found[1].headline if found else "",
        text=said.strip() if isinstance(said, str) else "",
        withdrawn=value.get("withdraw") is True,
        at=edit.at,
        by=edit.by,
    )


def _without(edition: Edition, gone: set[str]) -> Edition:
    sections = tuple(
        replace(filled, items=tuple(item for item in filled.items if item.cluster.lead.id not in gone))
        for filled in edition.sections
    )
    headlines = [item.headline for filled in sections for item in filled.items]
    return replace(
        edition,
        sections=sections,
        subject=edition.subject if edition.subject_by_editor else subject_of(headlines),
        preheader=edition.preheader if edition.preheader_by_editor else preheader_of(headlines),
    )
