"""Saved feeds → stories, touching nothing: what `digest feeds read` prints."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from digest.dates import iso
from digest.errors import ParseError
from digest.feeds.parse import parse
from digest.model.news import Feed, Story
from digest.stories.normalize import stories_of

LARGEST_FILE = 100_000_000  # bytes, unpacked
_GZIP = b"\x1f\x8b"


def read_files(paths: Iterable[Path]) -> Iterator[tuple[Path, tuple[Story, ...] | ParseError]]:
    """Yield for each file its stories, or why there are none; gzip files are unpacked. Nothing is raised."""
    for path in paths:
        try:
            parsed = parse(_content(path))
            stories = stories_of(parsed.entries, Feed(url=""), feed_title=parsed.title, now=None)
        except ParseError as error:
            yield path, error
        except OSError as error:
            yield path, ParseError(f"cannot be read: {error.strerror or error}", fix="look at its name and permissions")
        else:
            yield path, stories


def story_line(path: Path, story: Story) -> dict[str, object]:
    """Return one line of `digest feeds read --jsonl`: JSON values only, times in ISO 8601 UTC or null."""
    return {
        "file": str(path),
        "id": story.id,
        "url": story.url,
        "title": story.title,
        "headline": story.headline,
        "kicker": story.kicker,
        "summary": story.summary,
        "teaser": story.teaser,
        "byline": story.byline,
        "dateline": story.dateline,
        "source": story.source,
        "rights": story.rights,
        "published": iso(story.published),
        "date_note": story.date_note,
        "image": story.image.url if story.image else None,
        "media": story.media.url if story.media else None,
        "duration_s": story.duration_s,
        "language": story.language,
        "hints": list(story.hints),
        "position": story.position,
    }


def _content(path: Path) -> bytes:
    """Return a file's bytes, unpacked; raise ParseError where there are more than any feed has."""
    with path.open("rb") as file:
        body = file.read(LARGEST_FILE + 1)
    if body.startswith(_GZIP):
        body = _unpacked(body)
    if len(body) > LARGEST_FILE:
        raise ParseError(f"larger than {LARGEST_FILE // 1_000_000} MB: no feed is", where=str(path))
    return body


def _unpacked(body: bytes) -> bytes:
    """Return what is in a gzip file, at most one byte more than the largest allowed."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        return unpacker.decompress(body, LARGEST_FILE + 1)
    except zlib.error as error:
        raise ParseError(f"a broken gzip file ({error})", fix="save the feed again") from None
