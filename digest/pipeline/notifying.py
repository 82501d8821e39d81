"""The outbox → handed over: mail that is no edition goes by the same transport, once a key, later where it must."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from digest.errors import EXIT_ATTENTION, EXIT_DONE, EXIT_TEMPORARY, RelayError
from digest.mail.replies import is_systemic, next_attempt, outcome
from digest.mail.transport import Connection, Cut, Transport
from digest.model.mail import Message, Notice, Outcome, OutcomeKind, QueuedNotice
from digest.ports import Clock, NoticeStore

# Taken out of the outbox at once: few, so that a slow relay does not outlast the time after which others try.
BATCH = 20


@dataclass
class NoticesReport:
    """What one call handed over."""

    accepted: int = 0
    deferred: int = 0
    given_up: int = 0
    refused: list[str] = field(default_factory=list)  # "reader@example.org: 550 5.1.1 no such user"
    failure: RelayError | None = None  # why it ended early

    @property
    def line(self) -> str:
        """One sentence for people; "" where there was nothing to do."""
        told = [(self.accepted, "accepted"), (self.deferred, "deferred"), (self.given_up, "given up")]
        words = ", ".join(f"{count} {word}" for count, word in told if count)
        return f"notices: {words}" if words else ""

    @property
    def trouble(self) -> tuple[str, ...]:
        """What needs a person, a line each."""
        lines = [f"notice refused: {line}" for line in self.refused]
        if self.given_up:
            lines.append(f"{self.given_up} notices were tried in vain for too long and are given up")
        if self.failure is not None:
            lines.append(f"notices wait: {self.failure}")
        return tuple(lines)

    @property
    def exit_code(self) -> int:
        """Where the relay refuses us its code, 75 where some wait, 5 where one was refused, else 0."""
        if self.failure is not None:
            return self.failure.exit_code
        if self.deferred:
            return EXIT_TEMPORARY
        return EXIT_ATTENTION if self.refused or self.given_up else EXIT_DONE


def deliver_notices(
    *,
    notices: NoticeStore,
    transport: Callable[[], Transport],
    write: Callable[[Notice], Message],
    clock: Clock,
    random: Random,
    give_up_after: timedelta,
) -> NoticesReport:
    """Hand over every notice that is due; called again, it goes on. A relay that fails is told in the report.

    ``transport`` is made only when a notice is due. What is tried in vain for ``give_up_after`` is given up. Raises
    StoreError, and UsageError where there is no such transport.
    """
    report = NoticesReport()
    outbox = _Outbox(notices, transport, write, clock, random, report)
    while report.failure is None:
        batch = notices.due(now=clock.now(), limit=BATCH)
        if not batch:
            break
        outbox.hand_over(batch)
    outbox.close()
    report.given_up = notices.give_up(queued_before=clock.now() - give_up_after, now=clock.now())
    return report


class _Outbox:
    """One session with the relay, for as long as it lasts."""

    def __init__(
        self,
        notices: NoticeStore,
        transport: Callable[[], Transport],
        write: Callable[[Notice], Message],
        clock: Clock,
        random: Random,
        report: NoticesReport,
    ) -> None:
        self.notices, self.transport, self.write = notices, transport, write
        self.clock, self.random, self.report = clock, random, report
        self.connection: Connection | None = None

    def hand_over(self, batch: Sequence[QueuedNotice]) -> None:
        """Hand over what was taken out of the outbox; once the relay fails, the rest of it waits."""
        for queued in batch:
            if self.report.failure is None:
                try:
                    self._settle(queued, self._one(queued))
                    continue
                except RelayError as error:
                    self.report.failure = error
            self._settle(queued, self._later(queued, str(self.report.failure)))

    def close(self) -> None:
        """End the session."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _one(self, queued: QueuedNotice) -> Outcome:
        message = self.write(queued.notice)
        if self.connection is None:
            self.connection = self.transport().open()
        try:
            refusal = self.connection.announce(message.envelope)
            if refusal is None:
                phase, reply = "dot", self.connection.deliver(message, None).reply
            else:
                phase, reply = refusal.phase, refusal.reply
        except Cut as cut:
            self.connection = None
            if not cut.after_dot:
                return self._later(queued, cut.what)
            # The relay may have it. Nobody is told twice: the person can ask again.
            return Outcome(subscriber="", kind=OutcomeKind.IN_DOUBT, at=self.clock.now(), reply=cut.what, phase="dot")
        if refusal is not None and is_systemic(reply, phase):
            raise RelayError(
                f"the relay refuses us at {phase.upper()} ({reply})", code=reply.code, reply=reply.text,
                fix="check the sender's address and domain with the relay's operator",
            )  # fmt: skip
        at: datetime = self.clock.now()
        return outcome("", reply, phase=phase, at=at, attempts=queued.attempts, random=self.random)

    def _later(self, queued: QueuedNotice, why: str) -> Outcome:
        now = self.clock.now()
        due = next_attempt(now, queued.attempts, self.random)
        return Outcome(subscriber="", kind=OutcomeKind.DEFERRED, at=now, reply=why[:500], next_attempt=due)

    def _settle(self, queued: QueuedNotice, done: Outcome) -> None:
        self.notices.settle(queued.notice.key, done, now=self.clock.now())
        if done.kind is OutcomeKind.ACCEPTED:
            self.report.accepted += 1
        elif done.kind is OutcomeKind.DEFERRED:
            self.report.deferred += 1
        elif done.kind is OutcomeKind.REFUSED:
            self.report.refused.append(f"{queued.notice.recipient}: {done.reply}")
