"""Sending: claim, announce, turn, deliver, record. A few threads, one connection each, one rule (design §4).

Nothing is written to the relay for a person before the ledger's commit says `handed`; so after a crash at most one
person a connection is in doubt. Whatever ends the process leaves its other rows planned again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from digest.errors import RelayError, RelayUnreachable, StoreError
from digest.mail.pace import Pace, Pacing
from digest.mail.transport import Connection, Cut, Transport
from digest.model.mail import EditionKey, Message, Outcome, OutcomeKind, Planned, Rates
from digest.ports import Clock, Ledger, LedgerReader, Wait

CLAIM = 200  # rows claimed at once: the size does not matter for doubt, only unflushed hand-overs do (facts)
LEASE_S = 600.0  # seconds; longer than any one hand-over may take
CUTS_IN_A_ROW = 5  # connections cut without one message accepted between them: then the relay is unreachable
LONGEST_PAUSE_S = 30.0  # how often a lingering run looks whether it shall stop
PROGRESS_S = 0.5
LONGEST_WAIT_S = 1.0  # the same for a connection that waits for its turn

Write = Callable[[Planned], Message]


@dataclass
class SendReport:
    """What one call of `send` did."""

    accepted: int = 0
    deferred: int = 0
    suppressed: int = 0
    refused: list[str] = field(default_factory=list)  # "reader@example.org: 550 5.1.1 no such user"
    in_doubt: list[str] = field(default_factory=list)  # addresses
    stopped: str = ""  # why it ended early
    seconds: float = 0.0

    @property
    def settled(self) -> int:
        """How many persons were handed over, or why not is known."""
        return self.accepted + self.deferred + len(self.refused) + len(self.in_doubt)


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How to send."""

    connections: int
    linger: timedelta  # how long to stay for what was deferred
    limit: int = 0  # hand over at most so many; 0 = all
    per_connection: int = 0  # messages, then a new connection; 0 = no limit
    lease_s: float = LEASE_S  # claimed rows are others' to take after so many seconds


class Sending:
    """One call of `send`: what its connections share."""

    def __init__(
        self,
        ledger: Ledger,
        transport: Transport,
        write: Write,
        *,
        key: EditionKey,
        owner: str,
        manner: Manner,
        clock: Clock,
        wait: Wait,
        random: Random,
        stop: threading.Event,
        pace: Pacing,
    ) -> None:
        self.ledger, self.transport, self.write, self.pace = ledger, transport, write, pace
        self.key, self.owner, self.clock, self.wait, self.random, self.stop = key, owner, clock, wait, random, stop
        self.manner = manner
        self.report = SendReport()
        self.failure: Exception | None = None
        self.claimed: deque[Planned] = deque()
        self.left = manner.limit or -1
        self.cuts = 0
        self.open = 0  # connections that stand or are being made
        self.guard = threading.Lock()

    @property
    def ended(self) -> bool:
        """Whether no further message shall be begun."""
        return self.stop.is_set() or self.failure is not None

    def following(self, *, patient: bool) -> Planned | None:
        """Return the next claimed person, or None when no row is due, or it shall end.

        Where the pace says "not yet", wait for it, or without ``patient`` return None.
        """
        while True:
            person, pause = self._choose()
            if person is not None or pause == 0 or not patient:
                return person
            if pause == float("inf"):
                self.report.stopped = "the warm-up's messages of today are used up"
                return None
            self.wait(min(pause, LONGEST_WAIT_S))

    def _choose(self) -> tuple[Planned | None, float]:
        """Return who may be handed over now, or the seconds until somebody may be; 0 = nobody is due."""
        with self.guard:
            if self.ended or self.left == 0:
                return None, 0.0
            if not self.claimed:
                rows = self.ledger.claim(
                    self.key,
                    owner=self.owner,
                    limit=CLAIM if self.left < 0 else min(CLAIM, self.left),
                    lease_s=self.manner.lease_s,
                    now=self.clock.now(),
                )
                self.claimed.extend(rows)
            if not self.claimed:
                return None, 0.0
            now, shortest, asked = self.clock.now(), float("inf"), set[str]()
            for place, person in enumerate(self.claimed):
                domain = person.email.rpartition("@")[2].lower()
                if domain in asked:  # its neighbour at the same domain has to wait, so has it
                    continue
                asked.add(domain)
                pause = self.pace.wait_s(person.email, now)
                if pause == 0:
                    del self.claimed[place]
                    self.left -= 1
                    return person, 0.0
                shortest = min(shortest, pause)
            return None, shortest

    def fail(self, error: Exception) -> None:
        """End every connection after the hand-over it is at."""
        with self.guard:
            self.failure = self.failure or error

    def opened(self) -> Connection | None:
        """Return a new connection; None where the relay takes no more of them but some stand. Raises RelayError."""
        with self.guard:
            pause = 0.0 if not self.cuts else min(2.0**self.cuts, LONGEST_PAUSE_S)
            self.open += 1
        if pause:
            self.wait(pause)  # a relay that cut us is not asked again at once
        try:
            return self.transport.open()
        except RelayError as error:
            with self.guard:
                self.open -= 1
                if self.open and isinstance(error, RelayUnreachable):
                    return None
            raise

    def closed(self) -> None:
        """Note that a connection is gone."""
        with self.guard:
            self.open -= 1

    def turn(self, done: Outcome | None, following: Planned | None) -> bool:
        """Commit what was learnt and what is handed over next; tell whether it may be."""
        if done is None and following is None:
            return False
        name = None if following is None else following.subscriber
        return self.ledger.turn(
            self.key, owner=self.owner, done=done, following=name, lease_s=self.manner.lease_s, now=self.clock.now()
        )

    def count(self, person: Planned, done: Outcome) -> None:
        """Keep count of an outcome for the report."""
        with self.guard:
            if done.kind is OutcomeKind.ACCEPTED:
                self.report.accepted += 1
                self.cuts = 0
            elif done.kind is OutcomeKind.DEFERRED:
                self.report.deferred += 1
            elif done.kind is OutcomeKind.REFUSED:
                self.report.refused.append(f"{person.email}: {done.reply}")
            elif done.kind is OutcomeKind.IN_DOUBT:
                self.report.in_doubt.append(person.email)
            elif done.kind is OutcomeKind.RETURNED:
                self.left += self.left >= 0
                self.pace.give_back()

    def cut(self, cut: Cut) -> None:
        """Note a cut connection; too many in a row, and the relay counts as unreachable."""
        with self.guard:
            self.cuts += 1
            if self.cuts >= CUTS_IN_A_ROW and self.failure is None:
                self.failure = RelayUnreachable(
                    f"the relay cut {self.cuts} connections in a row ({cut.what})", fix="we try again with the next run"
                )


