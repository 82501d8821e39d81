"""Which events of a section appear: the best that differ, within its quotas, and nothing told before.

Whatever stands in the way of a better one is named: the quota, the likeness, the edition that had it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from digest.editions import explain
from digest.editions.memory import Memory, Told
from digest.editions.rank import Ranked, known_time, source_of
from digest.model.editions import FilledSection, Item, Passed, Related, Score, Section
from digest.model.news import Cluster

BEST = 30  # of so many of a section's best it is said why they were passed
LOOKED_AT = 60  # events weighed against each other for variety at every place
RELATED = 3  # lines under an item
SAME_RUNNING = 0.6  # likeness of two events of one running story, at least
PICTURE_WORTH = 0.7  # an item with a picture may lead a pictured section from so much of the best score
PICTURE_WIDTH = 200  # pixels; a narrower picture cannot lead

Likeness = Callable[[Cluster, Cluster], float]
"""Returns how alike two events are in words, from 0 to 1."""


@dataclass
class _Filling:
    """A section being filled."""

    section: Section
    taken: list[Ranked] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    full: dict[str, tuple[int, str, str]] = field(default_factory=dict)  # cluster -> number, kind and name of a quota
    alike: dict[str, tuple[str, Ranked]] = field(default_factory=dict)  # cluster -> headline it is like, what was taken
    instead: dict[str, Ranked] = field(default_factory=dict)  # cluster over a quota -> what was taken in its place
    swaps: dict[str, Ranked] = field(default_factory=dict)  # cluster taken -> the better one over a quota
    leads_by_picture: bool = False

    def full_quota(self, ranked: Ranked) -> tuple[int, str, str] | None:
        """Return which quota an event would break: its number there, the kind and the name."""
        limits = {
            "source": self.section.per_source,
            "byline": self.section.per_byline,
            "kicker": self.section.per_kicker,
        }
        for kind, name in keys(ranked.cluster):
            if self.counts[kind, name] >= limits[kind]:
                self.counts[kind, f"{name} asked"] += 1
                return limits[kind] + self.counts[kind, f"{name} asked"], kind, name
        return None

    def take(self, ranked: Ranked) -> None:
        """Give an event the next place."""
        self.taken.append(ranked)
        self.counts.update(keys(ranked.cluster))


def keys(cluster: Cluster) -> list[tuple[str, str]]:
    """Return what an event counts against: its lead's source, byline and kicker, as far as known."""
    lead = cluster.lead
    found = [("source", lead.source or lead.feed_name), ("byline", lead.byline), ("kicker", lead.kicker)]
    return [(kind, name) for kind, name in found if name]


def fill(
    section: Section,
    ranked: Sequence[Ranked],
    *,
    diversity: float,
    likeness: Likeness,
    memory: Memory,
    at: datetime | None,
    wanted: frozenset[str] = frozenset(),
    barred: Mapping[str, str] | None = None,
) -> FilledSection:
    """Return a section filled from its events, best first in ``ranked``, with the reasons of all its best.

    ``barred`` says by cluster id why an event must not appear.

    Events holding a story of ``wanted`` are always listed as passed where they are not chosen, however low they rank:
    an editor's edit names them.
    """
    barred = barred or {}
    told = {each.cluster.id: memory.told(each.cluster) for each in ranked}
    fresh = [each for each in ranked if each.cluster.id not in barred and _is_news(told[each.cluster.id])]
    filling = _Filling(section)
    if section.sort == "latest":
        fresh = sorted(fresh, key=lambda each: _newest_first(each, at))
        _choose(filling, fresh, diversity=0.0, likeness=likeness)
    else:
        _choose(filling, fresh, diversity=diversity, likeness=likeness)
        filling.taken.sort(key=lambda each: each.rank)
        _lead_with_picture(filling)
    reasons = _passed_reasons(filling, fresh, told) | {
        each.cluster.id: barred[each.cluster.id] for each in ranked if each.cluster.id in barred
    }
    if len(filling.taken) < section.minimum:
        reasons.update(
            {each.cluster.id: explain.left_out(len(filling.taken), section.minimum) for each in filling.taken}
        )
        filling.taken = []
    best = [each for each in ranked if each.cluster.id in reasons]
    shown = [each for number, each in enumerate(best) if number < BEST or _holds(each.cluster, wanted)]
    passed = tuple(
        Passed(
            cluster=each.cluster,
            score=each.score,
            reason=reasons[each.cluster.id],
            section_reason=each.placement.reason,
        )
        for each in shown
    )
    return FilledSection(section=section, items=_items(filling, fresh, told), passed=passed)


def _holds(cluster: Cluster, wanted: frozenset[str]) -> bool:
    return any(story.id in wanted for story in cluster.stories)


def _is_news(told: Told | None) -> bool:
    return told is None or bool(told.moved_on)


def _newest_first(ranked: Ranked, at: datetime | None) -> tuple[bool, float, int]:
    times = [time for story in ranked.cluster.stories if (time := known_time(story, at)) is not None]
    return (not times, -max(times).timestamp() if times else 0.0, ranked.rank)


