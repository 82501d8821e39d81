"""Have we run this? What earlier editions told of the same event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from digest.editions.board import Board
from digest.editions.memory import jaccard
from digest.model.editions import Edition, SentEvent
from digest.model.tokens import terms
from digest.pipeline.searching import earlier
from digest.ports import SearchStore

ALIKE = 0.5  # share of words two headlines have in common from which they may tell the same event (Jaccard)
NEAR = 0.3  # cosine of words from which on search finds something like it
TOLD = 5  # editions named at most


@dataclass(frozen=True, kw_only=True)
class Ran:
    """An earlier edition that told an event."""

    day: date
    headline: str  # as it was shown then
    same: bool  # whether a story of the event itself was told; else only its words are alike
    section: str = ""  # title of the section it stood in, where it is known


def ran_before(edition: Edition, story_id: str, *, past: Sequence[SentEvent], search: SearchStore) -> tuple[Ran, ...]:
    """Return the earlier editions that told a story's event, or something in nearly its words, the newest first.

    Listed editions are asked by search; ``past`` are the events of the last ones, which may not be listed yet.
    """
    found = Board(edition).find(story_id)
    if found is None:
        return ()
    cluster = found[1].cluster
    ids = {story.id for story in cluster.stories} | {copy.story.id for copy in cluster.duplicates}
    words = frozenset(terms(cluster.lead.headline))
    told: dict[date, Ran] = {}
    for each in earlier(cluster.lead, event=ids, search=search, before=edition.day, limit=2 * TOLD):
        if each.score >= NEAR and each.told.digest == edition.digest:
            ran = Ran(
                day=each.told.day,
                headline=each.told.headline,
                same=each.score == 1.0,
                section=each.told.section_title,
            )
            told.setdefault(ran.day, ran)
    for event in sorted(past, key=lambda each: each.day, reverse=True):
        if event.day >= edition.day:
            continue
        same = bool(ids & {event.lead, *event.stories})
        if same or jaccard(words, frozenset(terms(event.headline))) >= ALIKE:
            told.setdefault(event.day, Ran(day=event.day, headline=event.headline, same=same))
    return tuple(sorted(told.values(), key=lambda ran: ran.day, reverse=True)[:TOLD])
