"""`digest desk` in a process of its own, over a real publication."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def desk(publication: Path, *, by: str = "Ada", words: tuple[str, ...] = ()) -> Iterator[str]:
    """Open the desk of a publication; yield the link it prints."""
    command = [sys.executable, "-m", "digest", "desk", "-c", str(publication), "--no-open", "--port", "0", "--by", by]
    environment = {**os.environ, "PYTHONWARNINGS": "default"}
    process = subprocess.Popen(
        [*command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        link = process.stdout.readline().strip()
        assert link.startswith("http://127.0.0.1:"), process.stderr.read()
        yield link
    finally:
        process.terminate()
        code = process.wait(180)
        said = process.stderr.read()
        process.stdout.close()
        process.stderr.close()
    assert code == 0
    assert said == ""
