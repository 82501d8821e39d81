"""What the search of the static archive is made of: a record a story, read by Pagefind, in parts of a quarter or year.

Pagefind's time to rank grows with its results times the pages of its index, so that ten years in one index took 17 s
for a common word (docs/performance.md). A quarter of 30 stories a day takes milliseconds and is made anew in a second.
Years before the last two are put together where their stories are few: what is opened for a rare word are parts,
whatever they hold.

A record holds the terms of `digest.model.searching`, folded already, and the story as it is shown as JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from digest.archive import addresses
from digest.model.searching import Told, terms_of

# A language that Pagefind has no rules for: it takes the terms as they are.
LANGUAGE = "zz"
FORM = 2  # of a record: another one makes every part anew
HEADLINE_WEIGHT = 4
LONGEST = 300  # characters of a headline as shown
RECENT = 2  # years of which each quarter is a part, as they still change
MOST = 3_000  # stories of a part of an older year


@dataclass(frozen=True, kw_only=True)
class Part:
    """A quarter of a year of stories, half a year of them or all."""

    year: int
    quarter: int  # 1 to 4, the first of its own
    quarters: int = 1
    stamp: str  # changes when its stories do

    @property
    def name(self) -> str:
        """The name of its folder: another one for other contents, so that readers at work keep what they began with."""
        return f"{self.year}-{self.quarter}-{self.stamp}"

    @property
    def span(self) -> tuple[date, date]:
        """Its first and last day."""
        first, last = date(self.year, 3 * self.quarter - 2, 1), self.quarter + self.quarters - 1
        following = date(self.year + last // 4, 3 * (last % 4) + 1, 1)
        return first, date.fromordinal(following.toordinal() - 1)


def parts_of(days: Iterable[tuple[str, date, int, int]], language: str) -> tuple[Part, ...]:
    """Return the parts of editions, newest first; each is (digest, day, stories, when they were indexed).

    ``language`` is that of what a record says besides the story.
    """
    told = sorted(days)
    length = _quarters(told)
    gathered: dict[tuple[int, int], list[str]] = {}
    for digest, day, stories, indexed in told:
        each = length[day.year]
        first = (day.month - 1) // (3 * each) * each + 1
        gathered.setdefault((day.year, first), []).append(f"{digest} {day} {stories} {indexed}")
    return tuple(
        Part(
            year=year,
            quarter=quarter,
            quarters=length[year],
            stamp=hashlib.sha256("\n".join([f"{FORM} {language}", *lines]).encode()).hexdigest()[:10],
        )
        for (year, quarter), lines in sorted(gathered.items(), reverse=True)
    )


def _quarters(days: Iterable[tuple[str, date, int, int]]) -> dict[int, int]:
    """Return how many quarters make a part of each year: 1, 2 or 4."""
    counts = Counter[int]()
    for _, day, stories, _ in days:
        counts[day.year] += stories
    recent = max(counts, default=0) - RECENT
    return {
        year: 1 if year > recent else next((each for each in (4, 2) if stories * each <= 4 * MOST), 1)
        for year, stories in counts.items()
    }


def record(told: Told, line: Callable[[str, int], str], day: Callable[[date], str]) -> bytes:
    """Return a story as a page for Pagefind; nobody else reads it.

    ``line`` makes foreign text safe to show, ``day`` writes a day out.
    """
    shown = {
        "u": f"{addresses.edition(told.digest, told.day)}#_{told.story}",
        "d": told.day.isoformat(),
        "w": day(told.day),
        "h": line(told.headline, LONGEST),
        "k": line(told.kicker, LONGEST),
        "t": line(told.teaser, 3 * LONGEST),
        "s": line(told.source, LONGEST),
        "n": line(told.section_title, LONGEST),
        "l": told.language,
    }
    head = " ".join(terms_of(f"{told.kicker} {told.headline}"))
    body = " ".join(terms_of(f"{told.teaser} {told.byline} {told.source} {told.section_title}"))
    filters = {"section": told.section, "source": told.source, "digest": told.digest}
    marks = "".join(
        f'<i data-pagefind-ignore data-pagefind-filter="{name}">{escape(value)}</i>'
        for name, value in filters.items()
        if value
    )
    text = json.dumps({name: value for name, value in shown.items() if value}, ensure_ascii=False)
    page = (
        f'<html lang="{LANGUAGE}"><body data-pagefind-body>'
        f'<p data-pagefind-weight="{HEADLINE_WEIGHT}">{escape(head)}</p><p>{escape(body)}</p>{marks}'
        f'<i data-pagefind-ignore data-pagefind-meta="told">{escape(text)}</i></body></html>'
    )
    return page.encode("utf-8", "replace")


def catalogue(parts: Sequence[tuple[Part, int]], common: Iterable[str]) -> bytes:
    """Return what the page reads first: the parts with their stories, newest first, and the words that say nothing."""
    document: Mapping[str, object] = {
        "parts": [{"path": part.name, "year": part.year, "stories": stories} for part, stories in parts],
        "common": sorted(common),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"
