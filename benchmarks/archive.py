"""How long the archive of ten years takes: a full build, one more edition, nothing new; memory; then every page.

    python -m benchmarks.archive [--editions 3650] [--keep DIR]

Every edition is the sample's (31 stories with their passed ones, 335 kB in the store) on a day of its own, with its
mail as sent. Each step is a process of its own; search, which `benchmarks.searching` measures, is not built.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from benchmarks.archive_build import Clock
from benchmarks.archive_pages import look
from digest.cli.app import run
from digest.cli.session import Start
from digest.config import load
from digest.dates import to_micros
from digest.store.engine import Store
from digest.store.tables import contents, edition_parts, editions

LAST = date(2026, 11, 24)


def prepare(folder: Path) -> Path:
    """Make the sample publication with one approved edition; return its configuration."""
    config = folder / "digest.toml"
    for words in (["demo", str(folder)], ["approve", "-c", str(config)]):
        assert run([*words, "--quiet"], start=Start(clock=Clock())) == 0
    return config


def fill(url: str, days: list[date], first: int) -> None:
    """Put listed editions of these days into the store, made of the one that is there."""
    store = Store.open(url)
    with store.read() as connection:
        row = dict(connection.execute(sa.select(editions).where(editions.c.day == LAST.isoformat())).mappings().one())
        query = sa.select(contents.c.body).join(edition_parts, edition_parts.c.hash == contents.c.hash)
        parts = json.loads(bytes(connection.execute(query).scalars().first() or b""))
        base = json.loads(row["base"])
    for start in range(0, len(days), 50):
        with store.write() as connection:
            for place, day in enumerate(days[start : start + 50], start):
                number, at = first + place, to_micros(datetime(day.year, day.month, day.day, 7, tzinfo=UTC))
                key = {"digest": "daily", "day": day.isoformat()}
                body = json.dumps({**parts, "day": day.isoformat(), "number": number}).encode()
                mark = hashlib.sha256(body).hexdigest()
                made = {
                    **row, **key, "base": json.dumps({**base, "day": day.isoformat()}), "number": number,
                    "version": mark, "state": "finished", "approved_at": at, "published_at": at, "listed_at": at,
                }  # fmt: skip
                kept = {"hash": mark, "media_type": "application/json", "body": body, "created": at}
                connection.execute(sa.insert(editions).values(**made))
                connection.execute(sa.insert(contents).values(**kept))
                connection.execute(
                    sa.insert(edition_parts).values(**key, version=mark, language=parts["language"], hash=mark)
                )
    store.close()


def processor() -> float:
    """Return the processor's seconds of every process that ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def built(config: Path, out: Path) -> tuple[str, dict[str, int]]:
    """Build in a process of its own; return its seconds, as told, and what it says."""
    words = [sys.executable, "-m", "benchmarks.archive_build", str(config), str(out)]
    start, before = time.perf_counter(), processor()
    answer = subprocess.run(words, capture_output=True, text=True, check=True)
    taken = f"{time.perf_counter() - start:.2f} s ({processor() - before:.2f} of the processor)"
    return taken, json.loads(answer.stdout)


def measure(folder: Path, count: int) -> None:
    """Print what each step takes."""
    config, out = prepare(folder), folder / "ten-years"
    url = load(config, {}).store_url
    days = [LAST - timedelta(days=number) for number in range(count + 1, 0, -1)]
    fill(url, days[:-1], 2)
    seconds, said = built(config, out)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"full build: {said['editions']} editions, {said['written']} files, {seconds}, {most:.0f} MB")
    seconds, said = built(config, out)
    print(f"nothing new: {said['written']} files, {seconds}")
    fill(url, days[-1:], count + 2)
    seconds, said = built(config, out)
    print(f"one more edition: {said['written']} files, {seconds}")
    everything = [path.stat().st_size for path in out.rglob("*") if path.is_file()]
    print(f"all: {len(everything)} files, {sum(everything) / 1e6:.0f} MB", flush=True)
    starting, before = time.perf_counter(), processor()
    loading = "from digest.cli.app import collect_seldom as s; s(); import digest.wiring.archive"
    subprocess.run([sys.executable, "-c", loading], check=True)
    print(f"of each, starting takes {time.perf_counter() - starting:.2f} s ({processor() - before:.2f})")
    look(out)


def main() -> None:
    """Measure in a folder that is removed, or kept."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--editions", type=int, default=3_650)
    options.add_argument("--keep", type=Path)
    chosen = options.parse_args()
    os.environ["NO_COLOR"] = "1"
    if chosen.keep is not None:
        measure(chosen.keep, chosen.editions)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), chosen.editions)


if __name__ == "__main__":
    main()
