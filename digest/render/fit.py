"""The size fitter: Gmail clips a mail near 102 kB encoded, so a long edition is shortened, and says what was cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from digest.model.editions import Edition, Item

BUDGET = 95_000  # bytes of the encoded HTML part: goal of the facts, 7 kB below the clip
TEASERS = (200, 140, 90)  # characters, tried in turn before an item is dropped


def fit(
    edition: Edition, size_of: Callable[[Edition], int], *, budget: int = BUDGET
) -> tuple[Edition, tuple[str, ...]]:
    """Return an edition that fits, and one line for each step taken: teasers shortened, then the lowest items dropped.

    The imprint, sponsors and notes are never touched, nor what an editor pinned. ``size_of`` renders and encodes.
    """
    cuts: list[str] = []
    if size_of(edition) <= budget:
        return edition, ()
    for longest in TEASERS:
        edition = _with_teasers(edition, longest)
        cuts.append(f"teasers shortened to {longest} characters")
        if size_of(edition) <= budget:
            return edition, tuple(cuts)
    while len(edition.items) > 1:
        lowest = min(
            (item for item in edition.items if not item.pinned),
            key=lambda item: (item.score.total, item.cluster.lead.id),
            default=None,
        )
        if lowest is None:
            break
        edition = _without(edition, lowest)
        cuts.append(f"left out to fit: {lowest.headline}")
        if size_of(edition) <= budget:
            break
    return edition, tuple(cuts)


def _with_teasers(edition: Edition, longest: int) -> Edition:
    return _mapped(edition, lambda item: replace(item, teaser=shortened(item.teaser, longest)))


def _without(edition: Edition, dropped: Item) -> Edition:
    sections = tuple(
        replace(filled, items=tuple(item for item in filled.items if item is not dropped))
        for filled in edition.sections
    )
    return replace(edition, sections=sections)


def _mapped(edition: Edition, change: Callable[[Item], Item]) -> Edition:
    sections = tuple(replace(filled, items=tuple(map(change, filled.items))) for filled in edition.sections)
    return replace(edition, sections=sections)


def shortened(text: str, longest: int) -> str:
    """Return text cut at a word, with an ellipsis, to at most ``longest`` characters."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:–—-") + "…"
