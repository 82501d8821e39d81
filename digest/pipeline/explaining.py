"""Why a story was or was not in an edition: answered from what was stored with it, also years later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from digest.dates import iso
from digest.editions.board import tells
from digest.model.editions import Edition, EditionRecord, Item, Passed, Score, Term
from digest.model.news import BEFORE_US, Cluster, Story

NO_SCORE = Score()


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What became of a story in an edition."""

    story: Story
    outcome: str  # "chosen", "passed", "copy", "not considered"
    section: str = ""  # title
    place: int = 0  # from 1, of a chosen one
    reason: str  # one plain sentence
    section_reason: str = ""  # why in this section
    score: Score = NO_SCORE
    cluster: Cluster | None = None  # the event it is part of
    edits: tuple[str, ...] = ()  # "pin by Ada": those that name it

    def document(self) -> dict[str, Any]:
        """Return it as in `digest explain --json`."""
        return {
            "story": {
                "id": self.story.id,
                "headline": self.story.headline,
                "url": self.story.url,
                "source": self.story.source,
                "feed": self.story.feed_name or self.story.feed,
                "published": iso(self.story.published),
                "date_note": self.story.date_note,
                "seen": None if self.story.seen == BEFORE_US else iso(self.story.seen),
            },
            "outcome": self.outcome,
            "section": self.section,
            "section_reason": self.section_reason,
            "place": self.place or None,
            "reason": self.reason,
            "score": self.score.total,
            "terms": [
                {"name": term.name, "value": term.value, "weight": term.weight, "contribution": term.contribution}
                for term in self.score.terms
            ],
            "event": [
                {"id": story.id, "headline": story.headline, "source": story.source, "url": story.url}
                for story in (self.cluster.stories if self.cluster else ())
            ],
            "edits": list(self.edits),
        }


def explain(story: Story, edition: Edition, record: EditionRecord) -> Explanation:
    """Return what became of a story in an edition with its edits applied."""
    edits = tuple(f"{edit.kind} by {edit.by}" for edit in record.edits if edit.target == story.id)
    for filled in edition.sections:
        for place, item in enumerate(filled.items, 1):
            if tells(item.cluster, story.id):
                return _told(
                    story, item, f"place {place} of {filled.section.title}", filled.section.title, place, edits
                )
    for filled in edition.sections:
        for passed in filled.passed:
            if tells(passed.cluster, story.id):
                return _told(story, passed, f"passed in {filled.section.title}", filled.section.title, 0, edits)
    return Explanation(story=story, outcome="not considered", reason=_why_not(story, edition), edits=edits)


def _told(
    story: Story, told: Item | Passed, where: str, section: str, place: int, edits: tuple[str, ...]
) -> Explanation:
    cluster = told.cluster
    reason = f"{where}: {told.reason or 'by an editor'}"
    outcome = "chosen" if place else "passed"
    copy = next((copy for copy in cluster.duplicates if copy.story.id == story.id), None)
    if copy is not None:
        outcome, reason = "copy", f"a copy of “{cluster.lead.headline}” ({copy.reason}), which is {reason}"
    elif story.id != cluster.lead.id:
        reason = f"same event as “{cluster.lead.headline}”, which is {reason}"
    return Explanation(
        story=story,
        outcome=outcome,
        section=section,
        place=place,
        reason=reason,
        section_reason=told.section_reason,
        score=told.score,
        cluster=cluster,
        edits=edits,
    )


def _why_not(story: Story, edition: Edition) -> str:
    if story.seen == BEFORE_US:
        return "it stood in its feed when the feed was added, and counts as seen"
    if story.seen is not None and story.seen > edition.built_at:
        return f"it was first read at {_when(story.seen)}, after the edition was built ({_when(edition.built_at)})"
    known = story.published if story.date_note != "future" else None
    moment, said = (known, "published") if known is not None else (story.seen, "first read")
    if edition.since is not None and moment is not None and moment <= edition.since:
        return f"it was {said} at {_when(moment)}, before the window of news began ({_when(edition.since)})"
    return "it was in the window of news, and not among the best of any section, whose reasons are kept"


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _made_of(term: Term) -> str:
    """Return value × weight, and × what is left of it by its age where that shows."""
    fresh = term.value * term.weight
    left = f"{term.contribution / fresh:.2f}" if fresh else "1.00"
    return f"{term.value:.2f} × {term.weight:g}" + (f" × {left} for its age" if left != "1.00" else "")


def explanation_text(told: Explanation) -> str:
    """Return it for a person."""
    story = told.story
    when = "" if story.published is None else f", {_when(story.published)}"
    lines = [story.headline, f"  {story.source or story.feed_name}{when}  {story.url}  ({story.id})", told.reason]
    if told.section_reason:
        lines.append(f"in this section because: {told.section_reason}")
    lines.extend(
        f"  {term.contribution:+7.2f}  {term.name.replace('_', ' ')} ({_made_of(term)})"
        for term in told.score.terms
        if term.contribution
    )
    if told.score.terms:
        lines.append(f"  {told.score.total:+7.2f}  in all")
    if told.cluster is not None and len(told.cluster.stories) > 1:
        lines.append("the event as told by:")
        lines.extend(f"  {each.source or each.feed_name}: {each.headline} ({each.id})" for each in told.cluster.stories)
    lines.extend(f"edit: {edit}" for edit in told.edits)
    return "\n".join(lines)
