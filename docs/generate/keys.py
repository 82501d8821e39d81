"""The page of configuration keys: which there are, of what kind, and what they are when nothing is written."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from digest.config.shape import Document, SectionTable, WeightsTable
from digest.model.editions import Section, Weights

_KINDS: dict[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    timedelta: 'duration, `"45m"`',
    time: 'time of day, `"07:00"`',
    date: "day, `2026-12-25`",
    datetime: "instant, `2026-12-01T06:00:00Z`",
}
# Of these tables only what is written is handed on; the defaults are those of what they become.
_BECOME: dict[type[BaseModel], type] = {SectionTable: Section, WeightsTable: Weights}


def tables() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield each table of digest.toml with its name as written, "" for the top level, "[[sections]]", "[delivery]"."""
    yield from _tables("", Document, many=False)


def _tables(path: str, model: type[BaseModel], *, many: bool) -> Iterator[tuple[str, type[BaseModel]]]:
    yield (f"[[{path}]]" if many else f"[{path}]") if path else "", model
    for name, field in model.model_fields.items():
        found = _below(field.annotation)
        if found is not None:
            below, kind = found
            key = f"{path}.{name}" if path else name
            yield from _tables(f"{key}.NAME" if kind == "named" else key, below, many=kind == "many")


def own_keys(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield the keys of a table that are no tables themselves, as written."""
    for name, field in model.model_fields.items():
        if _below(field.annotation) is None:
            yield field.alias or name, field


def page() -> str:
    """Return docs/reference/keys.md."""
    lines = [
        "# Keys of digest.toml at a glance",
        "",
        "Which keys there are, of what kind, and their defaults. What each means stands in"
        " [digest.toml](configuration.md).",
        "",
    ]
    for name, model in tables():
        rows = [
            f"| `{key}` | {_kind(field.annotation, field.metadata)} | {_default(key, field, model)} |"
            for key, field in own_keys(model)
        ]
        if rows:
            lines += [f"## {f'`{name}`' if name else 'Top level'}", "", "| Key | Kind | Default |", "|---|---|---|"]
            lines += [*rows, ""]
    return "\n".join(lines).rstrip() + "\n"


def _below(annotation: Any) -> tuple[type[BaseModel], str] | None:
    """Return the table an annotation holds, and how: "one", "many" or "named"."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None:
        is_table = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        return (annotation, "one") if is_table else None
    found = next((each for each in map(_below, inner) if each), None)
    if found is None:
        return None
    return found[0], {list: "many", dict: "named"}.get(origin, found[1])


def _kind(annotation: Any, metadata: list[Any]) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(inner[0], list(inner[1:]))
    if origin is Literal:
        return ", ".join(f'`"{each}"`' for each in inner if each)
    if origin in (typing.Union, types.UnionType):
        parts = [_kind(each, metadata) for each in inner if each is not type(None)]
        return " or ".join(dict.fromkeys(each for each in parts if each))
    if origin is list:
        return f"list of: {_kind(inner[0], [])}"
    if origin is dict:
        return f"table of: {_kind(inner[1], [])}"
    return _KINDS.get(annotation, "text") + _bounds(metadata)


def _bounds(metadata: list[Any]) -> str:
    low = next((each.ge for each in metadata if isinstance(each, annotated_types.Ge)), None)
    high = next((each.le for each in metadata if isinstance(each, annotated_types.Le)), None)
    if low is None and high is None:
        return ""
    if high is None:
        return f", from {low}"
    return f", {low} to {high}"


def _default(key: str, field: FieldInfo, model: type[BaseModel]) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if model in _BECOME:
        known = {each.name: each.default for each in dataclasses.fields(_BECOME[model])}
        value = known[key] if known.get(key, dataclasses.MISSING) is not dataclasses.MISSING else value
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, timedelta):
        return f'`"{_duration(value)}"`' if value else "none"
    if isinstance(value, (str, list)):
        return "`" + str(value).replace("'", '"') + "`" if isinstance(value, list) else f'`"{value}"`'
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    for unit, letter in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds % unit == 0:
            return f"{seconds // unit}{letter}"
    return f"{seconds}s"
