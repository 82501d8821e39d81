"""Stories as JSON lines (`digest pick --stories`): the documented fields in, `Story` values out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from digest.errors import UsageError
from digest.model.news import Story

_FIX = "each line is a JSON object with at least id and title"


def read_stories(lines: Iterable[str]) -> tuple[Story, ...]:
    """Return the stories of JSON lines in order, empty lines passed over; raise UsageError naming the line."""
    return tuple(_story(line, number) for number, line in enumerate(lines, 1) if line.strip())


def _story(line: str, number: int) -> Story:
    where = f"line {number}"
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise UsageError(f"it is not JSON ({error})", where=where, fix=_FIX) from None
    if not isinstance(fields, dict):
        raise UsageError("it is not a JSON object", where=where, fix=_FIX)
    id_, title = fields.get("id"), fields.get("title")
    if isinstance(id_, bool) or not isinstance(id_, str | int) or id_ == "":
        raise UsageError("it has no id", where=where, fix="give every story an id of its own, a text or a number")
    if not isinstance(title, str):
        raise UsageError("it has no title", where=where, fix="give every story a title, a text")
    return Story(
        id=str(id_),
        title=title,
        headline=_text(fields, "headline", where) or title,
        url=_text(fields, "url", where),
        kicker=_text(fields, "kicker", where),
        summary=_text(fields, "summary", where),
        teaser=_text(fields, "teaser", where),
        byline=_text(fields, "byline", where),
        dateline=_text(fields, "dateline", where),
        source=_text(fields, "source", where),
        feed=_text(fields, "feed", where),
        section=_text(fields, "section", where),
        language=_text(fields, "language", where),
        published=_time(fields.get("published"), where),
        hints=_hints(fields.get("hints"), where),
        position=_position(fields.get("position"), where),
    )


def _text(fields: Mapping[str, Any], name: str, where: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UsageError(f"{name} is not a text", where=where, fix="write it in quotation marks or leave it out")
    return value


def _time(value: object, where: str) -> datetime | None:
    """Return the instant of an ISO 8601 text; one without a zone is read as UTC, as the documentation says."""
    if value is None or value == "":
        return None
    fix = "write ISO 8601 such as 2026-11-23T06:30:00Z, or leave it out"
    if not isinstance(value, str):
        raise UsageError("published is not a text", where=where, fix=fix)
    try:
        instant = datetime.fromisoformat(value.strip())
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"published is no time ({value!r})", where=where, fix=fix) from None


def _hints(value: object, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(hint, str) for hint in value):
        raise UsageError("hints is not a list of texts", where=where, fix='write ["world", "asia"] or leave it out')
    return tuple(hint.casefold() for hint in value)


def _position(value: object, where: str) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError("position is not a whole number from 1", where=where, fix="count from 1, or leave it out")
    return value
