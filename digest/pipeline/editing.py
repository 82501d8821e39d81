"""The editors' work on a draft: which story is meant, whether an edit does anything, and that it is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from digest.editions.board import Board, tells
from digest.editions.rearrange import texts
from digest.editions.revise import apply, standing
from digest.errors import StoreConflict, UsageError
from digest.model.editions import Edit, Edition, EditionRecord, EditionState, Passed
from digest.model.mail import EditionKey
from digest.model.news import Cluster, PageMetadata, Story
from digest.pipeline.no_edition import no_edition
from digest.ports import Clock, EditionStore
from digest.stories.urls import canonical_url

SHORTEST_PREFIX = 4  # hex digits that may stand for a story's id
_NAMED = 5  # stories named where several are meant
# Edits after which the base is composed anew: a place becomes free, or an event ranks differently.
REBUILDS = frozenset({"drop", "merge", "split", "undo", "redo"})


def stories_in(edition: Edition) -> Iterator[tuple[Story, Cluster, bool]]:
    """Yield every story of an edition with its event and whether that was chosen; chosen ones first."""
    for filled in edition.sections:
        for item in filled.items:
            for story in (*item.cluster.stories, *(copy.story for copy in item.cluster.duplicates)):
                yield story, item.cluster, True
    for filled in edition.sections:
        for passed in filled.passed:
            for story in (*passed.cluster.stories, *(copy.story for copy in passed.cluster.duplicates)):
                yield story, passed.cluster, False


def story_meant(edition: Edition, words: str, *, where: str = "STORY") -> Story:
    """Return the story a person means by id, beginning of an id, address, or words of its headline.

    Chosen stories come before passed ones, an event's lead before its others. Raise UsageError where none or several
    are meant.
    """
    every = list(stories_in(edition))
    for matching in (_by_id(every, words), _by_address(every, words), _by_headline(edition, every, words)):
        if not matching:
            continue
        chosen = [each for each in matching if each[2]] or matching
        events = {cluster.id: cluster for _, cluster, _ in chosen}
        if len(events) > 1:
            few = list(events.values())[:_NAMED]
            named = "; ".join(f"{cluster.lead.id[:8]} {cluster.lead.headline}" for cluster in few)
            more = f" and {len(events) - _NAMED} more" if len(events) > _NAMED else ""
            raise UsageError(f"{words!r} may mean {named}{more}", where=where, fix="give the id")
        lead = next(iter(events.values())).lead
        return next((story for story, _, _ in chosen if story.id == lead.id), chosen[0][0])
    raise UsageError(
        f"no story of the edition of {edition.day} is {words!r}",
        where=where,
        fix="give an id, an address or words of a headline; `digest pick --explain` lists them",
    )


_Found = Sequence[tuple[Story, Cluster, bool]]


def _by_id(every: _Found, words: str) -> _Found:
    exact = [each for each in every if each[0].id == words]
    if exact or len(words) < SHORTEST_PREFIX:
        return exact[:1]
    begun = [each for each in every if each[0].id.startswith(words.lower())]
    ids = {story.id for story, _, _ in begun}
    return begun[:1] if len(ids) == 1 else begun


def _by_address(every: _Found, words: str) -> _Found:
    if not words.lower().startswith(("http://", "https://")):
        return []
    wanted = canonical_url(words)
    return [each for each in every if canonical_url(each[0].url) == wanted][:1]


def _by_headline(edition: Edition, every: _Found, words: str) -> _Found:
    wanted = " ".join(words.casefold().split())
    if not wanted:
        return []
    shown = {item.cluster.id: item.headline.casefold() for item in edition.items}
    return [
        (story, cluster, chosen)
        for story, cluster, chosen in every
        if wanted in story.headline.casefold() or (chosen and wanted in shown.get(cluster.id, ""))
    ]


def record_of(key: EditionKey, editions: EditionStore) -> EditionRecord:
    """Return a built edition's record; raise UsageError where nothing was built."""
    record = editions.edition(key)
    if record is None or record.base is None:
        raise no_edition(key, record)
    return record


