"""One connection's work: announce, turn, deliver, and keep what was learnt for the next turn's commit."""

from __future__ import annotations

from digest.errors import DigestError, RelayError, RelayUnreachable
from digest.mail.replies import Reply, is_systemic, next_attempt, outcome
from digest.mail.shared import Sending
from digest.mail.transport import Connection, Cut, Refusal, name_of
from digest.model.mail import Message, Outcome, OutcomeKind, Planned


class Worker:
    """One connection's work. `done` is the outcome not committed yet: it goes with the next hand-over's commit."""

    def __init__(self, sending: Sending) -> None:
        self.sending = sending
        self.connection: Connection | None = None
        self.handed = 0  # messages written on this connection
        self.done: Outcome | None = None

    def work(self) -> None:
        """Hand over until nothing is due, or it shall end; whatever fails is left in ``sending.failure``."""
        try:
            while True:
                person = self.sending.following(patient=False)
                if person is None:
                    self._flush()  # what was learnt must not wait for the next turn
                    person = self.sending.following(patient=True)
                if person is None or not self._one(person):
                    break
        except Exception as error:  # also a mistake of ours: it ends the send with its name, not in a lost thread
            self.sending.fail(error)
        finally:
            self._end()

    def _end(self) -> None:
        """Record what was learnt last and leave; where the store fails, the row stays handed, so in doubt."""
        try:
            self._flush()
        except DigestError as error:
            self.sending.fail(error)
        self._leave()

    def _leave(self, *, orderly: bool = True) -> None:
        if self.connection is not None:
            if orderly:
                self.connection.close()
            self.connection, self.handed = None, 0
            self.sending.closed()

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

    def _one(self, person: Planned) -> bool:
        """Announce a person's message on a fresh transaction and go on from there; False = this connection ends."""
        message = self.sending.write(person)
        if self.connection is None:
            try:
                self.connection = self.sending.opened()
            except RelayError:
                self._learnt(person, self._returned(person, "connect"))
                raise
            if self.connection is None:
                self._learnt(person, self._returned(person, "connect"))
                return False
        try:
            refusal = self.connection.announce(message.envelope)
        except Cut as cut:
            self._learnt(person, self._returned(person, cut.phase))
            self._cut(cut)
            return True
        self._chain(person, message, refusal)
        return True

    def _chain(self, person: Planned, message: Message, refusal: Refusal | None) -> None:
        """Deliver announced messages, each with the next envelope behind it, until a new transaction is needed."""
        while True:
            if refusal is not None:
                self._refused(person, refusal)
                return
            assert self.connection is not None
            may, self.done = self.sending.turn(self.done, person), None
            if not may:
                # The relay waits for this body, and it must not have it: the connection ends without the final dot.
                self.connection.abandon()
                self._leave(orderly=False)
                return
            self.handed += 1
            full = self.handed == self.sending.manner.per_connection
            after = None if full else self.sending.following(patient=False)
            following = None if after is None else self.sending.write(after)
            try:
                answered = self.connection.deliver(message, None if following is None else following.envelope)
            except Cut as cut:
                self._cut_in_body(person, after, cut)
                return
            except RelayError:
                self._learnt(person, self._returned(person, "body"))
                if after is not None:
                    self._learnt(after, self._returned(after, "mail"))
                raise
            self._learnt(person, self._outcome(person, answered.reply, "dot"))
            if full:
                self._leave()
            if after is None or following is None:
                return
            person, message, refusal = after, following, answered.following

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
            where=name_of(self.sending.transport),
            fix="check the sender's address and domain with the relay's operator",
        )  # fmt: skip

    def _cut(self, cut: Cut) -> None:
        self._leave(orderly=False)
        self.sending.cut(cut)

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
        self._cut(cut)
        if after is not None:
            self._learnt(after, self._returned(after, "mail"))
