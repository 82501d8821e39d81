"""Which section an event belongs to, and the evidence for it.

Evidence in order: a section's own match rules, the section given with the story or by its feed, the feed's categories,
the address's path, the text; else `other`. Of an event with several stories the strongest evidence counts, at equal
strength the section most of them name, then the lead's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from digest.editions.section_words import learn
from digest.model.editions import Match, Section
from digest.model.news import Cluster, Story

OTHER = "other"

Words = Callable[[Story], Collection[str]]
"""Returns the terms of a story."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A section and why."""

    slug: str  # OTHER where nothing told, whether or not such a section is configured
    reason: str  # one plain clause: "the feed's section", "“Trade” in its address"


@dataclass(frozen=True, kw_only=True)
class _Evidence:
    strength: int  # 0 is the strongest
    placement: Placement


def place(clusters: Sequence[Cluster], sections: Sequence[Section], *, words: Words) -> tuple[Placement, ...]:
    """Return the section of each cluster, in the order given.

    The text counts only where this publication's other stories, whose section is known otherwise, taught its words
    well enough (`section_words.learn`).
    """
    if len(sections) == 1 and not sections[0].match:
        return tuple(Placement(slug=sections[0].slug, reason="the only section") for _ in clusters)
    known = [_known(cluster, sections) for cluster in clusters]
    texts = [frozenset(word for story in cluster.stories for word in words(story)) for cluster in clusters]
    learnt = learn([(text, found.slug) for text, found in zip(texts, known, strict=True) if found is not None])
    return tuple(found or _by_text(learnt(text), sections) for found, text in zip(known, texts, strict=True))


def repeated(cluster: Cluster, section: Section) -> Placement | None:
    """Return why an event placed elsewhere is repeated in a section, or None.

    A section without match rules repeats everything, one with rules what they name.
    """
    if not section.repeats:
        return None
    if not section.match:
        return Placement(slug=section.slug, reason="the section repeats what others have")
    for story in (cluster.lead, *cluster.stories):
        for rule in section.match:
            if (why := _rule_holds(rule, story)) is not None:
                return Placement(slug=section.slug, reason=why)
    return None


def _by_text(slug: str, sections: Sequence[Section]) -> Placement:
    if slug:
        title = next(section.title for section in sections if section.slug == slug)
        return Placement(slug=slug, reason=f"its words are those of “{title}”")
    return Placement(slug=OTHER, reason="neither rules, feed, category, address nor words name a section")


def _known(cluster: Cluster, sections: Sequence[Section]) -> Placement | None:
    found = [(evidence, story) for story in cluster.stories if (evidence := _evidence(story, sections)) is not None]
    if not found:
        return None
    strongest = min(evidence.strength for evidence, _ in found)
    votes = Counter(evidence.placement.slug for evidence, _ in found if evidence.strength == strongest)
    order = {section.slug: number for number, section in enumerate(sections)}
    best = min(
        ((evidence, story) for evidence, story in found if evidence.strength == strongest),
        key=lambda each: (
            -votes[each[0].placement.slug],
            each[1].id != cluster.lead.id,
            order[each[0].placement.slug],
            each[1].id,
        ),
    )
    return best[0].placement


def _evidence(story: Story, sections: Sequence[Section]) -> _Evidence | None:
    for section in sections:
        for rule in section.match:
            if (why := _rule_holds(rule, story)) is not None:
                return _Evidence(strength=0, placement=Placement(slug=section.slug, reason=why))
    path = path_words(story.url)
    categories = {_plain(hint) for hint in story.hints} - set(path)
    for section in sections:
        if story.section == section.slug:
            return _Evidence(strength=1, placement=Placement(slug=section.slug, reason="its feed belongs there"))
    for strength, names, where in ((2, categories, "categories"), (3, set(path), "address")):
        for section in sections:
            if {_plain(section.slug), _plain(section.title)} & names:
                reason = f"“{section.title}” in its {where}"
                return _Evidence(strength=strength, placement=Placement(slug=section.slug, reason=reason))
    return None


def _plain(name: str) -> str:
    return "-".join(re.findall(r"\w+", name.casefold()))


def path_words(url: str) -> tuple[str, ...]:
    """Return the folders of an address in order, lower case, without numbers and without the story's own name."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ()
    folders = [_plain(folder) for folder in path.split("/")[:-1]]
    return tuple(folder for folder in folders if folder and not folder.isdigit())


def _rule_holds(rule: Match, story: Story) -> str | None:
    """Return why every condition of a rule holds, or None; a rule without conditions never holds."""
    reasons: list[str] = []
    for wanted, found, what in (
        (rule.feeds, _feed_named(rule.feeds, story), "feed"),
        (rule.categories, _first(rule.categories, story.hints), "category"),
        (rule.paths, _first(rule.paths, (*path_words(story.url), *story.hints)), "path"),
        (rule.words, _word_said(rule.words, story), "word"),
        (rule.languages, _spoken(rule.languages, story), "language"),
    ):
        if wanted and not found:
            return None
        if wanted:
            reasons.append(f"{what} “{found}”")
    return "rule: " + ", ".join(reasons) if reasons else None


def _first(wanted: Sequence[str], names: Sequence[str]) -> str:
    have = {_plain(name) for name in names}
    return next((name for name in wanted if _plain(name) in have), "")


def _feed_named(wanted: Sequence[str], story: Story) -> str:
    have = {story.feed.casefold(), story.feed_name.casefold()} - {""}
    return next((name for name in wanted if name.casefold() in have), "")


def _word_said(wanted: Sequence[str], story: Story) -> str:
    text = f"{story.title} {story.headline} {story.teaser or story.summary}".casefold()
    return next((word for word in wanted if re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", text)), "")


def _spoken(wanted: Sequence[str], story: Story) -> str:
    primary = story.language.casefold().partition("-")[0]
    return next((tag for tag in wanted if primary and tag.casefold().partition("-")[0] == primary), "")
