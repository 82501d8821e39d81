"""How fast feeds become stories, as ratios against feedparser over the same files in the same run.

python benchmarks/reading.py FOLDER     # files of feeds, gzip ones unpacked
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import feedparser

from digest.errors import ParseError
from digest.feeds.parse import parse
from digest.model.news import Feed
from digest.stories.normalize import stories_of


def ours(body: bytes) -> int:
    """Read and clean one feed as `digest feeds read` does; return its stories."""
    try:
        parsed = parse(body)
    except ParseError:
        return 0
    return len(stories_of(parsed.entries, Feed(url=""), feed_title=parsed.title, now=None))


def parsed_only(body: bytes) -> int:
    """Read one feed without cleaning its texts; return its entries."""
    try:
        return len(parse(body).entries)
    except ParseError:
        return 0


def theirs(body: bytes) -> int:
    """Read one feed with feedparser's defaults; return its entries."""
    return len(feedparser.parse(io.BytesIO(body)).entries)


def timed(read: Callable[[bytes], int], bodies: list[bytes]) -> tuple[int, float]:
    """Return stories and seconds of CPU over all bodies."""
    began = time.process_time()
    return sum(map(read, bodies)), time.process_time() - began


def main() -> None:
    """Print one JSON line."""
    packed = [path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())]
    bodies = [gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body for body in packed]
    ours(bodies[0])  # what is imported late is not what is measured
    figures = {
        name: timed(read, bodies) for name, read in (("feedparser", theirs), ("parse", parsed_only), ("whole", ours))
    }
    peer = figures["feedparser"][1]
    line = {name: {"stories": n, "times_feedparser": round(peer / s, 1)} for name, (n, s) in figures.items()}
    print(json.dumps({"files": len(bodies), "mb": round(sum(map(len, bodies)) / 1e6, 1), **line}))


if __name__ == "__main__":
    main()
