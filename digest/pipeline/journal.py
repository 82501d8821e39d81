"""What a run says as it goes: to people, to a log, and to the alert that quotes its last lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from digest.ports import Clock

# Readers or rows told by themselves of one kind: a longer mail of cron's is read by nobody.
LINES = 10
# Lines an alert quotes.
QUOTED = 20


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of a run. ``text`` may name addresses; ``public`` never does."""

    at: datetime
    step: str  # "fetch", "build", "approve", "publish", "plan", "send", "list", …
    text: str
    public: str  # the same without addresses: what is logged, kept and quoted
    trouble: str = ""  # its kind, where it needs a person: "feeds", "refused", …
    feed: str = ""  # the feed it is about
    duration_s: float | None = None  # of the step, or of reading the feed
    detail: bool = False  # told only where somebody asked for details


@dataclass
class Journal:
    """Takes what a run says, keeps it, and hands it on."""

    clock: Clock
    tell: Callable[[Event], None] = lambda event: None
    events: list[Event] = field(default_factory=list)
    step: str = "run"

    def _add(self, event: Event) -> None:
        self.events.append(event)
        self.tell(event)

    def say(self, text: str, *, public: str | None = None, feed: str = "", seconds: float | None = None) -> None:
        """Say what was done."""
        quiet = text if public is None else public
        self._add(Event(at=self.clock.now(), step=self.step, text=text, public=quiet, feed=feed, duration_s=seconds))

    def detail(self, text: str, *, feed: str = "", seconds: float | None = None) -> None:
        """Say what only matters to who asked for details."""
        event = Event(
            at=self.clock.now(), step=self.step, text=text, public=text, feed=feed, duration_s=seconds, detail=True
        )
        self._add(event)

    def trouble(self, kind: str, text: str, *, public: str | None = None) -> None:
        """Say what needs a person; ``public`` is the same without addresses."""
        quiet = text if public is None else public
        self._add(Event(at=self.clock.now(), step=self.step, text=text, public=quiet, trouble=kind))

    @contextmanager
    def during(self, step: str) -> Iterator[None]:
        """Name what is said in the block by its step, and say how long it took."""
        before, self.step, began = self.step, step, time.monotonic()
        try:
            yield
            self.detail(f"{step} done", seconds=time.monotonic() - began)
        finally:
            self.step = before

    @property
    def lines(self) -> list[str]:
        """What was said to people, in order, without addresses."""
        return [event.public for event in self.events if not event.detail]

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of trouble there were."""
        return frozenset(event.trouble for event in self.events if event.trouble)

    def quote(self) -> str:
        """Return the last lines, with their times: for an alert."""
        told = [event for event in self.events if not event.detail][-QUOTED:]
        return "\n".join(f"{event.at:%H:%M:%S} {event.step:8} {event.public}" for event in told)

    def durations(self) -> dict[str, float]:
        """Return how long each step took, in seconds."""
        return {
            event.step: round(event.duration_s, 3)
            for event in self.events
            if event.detail and event.duration_s is not None and not event.feed
        }
