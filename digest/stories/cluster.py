"""Stories → events: what several sources tell is shown once, and counted where it belongs.

Two levels. Events are tight: what one item of an edition shows. Running stories are loose: what counts as attention.
No publishing time is needed; where feeds give honest ones, a long gap raises doubt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.model.news import Cluster, Story
from digest.stories.background import Background
from digest.stories.linkage import average_link, groups
from digest.stories.neighbourhood import CUT, doubted, scaled
from digest.stories.running import running_stories
from digest.stories.similarity import Document, Row, similarities

# A lead may be a little off the middle of its event when it is better in other ways.
CENTRAL = 0.9

Pair = tuple[str, str]
"""Two story ids."""


@dataclass(frozen=True, kw_only=True)
class _Unit:
    """Stories with exactly the same wording, compared as one."""

    stories: tuple[Story, ...]

    @property
    def source(self) -> str:
        """Who wrote it, where one source did."""
        names = {story.source for story in self.stories}
        return self.stories[0].source if len(names) == 1 else ""

    @property
    def published(self) -> datetime | None:
        """The first known time."""
        return min((known for known in map(known_time, self.stories) if known is not None), default=None)


def known_time(story: Story) -> datetime | None:
    """Return when a story was published, or None where that is unknown or lies in the future."""
    return None if story.date_note == "future" else story.published


def cluster(
    stories: Iterable[Story],
    *,
    background: Background,
    must_link: Sequence[Pair] = (),
    cannot_link: Sequence[Pair] = (),
) -> tuple[Cluster, ...]:
    """Return the events the stories tell, in the order of their leads' titles.

    The same stories give the same clusters whatever their order; an id given twice counts once. Pairs of ids that must
    or cannot be one event are obeyed, the cannot-links where both are asked; unknown ids are passed over.
    """
    units = _units(stories)
    found = similarities(
        [Document(title=unit.stories[0].title, teaser=_teaser(unit.stories[0])) for unit in units], background
    )
    _part_chance_equals(units, found.rows)
    rows = doubted(found, [unit.source for unit in units], [unit.published for unit in units])
    tight = groups(len(units), average_link([1] * len(units), scaled(rows, found.shared), stop=CUT))
    clusters: list[Cluster] = []
    for events in running_stories(tight, rows):
        running = tuple(sorted(story.id for event in events for unit in event for story in units[unit].stories))
        clusters.extend(_clustered(event, units, found.rows, running) for event in events)
    return tuple(sorted(_linked(clusters, must_link, cannot_link), key=lambda made: _canonical(made.lead)))


def _canonical(story: Story) -> tuple[str, str, str, str]:
    return (story.title, _teaser(story), story.source, story.id)


def _teaser(story: Story) -> str:
    return story.teaser or story.summary


def _units(stories: Iterable[Story]) -> list[_Unit]:
    """Return the stories in canonical order, those of the same wording together.

    A wording of a word or two without a teaser ("Morning briefing") is the same by chance, so each stays alone.
    """
    once = {story.id: story for story in sorted(stories, key=_canonical, reverse=True)}
    same: dict[tuple[str, ...], list[Story]] = defaultdict(list)
    for story in sorted(once.values(), key=_canonical):
        title, teaser = _plain(story.title), _plain(_teaser(story))
        telling = teaser or title.count(" ") >= 2 or len(title) > 40
        same[(title, teaser) if telling else (title, teaser, story.id)].append(story)
    return [_Unit(stories=tuple(alike)) for alike in same.values()]


def _part_chance_equals(units: Sequence[_Unit], rows: Sequence[Row]) -> None:
    """Forget how alike units of one wording are: `_units` kept them apart because it says nothing."""
    same: dict[str, list[int]] = defaultdict(list)
    for number, unit in enumerate(units):
        if not _teaser(unit.stories[0]):
            same[_plain(unit.stories[0].title)].append(number)
    for alike in same.values():
        for number in alike[1:] and alike:
            for other in alike:
                rows[number].pop(other, None)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _clustered(event: Sequence[int], units: Sequence[_Unit], rows: Sequence[Row], running: tuple[str, ...]) -> Cluster:
    members = [story for unit in event for story in units[unit].stories]
    return Cluster(stories=tuple(sorted(members, key=_canonical)), lead=_lead(event, units, rows), running=running)


def _lead(event: Sequence[int], units: Sequence[_Unit], rows: Sequence[Row]) -> Story:
    """Return the story nearest to all others; of those about as near, the one of the weightier feed, with a teaser."""
    central = {unit: sum([rows[unit].get(other, 0.0) for other in event]) for unit in event}
    best = max(central.values())
    near = [story for unit in event if central[unit] >= CENTRAL * best for story in units[unit].stories]
    return min(near, key=lambda story: (-story.weight, not _teaser(story), story.position or 10**6, *_canonical(story)))


def _linked(clusters: list[Cluster], must_link: Sequence[Pair], cannot_link: Sequence[Pair]) -> list[Cluster]:
    if not must_link and not cannot_link:
        return clusters
    group_of = {story.id: number for number, made in enumerate(clusters) for story in made.stories}
    members = {number: [made] for number, made in enumerate(clusters)}
    for left, right in must_link:
        if left not in group_of or right not in group_of or group_of[left] == group_of[right]:
            continue
        kept, gone = sorted((group_of[left], group_of[right]))
        members[kept] += members.pop(gone)
        group_of.update({story.id: kept for made in members[kept] for story in made.stories})
    apart: dict[str, set[str]] = defaultdict(set)
    for left, right in cannot_link:
        apart[left].add(right)
        apart[right].add(left)
    return [made for joined in members.values() for made in _split(_joined(joined), apart)]


def _joined(parts: Sequence[Cluster]) -> Cluster:
    """Return one cluster of several; the lead is that of the largest."""
    if len(parts) == 1:
        return parts[0]
    lead = max(parts, key=lambda part: (len(part.sources), len(part.stories), part.id)).lead
    stories = sorted((story for part in parts for story in part.stories), key=_canonical)
    return Cluster(
        stories=tuple(stories), lead=lead, running=tuple(sorted({id_ for part in parts for id_ in part.running}))
    )


def _split(made: Cluster, apart: dict[str, set[str]]) -> list[Cluster]:
    """Return a cluster in as few parts as keep apart what must be: the least contested stories stay together."""
    if not any(apart.get(story.id) for story in made.stories):
        return [made]
    ids = {story.id for story in made.stories}
    parts: list[list[Story]] = []
    for story in sorted(made.stories, key=lambda each: (len(apart.get(each.id, set()) & ids), *_canonical(each))):
        foes = apart.get(story.id, set())
        for part in parts:
            if not any(other.id in foes for other in part):
                part.append(story)
                break
        else:
            parts.append([story])
    return [
        Cluster(
            stories=tuple(sorted(part, key=_canonical)),
            lead=made.lead if made.lead in part else min(part, key=_canonical),
            running=made.running,
        )
        for part in parts
    ]
