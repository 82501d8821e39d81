"""What was picked, as a JSON document and as text for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from digest.dates import iso
from digest.editions.rank import Ranked
from digest.model.editions import FilledSection, Item, Passed, Score
from digest.pipeline.picked import Picked

_WIDTH = 72  # columns a headline may take in a table


def pick_document(picked: Picked) -> dict[str, Any]:
    """Return the document of `digest pick --json`: every story id is in one cluster or among the duplicates."""
    return {
        "at": iso(picked.at),
        "clusters": [_cluster(each) for each in picked.ranked],
        "sections": [_section(filled) for filled in picked.sections],
        "duplicates": [{"story": copy.story.id, "of": copy.of, "reason": copy.reason} for copy in picked.duplicates],
        "notes": [*picked.health.short_sections, *picked.health.notes],
    }


def _cluster(ranked: Ranked) -> dict[str, Any]:
    cluster = ranked.cluster
    return {
        "id": cluster.id,
        "section": ranked.placement.slug,
        "section_reason": ranked.placement.reason,
        "rank": ranked.rank,
        "score": ranked.score.total,
        "terms": {term.name: term.contribution for term in ranked.score.terms},
        "lead": cluster.lead.id,
        "stories": [story.id for story in cluster.stories],
    }


def _section(filled: FilledSection) -> dict[str, Any]:
    return {
        "slug": filled.section.slug,
        "items": [
            {
                "cluster": item.cluster.id,
                "story": item.cluster.lead.id,
                "headline": item.headline,
                "score": item.score.total,
                "reason": item.reason,
            }
            for item in filled.items
        ],
        "passed": [
            {"cluster": passed.cluster.id, "score": passed.score.total, "reason": passed.reason}
            for passed in filled.passed
        ],
    }


def list_text(picked: Picked) -> str:
    """Return the chosen headlines, a section after the other."""
    lines: list[str] = []
    for filled in picked.sections:
        lines.append(f"{filled.section.title} ({len(filled.items)} of {filled.section.stories})")
        lines.extend(f"  {_short(item.headline)}" for item in filled.items)
    lines.extend(picked.health.notes)
    return "\n".join(lines)


def explain_text(picked: Picked) -> str:
    """Return for each section a table of what was chosen and passed, with contributions and one sentence each."""
    lines: list[str] = []
    for filled in picked.sections:
        lines.extend(_explained(filled))
    lines.extend(f"copy  {_short(copy.story.headline)}: {copy.reason} ({copy.of})" for copy in picked.duplicates)
    lines.extend(picked.health.notes)
    return "\n".join(lines)


def changes_text(changes: Sequence[Mapping[str, Any]]) -> str:
    """Return what other settings would change, a line a story."""
    if not changes:
        return "Nothing would change."
    lines = []
    for each in changes:
        was, now = each["before"], each["after"]
        what = f"in at {now}" if was is None else f"out, was {was}" if now is None else f"{was} → {now}"
        lines.append(f"{each['section']:14} {what:12} {_short(each['headline'])}")
    return "\n".join(lines)


def _explained(filled: FilledSection) -> Iterator[str]:
    yield f"{filled.section.title}: {len(filled.items)} of {filled.section.stories}"
    for place, item in enumerate(filled.items, 1):
        yield from _row(f"{place:>4}", item)
    for passed in filled.passed:
        yield from _row("   -", passed)
    yield ""


def _row(mark: str, told: Item | Passed) -> Iterator[str]:
    headline, said = (
        (told.headline, told.reason)
        if isinstance(told, Item)
        else (told.cluster.lead.headline, f"passed: {told.reason}")
    )
    yield f"{mark}  {told.score.total:6.2f}  {_short(headline)}  [{told.cluster.lead.id[:8]}]"
    yield f"              {_sum(told.score)}"
    yield f"              {said}"


def _sum(score: Score) -> str:
    """Return "1.58 sources + 0.50 position = 2.08", terms that add nothing left out."""
    added = [f"{term.contribution:.2f} {term.name.replace('_', ' ')}" for term in score.terms if term.contribution]
    return " + ".join(added) + f" = {score.total:.2f}" if added else f"{score.total:.2f}"


def _short(headline: str) -> str:
    return headline if len(headline) <= _WIDTH else headline[: _WIDTH - 1].rstrip() + "…"
