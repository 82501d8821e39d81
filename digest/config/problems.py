"""Problems of digest.toml in words: where each stands, what is wrong, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from digest.config import lines as positions
from digest.config import shape
from digest.config.theme_table import ThemeTable
from digest.errors import Problem


def where(path: positions.Path, lines: dict[positions.Path, int], name: str) -> str:
    """Return "digest.toml:12 sections[0].style": file, line where it is known, and key."""
    line = positions.line_of(path, lines)
    return f"{name}:{line} {positions.dotted(path)}" if line else f"{name} {positions.dotted(path)}"


def _written_path(location: Sequence[str | int], raw: object) -> positions.Path:
    """Return the part of pydantic's location that a person wrote: tags of unions are ours, not theirs."""
    path: list[str | int] = []
    here: object = raw
    for part in location:
        if isinstance(here, dict) and isinstance(part, str):
            if part == "[key]":  # pydantic's mark for a wrong key of a mapping
                break
            path.append(part)
            if part not in here:
                break
            here = here[part]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            path.append(part)
            here = here[part]
        else:
            break
    return tuple(path)


def shape_problems(
    error: ValidationError, raw: Mapping[str, Any], lines: dict[positions.Path, int], name: str
) -> tuple[Problem, ...]:
    """Return what pydantic found, a problem a key, in the order of the file."""
    problems: dict[positions.Path, Problem] = {}
    for each in error.errors():
        path = _written_path(each["loc"], raw)
        if path not in problems:
            what, fix = _sentence(each["type"], str(each["msg"]), path, each.get("ctx", {}))
            problems[path] = Problem(where=where(path, lines, name), what=what, fix=fix)
    ordered = sorted(problems.items(), key=lambda pair: (positions.line_of(pair[0], lines), positions.dotted(pair[0])))
    return tuple(problem for _, problem in ordered)


def _sentence(kind: str, message: str, path: positions.Path, context: Mapping[str, Any]) -> tuple[str, str]:
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(path[-1]), _known_keys(path), n=1, cutoff=0.6)
        return "there is no such key", f"did you mean {near[0]!r}?" if near else "remove it"
    if kind == "missing":
        return "it is missing", "add it"
    if kind == "value_error":
        what, _, fix = message.removeprefix("Value error, ").partition("; ")
        return what, fix
    if kind == "literal_error":
        return "it has a value we do not know", f"choose one of {context.get('expected', '')}"
    if kind == "string_pattern_mismatch" and path[-1:] == ("approval",):
        return "it has a value we do not know", "choose 'required', 'automatic' or 'automatic-after 06:45'"
    if kind == "string_pattern_mismatch":
        return "it is no database address", "write 'sqlite:///digest.db' or 'postgresql+psycopg://user@host/name'"
    if kind in ("timezone_aware", "datetime_type", "datetime_parsing", "datetime_from_date_parsing"):
        return "it is no instant with a zone", "write it as 2026-11-24T06:00:00Z"
    if kind == "too_short":
        return "it is empty", "add at least one"
    return message[:1].lower() + message[1:], ""


def _known_keys(path: positions.Path) -> list[str]:
    """Return the keys allowed beside the last part of a path."""
    table: type[BaseModel] | None = shape.Document
    for part in path[:-1]:
        if table is None or isinstance(part, int):
            continue
        if part in _TABLES:
            table = _TABLES[part]
    if table is None:
        return []
    return [field.alias or name for name, field in table.model_fields.items()]


_TABLES: dict[str, type[BaseModel]] = {
    "publication": shape.PublicationTable,
    "sections": shape.SectionTable,
    "match": shape.MatchTable,
    "feeds": shape.FeedTable,
    "sponsors": shape.SponsorTable,
    "picking": shape.PickingTable,
    "check": shape.CheckTable,
    "embargoes": shape.EmbargoTable,
    "digest": shape.DigestTable,
    "theme": ThemeTable,
    "weights": shape.WeightsTable,
    "delivery": shape.DeliveryTable,
    "dkim": shape.DkimTable,
    "bounces": shape.BouncesTable,
    "fetch": shape.FetchTable,
    "monitoring": shape.MonitoringTable,
    "retention": shape.RetentionTable,
    "archive": shape.ArchiveTable,
    "keys": shape.KeysTable,
    "store": shape.StoreTable,
    "serve": shape.ServeTable,
    "demo": shape.DemoTable,
}
