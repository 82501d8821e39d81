"""A folder of notes as a feed: `url = "notes:/srv/paper/notes"`. The first line is the headline, the rest the teaser.

A file `2026-11-23-ferry.txt` is of 23 November 2026, any other of the time it was last written. A note may give the
address it is about on a line of its own, beginning with https://.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read(address: str, now: datetime) -> Iterator[Mapping[str, Any]]:
    """Yield the notes of a folder as items of a JSON Feed, the newest first; notes of days to come wait."""
    folder = Path(unquote(address.partition(":")[2]))
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    for file in sorted(folder.glob("*.txt"), reverse=True):
        published = _published(file)
        if published > now:
            continue
        headline, *rest = [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()] or [
            ""
        ]
        links = [line for line in rest if line.startswith(("https://", "http://"))]
        if headline:
            yield {
                "id": file.name,
                "url": links[0] if links else "",
                "title": headline,
                "summary": " ".join(line for line in rest if line not in links),
                "date_published": published.isoformat(),
                "tags": ["notes"],
            }


def _published(file: Path) -> datetime:
    day = _DAY.match(file.name)
    if day:
        return datetime.fromisoformat(day.group()).replace(tzinfo=UTC)
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
