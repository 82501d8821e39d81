"""Approved → handed over: plan the ledger, send what is due, say how it stands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import MappingProxyType

from digest.errors import (
    EXIT_ATTENTION,
    EXIT_DONE,
    EXIT_TEMPORARY,
    ApprovalNeeded,
    FileProblem,
    RelayError,
    RelayUnreachable,
    UsageError,
)
from digest.mail.pace import Pacing
from digest.mail.send import send
from digest.mail.shared import Manner, SendReport
from digest.mail.transport import Cut, Transport, name_of
from digest.model.editions import EditionRecord, EditionState
from digest.model.mail import Counts, EditionKey, Message, Planned
from digest.pipeline.journal import LINES
from digest.pipeline.no_edition import no_edition
from digest.ports import ApprovalStore, Clock, EditionStore, Ledger, LedgerReader, Wait

CHOICES_SHOWN = 12
_AT_ONCE: Mapping[str, datetime] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a publication hands over: `[delivery]`, as values."""

    connections: int
    linger: timedelta  # a run stays this long for what was deferred
    give_up_after: timedelta  # then a deferred delivery expires
    per_connection: int = 0  # messages, then a new connection; 0 = no limit


@dataclass(frozen=True, kw_only=True)
class SendingReport:
    """What a send did and how the ledger stands."""

    key: EditionKey
    counts: Counts
    accepted: int  # by this call
    in_doubt: tuple[str, ...]  # addresses that were found in doubt, with what cut them off
    refused: tuple[str, ...]  # addresses refused by this call, with the relay's words
    stopped: str  # why this call ended early; "" = it did not
    seconds: float
    expired: int = 0  # given up by this call
    failure: RelayError | None = None  # the relay refused us, or could not be reached: the next run goes on

    @property
    def line(self) -> str:
        """One sentence for people."""
        counts = self.counts
        if not counts.total:
            return f"Edition of {self.key.day}: nobody is due."
        rate = f" in {self.seconds:.1f} s" if self.accepted else ""
        told = (
            f"Edition of {self.key.day}: {self.accepted} accepted now{rate}, {counts.accepted} of {counts.total} in all"
        )
        rest = [
            f"{getattr(counts, name)} {name.replace('_', ' ')}"
            for name in ("refused", "deferred", "in_doubt", "suppressed", "expired", "planned")
            if getattr(counts, name)
        ]
        return f"{told}; {', '.join(rest)}." if rest else f"{told}."

    @property
    def trouble(self) -> tuple[str, ...]:
        """What needs a person, a line each."""
        lines = [line for _, line, _ in self.findings]
        if self.stopped:
            lines.append(f"stopped: {self.stopped}")
        return tuple(lines)

    @property
    def findings(self) -> tuple[tuple[str, str, str], ...]:
        """What became of single readers and needs a person: its kind, a line, and a line that names no address."""
        found: list[tuple[str, str, str]] = []
        for kind, called, lines in (("doubt", "in doubt", self.in_doubt), ("refused", "refused", self.refused)):
            public = f"{len(lines)} {called}; see `digest status`"
            found += [(kind, f"{called}: {line}", public) for line in lines[:LINES]]
            if len(lines) > LINES:
                found.append((kind, f"{called}: {len(lines) - LINES} more; see `digest status`", public))
        if self.expired:
            said = f"given up: {self.expired}, put off by the relay until [delivery] give_up_after; see `digest status`"
            found.append(("expired", said, said))
        return tuple(found)

    @property
    def exit_code(self) -> int:
        """75 while rows are open, 5 where somebody was refused, given up or is in doubt, else 0."""
        if self.counts.open or self.stopped:
            return EXIT_TEMPORARY
        if self.counts.in_doubt or self.refused or self.expired:
            return EXIT_ATTENTION
        return EXIT_DONE

    @property
    def may_list(self) -> bool:
        """Whether no row is due now, so that the edition may be listed (design §8)."""
        return not (self.counts.planned or self.counts.claimed or self.counts.handed)

    def document(self) -> dict[str, object]:
        """Return the report as JSON."""
        return {
            "edition": self.key.day.isoformat(),
            "digest": self.key.digest,
            "accepted_now": self.accepted,
            "counts": counts_document(self.counts),
            "in_doubt": [line.partition(": ")[0] for line in self.in_doubt],
            "refused": list(self.refused),
            "stopped": self.stopped or (None if self.failure is None else str(self.failure)),
        }


