"""What a comparison is, and how it is told: rounds of ours and of a peer, a table, JSON, marked parts of pages."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Ours and one peer doing the same in the same run, by turns."""

    what: str  # "reading 44 feeds"
    unit: str  # "ms", "messages/s"
    peer: str  # with its version: "feedparser 6.0.14"
    ours: tuple[float, ...]  # a figure a round
    theirs: tuple[float, ...]
    faster: str = "less"  # "less" (time) or "more" (a rate): which figure is the better one
    note: str = ""

    @property
    def ratios(self) -> tuple[float, ...]:
        """How many times faster ours was, a round; below 1 ours was slower."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return tuple(theirs / ours if self.faster == "less" else ours / theirs for ours, theirs in pairs)

    def row(self) -> str:
        """Return a row of the table."""
        low, high = min(self.ratios), max(self.ratios)
        return (
            f"| {self.what} | {shown(statistics.median(self.ours))} {self.unit} | {self.peer} |"
            f" {shown(statistics.median(self.theirs))} {self.unit} | {statistics.median(self.ratios):.2f} |"
            f" {low:.2f}–{high:.2f} | {self.note} |"
        )


@dataclass(frozen=True, kw_only=True)
class Absent:
    """A peer that did not run, and why."""

    what: str
    peer: str
    why: str

    def row(self) -> str:
        """Return a row of the table."""
        return f"| {self.what} | | {self.peer} | did not run: {self.why} | | | |"


def shown(value: float) -> str:
    """Return a figure with three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(found: Sequence[Comparison | Absent]) -> str:
    """Return the table of all comparisons as Markdown."""
    head = "| What | ours, median | Peer | median | ours is faster, median of ratios | spread | |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *(each.row() for each in found)])


def machine() -> dict[str, Any]:
    """Return what the figures were seen on."""
    return {
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    except OSError:
        return platform.processor()
    return found.group(1) if found else platform.processor()


def document(
    found: Sequence[Comparison | Absent], growth: Mapping[str, Any], *, day: str, quick: bool
) -> dict[str, Any]:
    """Return all figures as one JSON document."""
    return {
        "day": day,
        "quick": quick,
        "machine": machine(),
        "comparisons": [
            {**asdict(each), "ratios": each.ratios} if isinstance(each, Comparison) else asdict(each) for each in found
        ],
        "growth": dict(growth),
    }


def refreshed(page: str, name: str, text: str) -> str:
    """Return a page with the part between its marks replaced; raise ValueError where the marks are missing."""
    pattern = rf"(<!-- bench:{name} -->\n).*?(\n<!-- /bench:{name} -->)"
    made, count = re.subn(pattern, lambda match: f"{match[1]}{text}{match[2]}", page, flags=re.S)
    if count != 1:
        raise ValueError(f"the page has no part <!-- bench:{name} --> … <!-- /bench:{name} -->")
    return made
