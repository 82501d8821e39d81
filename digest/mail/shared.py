"""What the connections of one send share: who is claimed, what was done, and why it ends."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from digest.errors import RelayError, RelayUnreachable
from digest.mail.pace import Pacing
from digest.mail.replies import is_of_the_address, next_attempt
from digest.mail.transport import Connection, Cut, Transport, name_of
from digest.model.mail import EditionKey, Message, Outcome, OutcomeKind, Planned
from digest.ports import Clock, Ledger, Wait

CLAIM = 200  # rows claimed at once: the size does not matter for doubt, only unflushed hand-overs do (facts)
LEASE_S = 600.0  # seconds; longer than any one hand-over may take
# Readers refused one after the other, none accepted between them, for what may be about us: then the relay refuses us.
REFUSED_AT_FIRST = 3  # where nobody has accepted a copy of the edition yet
REFUSED_IN_A_ROW = 20
CUTS_IN_A_ROW = 5  # connections cut without one message accepted between them: then the relay is unreachable
LONGEST_PAUSE_S = 30.0  # before a relay that cut us is asked again
LONGEST_WAIT_S = 1.0  # how long a connection that waits for its turn sleeps at a time

Write = Callable[[Planned], Message]


@dataclass
class SendReport:
    """What one call of `send` did."""

    accepted: int = 0
    deferred: int = 0
    suppressed: int = 0
    refused: list[str] = field(default_factory=list)  # "reader@example.org: 550 5.1.1 no such user"
    in_doubt: list[str] = field(default_factory=list)  # "reader@example.org: the connection was closed"
    stopped: str = ""  # why it ended early
    seconds: float = 0.0
    failure: RelayError | None = None  # the relay refused us, or could not be reached: what was left is planned again

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
        self.suspect: dict[str, tuple[int, str]] = {}  # refused for what may be about us: when in turn, and their line
        self.in_a_row = 0  # of them, since somebody was accepted
        self.learnt = 0  # outcomes so far
        self.taken_back = False  # the relay refuses us: those are not
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
            self.learnt += 1
            if done.kind is OutcomeKind.ACCEPTED:
                self.report.accepted += 1
                self.cuts = self.in_a_row = 0
                # What another connection learnt just now may have happened after this one's.
                since = self.learnt - self.manner.connections
                self.suspect = {name: each for name, each in self.suspect.items() if each[0] > since}
            elif done.kind is OutcomeKind.DEFERRED:
                self.report.deferred += 1
            elif done.kind is OutcomeKind.REFUSED:
                self.report.refused.append(f"{person.email}: {done.reply}")
                self._suspect(person, done)
            elif done.kind is OutcomeKind.IN_DOUBT:
                self.report.in_doubt.append(f"{person.email}: {done.reply}")
            elif done.kind is OutcomeKind.RETURNED:
                self.left += self.left >= 0
                self.pace.give_back()

    def _suspect(self, person: Planned, done: Outcome) -> None:
        """Note a refusal that may be about us; one after the other, and it is: nobody is given up for that."""
        if is_of_the_address(done.enhanced):
            return
        self.suspect[person.subscriber] = (self.learnt, self.report.refused[-1])
        self.in_a_row += 1
        if self.taken_back or self.in_a_row < REFUSED_AT_FIRST:
            return
        if self.in_a_row >= REFUSED_IN_A_ROW or not (self.report.accepted or self.ledger.counts(self.key).accepted):
            self.taken_back = True
            self.failure = self.failure or RelayError(
                f"the relay refuses one reader after the other ({done.reply})",
                code=done.code,
                reply=done.reply,
                where=name_of(self.transport),
                fix="ask its operator whether we may send by it; nobody is given up, the next run goes on",
            )

    def take_back(self) -> None:
        """Have those whom the relay refused for what is about us tried again, later; they leave the report too."""
        if self.taken_back and self.suspect:
            now = self.clock.now()
            self.ledger.reopen(self.key, list(self.suspect), due=next_attempt(now, 0, self.random), now=now)
            for _, line in self.suspect.values():
                self.report.refused.remove(line)

    def cut(self, cut: Cut) -> None:
        """Note a cut connection; too many in a row, and the relay counts as unreachable."""
        with self.guard:
            self.cuts += 1
            if self.cuts >= CUTS_IN_A_ROW and self.failure is None:
                self.failure = RelayUnreachable(
                    f"the relay cut {self.cuts} connections in a row ({cut.what})",
                    where=name_of(self.transport),
                    fix="we try again with the next run",
                )
