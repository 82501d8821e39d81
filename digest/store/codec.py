"""Core types ↔ JSON text, exactly both ways, by pydantic over the dataclasses themselves."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


# One encoder for all: json.dumps makes a new one for each call with options, a tenth of an import's time.
_PLAIN = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_adapters: dict[object, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def dump(value: object) -> str:
    """Return a core value as JSON text, keys in a fixed order."""
    return _adapter(type(value)).dump_json(value).decode("utf-8")


def load(kind: type[T], text: str | bytes) -> T:
    """Return the core value of a JSON text; raise pydantic's ValidationError where it is none."""
    value: T = _adapter(kind).validate_json(text)
    return value


def plain(value: object) -> str:
    """Return JSON of strings, numbers, lists and mappings, keys sorted."""
    return _PLAIN.encode(value)
