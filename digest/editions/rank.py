"""How much an event matters: a sum of a few terms that anybody can check.

A term adds weight · value · decay. What counts is attention: distinct sources, not stories, over the running story an
event belongs to. Its largest event carries the whole of it, its other events a quarter of their own sources, so that a
burst of hundreds of stories does not fill the page.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median_low

from digest.editions.place import Placement
from digest.model.editions import Score, Section, Term, Weights
from digest.model.news import Cluster, Story

# What a further event of a running story counts of its own sources.
FURTHER = 0.25


@dataclass(frozen=True, kw_only=True)
class OwnTerm:
    """A further term of the score, such as an extension gives."""

    name: str  # as it is explained
    weight: float
    value: Callable[[Cluster, datetime | None], float]  # of an event at a moment; finite


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """An event with its place in the order of all of them."""

    cluster: Cluster
    placement: Placement
    score: Score
    rank: int  # from 1, over all sections
    sources: int  # distinct sources of the event itself
    attention: float  # distinct sources counted in the score
    first_in: int  # feeds that have it in first position
    age_h: float | None = None  # hours since the newest of its stories; None = unknown
    running: frozenset[str] = field(default_factory=frozenset)  # ids of the running story


def known_time(story: Story, at: datetime | None) -> datetime | None:
    """Return when a story was published; None where it is unknown or lies after ``at``: nothing is newer than now."""
    if story.published is None or story.date_note == "future" or (at is not None and story.published > at):
        return None
    return story.published


def source_of(story: Story) -> str:
    """Return who counts as the source of a story: its own, its feed's name, else itself."""
    return story.source or story.feed_name or story.feed or story.id


def rank(
    clusters: Sequence[Cluster],
    placements: Sequence[Placement],
    *,
    sections: Sequence[Section],
    weights: Weights,
    at: datetime | None,
    boosts: Mapping[str, float] | None = None,
    own: Sequence[OwnTerm] = (),
) -> tuple[Ranked, ...]:
    """Return the clusters best first; of equal scores the one with more sources, then stories, then by title and id.

    ``at`` None, or a set without any known time, means no decay; an event of unknown age takes the median age. ``own``
    are further terms: they count like ours.
    """
    priors = {section.slug: section.prior for section in sections}
    ages = [_age(cluster, at) for cluster in clusters]
    dated = [age for age in ages if age is not None]
    usual = median_low(dated) if dated else 0.0
    attention = _attention(clusters)
    found: list[Ranked] = []
    for cluster, placement, age in zip(clusters, placements, ages, strict=True):
        boost = sum((boosts or {}).get(story.id, 0.0) for story in cluster.stories)
        values = {
            "sources": math.log2(1 + attention[cluster.id]),
            "source_weight": cluster.lead.weight - 1,
            "position": _position(cluster),
            "section": priors.get(placement.slug, 0.0),
            "boost": boost,
        }
        found.append(
            Ranked(
                cluster=cluster,
                placement=placement,
                score=_score(
                    [(name, value, getattr(weights, name)) for name, value in values.items()]
                    + [(each.name, each.value(cluster, at), each.weight) for each in own],
                    _decay(usual if age is None else age, weights),
                ),
                rank=0,
                sources=len(_sources(cluster)),
                attention=attention[cluster.id],
                first_in=len({story.feed or story.feed_name for story in _told(cluster) if story.position == 1}),
                age_h=age,
                running=frozenset(cluster.running),
            )
        )
    ordered = sorted(found, key=order)
    return tuple(replace(each, rank=number) for number, each in enumerate(ordered, 1))


def order(ranked: Ranked) -> tuple[float, int, int, str, str]:
    """Return the key of the canonical order: the score to nine decimals, then what is larger, then title and id."""
    cluster = ranked.cluster
    return (-round(ranked.score.total, 9), -ranked.sources, -len(cluster.stories), cluster.lead.title, cluster.id)


def _told(cluster: Cluster) -> tuple[Story, ...]:
    """Return the stories of an event and their copies: where a copy stands says something about it too."""
    return (*cluster.stories, *(copy.story for copy in cluster.duplicates))


def _sources(cluster: Cluster) -> set[str]:
    return {source_of(story) for story in cluster.stories}


def _attention(clusters: Sequence[Cluster]) -> dict[str, float]:
    """Return by cluster id how many sources count for it."""
    running: dict[tuple[str, ...], list[Cluster]] = defaultdict(list)
    for cluster in clusters:
        running[cluster.running or (cluster.id,)].append(cluster)
    counted: dict[str, float] = {}
    for events in running.values():
        largest, *further = sorted(
            events, key=lambda event: (-len(_sources(event)), -len(event.stories), event.lead.title, event.id)
        )
        counted[largest.id] = float(len(set().union(*map(_sources, events))))
        counted.update({event.id: FURTHER * len(_sources(event)) for event in further})
    return counted


def _position(cluster: Cluster) -> float:
    """Return 1/log2(1 + p) of the best position p of the event in any feed; 0 where none is known."""
    positions = [story.position for story in _told(cluster) if story.position > 0]
    return 1 / math.log2(1 + min(positions)) if positions else 0.0


def _age(cluster: Cluster, at: datetime | None) -> float | None:
    """Return the hours since the newest story of an event, or None where no time is known."""
    if at is None:
        return None
    times = [time for story in cluster.stories if (time := known_time(story, at)) is not None]
    return (at - max(times)).total_seconds() / 3600 if times else None


def _decay(age_h: float, weights: Weights) -> float:
    """Return ½ ^ (age / half-life), or 1 where age does not matter."""
    return 0.5 ** (age_h / weights.half_life_hours) if weights.half_life_hours > 0 else 1.0


def _score(values: Sequence[tuple[str, float, float]], decay: float) -> Score:
    """Return the score of terms given as name, value and weight."""
    terms = tuple(
        Term(name=name, value=value, weight=weight, contribution=weight * value * decay)
        for name, value, weight in values
    )
    return Score(terms=terms, total=sum(term.contribution for term in terms))