def send(
    ledger: Ledger,
    reader: LedgerReader,
    transport: Transport,
    write: Write,
    *,
    key: EditionKey,
    owner: str,
    manner: Manner,
    clock: Clock,
    wait: Wait,
    random: Random,
    stop: threading.Event,
    pace: Pacing | None = None,
    progress: Callable[[SendReport], None] | None = None,
) -> SendReport:
    """Hand over what is due, stay up to ``manner.linger`` for what was deferred, and return what was done.

    Raises RelayError or RelayUnreachable where the relay refuses us; every row not handed over is planned again then,
    and after ``stop`` is set. ``owner`` names this process in the ledger.
    """
    began, until = time.monotonic(), clock.now() + manner.linger
    sending = Sending(
        ledger,
        transport,
        write,
        key=key,
        owner=owner,
        manner=manner,
        clock=clock,
        wait=wait,
        random=random,
        stop=stop,
        pace=pace or Pace(Rates(), today=clock.now().date()),
    )
    try:
        while True:
            _round(sending, progress, began)
            due = None if sending.ended else reader.next_due(key)
            if sending.ended or sending.left == 0 or sending.report.stopped or due is None or due > until:
                break
            _pause(due, clock, wait, stop)
        if sending.failure is not None:
            raise sending.failure
    finally:
        _release(ledger, key, owner, clock)
    stopped = "told to stop" if stop.is_set() else sending.report.stopped
    return replace(sending.report, stopped=stopped, seconds=time.monotonic() - began)


def _release(ledger: Ledger, key: EditionKey, owner: str, clock: Clock) -> None:
    """Give back what was claimed; a store that fails now has said so already, and leases run out by themselves."""
    with suppress(StoreError):
        ledger.release(key, owner=owner, now=clock.now())


def _round(sending: Sending, progress: Callable[[SendReport], None] | None, began: float) -> None:
    from digest.mail.worker import Worker

    threads = [
        threading.Thread(target=Worker(sending).work, name=f"digest-send-{number}")
        for number in range(sending.manner.connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(PROGRESS_S if progress else None)
            if progress:
                progress(replace(sending.report, seconds=time.monotonic() - began))


def _pause(due: datetime, clock: Clock, wait: Wait, stop: threading.Event) -> None:
    """Wait until a deferred row is due, a little at a time, so that a signal is heard."""
    while not stop.is_set():
        rest = (due - clock.now()).total_seconds()
        if rest <= 0:
            return
        wait(min(rest, LONGEST_PAUSE_S))
