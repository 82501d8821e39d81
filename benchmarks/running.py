"""What a run of cron costs: its memory on the sample publication, and its time when nothing is left to do.

    python benchmarks/running.py [ROUNDS]

Each run is a process of its own, as cron starts it: memory is the most it had resident (ru_maxrss), time is from start
to end, and beside it the processor's, which other work on the machine changes less. The aims are those of a small
machine that does other things too: 150 MB, and 1.5 s every 15 minutes. `digest --help` is what starting costs.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

MOST_MB, MOST_S = 150.0, 1.5


@dataclass(frozen=True)
class Run:
    """One process."""

    seconds: float
    processor: float  # seconds of it
    megabytes: float
    code: int


def run(*words: str) -> Run:
    """Run a command and return what it took."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "digest", *words], stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Run(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, process.returncode)


def publication(folder: Path) -> Path:
    """Make the sample publication, approving itself."""
    run("demo", str(folder))
    file = folder / "digest.toml"
    text = re.sub('^approval = "required"', 'approval = "automatic"', file.read_text(encoding="utf-8"), flags=re.M)
    file.write_text(text, encoding="utf-8")
    return file


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    whole, nothing, start = [], [], []
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            file = publication(Path(folder) / str(number))
            whole.append(run("run", "-c", str(file)))
            nothing.append(run("run", "-c", str(file)))
            start.append(run("--help"))
    assert {each.code for each in (*whole, *nothing, *start)} == {0}
    for name, runs in (("a whole morning", whole), ("nothing to do", nothing), ("--help", start)):
        seconds = statistics.median(each.seconds for each in runs)
        megabytes = max(each.megabytes for each in runs)
        processor = statistics.median(each.processor for each in runs)
        print(f"{name:16} {seconds:5.2f} s, of the processor {processor:5.2f} s (medians), {megabytes:4.0f} MB (most)")
    most, median = max(each.megabytes for each in whole), statistics.median(each.seconds for each in nothing)
    print(f"memory of a morning: {most / MOST_MB:.2f} of the aim of {MOST_MB:.0f} MB")
    ratio = statistics.median(one.processor / other.processor for one, other in zip(nothing, start, strict=True))
    print(f"nothing to do takes the processor {ratio:.1f} times as long as --help")
    print(f"time with nothing to do: {median / MOST_S:.2f} of the aim of {MOST_S} s")


if __name__ == "__main__":
    main()