def append(
    key: EditionKey,
    kind: str,
    target: str,
    value: Mapping[str, Any],
    *,
    by: str,
    editions: EditionStore,
    clock: Clock,
    record: EditionRecord | None = None,
) -> EditionRecord:
    """Keep an edit and return the edition with it; an approved edition becomes a draft again.

    With ``record`` it is an edit of that record, and of none that came after it. Raise UsageError for an edit that
    would do nothing, with why, and StoreConflict where the edition takes none any more or somebody else edited since.
    """
    record = record or record_of(key, editions)
    made = Edit(kind=kind, target=target, value=dict(value), by=by, at=clock.now(), sequence=len(record.edits) + 1)
    _refuse_idle(record, made)
    if kind == "correct" and record.state in (EditionState.DRAFT, EditionState.APPROVED):
        raise StoreConflict(
            f"the edition of {key.day} is not sent yet", fix="use `digest edit rewrite`; nobody has read the old words"
        )
    editions.append_edit(key, made, expected=len(record.edits))
    return replace(record, edits=(*record.edits, made))


def composed_with(base: Edition, edit: Edit) -> bool:
    """Tell whether a base was composed with a drop, merge or split: then only another base can be without it."""
    board = Board(base)
    found = board.find(edit.target)
    if found is None:
        return False
    if edit.kind == "drop":
        return isinstance(found[1], Passed) and found[1].reason.startswith("dropped by ")
    others = texts(edit.value, "from" if edit.kind == "split" else "with")
    together = [tells(found[1].cluster, other) for other in others]
    return any(together) if edit.kind == "merge" else edit.kind == "split" and not any(together)


# What an edit decides about its story: two people deciding the same thing at once must be told.
_WORDS = frozenset({"headline", "kicker", "teaser"})
_PLACES = frozenset({"pin", "drop", "move", "promote"})
_EVENTS = frozenset({"merge", "split", "lead"})
_WHOLE = frozenset({"subject", "preheader", "intro"})


def clash(since: Sequence[Edit], made: Edit) -> Edit | None:
    """Return the last edit by somebody else, among those its maker had not seen, that decides the same; else None.

    Same is: the same field of the same story, its place, its event, its related lines or note, or the same text of the
    edition. An undo or redo that names no edit clashes with any: it would take back what its maker never saw.
    """
    return next((other for other in reversed(since) if other.by != made.by and _decide_same(other, made)), None)


def _decide_same(one: Edit, other: Edit) -> bool:
    if other.kind in ("undo", "redo"):
        return not other.target or (one.kind, one.target) == (other.kind, other.target)
    if one.kind in _WHOLE or other.kind in _WHOLE:
        return one.kind == other.kind
    if not one.target or one.target != other.target:
        return False
    if "drop" in (one.kind, other.kind):
        return True
    if one.kind == other.kind == "rewrite":
        return bool(_WORDS & one.value.keys() & other.value.keys())
    return one.kind == other.kind or any({one.kind, other.kind} <= group for group in (_PLACES, _EVENTS))


def _refuse_idle(record: EditionRecord, made: Edit) -> None:
    edits = (*record.edits, made)
    if made.kind in ("undo", "redo"):
        if standing(edits) == standing(record.edits):
            raise UsageError(f"there is nothing to {made.kind}", fix="`digest edit list` shows the edits")
        return
    assert record.base is not None
    notes = apply(record.base, edits).health.notes
    begun = f"edit {made.sequence} ("
    for note in notes:
        if note.startswith(begun):
            raise UsageError(note.partition("had no effect: ")[2], where=f"edit {made.kind}")


def added_value(url: str, page: PageMetadata, value: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return id and value of a story added by its address; what is not given is taken from its page.

    Raise UsageError where there is no headline to be had.
    """
    found = {
        "headline": page.title,
        "teaser": page.teaser,
        "byline": page.byline,
        "source": page.site,
        "image": page.image.url if page.image else "",
    }
    filled = {name: text for name, text in found.items() if text} | {name: each for name, each in value.items() if each}
    if not filled.get("headline"):
        raise UsageError(f"the page {url} tells no headline", where="URL", fix="give one with --headline")
    return hashlib.sha256(canonical_url(url).encode()).hexdigest()[:16], {"url": url, **filled}
