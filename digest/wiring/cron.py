"""`digest run`: each digest's morning in turn, and everybody told who asked for it: heartbeats, Prometheus, the log."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from digest.config import DigestSettings
from digest.dates import iso
from digest.errors import EXIT_DONE, EXIT_LOCKED, EXIT_TEMPORARY, DigestError, FetchError, FileProblem
from digest.model.web import Request
from digest.pipeline.journal import Event
from digest.wiring import Wiring
from digest.wiring.morning import Morning

# From what says least to what says most; the worst of several digests is the exit code of the run.
ORDER = (EXIT_DONE, EXIT_LOCKED, 5, 4, 1, 2, EXIT_TEMPORARY)
GRACE_S = 600.0  # so long a run may take to end after it was told to
Tell = Callable[[Event, str, str], None]
"""Told an event, the digest it is of, and the edition's day."""


class Cron:
    """One process of `digest run`."""

    def __init__(
        self,
        wiring: Wiring,
        digests: Sequence[DigestSettings],
        *,
        via: str,
        wait_s: float,
        stop: threading.Event,
        tell: Tell,
        warn: Callable[[str], None],
        give_up: Callable[[], None] = lambda: None,
    ) -> None:
        """``give_up`` ends the process: it is called where a run goes on long after it was told to stop."""
        self.wiring, self.digests, self.via, self.wait_s = wiring, digests, via, wait_s
        self.stop, self.tell, self.warn, self.give_up = stop, tell, warn, give_up
        self.monitoring = wiring.settings.monitoring

    def run(self, *, clock_is_right: bool) -> int:
        """Run every digest and return the exit code that says most; one that fails keeps none from running."""
        seconds = self.monitoring.longest_run.total_seconds()
        limits = [threading.Timer(seconds, self.stop.set), threading.Timer(seconds + GRACE_S, self.give_up)]
        for limit in limits:
            limit.daemon = True
            limit.start()
        try:
            self._beat(self.monitoring.heartbeat_start)
            codes = [self._one(digest, clock_is_right) for digest in self.digests]
        finally:
            for limit in limits:
                limit.cancel()
        code = max(codes, key=ORDER.index, default=EXIT_DONE)
        self._write_textfile()
        if code in (0, 4, 5):
            self._beat(self.monitoring.heartbeat_success)
        elif code != EXIT_LOCKED:
            self._beat(self.monitoring.heartbeat_failure)
        return code

    def _one(self, digest: DigestSettings, clock_is_right: bool) -> int:
        day = ""

        def tell(event: Event) -> None:
            self.tell(event, digest.name, day)

        try:
            morning = Morning(
                self.wiring, digest, via=self.via, wait_s=self.wait_s, stopped=self.stop.is_set, tell=tell
            )
            day, morning.stop = self.wiring.key(digest).day.isoformat(), self.stop
            return morning.run(clock_is_right=clock_is_right)
        except DigestError as error:
            now = self.wiring.clock.now()
            for line in str(error).splitlines():
                self.tell(
                    Event(at=now, step="run", text=f"digest: {line}", public=line, trouble="failed"), digest.name, day
                )
            return error.exit_code if error.exit_code in ORDER else 1

    def _beat(self, url: str) -> None:
        """Ask a heartbeat's address; whatever becomes of it, the run goes on."""
        if not url:
            return
        from digest.net.http import HttpFetcher

        seconds = self.monitoring.heartbeat_timeout.total_seconds()
        # The address is the operator's own, so it may be a private one.
        host = urlsplit(url).hostname or ""
        fetcher = HttpFetcher(
            user_agent="digest heartbeat", timeout_s=seconds, deadline_s=seconds, allowed_hosts=frozenset({host})
        )
        for _, answer in fetcher.fetch([Request(url=url, limit=100_000)]):
            if isinstance(answer, FetchError):
                self.warn(f"heartbeat at {host}: {answer.what}")
            elif answer.status >= 400:
                self.warn(f"heartbeat at {host}: it answers {answer.status}")

    def _write_textfile(self) -> None:
        path = self.monitoring.textfile
        if path is None:
            return
        from digest.wiring.almanac import metrics_text

        try:
            write_whole(path, metrics_text(self.wiring))
        except DigestError as error:
            self.warn(str(error))


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees all of it or the one before; raise FileProblem."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise FileProblem.unwritten(error, path, fix="correct [monitoring] textfile") from None


def log_line(event: Event, digest: str, day: str, run: str) -> str:
    """Return an event as one line of JSON: no addresses are in it."""
    document: dict[str, Any] = {
        "at": iso(event.at),
        "level": "warning" if event.trouble else ("debug" if event.detail else "info"),
        "run": run,
        "digest": digest,
        "edition": day or None,
        "step": event.step,
        "message": event.public,
    }
    if event.feed:
        document["feed"] = event.feed
    if event.trouble:
        document["trouble"] = event.trouble
    if event.duration_s is not None:
        document["duration_s"] = round(event.duration_s, 3)
    return json.dumps(document, ensure_ascii=False)
