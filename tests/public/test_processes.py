"""`digest serve --processes`: several answer at one socket, one that dies is replaced, nobody's click is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

from digest.config import load
from digest.wiring import Wiring
from tests.cli.conftest import Digest, digest, made_demo, publication
from tests.scale.conftest import wait_for

__all__ = ["digest", "made_demo", "publication"]


def children(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()))


def leave(base: str, token: str) -> int:
    """Click as mail programs do: again where the connection broke."""
    request = urllib.request.Request(f"{base}u/{token}", data=b"List-Unsubscribe=One-Click", method="POST")
    for last in (False, False, True):
        try:
            with urllib.request.urlopen(request, timeout=180) as answer:
                return int(answer.status)
        except OSError:
            if last:
                raise
    raise AssertionError


def test_several_processes_answer_and_one_that_is_killed_is_replaced(digest: Digest, publication: Path) -> None:
    wiring = Wiring(load(publication, {}))
    people = [each.id for each in wiring.subscribers.subscribers(digest="daily", status="active")]
    tokens = [wiring.tokens.sign("u", each, "daily") for each in people]
    process = subprocess.Popen(
        [sys.executable, "-m", "digest", "serve", "-c", str(publication), "--port", "0", "--processes", "3"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    base = process.stdout.readline().strip()
    wait_for(lambda: len(children(process.pid)) == 3)
    first = children(process.pid)
    statuses: list[int] = []
    clicks = threading.Thread(target=lambda: statuses.extend(leave(base, token) for token in tokens[:-1]))
    clicks.start()
    victim = max(first)
    os.kill(victim, signal.SIGKILL)
    clicks.join()
    wait_for(lambda: len(children(process.pid) - {victim}) == 3)
    statuses.append(leave(base, tokens[-1]))
    process.send_signal(signal.SIGTERM)
    assert process.wait(180) == 0
    said = process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    assert said.count("was killed by signal 9; another takes its place") == 1
    assert set(statuses) == {200}
    assert list(wiring.subscribers.subscribers(digest="daily", status="active")) == [], "each of them has left"
    wiring.close()


def test_what_keeps_the_pages_from_answering_is_told_once(digest: Digest, publication: Path) -> None:
    (publication.parent / "keys" / "tokens").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "digest", "serve", "-c", str(publication), "--port", "0", "--processes", "3"],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "tokens" in done.stderr
