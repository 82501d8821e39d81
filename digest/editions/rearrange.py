"""Edits that change what is in an edition and where it stands. Each returns what was wrong with it, or ""."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from digest.editions.board import Board, Lane, joined, passed_of, single, tells, without
from digest.editions.select import item_of
from digest.model.editions import Edit, Item, Passed, Score, Term
from digest.model.news import Image, Story

_NOT_THERE = "the story is not in this edition"


def text(value: Mapping[str, Any], name: str) -> str:
    """Return a text of an edit's value on one line, "" where there is none."""
    found = value.get(name)
    return " ".join(found.split()) if isinstance(found, str) else ""


def place_of(edit: Edit) -> int | None:
    """Return the place an edit asks for, from 1, or None."""
    found = edit.value.get("place")
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 1 else None


def texts(value: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of texts of an edit's value, empty where there is none."""
    found = value.get(name)
    return [str(each) for each in found] if isinstance(found, list | tuple) else []


def _ids(edit: Edit) -> list[str]:
    return texts(edit.value, "with")


def _lane(board: Board, edit: Edit, own: Lane) -> Lane | None:
    """Return the section an edit names, its own where it names none, None where there is no such section."""
    slug = text(edit.value, "section")
    return board.lanes.get(slug) if slug else own


def merge(board: Board, edit: Edit) -> str:
    """Make one event of several."""
    found = board.find(edit.target)
    if found is None:
        return _NOT_THERE
    others = []
    missing = []
    for other in _ids(edit):
        if tells(found[1].cluster, other):
            continue
        taken = board.take(other)
        if taken is None:
            missing.append(other)
        else:
            others.append(taken[1].cluster)
    if others:
        board.recluster(edit.target, joined(found[1].cluster, others))
    elif not missing:
        _lead_with(board, edit.target)  # the base was built with the merge, and chose a lead of its own
    return f"not in this edition: {', '.join(missing)}" if missing else ""


def _lead_with(board: Board, story_id: str) -> None:
    found = board.find(story_id)
    if found is None or found[1].cluster.lead.id == story_id:
        return
    cluster = found[1].cluster
    story = next((story for story in cluster.stories if story.id == story_id), None)
    if story is not None:
        board.recluster(story_id, replace(cluster, lead=story))


def split(board: Board, edit: Edit) -> str:
    """Take a story, and those named with it, out of its event."""
    found = board.find(edit.target)
    if found is None:
        return _NOT_THERE
    lane, there = found
    cluster = there.cluster
    out = frozenset({edit.target, *_ids(edit)})
    left = texts(edit.value, "from")
    if left and not any(story.id in left and story.id not in out for story in cluster.stories):
        return ""  # the base was built with the split
    apart, rest = [story for story in cluster.stories if story.id in out], without(cluster, out)
    if not apart:
        return "it is a copy of another story, not one of the event"
    if rest is None:
        return "the event would be empty"
    lead = next((story for story in apart if story.id == edit.target), apart[0])
    kept = {story.id for story in apart}
    copies = tuple(copy for copy in cluster.duplicates if copy.of in kept)
    board.recluster(edit.target, rest)
    made = replace(single(lead), stories=tuple(apart), running=cluster.running, duplicates=copies)
    lane.passed.insert(0, Passed(cluster=made, score=there.score, reason=f"split off by {edit.by}"))
    return ""


def lead(board: Board, edit: Edit) -> str:
    """Show another story of an event."""
    found = board.find(edit.target)
    if found is None:
        return _NOT_THERE
    cluster = found[1].cluster
    story = next((story for story in cluster.stories if story.id == edit.target), None)
    if story is None:
        return "it is a copy of another story, which leads in its place"
    board.recluster(edit.target, replace(cluster, lead=story))
    return ""


def add(board: Board, edit: Edit) -> str:
    """Place a story that no feed brought."""
    slug, url, headline = (text(edit.value, name) for name in ("section", "url", "headline"))
    lane = board.lanes.get(slug)
    if lane is None:
        return f"there is no section “{slug}”"
    if not headline or not url.startswith(("http://", "https://")):
        return "it needs a headline and an http(s) address"
    story = Story(
        id=edit.target or hashlib.sha256(url.encode()).hexdigest()[:16],
        url=url,
        title=headline,
        headline=headline,
        kicker=text(edit.value, "kicker"),
        teaser=text(edit.value, "teaser"),
        summary=text(edit.value, "teaser"),
        source=text(edit.value, "source"),
        byline=text(edit.value, "byline"),
        image=_picture(text(edit.value, "image")),
        section=slug,
    )
    if board.find(story.id) is not None:
        return "the story is in this edition already; pin it instead"
    item = item_of(single(story), score=Score(), reason=f"added by {edit.by}")
    board.put(lane, replace(item, pinned=True), place_of(edit))
    return ""


def _picture(url: str) -> Image | None:
    return Image(url=url) if url.startswith(("http://", "https://")) else None


def boost(board: Board, edit: Edit) -> str:
    """Add to an event's score, and let it rise or fall among the items nobody pinned."""
    amount = edit.value.get("boost")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not -1000 <= amount <= 1000:
        return "it needs a boost from -1000 to 1000"
    taken = board.take(edit.target)
    if taken is None:
        return _NOT_THERE
    lane, item = taken
    score = _boosted(item.score, float(amount))
    item = replace(item, score=score, reason=f"{item.reason}; {amount:+g} by {edit.by}")
    free = [other for other in lane.items if not other.pinned]
    better = sum(other.score.total >= score.total for other in free)
    section = lane.filled.section
    if len(lane.items) >= section.stories and better == len(free):
        lane.passed.insert(0, passed_of(item, item.reason))
        return ""
    place = lane.items.index(free[better]) + 1 if better < len(free) else None
    board.put(lane, item, place)
    return ""


def _boosted(score: Score, amount: float) -> Score:
    kept = [term for term in score.terms if term.name != "boost"]
    before = sum(term.contribution for term in score.terms if term.name == "boost")
    terms = (*kept, Term(name="boost", value=before + amount, weight=1.0, contribution=before + amount))
    return Score(terms=terms, total=sum(term.contribution for term in terms))


def move(board: Board, edit: Edit) -> str:
    """Move an event to a section, at a place or last."""
    return _placed(board, edit, place_of(edit), pinned=False, why=f"moved by {edit.by}")


def promote(board: Board, edit: Edit) -> str:
    """Make an event the top item of its section."""
    return _placed(board, edit, 1, pinned=False, why=f"promoted by {edit.by}")


def pin(board: Board, edit: Edit) -> str:
    """Hold an event at a place, the first without one."""
    return _placed(board, edit, place_of(edit) or 1, pinned=True, why=f"pinned by {edit.by}")


def _placed(board: Board, edit: Edit, place: int | None, *, pinned: bool, why: str) -> str:
    found = board.find(edit.target)
    if found is None:
        return _NOT_THERE
    target = _lane(board, edit, found[0])
    if target is None:
        return f"there is no section “{text(edit.value, 'section')}”"
    taken = board.take(edit.target)
    assert taken is not None
    item = taken[1]
    reason = f"{why}; {item.reason}" if item.reason else why
    board.put(target, replace(item, reason=reason, pinned=pinned or item.pinned), place)
    return ""


def drop(board: Board, edit: Edit) -> str:
    """Take an event out; it is listed as passed."""
    said = text(edit.value, "reason")
    reason = f"dropped by {edit.by}" + (f": {said}" if said else "")
    out: dict[str, tuple[Lane, Item]] = {}
    # A section that repeats may show it too.
    while (taken := board.take(edit.target)) is not None:
        out.setdefault(taken[0].filled.section.slug, taken)
    for lane, item in out.values():
        lane.passed.insert(0, passed_of(item, reason))
    return "" if out else _NOT_THERE
