"""What must not appear, or not yet: blocked words, sources and bylines, and embargoes. Pure.

Nothing is hidden by a bar: the event stays where it ranks and says why it was passed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from digest.model.editions import Bars, Embargo
from digest.model.news import Cluster, Story

Bar = Callable[[Story], str]
"""Returns why a story must not appear, one plain clause, or ""."""


def bar_of(bars: Bars, *, at: datetime | None) -> Bar:
    """Return what tells whether a story is barred at a moment; without one no embargo holds."""
    words = _any_word(bars.words)
    sources, bylines = _plain(bars.sources), _plain(bars.bylines)

    def bar(story: Story) -> str:
        if words is not None:
            found = words.search(f"{story.kicker} {story.title} {story.headline} {story.teaser or story.summary}")
            if found:
                return f"blocked word “{found[0]}”"
        for name in (story.source, story.feed_name):
            if name.casefold() in sources:
                return f"blocked source {name}"
        for name in {story.byline, *re.split(r",| and | & ", story.byline)}:
            if name.strip().casefold() in bylines:
                return f"blocked byline {name.strip()}"
        until = embargo_of(story, bars)
        if until is not None and at is not None and until > at:
            return f"embargoed until {until:%Y-%m-%d %H:%M} UTC"
        return ""

    return bar


def embargo_of(story: Story, bars: Bars) -> datetime | None:
    """Return when the last embargo on a story ends, or None; the age of an undated one counts from `seen`."""
    ends = [embargo.until for embargo in bars.embargoes if _covers(embargo, story)]
    age = bars.feed_embargoes.get(story.feed)
    told = story.seen if story.published is None or story.date_note == "future" else story.published
    if age and told is not None:
        ends.append(told + age)
    return max(ends, default=None)


def longest_embargo(bars: Bars) -> timedelta:
    """Return the longest time a feed's stories are held back."""
    return max(bars.feed_embargoes.values(), default=timedelta(0))


def _covers(embargo: Embargo, story: Story) -> bool:
    """Tell whether an embargo speaks of a story: every kind of condition it names must hold, any one of a kind will."""
    kinds: list[bool] = []
    if embargo.words:
        pattern = _any_word(embargo.words)
        said = f"{story.title} {story.headline} {story.teaser or story.summary}"
        kinds.append(pattern is not None and pattern.search(said) is not None)
    if embargo.sources:
        names = {story.source.casefold(), story.feed_name.casefold()}
        kinds.append(bool(names & _plain(embargo.sources)))
    if embargo.urls:
        kinds.append(any(story.url.startswith(url) for url in embargo.urls))
    return bool(kinds) and all(kinds)


def _any_word(words: Sequence[str]) -> re.Pattern[str] | None:
    """Return what finds any of these words or phrases, whole, without case; a final * stands for any ending."""
    forms = [re.escape(word.rstrip("*")) + (r"\w*" if word.endswith("*") else "") for word in words if word.strip("* ")]
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)", re.IGNORECASE) if forms else None


def _plain(names: Sequence[str]) -> set[str]:
    return {name.strip().casefold() for name in names} - {""}


def with_free_lead(cluster: Cluster, bar: Bar) -> tuple[Cluster, str]:
    """Return an event led by a story that may appear, and "", or the event as it is and why none of it may."""
    reason = bar(cluster.lead)
    if not reason:
        return cluster, ""
    free = [story for story in cluster.stories if not bar(story)]
    if not free:
        return cluster, reason
    best = min(free, key=lambda story: (-story.weight, story.position or 10**6, story.title, story.id))
    return replace(cluster, lead=best), ""
