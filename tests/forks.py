"""Processes forked from one that has imported everything: each begins in milliseconds, where Python alone takes a second.

Run as a program it forks: a line of JSON on stdin says with which arguments to call, lines on stdout say which process
began and how it ended.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE_S = 600.0


class Fork:
    """One process of those; like a Popen."""

    def __init__(self, forks: Forks, pid: int) -> None:
        self.forks, self.pid = forks, pid

    def send_signal(self, number: int) -> None:
        """Send a signal, to nobody where it ended already."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def poll(self) -> int | None:
        """Return how it ended, below zero by which signal; None while it runs."""
        return self.forks.ended.get(self.pid)

    def wait(self, timeout: float = PATIENCE_S) -> int:
        """Return how it ended."""
        with self.forks.news:
            assert self.forks.news.wait_for(lambda: self.pid in self.forks.ended, timeout), f"{self.pid} does not end"
        return self.forks.ended[self.pid]


class Forks:
    """Begins calls of one function, "module:name", in processes of their own."""

    def __init__(self, call: str) -> None:
        self.ended: dict[int, int] = {}
        self.began: list[int] = []
        self.news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.forks", call], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def start(self, *arguments: str) -> Fork:
        """Begin a call; return once its process is there."""
        assert self.process.stdin is not None
        before = len(self.began)
        self.process.stdin.write(json.dumps(arguments) + "\n")
        self.process.stdin.flush()
        with self.news:
            assert self.news.wait_for(lambda: len(self.began) > before, PATIENCE_S), "no process began"
        return Fork(self, self.began[before])

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, pid, *code = line.split()
            with self.news:
                if word == "ended":
                    self.ended[int(pid)] = int(code[0])
                else:
                    self.began.append(int(pid))
                self.news.notify_all()

    def close(self) -> None:
        """End what still runs."""
        for pid in set(self.began) - set(self.ended):
            Fork(self, pid).send_signal(signal.SIGKILL)
            Fork(self, pid).wait()
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        self.reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def forks(call: str) -> Iterator[Forks]:
    """Have such processes within the block."""
    made = Forks(call)
    try:
        yield made
    finally:
        made.close()


def _child(call: object, arguments: list[str]) -> None:
    """Be the process that was begun; never return."""
    code = 1
    try:
        assert callable(call)
        call(*arguments)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _reap(number: int, frame: object) -> None:
    """Say of each process that ended how it did; one that nobody waited for would seem to live."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        os.write(1, f"ended {pid} {os.waitstatus_to_exitcode(status)}\n".encode())


def main(call: str) -> None:
    module, _, name = call.partition(":")
    function = getattr(importlib.import_module(module), name)
    signal.signal(signal.SIGCHLD, _reap)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _child(function, json.loads(line))
        os.write(1, f"began {pid}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1])
