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

from digest.errors import DigestError, RelayError, RelayUnreachable, StoreError
from digest.mail.replies import Reply, is_systemic, next_attempt, outcome
from digest.mail.transport import Connection, Cut, Refusal, Transport
from digest.model.mail import EditionKey, Message, Outcome, OutcomeKind, Planned
from digest.ports import Clock, Ledger, LedgerReader, Wait

CLAIM = 200  # rows claimed at once: the size does not matter for doubt, only unflushed hand-overs do (facts)
LEASE_S = 600.0  # seconds; longer than any one hand-over may take
CUTS_IN_A_ROW = 5  # connections cut without one message accepted between them: then the relay is unreachable
LONGEST_PAUSE_S = 30.0  # how often a lingering run looks whether it shall stop

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


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How to send."""

    connections: int
    linger: timedelta  # how long to stay for what was deferred
    limit: int = 0  # hand over at most so many; 0 = all


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
        clock: Clock,
        random: Random,
        stop: threading.Event,
        limit: int,
    ) -> None:
        self.ledger, self.transport, self.write = ledger, transport, write
        self.key, self.owner, self.clock, self.random, self.stop = key, owner, clock, random, stop
        self.report = SendReport()
        self.failure: DigestError | None = None
        self.claimed: deque[Planned] = deque()
        self.left = limit or -1
        self.cuts = 0
        self.guard = threading.Lock()

    @property
    def ended(self) -> bool:
        """Whether no further message shall be begun."""
        return self.stop.is_set() or self.failure is not None

    def following(self) -> Planned | None:
        """Return the next claimed person, or None when no row is due, or it shall end."""
        with self.guard:
            if self.ended or self.left == 0:
                return None
            if not self.claimed:
                rows = self.ledger.claim(self.key, owner=self.owner, limit=CLAIM, lease_s=LEASE_S, now=self.clock.now())
                self.claimed.extend(rows)
            if not self.claimed:
                return None
            self.left -= 1
            return self.claimed.popleft()

    def fail(self, error: DigestError) -> None:
        """End every connection after the hand-over it is at."""
        with self.guard:
            self.failure = self.failure or error

    def turn(self, done: Outcome | None, following: Planned | None) -> bool:
        """Commit what was learnt and what is handed over next; tell whether it may be."""
        if done is None and following is None:
            return False
        name = None if following is None else following.subscriber
        return self.ledger.turn(
            self.key, owner=self.owner, done=done, following=name, lease_s=LEASE_S, now=self.clock.now()
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

    def cut(self, cut: Cut) -> None:
        """Note a cut connection; too many in a row, and the relay counts as unreachable."""
        with self.guard:
            self.cuts += 1
            if self.cuts >= CUTS_IN_A_ROW and self.failure is None:
                self.failure = RelayUnreachable(
                    f"the relay cut {self.cuts} connections in a row ({cut.what})", fix="we try again with the next run"
                )


class _Worker:
    """One connection's work. `done` is the outcome not committed yet: it goes with the next hand-over's commit."""

    def __init__(self, sending: Sending) -> None:
        self.sending = sending
        self.connection: Connection | None = None
        self.done: Outcome | None = None

    def work(self) -> None:
        sending = self.sending
        try:
            person = sending.following()
            while person is not None:
                person = self._one(person)
        except DigestError as error:
            sending.fail(error)
        finally:
            self._end()

    def _end(self) -> None:
        """Record what was learnt last and leave; where the store fails, the row stays handed, so in doubt."""
        try:
            self._flush()
        except DigestError as error:
            self.sending.fail(error)
        if self.connection is not None:
            self.connection.close()

    def _flush(self) -> None:
        done, self.done = self.done, None
        self.sending.turn(done, None)

    def _learnt(self, person: Planned, done: Outcome) -> None:
        self.sending.count(person, done)
        if self.done is not None:
            self._flush()
        self.done = done

    def _outcome(self, person: Planned, reply: Reply, phase: str) -> Outcome:
        at, random = self.sending.clock.now(), self.sending.random
        return outcome(person.subscriber, reply, phase=phase, at=at, attempts=person.attempts, random=random)

    def _returned(self, person: Planned, phase: str) -> Outcome:
        return Outcome(
            subscriber=person.subscriber, kind=OutcomeKind.RETURNED, at=self.sending.clock.now(), phase=phase
        )

    def _one(self, person: Planned) -> Planned | None:
        """Announce a person's message on a fresh transaction and go on from there; return who is next."""
        message = self.sending.write(person)
        if self.connection is None:
            try:
                self.connection = self.sending.transport.open()
            except RelayError:
                self._learnt(person, self._returned(person, "connect"))
                raise
        try:
            refusal = self.connection.announce(message.envelope)
        except Cut as cut:
            self._lost(person, cut)
            return self.sending.following()
        return self._chain(person, message, refusal)

    def _chain(self, person: Planned, message: Message, refusal: Refusal | None) -> Planned | None:
        """Deliver announced messages, each with the next envelope behind it; return who needs a new transaction."""
        while True:
            if refusal is not None:
                self._refused(person, refusal)
                return self.sending.following()
            assert self.connection is not None
            may, self.done = self.sending.turn(self.done, person), None
            if not may:
                # The relay waits for this body, and it must not have it: the connection ends without the final dot.
                self.connection.abandon()
                self.connection = None
                return self.sending.following()
            after = self.sending.following()
            following = None if after is None else self.sending.write(after)
            try:
                delivered = self.connection.deliver(message, None if following is None else following.envelope)
            except Cut as cut:
                self._cut_in_body(person, after, cut)
                return self.sending.following()
            except RelayError:
                self._learnt(person, self._returned(person, "body"))
                if after is not None:
                    self._learnt(after, self._returned(after, "mail"))
                raise
            self._learnt(person, self._outcome(person, delivered.reply, "dot"))
            if after is None or following is None:
                return None
            person, message, refusal = after, following, delivered.following

    def _refused(self, person: Planned, refusal: Refusal) -> None:
        """Record a refused envelope: the recipient's, or ours, which ends the process with the row planned again."""
        if not is_systemic(refusal.reply, refusal.phase):
            self._learnt(person, self._outcome(person, refusal.reply, refusal.phase))
            return
        self._learnt(person, self._returned(person, refusal.phase))
        reply = refusal.reply
        kind = RelayError if reply.code >= 500 else RelayUnreachable
        raise kind(
            f"the relay refuses us at {refusal.phase.upper()} ({reply})", code=reply.code, reply=reply.text,
            fix="check the sender's address and domain with the relay's operator",
        )  # fmt: skip

    def _lost(self, person: Planned, cut: Cut) -> None:
        self.connection = None
        self.sending.cut(cut)
        self._learnt(person, self._returned(person, cut.phase))

    def _cut_in_body(self, person: Planned, after: Planned | None, cut: Cut) -> None:
        """Settle who was cut: an answered body is what it is, an unanswered dot is in doubt, anything else a retry."""
        now = self.sending.clock.now()
        if cut.reply is not None:
            self._learnt(person, self._outcome(person, cut.reply, "dot"))
        elif cut.after_dot:
            doubt = Outcome(
                subscriber=person.subscriber,
                kind=OutcomeKind.IN_DOUBT,
                at=now,
                reply=cut.what,
                phase=cut.phase,
                next_attempt=next_attempt(now, person.attempts, self.sending.random),
            )
            self._learnt(person, doubt)
        else:
            self._learnt(person, self._returned(person, cut.phase))
        self.connection = None
        self.sending.cut(cut)
        if after is not None:
            self._learnt(after, self._returned(after, "mail"))


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
) -> SendReport:
    """Hand over what is due, stay up to ``manner.linger`` for what was deferred, and return what was done.

    Raises RelayError or RelayUnreachable where the relay refuses us; every row not handed over is planned again then,
    and after ``stop`` is set. ``owner`` names this process in the ledger.
    """
    began, until = time.monotonic(), clock.now() + manner.linger
    sending = Sending(
        ledger, transport, write, key=key, owner=owner, clock=clock, random=random, stop=stop, limit=manner.limit
    )
    try:
        while True:
            _round(sending, manner.connections)
            due = None if sending.ended else reader.next_due(key)
            if sending.ended or sending.left == 0 or due is None or due > until:
                break
            _pause(due, clock, wait, stop)
        if sending.failure is not None:
            raise sending.failure
    finally:
        _release(ledger, key, owner, clock)
    stopped = "told to stop" if stop.is_set() else ""
    return replace(sending.report, stopped=stopped, seconds=time.monotonic() - began)


def _release(ledger: Ledger, key: EditionKey, owner: str, clock: Clock) -> None:
    """Give back what was claimed; a store that fails now has said so already, and leases run out by themselves."""
    with suppress(StoreError):
        ledger.release(key, owner=owner, now=clock.now())


def _round(sending: Sending, connections: int) -> None:
    threads = [
        threading.Thread(target=_Worker(sending).work, name=f"digest-send-{number}") for number in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _pause(due: datetime, clock: Clock, wait: Wait, stop: threading.Event) -> None:
    """Wait until a deferred row is due, a little at a time, so that a signal is heard."""
    while not stop.is_set():
        rest = (due - clock.now()).total_seconds()
        if rest <= 0:
            return
        wait(min(rest, LONGEST_PAUSE_S))
