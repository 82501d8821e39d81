"""Several processes at one socket: each answers, and one that answers nothing looks after them.

They share the listening socket, so that what waits there is answered by whoever is free, also while one of them is
replaced. Each has a database connection and a memory of its own: nothing is opened before the fork.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

AGAIN_S = 1.0  # a process that ends is replaced no sooner


class Processes:
    """The processes of one `digest serve`."""

    def __init__(self, count: int, warn: Callable[[str], None]) -> None:
        self.count, self.warn = count, warn
        self.numbers: dict[int, int] = {}  # process id -> 1, 2, 3 …
        self.ended = False

    def share(self) -> tuple[int, Callable[[], None], int]:
        """Fork, and return in each process that serves (its number, what tells that it answers, 0).

        In the one that looks after them it returns when all have ended: (0, …, exit code). The second and further ones
        begin when the first answers: what keeps that one from it is told once, and its exit code is everybody's.
        """
        self._on_signals(self._end)
        reading, writing = os.pipe()
        if not self._fork(1):
            os.close(reading)
            return 1, lambda: _tell(writing), 0
        os.close(writing)
        ready = os.read(reading, 1)
        os.close(reading)
        if not ready:
            _, status = os.waitpid(next(iter(self.numbers)), 0)
            return 0, _nothing, 0 if self.ended else abs(os.waitstatus_to_exitcode(status))
        for number in range(2, self.count + 1):
            if not self._fork(number):
                return number, _nothing, 0
        return self._look_after()

    def _look_after(self) -> tuple[int, Callable[[], None], int]:
        while self.numbers:
            pid, status = os.wait()
            number = self.numbers.pop(pid)
            if self._is_ended():
                continue
            code = os.waitstatus_to_exitcode(status)
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            self.warn(f"process {number} of {self.count} {how}; another takes its place")
            time.sleep(AGAIN_S)
            if not self._is_ended() and not self._fork(number):  # a signal may have come while we slept
                return number, _nothing, 0
        return 0, _nothing, 0

    def _fork(self, number: int) -> int:
        """Return the new process's id, and in that process 0."""
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
        try:
            pid = os.fork()
            if pid:
                self.numbers[pid] = number
            else:
                self._on_signals(None)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
        return pid

    def _is_ended(self) -> bool:
        return self.ended

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.ended = True
        for pid in self.numbers:
            with suppress(ProcessLookupError):  # it ended at this moment
                os.kill(pid, signal.SIGTERM)

    @staticmethod
    def _on_signals(call: Callable[[int, FrameType | None], None] | None) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, call or signal.SIG_DFL)


def _tell(writing: int) -> None:
    os.write(writing, b"1")
    os.close(writing)


def _nothing() -> None:
    """Nobody waits to hear it."""
