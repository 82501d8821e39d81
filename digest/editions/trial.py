"""Other weights and sections, tried without saving: what `digest pick --set` understands. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from digest.errors import UsageError
from digest.model.editions import FilledSection, Section, Weights

_OF_SECTIONS = ("stories", "minimum", "prior", "per_source", "per_byline", "per_kicker")


def with_settings(
    settings: Sequence[str], weights: Weights, sections: Sequence[Section]
) -> tuple[Weights, tuple[Section, ...]]:
    """Return weights and sections with settings such as "weight.sources=2" and "section.trade.stories=3".

    Raise UsageError for a setting nobody knows or a value that is no number.
    """
    found = list(sections)
    for setting in settings:
        path, equals, value = (part.strip() for part in setting.partition("="))
        kind, _, name = path.partition(".")
        if not equals or kind not in ("weight", "weights", "section", "sections"):
            raise _unknown(setting, "write weight.NAME=NUMBER or section.SLUG.NAME=NUMBER")
        number = _number(setting, value)
        if kind.startswith("weight"):
            known = [field.name for field in fields(Weights)]
            if name not in known:
                raise _unknown(setting, f"weights are {', '.join(known)}")
            weights = replace(weights, **{name: number})
        else:
            found = _with_section(setting, name, number, found)
    return weights, tuple(found)


def _with_section(setting: str, path: str, number: float, sections: list[Section]) -> list[Section]:
    slug, _, key = path.partition(".")
    if key not in _OF_SECTIONS:
        raise _unknown(setting, f"of a section {', '.join(_OF_SECTIONS)} can be tried")
    if slug not in {section.slug for section in sections}:
        raise _unknown(setting, f"sections are {', '.join(section.slug for section in sections)}")
    value: Any = number if key == "prior" else max(int(number), 1)
    return [replace(each, **{key: value}) if each.slug == slug else each for each in sections]


def _number(setting: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise _unknown(setting, "give a number after =") from None
    if not -10_000 <= number <= 10_000:
        raise _unknown(setting, "give a number from -10000 to 10000")
    return number


def _unknown(setting: str, fix: str) -> UsageError:
    return UsageError(f"{setting!r} is no setting to try", where="--set", fix=fix)


def differences(before: Sequence[FilledSection], after: Sequence[FilledSection]) -> list[dict[str, Any]]:
    """Return what other settings change, a section after the other: what comes in, goes out and moves."""
    changes: list[dict[str, Any]] = []
    for old, new in zip(before, after, strict=True):
        places = {item.cluster.lead.id: place for place, item in enumerate(old.items, 1)}
        now = {item.cluster.lead.id: place for place, item in enumerate(new.items, 1)}
        headlines = {item.cluster.lead.id: item.headline for item in (*old.items, *new.items)}
        for story in dict.fromkeys([*now, *places]):
            was, is_ = places.get(story), now.get(story)
            if was != is_:
                changes.append({
                    "section": new.section.slug, "story": story, "headline": headlines[story],
                    "before": was, "after": is_,
                })  # fmt: skip
    return changes
