"""A form of the desk becomes the value of an edit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from digest.editions.board import Board
from digest.errors import UsageError
from digest.model.editions import Edition

NAMES = frozenset({
    "section", "reason", "headline", "kicker", "teaser", "text", "after", "by", "name", "label", "url", "placement",
    "source", "image", "lines",
})  # fmt: skip
MORE = frozenset({"place", "boost", "with", "remove"})
LINE = ("headline", "url", "source", "language")  # of a related line
LONGEST = 20_000  # characters of one field


def value_of(kind: str, target: str, form: Mapping[str, str], edition: Edition) -> dict[str, Any]:
    """Return the value of an edit from a form's fields; raises UsageError for a place or a boost that is no number."""
    value: dict[str, Any] = {name: form[name][:LONGEST] for name in NAMES if name in form}
    place = form.get("place", "").strip()
    if place:
        if not place.isdigit() or int(place) < 1:
            raise UsageError(f"{place!r} is no place", fix="places begin at 1")
        value["place"] = int(place)
    boost = form.get("boost", "").strip()
    if boost:
        try:
            value["boost"] = float(boost.replace("\N{MINUS SIGN}", "-").replace(",", "."))
        except ValueError:
            raise UsageError(f"{boost!r} is no number", fix="write it as 1.5") from None
    if form.get("remove"):
        value["remove"] = True
    if "with" in form:
        value["with"] = form["with"].split()
    shape = _SHAPES.get(kind)
    return shape(edition, target, value) if shape is not None else value


def again(form: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a form that make an edit, to be sent again."""
    return {name: each for name, each in form.items() if name in NAMES | MORE}


def short(form: Mapping[str, str]) -> str:
    """Return the words of a form in one line, for the log."""
    return "; ".join(f"{name} {form[name][:200]!r}" for name in sorted(NAMES) if form.get(name))


def _split(edition: Edition, target: str, value: dict[str, Any]) -> dict[str, Any]:
    """Name what stays behind, so that a base built later knows the split."""
    found = Board(edition).find(target)
    apart = {target, *value.get("with", ())}
    stories = found[1].cluster.stories if found is not None else ()
    return {**value, "from": [story.id for story in stories if story.id not in apart]}


def _related(edition: Edition, target: str, value: dict[str, Any]) -> dict[str, Any]:
    """Read the lines, a JSON list of headline, address, source and language each."""
    try:
        lines = json.loads(value.get("lines", "[]"))
        return {"related": [{name: str(line.get(name, "")) for name in LINE} for line in lines]}
    except (ValueError, AttributeError, TypeError):
        raise UsageError("the lines cannot be read", fix="load the page again") from None


_SHAPES: dict[str, Callable[[Edition, str, dict[str, Any]], dict[str, Any]]] = {"split": _split, "related": _related}
