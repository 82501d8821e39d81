"""Why a story was chosen or passed: one plain sentence each, stored with the edition for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from digest.editions.rank import Ranked
from digest.model.counting import count_of

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
QUOTED = 60


def ordinal(number: int) -> str:
    """Return "third" or "13th"."""
    if 1 <= number <= len(_ORDINALS):
        return _ORDINALS[number - 1]
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def quoted(headline: str) -> str:
    """Return a headline in quotation marks, shortened at a word to some 60 characters."""
    if len(headline) > QUOTED:
        cut = headline[: QUOTED - 1]
        headline = (cut.rpartition(" ")[0] or cut).rstrip(" ,;:–—-") + "…"
    return f"“{headline}”"


def merits(ranked: Ranked) -> str:
    """Return what speaks for an event: "4 sources, first in 2 feeds, 3 h old"."""
    found = [count_of(ranked.sources, "source")]
    if ranked.attention > ranked.sources:
        found.append(f"{ranked.attention:.0f} on the running story")
    if ranked.first_in:
        found.append(f"first in {count_of(ranked.first_in, 'feed')}")
    found.append("undated" if ranked.age_h is None else _age(ranked.age_h))
    said = {"section": "for its section", "boost": "by an editor"}
    found.extend(
        f"{term.contribution:+.1f} {said[term.name]}"
        for term in ranked.score.terms
        if term.name in said and term.contribution
    )
    return ", ".join(found)


def _age(hours: float) -> str:
    if hours < 1:
        return "under 1 h old"
    return f"{hours:.0f} h old" if hours < 48 else f"{hours / 24:.0f} days old"


def chosen(ranked: Ranked, *, runner_up: Ranked | None = None, also: Sequence[str] = ()) -> str:
    """Return why an event was chosen; ``runner_up`` is the best that found no room, ``also`` are further reasons."""
    parts = [merits(ranked), *also]
    if runner_up is not None:
        ahead = ranked.score.total - runner_up.score.total
        other = quoted(runner_up.cluster.lead.headline)
        if ahead >= 0.05:
            parts.append(f"beats {other} by {ahead:.1f}")
    return "; ".join(parts)


def below(ranked: Ranked, last: Ranked, place: int) -> str:
    """Return by how much an event missed the last place."""
    missing = last.score.total - ranked.score.total
    if missing < 0.05:
        return f"level with the {ordinal(place)}, which has more sources, more stories or the earlier title"
    return f"{missing:.1f} below the {ordinal(place)}"


def over_quota(number: int, kind: str, name: str, instead: str) -> str:
    """Return that a quota was full: "third by Ruva Selwick today; “…” taken instead"."""
    by = {"source": f"from {name}", "byline": f"by {name}", "kicker": f"under “{name}”"}[kind]
    return f"{ordinal(number)} {by} today" + (f"; {quoted(instead)} taken instead" if instead else "")


def too_alike(headline: str, instead: str) -> str:
    """Return that a more different event was taken."""
    return f"much like {quoted(headline)}" + (f"; {quoted(instead)} taken instead" if instead else "")


def older(place: int) -> str:
    """Return that a `latest` section had newer ones."""
    return f"older than the {ordinal(place)}"


def undated() -> str:
    """Return why an undated event waits in a `latest` section."""
    return "undated, and dated ones come first"


def told_before(day: date) -> str:
    """Return that an earlier edition had the event."""
    return f"in the edition of {day.isoformat()}"


def update(day: date, why: str) -> str:
    """Return that an earlier edition had it, and what is new: "update of 2026-11-22: 3 new sources"."""
    return f"update of {day.isoformat()}: {why}"


def left_out(count: int, minimum: int) -> str:
    """Return that a section was too short to appear."""
    return f"the section is left out today: {count} of at least {minimum}"
