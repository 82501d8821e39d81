"""Import a list of subscribers, as `digest subscribers import` does, and say what it took.

    python benchmarks/import_subscribers.py [--rows 100000] [--store URL]

The list is made up: four rows in five hold a plain ASCII address, one in twenty an international one. It is merged
twice, first into an empty store, then unchanged. Memory is the process's peak, and its growth over that before.
"""

from __future__ import annotations

import argparse
import resource
import secrets
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from digest.pipeline.listing import import_roster
from digest.store.engine import Store
from digest.store.subscribers import Subscribers

SECTIONS = ("world", "trade", "science")


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


def _write(file: Path, rows: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write("email,name,sections,digests,format,language,time_zone,status\n")
        for number in range(rows):
            kind = number % 20
            local = f"réader.{number}" if kind == 0 else f"Reader.{number}" if kind < 4 else f"reader.{number}"
            host = "Mail.Example.org" if kind < 4 else f"m{number % 500}.example.org"
            chosen = "" if kind % 2 else "trade|world"
            out.write(f"{local}@{host},Reader {number},{chosen},daily,html,en,Europe/Lisbon,active\n")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print seconds, rows a second and memory of both merges."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--store", default="", help="address of an empty database; a SQLite file by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(options.store or f"sqlite:///{Path(folder) / 'digest.db'}")
        file = Path(folder) / "list.csv"
        _write(file, options.rows)
        print(f"{options.rows} rows, {file.stat().st_size / 1e6:.1f} MB, {store.name.partition(':')[0]}")
        for turn in ("first import", "again, unchanged"):
            before, start, begun = _peak_mb(), time.perf_counter(), time.process_time()
            with file.open("rb") as data:
                report = import_roster(
                    data,
                    name="list.csv",
                    rejected_to=None,
                    sections=SECTIONS,
                    digests=("daily",),
                    store=Subscribers(store),
                    new_id=lambda: secrets.token_hex(10),
                    overwrite=False,
                    dry_run=False,
                    clock=_Now(),
                )
            took, busy = time.perf_counter() - start, time.process_time() - begun
            print(f"{turn}: {took:.2f} s ({busy:.1f} of a processor), {report.rows / took:.0f} rows/s,", end=" ")
            print(f"peak {_peak_mb():.0f} MB (+{_peak_mb() - before:.0f}); {report.line}")
        store.close()


if __name__ == "__main__":
    main()
