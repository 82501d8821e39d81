"""Stories → what would be in an edition, with the reason of every choice. Nothing is saved here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from digest.editions.bars import Bar, bar_of, with_free_lead
from digest.editions.memory import Memory
from digest.editions.place import OTHER, place, repeated
from digest.editions.rank import OwnTerm, Ranked, known_time, rank
from digest.editions.select import fill, related_of
from digest.model.counting import count_of
from digest.model.editions import Bars, FilledSection, Health, Section, SentEvent, Weights
from digest.model.news import Cluster, Duplicate, Story
from digest.model.tokens import terms
from digest.pipeline.pick_report import changes_text, explain_text, list_text, pick_document
from digest.pipeline.picked import Picked
from digest.pipeline.stories_file import read_stories
from digest.stories.background import Background, shipped
from digest.stories.cluster import Pair, cluster
from digest.stories.dedupe import dedupe

__all__ = ["ALL", "Picked", "changes_text", "explain_text", "list_text", "pick", "pick_document", "pick_file"]

# Without a configuration: one section, and no quota that a file of one source would run into.
ALL = Section(slug="all", title="All", stories=30, per_source=30, per_byline=3, per_kicker=3)


def pick(
    stories: Iterable[Story],
    *,
    sections: Sequence[Section],
    weights: Weights,
    at: datetime | None,
    since: datetime | None = None,
    past: Sequence[SentEvent] = (),
    background: Background,
    must_link: Sequence[Pair] = (),
    cannot_link: Sequence[Pair] = (),
    boosts: Mapping[str, float] | None = None,
    wanted: frozenset[str] = frozenset(),
    bars: Bars | None = None,
    dropped: Mapping[str, str] | None = None,
    own: Sequence[OwnTerm] = (),
) -> Picked:
    """Return what an edition of these sections would hold, and why; the order of the stories never matters.

    ``at`` is the moment ages are counted to (None = no decay), ``since`` the start of the window, ``past`` what earlier
    editions told, ``must_link`` and ``cannot_link`` pairs of story ids an editor merged or split, ``boosts`` what she
    added to a story's score. Stories of ``wanted`` are always listed as passed where they are not chosen. ``bars`` say
    what must not appear, ``dropped`` by story id why an editor wants an event left out, ``own`` more terms.
    """
    bar = bar_of(bars or Bars(), at=at)
    kept, duplicates = dedupe(stories, unwanted=bar)
    memory = Memory(past, terms)
    found = cluster(kept, background=background, must_link=must_link, cannot_link=cannot_link)
    barred: dict[str, str] = {}
    clusters = []
    for each in _with_copies(found, duplicates):
        led, why = with_free_lead(_with_fresh_lead(each, memory), bar)
        why = next((dropped[story.id] for story in led.stories if dropped and story.id in dropped), why)
        clusters.append(led)
        if why:
            barred[led.id] = why
    placements = place(clusters, sections, words=_words)
    ranked = rank(clusters, placements, sections=sections, weights=weights, at=at, boosts=boosts, own=own)
    likeness = _Likeness()
    filled = tuple(
        _without_barred(
            fill(
                section,
                _considered(section, ranked),
                diversity=weights.diversity,
                likeness=likeness,
                memory=memory,
                at=at,
                wanted=wanted,
                barred=barred,
            ),
            bar,
        )
        for section in sections
    )
    return Picked(
        at=at,
        sections=filled,
        ranked=ranked,
        duplicates=duplicates,
        health=_health(filled, ranked, duplicates, at=at, since=since),
    )


def _considered(section: Section, ranked: Sequence[Ranked]) -> list[Ranked]:
    """Return the events of a section, and for one that repeats those of others, best first."""
    found: list[Ranked] = []
    for each in ranked:
        if each.placement.slug == section.slug:
            found.append(each)
        elif (again := repeated(each.cluster, section)) is not None:
            found.append(replace(each, placement=again))
    return found


def _without_barred(filled: FilledSection, bar: Bar) -> FilledSection:
    """Return a section whose items name no story that must not appear among their related lines."""
    items = []
    for item in filled.items:
        free = tuple(story for story in item.cluster.stories if not bar(story))
        if len(free) < len(item.cluster.stories):
            item = replace(item, related=related_of(replace(item.cluster, stories=free)))
        items.append(item)
    return replace(filled, items=tuple(items))


def pick_file(
    lines: Iterable[str],
    *,
    at: datetime | None,
    sections: Sequence[Section] | None,
    weights: Weights | None,
    bars: Bars | None = None,
    own: Sequence[OwnTerm] = (),
) -> Picked:
    """Return what would be picked of stories as JSON lines, without store and past; raise UsageError for a bad line.

    Without ``at`` it is the newest time published; without sections one of 30 items holds them all.
    """
    stories = read_stories(lines)
    if at is None:
        at = max((time for story in stories if (time := known_time(story, None)) is not None), default=None)
    return pick(
        stories,
        sections=sections or (ALL,),
        weights=weights or Weights(),
        at=at,
        background=shipped(),
        bars=bars,
        own=own,
    )


def _words(story: Story) -> list[str]:
    return [term for term in terms(f"{story.headline} {story.teaser or story.summary}") if term not in shipped().stop]


def _with_copies(clusters: Sequence[Cluster], duplicates: Sequence[Duplicate]) -> list[Cluster]:
    """Return the clusters with the copies of their stories."""
    copies: dict[str, list[Duplicate]] = defaultdict(list)
    for copy in duplicates:
        copies[copy.of].append(copy)
    if not copies:
        return list(clusters)
    return [
        replace(each, duplicates=tuple(copy for story in each.stories for copy in copies.get(story.id, ())))
        for each in clusters
    ]


def _with_fresh_lead(found: Cluster, memory: Memory) -> Cluster:
    """Lead an event told before with a story that was not: with what is new."""
    if not memory.told_story(found.lead.id):
        return found
    fresh = [story for story in found.stories if not memory.told_story(story.id)]
    if not fresh:
        return found
    newest = max(
        fresh, key=lambda story: (story.published.timestamp() if story.published else 0.0, story.weight, story.id)
    )
    return replace(found, lead=newest)


class _Likeness:
    """How alike two events are: the words their leads have in common (Dice), each counted once."""

    def __init__(self) -> None:
        self._words: dict[str, frozenset[str]] = {}

    def __call__(self, left: Cluster, right: Cluster) -> float:
        """Return a share from 0 to 1."""
        these, those = self._of(left), self._of(right)
        return 2 * len(these & those) / (len(these) + len(those)) if these and those else 0.0

    def _of(self, each: Cluster) -> frozenset[str]:
        found = self._words.get(each.id)
        if found is None:
            found = self._words[each.id] = frozenset(_words(each.lead))
        return found


def _health(
    filled: Sequence[FilledSection],
    ranked: Sequence[Ranked],
    duplicates: Sequence[Duplicate],
    *,
    at: datetime | None,
    since: datetime | None,
) -> Health:
    short: list[str] = []
    for each in filled:
        section, count = each.section, len(each.items)
        if count == 0 and each.passed:
            reasons = {passed.reason for passed in each.passed}
            why = reasons.pop() if len(reasons) == 1 else "nothing new in the window"
            short.append(f"{section.title}: {why}")
        elif count == 0:
            short.append(f"{section.title}: nothing in the window")
        elif count < section.stories:
            short.append(f"{section.title}: {count} of {section.stories}")
    slugs = {each.section.slug for each in filled}
    lost = sum(each.placement.slug not in slugs for each in ranked)
    undated = sum(each.age_h is None for each in ranked) if at is not None else 0
    late = sum(
        since is not None
        and at is not None
        and each.age_h is not None
        and each.age_h * 3600 > (at - since).total_seconds()
        for each in ranked
    )
    notes = []
    if lost:
        notes.append(f"{count_of(lost, 'event')} without a section; add one with the slug “{OTHER}” to see them")
    if undated:
        notes.append(f"{count_of(undated, 'event')} without a known time, ranked as of middling age")
    if late:
        notes.append(f"{count_of(late, 'event')} older than the window, listed late by their feeds")
    return Health(
        stories=sum(len(each.cluster.stories) for each in ranked) + len(duplicates),
        clusters=len(ranked),
        duplicates=len(duplicates),
        short_sections=tuple(short),
        notes=tuple(notes),
    )
