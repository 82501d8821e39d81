"""An edition laid out to be rearranged: the one mutable thing here, alive only while edits are applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from digest.editions.select import item_of, related_of
from digest.model.editions import Edition, FilledSection, Item, Passed
from digest.model.news import Cluster, Story


@dataclass
class Lane:
    """A section while it is rearranged."""

    filled: FilledSection  # as the base has it
    items: list[Item]
    passed: list[Passed]


class Board:
    """Finds, takes and places events by the id of any of their stories."""

    def __init__(self, base: Edition) -> None:
        """Lay out a base."""
        self.lanes = {
            filled.section.slug: Lane(filled, list(filled.items), list(filled.passed)) for filled in base.sections
        }

    def sections(self) -> tuple[FilledSection, ...]:
        """Return the sections as they are now."""
        return tuple(
            replace(lane.filled, items=tuple(lane.items), passed=tuple(lane.passed)) for lane in self.lanes.values()
        )

    def clusters(self) -> Iterator[Cluster]:
        """Yield every event there is, chosen or passed."""
        for lane in self.lanes.values():
            yield from (item.cluster for item in lane.items)
            yield from (passed.cluster for passed in lane.passed)

    def find(self, story_id: str) -> tuple[Lane, Item | Passed] | None:
        """Return where the event with a story is, chosen ones first; a copy of a story counts as the story."""
        for lane in self.lanes.values():
            for item in lane.items:
                if tells(item.cluster, story_id):
                    return lane, item
        for lane in self.lanes.values():
            for passed in lane.passed:
                if tells(passed.cluster, story_id):
                    return lane, passed
        return None

    def take(self, story_id: str) -> tuple[Lane, Item] | None:
        """Take an event out and return it as an item, with the section it was in."""
        found = self.find(story_id)
        if found is None:
            return None
        lane, there = found
        if isinstance(there, Item):
            lane.items.remove(there)
            return lane, there
        lane.passed.remove(there)
        return lane, item_of(there.cluster, score=there.score, reason=there.reason, section_reason=there.section_reason)

    def put(self, lane: Lane, item: Item, place: int | None) -> None:
        """Place an item (1 = first, None = last); a full section lets its last item go that nobody pinned."""
        at = len(lane.items) if place is None else min(max(place - 1, 0), len(lane.items))
        lane.items.insert(at, item)
        if len(lane.items) <= lane.filled.section.stories:
            return
        others = [other for other in lane.items if not other.pinned and other is not item]
        if others:
            gone = others[-1]
            lane.items.remove(gone)
            reason = f"made room for “{item.headline}”"
            lane.passed.insert(0, passed_of(gone, reason))

    def change(self, story_id: str, edit: Callable[[Item], Item]) -> bool:
        """Replace a chosen item by what ``edit`` makes of it; tell whether there was one."""
        for lane in self.lanes.values():
            for at, item in enumerate(lane.items):
                if tells(item.cluster, story_id):
                    lane.items[at] = edit(item)
                    return True
        return False

    def recluster(self, story_id: str, cluster: Cluster) -> None:
        """Give the event with a story other stories or another lead; an item takes its new lead's words."""
        found = self.find(story_id)
        if found is None:
            return
        lane, there = found
        if isinstance(there, Item):
            lane.items[lane.items.index(there)] = with_cluster(there, cluster)
        else:
            lane.passed[lane.passed.index(there)] = replace(there, cluster=cluster)


def passed_of(item: Item, reason: str) -> Passed:
    """Return an item as passed over."""
    return Passed(cluster=item.cluster, score=item.score, reason=reason, section_reason=item.section_reason)


def tells(cluster: Cluster, story_id: str) -> bool:
    """Tell whether an event holds a story, itself or as a copy."""
    return any(story.id == story_id for story in cluster.stories) or any(
        copy.story.id == story_id for copy in cluster.duplicates
    )


def with_cluster(item: Item, cluster: Cluster) -> Item:
    """Return an item that shows another cluster: a new lead brings its own words, and no picture of the old one."""
    lead = cluster.lead
    if lead.id == item.cluster.lead.id:
        return replace(item, cluster=cluster, related=related_of(cluster))
    return replace(
        item_of(
            cluster,
            score=item.score,
            reason=item.reason,
            section_reason=item.section_reason,
            update_of=item.update_of,
        ),
        pinned=item.pinned,
        note=item.note,
    )


def single(story: Story) -> Cluster:
    """Return a story as an event of its own."""
    return Cluster(stories=(story,), lead=story, running=(story.id,))


def without(cluster: Cluster, ids: frozenset[str]) -> Cluster | None:
    """Return an event less some of its stories, or None where none is left."""
    stories = tuple(story for story in cluster.stories if story.id not in ids)
    if not stories:
        return None
    lead = cluster.lead if cluster.lead in stories else stories[0]
    kept = {story.id for story in stories}
    copies = tuple(copy for copy in cluster.duplicates if copy.of in kept)
    return replace(cluster, stories=stories, lead=lead, duplicates=copies)


def joined(cluster: Cluster, others: list[Cluster]) -> Cluster:
    """Return one event of several; its own lead stays."""
    stories = {story.id: story for each in (cluster, *others) for story in each.stories}
    ordered = sorted(stories.values(), key=lambda story: (story.title, story.teaser, story.source, story.id))
    return replace(
        cluster,
        stories=tuple(ordered),
        running=tuple(sorted({id_ for each in (cluster, *others) for id_ in each.running})),
        duplicates=tuple(copy for each in (cluster, *others) for copy in each.duplicates),
    )