def counts_document(counts: Counts) -> dict[str, int]:
    """Return counts as in `digest status --json`: the total, then every state."""
    names = ("planned", "claimed", "handed", "accepted", "deferred", "refused", "in_doubt", "suppressed", "expired")
    return {"total": counts.total, **{name: getattr(counts, name) for name in names}}


def sendable(record: EditionRecord | None, key: EditionKey) -> EditionRecord:
    """Return the record of an edition that may be sent; raise UsageError or ApprovalNeeded saying what to do."""
    if record is None:
        raise no_edition(key)
    if record.state is EditionState.DRAFT:
        raise ApprovalNeeded(
            f"the edition of {key.day} is not approved", fix="look at it with `digest preview`, then `digest approve`"
        )
    if record.state in (EditionState.STOPPED, EditionState.SKIPPED):
        raise UsageError(f"the edition of {key.day} is {record.state.value} ({record.reason})", fix="nothing is sent")
    return record


def plan(
    key: EditionKey,
    *,
    editions: EditionStore,
    approvals: ApprovalStore,
    ledger: Ledger,
    clock: Clock,
    openings: Mapping[str, datetime] = _AT_ONCE,
    also: Sequence[str] = (),
) -> int:
    """Plan a row for every due subscriber that has none; return how many were added. Safe to repeat.

    ``openings`` are the instants before which readers of a time zone get nothing. Readers who chose only sections
    without a story are due where those are named in ``also``: their mail says that there is nothing new.
    """
    record = sendable(editions.edition(key), key)
    if record.state is EditionState.FINISHED:
        return 0
    sections = (*approvals.parts(key)[0].sections, *also)
    return ledger.plan(key, sections=tuple(dict.fromkeys(sections)), now=clock.now(), openings=openings)


def preflight(transport: Transport, message: Message) -> None:
    """Ask the relay whether it takes mail like ``message``, before the list is touched.

    Raises RelayError for what an operator has to mend (login, TLS, certificate, sender, size), RelayUnreachable for
    what may pass.
    """
    connection = transport.open()
    try:
        connection.probe(message.envelope.sender, len(message.data))
    except Cut as cut:
        raise RelayUnreachable(
            f"the relay cut the connection ({cut.what})", where=name_of(transport), fix="we try again"
        ) from None
    finally:
        connection.close()


def stop_edition(
    key: EditionKey, *, editions: EditionStore, stop: Callable[[EditionKey], Counts], reason: str
) -> SendingReport:
    """Stop an edition that is approved or being sent, for good; return how its ledger stands.

    Hand-overs under way are the last. Raises UsageError, StoreConflict.
    """
    record = editions.edition(key)
    if record is None:
        raise no_edition(key)
    if record.state is EditionState.STOPPED:
        raise UsageError(f"the edition of {key.day} is stopped already ({record.reason})", fix="nothing is left to do")
    return replace(_report(key, stop(key), None), stopped=reason)