def _choose(filling: _Filling, candidates: Sequence[Ranked], *, diversity: float, likeness: Likeness) -> None:
    """Take the best for every place: score less likeness to what is there, in units of the best score (MMR)."""
    left = list(candidates)
    scale = max((abs(each.score.total) for each in left), default=0.0)
    closest: dict[str, tuple[float, str]] = {}  # cluster -> likeness and headline of the nearest one taken

    def worth(each: Ranked) -> tuple[float, int]:
        alike = closest.get(each.cluster.id, (0.0, ""))[0]
        return (each.score.total - diversity * scale * alike, -each.rank)

    while left and len(filling.taken) < filling.section.stories:
        barred = _bar(filling, left)
        if not left:
            break
        best = max(left[:LOOKED_AT], key=worth) if diversity > 0 else left[0]
        for each in left[: left.index(best)]:
            filling.alike.setdefault(each.cluster.id, (closest.get(each.cluster.id, (0.0, ""))[1], best))
        for each in barred:
            if each.rank < best.rank:
                filling.instead[each.cluster.id] = best
                filling.swaps.setdefault(best.cluster.id, each)
        left.remove(best)
        filling.take(best)
        if diversity > 0:
            _compare(best, left[: LOOKED_AT + filling.section.stories], closest, likeness)


def _bar(filling: _Filling, left: list[Ranked]) -> list[Ranked]:
    """Take out, from the front, the events whose quota is full, and return them."""
    barred: list[Ranked] = []
    at = 0
    while at < min(len(left), LOOKED_AT):
        full = filling.full_quota(left[at])
        if full is None:
            at += 1
        else:
            filling.full[left[at].cluster.id] = full
            barred.append(left.pop(at))
    return barred


def _compare(taken: Ranked, left: Sequence[Ranked], closest: dict[str, tuple[float, str]], likeness: Likeness) -> None:
    for each in left:
        alike = likeness(taken.cluster, each.cluster)
        if each.running & taken.running:
            alike = max(alike, SAME_RUNNING)
        if alike > closest.get(each.cluster.id, (0.0, ""))[0]:
            closest[each.cluster.id] = (alike, taken.cluster.lead.headline)


def _lead_with_picture(filling: _Filling) -> None:
    """Let an item with a picture lead a pictured section, when it is nearly as good as the first."""
    if filling.section.style not in ("feature", "cards") or not filling.taken or _pictured(filling.taken[0]):
        return
    best = filling.taken[0].score.total
    for at, each in enumerate(filling.taken):
        if _pictured(each) and each.score.total >= PICTURE_WORTH * best:
            filling.taken.insert(0, filling.taken.pop(at))
            filling.leads_by_picture = True
            return


def _pictured(ranked: Ranked) -> bool:
    image = ranked.cluster.lead.image
    return image is not None and not 0 < image.width < PICTURE_WIDTH


def _passed_reasons(filling: _Filling, fresh: Sequence[Ranked], told: Mapping[str, Told | None]) -> dict[str, str]:
    """Return by cluster id why each event that was not taken was not."""
    taken = {each.cluster.id for each in filling.taken}
    reasons = {
        id_: explain.told_before(before.day)
        for id_, before in told.items()
        if before is not None and not before.moved_on
    }
    last = min(filling.taken, key=lambda each: (each.score.total, -each.rank), default=None)
    for each in fresh:
        id_ = each.cluster.id
        if id_ in taken:
            continue
        if id_ in filling.full:
            instead = filling.instead.get(id_)
            reasons[id_] = explain.over_quota(*filling.full[id_], instead.cluster.lead.headline if instead else "")
        elif filling.section.sort == "latest":
            reasons[id_] = explain.undated() if each.age_h is None else explain.older(len(taken))
        elif id_ in filling.alike and last is not None and each.score.total > last.score.total:
            near, best = filling.alike[id_]
            reasons[id_] = explain.too_alike(near, best.cluster.lead.headline)
        elif last is not None:
            reasons[id_] = explain.below(each, last, len(taken))
    return reasons


def _items(filling: _Filling, fresh: Sequence[Ranked], told: Mapping[str, Told | None]) -> tuple[Item, ...]:
    taken = {each.cluster.id for each in filling.taken}
    waiting = [each for each in fresh if each.cluster.id not in taken and each.cluster.id not in filling.full]
    runner_up = waiting[0] if waiting and filling.section.sort == "top" else None
    items: list[Item] = []
    for place, each in enumerate(filling.taken):
        before, also = told[each.cluster.id], []
        if before is not None:
            also.append(explain.update(before.day, before.moved_on))
        if place == 0 and filling.leads_by_picture:
            also.append("leads because it has a picture")
        if each.cluster.id in filling.swaps:
            swapped = filling.swaps[each.cluster.id]
            number, kind, name = filling.full[swapped.cluster.id]
            also.append(
                f"in for {explain.quoted(swapped.cluster.lead.headline)}, {explain.over_quota(number, kind, name, '')}"
            )
        items.append(
            item_of(
                each.cluster,
                score=each.score,
                reason=explain.chosen(each, runner_up=runner_up, also=also),
                section_reason=each.placement.reason,
                update_of=before.day.isoformat() if before is not None else "",
            )
        )
    return tuple(items)


def item_of(cluster: Cluster, *, score: Score, reason: str, section_reason: str = "", update_of: str = "") -> Item:
    """Return a cluster as an item with its lead's own words and up to three lines of other sources."""
    lead = cluster.lead
    return Item(
        cluster=cluster,
        headline=lead.headline,
        kicker=lead.kicker,
        teaser=lead.teaser,
        related=related_of(cluster),
        score=score,
        reason=reason,
        section_reason=section_reason,
        update_of=update_of,
    )


def related_of(cluster: Cluster) -> tuple[Related, ...]:
    """Return up to three stories of the event by sources other than the lead's and each other's."""
    used = {source_of(cluster.lead).casefold()}
    lines: list[Related] = []
    for story in sorted(
        cluster.stories, key=lambda each: (-each.weight, each.position or 10**6, each.headline, each.id)
    ):
        source = source_of(story).casefold()
        if source in used or not story.url:
            continue
        used.add(source)
        name = story.source or story.feed_name
        lines.append(Related(headline=story.headline, url=story.url, source=name, language=story.language))
    return tuple(lines[:RELATED])
