"""Builds the site of a publication without its search index, as the process of its own that `archive` measures.

python -m benchmarks.archive_build CONFIG OUT
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from digest.cli.app import collect_seldom

MOMENT = datetime(2026, 11, 24, 6, 40, tzinfo=UTC)


class Clock:
    """Stands still."""

    def now(self) -> datetime:
        """Return the same instant."""
        return MOMENT


def build(config: Path, out: Path) -> None:
    """Build the site alone, starting as the command does, and print what was done as JSON."""
    collect_seldom()
    from digest.config import load
    from digest.pipeline.site import build_site
    from digest.wiring import Wiring
    from digest.wiring.archive import ArchiveKeeper

    wiring = Wiring(load(config, {}), clock=Clock())
    keeper = ArchiveKeeper(wiring)
    report = build_site([keeper.source(each) for each in wiring.settings.digests], out)
    print(json.dumps(report.document()))
    wiring.close()


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