def dry_run(
    key: EditionKey,
    *,
    counts: Counts,
    choices: Mapping[str, int],
    message: Message | None,
    via: str,
    file: Path | None,
) -> list[str]:
    """Return what `send` would do, a line each; write the first message to ``file``. Nothing else is touched."""
    due = sum(choices.values())
    lines = [f"Edition of {key.day}: {due + counts.open} would be handed over by {via}."]
    if counts.open:
        lines.append(f"  {counts.open} are planned already, {due} would be planned now")
    for choice, number in sorted(choices.items(), key=lambda pair: (-pair[1], pair[0]))[:CHOICES_SHOWN]:
        lines.append(f"  {number:>9,}  {choice.replace('|', ', ') or 'every section'}")
    if len(choices) > CHOICES_SHOWN:
        lines.append(f"  … and {len(choices) - CHOICES_SHOWN} more choices of sections")
    if message is not None:
        lines.append(f"A message has {len(message.data) / 1000:.1f} kB.")
        if file is not None:
            write_once(file, message.data)
            lines.append(f"The first one, with inert links: {file}")
    return lines


def write_once(path: Path, body: bytes) -> None:
    """Write a file in one step; raises FileProblem."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    except OSError as error:
        raise FileProblem.unwritten(error, path, fix="name another file") from None


def send_one(message: Message, *, transport: Transport) -> str:
    """Hand over one message outside the ledger: a test copy. Return one sentence; raise RelayError."""
    connection = transport.open()
    try:
        refusal = connection.announce(message.envelope)
        reply = connection.deliver(message, None).reply if refusal is None else refusal.reply
    except Cut as cut:
        raise RelayUnreachable(
            f"the relay cut the connection ({cut.what})", where=name_of(transport), fix="try again"
        ) from None
    connection.close()
    if not reply.ok:
        raise RelayError(f"the relay refuses the copy ({reply})", code=reply.code, reply=reply.text)
    return f"A copy for {message.envelope.recipient} was accepted ({reply})."


def send_edition(
    key: EditionKey,
    *,
    rules: Rules,
    editions: EditionStore,
    ledger: Ledger,
    reader: LedgerReader,
    transport: Callable[[], Transport],
    write: Callable[[], Callable[[Planned], Message]],
    clock: Clock,
    wait: Wait,
    random: Random,
    owner: str,
    stop: threading.Event,
    pace: Callable[[], Pacing],
    progress: Callable[[SendReport], None] | None = None,
    limit: int = 0,
) -> SendingReport:
    """Hand over what is due and close the edition when nothing is open; called again it resumes.

    Raises what `sendable` raises; where the relay refuses us, the report's ``failure`` says so, and rows are planned
    again. ``transport`` and ``write`` are made only when a row is open.
    """
    record, before = sendable(editions.edition(key), key), ledger.counts(key)
    if record.state is EditionState.FINISHED or not (before.open or before.in_doubt):
        counts = before
        if record.state is not EditionState.FINISHED:
            counts = _close(key, rules, reader, clock)
        return _report(key, counts, None)
    done = send(
        ledger,
        reader,
        transport(),
        write(),
        key=key,
        owner=owner,
        manner=Manner(
            connections=rules.connections, linger=rules.linger, limit=limit, per_connection=rules.per_connection
        ),
        clock=clock,
        wait=wait,
        random=random,
        stop=stop,
        pace=pace(),
        progress=progress,
    )
    report = _report(key, _close(key, rules, reader, clock), done)
    return replace(report, expired=max(0, report.counts.expired - before.expired))


def _close(key: EditionKey, rules: Rules, reader: LedgerReader, clock: Clock) -> Counts:
    now = clock.now()
    return reader.close(key, reason="gave up", give_up_before=now - rules.give_up_after, now=now)


def report_of(key: EditionKey, counts: Counts) -> SendingReport:
    """Return how an edition stands that others hand over."""
    return _report(key, counts, None)


def _report(key: EditionKey, counts: Counts, done: SendReport | None) -> SendingReport:
    refused: Sequence[str] = done.refused if done else ()
    return SendingReport(
        key=key,
        counts=counts,
        accepted=done.accepted if done else 0,
        in_doubt=tuple(done.in_doubt) if done else (),
        refused=tuple(refused),
        stopped=done.stopped if done else "",
        seconds=done.seconds if done else 0.0,
        failure=done.failure if done else None,
    )
