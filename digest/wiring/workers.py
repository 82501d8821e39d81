"""`digest worker`: the jobs of one process among many, and what `status` tells of them all."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from digest import __version__
from digest.config import DigestSettings
from digest.editions.calendar import spans
from digest.errors import ConfigError, DigestError, Problem, StoreError, UsageError
from digest.mail.kept import KeptConnections
from digest.model.counting import count_of
from digest.model.mail import EditionKey, Message, Planned
from digest.pipeline.batching import Batch, send_batch
from digest.pipeline.journal import Event
from digest.pipeline.sending import SendingReport, report_of
from digest.store.batches import Batches
from digest.store.queue_schema import complaint, must_be_installed, waiting
from digest.store.workers import WorkerRow, Workers
from digest.wiring import Wiring, fetching
from digest.wiring.bounces import read_mailbox
from digest.wiring.morning import Morning
from digest.wiring.publisher import Publisher

if TYPE_CHECKING:
    from digest.store.queue import Task

SEND, MORNING = "send", "morning"
QUEUES = (SEND, MORNING)
BATCH_TASK = "digest.batch"
BEAT_S = 10.0
REST_S = 20.0  # after the relay refused us, this worker asks it again no sooner
FEW_NUDGES = 200  # below so many waiting, more are made …
MOST_NUDGES = 10_000  # … at most so many at once
EVERY_MINUTE, EVERY_5, EVERY_15, HOURLY = "* * * * *", "*/5 * * * *", "*/15 * * * *", "23 * * * *"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What one process does."""

    queues: tuple[str, ...] = QUEUES
    jobs: int = 2  # batches at once
    rows: int = 500  # of a batch
    lease_s: float = 600.0
    periodic: bool = True  # whether it starts the morning's jobs by itself


class Worker:
    """One process of `digest worker`. Every job is safe to run twice, late, or on another machine."""

    def __init__(
        self,
        wiring: Wiring,
        offer: Offer,
        *,
        via: str,
        stop: threading.Event,
        say: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        """Raise UsageError, StoreError or ConfigError for what keeps this process from working."""
        if wiring.settings.store_url.startswith("sqlite"):
            raise UsageError(
                "workers need PostgreSQL, and [store] url names SQLite",
                fix="use `digest run`, or move with `digest db copy`",
            )
        must_be_installed()
        self.wiring, self.offer, self.via, self.stop = wiring, offer, via, stop
        self.say, self.warn, self.name = say, warn, wiring.owner
        self._must_have_queue()
        self.workers = Workers(wiring.database)
        self.keys = key_fingerprint(wiring)
        self._must_have_same_keys()
        self.started, self.accepted, self.doing = wiring.clock.now(), 0, ""
        delivery = wiring.settings.delivery
        kept = KeptConnections(wiring.transport(via))
        # A limit of messages a connection is the relay's wish: then no connection outlasts its batch.
        self.transport = wiring.transport(via) if delivery.messages_per_connection else kept
        wiring.on_close(kept.close)
        self.batches = Batches(wiring.database, self.name)
        self.pace = Publisher(wiring, wiring.settings.digests[0], via=via).pace()
        self._writers: dict[EditionKey, Callable[[Planned], Message]] = {}
        self._guard = threading.Lock()
        for built in ("ledger", "editions", "calendar", "notices", "theme", "templates", "dkim_keys", "tokens"):
            getattr(wiring, built)  # built here once, not by two threads at a time

    def _must_have_queue(self) -> None:
        wrong = complaint(self.wiring.database)
        if wrong:
            raise StoreError(wrong, where=self.wiring.database.name, fix="run `digest db upgrade`")

    def _must_have_same_keys(self) -> None:
        """Links signed here must be understood everywhere: refuse keys that are not those of the others."""
        for other in self.workers.alive(self.wiring.clock.now()):
            if other.keys != self.keys:
                raise ConfigError(
                    (
                        Problem(
                            where=str(self.wiring.settings.tokens_file.parent),
                            what=f"the keys here are not those of the worker on {other.host}",
                            fix="copy its keys (tokens, erasure, DKIM) to this machine",
                        ),
                    )
                )

    # Running

    def run(self, ready: Callable[[], None]) -> None:
        """Work until told to stop; what is under way is finished or given back. Raises StoreError."""
        from digest.store.queue import QueueWorker

        every = {SEND: self.offer.jobs, MORNING: 2}
        worker = QueueWorker(
            self.wiring.settings.store_url,
            self.tasks(),
            name=self.name,
            concurrency={queue: every[queue] for queue in self.offer.queues},
            stop=self.stop,
            warn=self.warn,
        )
        ended = threading.Event()
        beat = threading.Thread(target=self._beat, args=(ended,), name="digest-beat", daemon=True)
        beat.start()
        if SEND in self.offer.queues:
            self._told("nudge", self.nudge_due)  # what is due now need not wait for the next minute
        try:
            worker.run(ready)
        finally:
            ended.set()
            beat.join()
            with suppress(StoreError):
                self.workers.leave(self.name)

    def _beat(self, ended: threading.Event) -> None:
        while True:
            with suppress(StoreError):  # the next beat tells it again
                self.workers.report(self.row())
            if ended.wait(BEAT_S):
                return

    def row(self) -> WorkerRow:
        """Return this process as it is on record."""
        return WorkerRow(
            name=self.name, host=socket.gethostname(), pid=os.getpid(), version=__version__, keys=self.keys,
            started=self.started, seen=self.wiring.clock.now(), doing=self.doing, accepted=self.accepted,
        )  # fmt: skip

    def tasks(self) -> Sequence[Task]:
        """Return the kinds of jobs, those that come by themselves for each digest."""
        from digest.store.queue import Task

        def task(name: str, queue: str, call: Callable[..., None], every: str = "", **arguments: str) -> Task:
            told = partial(self._told, name, call)
            return Task(
                name=f"digest.{name}", queue=queue, call=told, every=every if self.offer.periodic else "",
                arguments=arguments, alone=bool(every),
            )  # fmt: skip

        made = [
            task("batch", SEND, self.batch),
            Task(
                name="digest.nudge", queue=SEND, call=partial(self._told, "nudge", self.nudge_due), every=EVERY_MINUTE
            ),
            task("fetch", MORNING, self.fetch, HOURLY),
            task("notices", MORNING, self.notices, EVERY_MINUTE),
            task("bounces", MORNING, self.bounces, EVERY_15),
            task("house", MORNING, self.house, HOURLY),
        ]
        made += [task("run", MORNING, self.morning, EVERY_5, digest=each.name) for each in self.wiring.settings.digests]
        return made

    def _told(self, name: str, call: Callable[..., None], **arguments: str) -> None:
        """Do a job; what fails is one sentence, and the ledger says what is left to do."""
        self.doing = " ".join((name, *arguments.values()))
        try:
            call(**arguments)
        except DigestError as error:
            for line in str(error).splitlines():
                self.warn(f"{name}: {line}")
        finally:
            self.doing = ""

    def digest(self, name: str) -> DigestSettings | None:
        """Return a digest by name; None for one that digest.toml does not have any more."""
        return self.wiring.settings.digest(name) if name else None

    # Handing over

    def batch(self, digest: str, day: str) -> None:
        """Hand over a batch of what is due of an edition."""
        key, settings = EditionKey(digest, date.fromisoformat(day)), self.digest(digest)
        if self.stop.is_set() or settings is None:
            return
        publisher, delivery = Publisher(self.wiring, settings, via=self.via), self.wiring.settings.delivery
        batch = Batch(
            rows=self.offer.rows,
            connections=max(1, delivery.connections // self.offer.jobs),
            lease_s=self.offer.lease_s,
            per_connection=delivery.messages_per_connection,
        )
        with self.batches.hold() as owner:
            report = send_batch(
                key, batch, ledger=self.wiring.ledger, reader=self.wiring.ledger, transport=self.transport,
                write=self._writer(publisher, key), clock=self.wiring.clock, wait=self.wiring.wait,
                random=self.wiring.random, owner=owner, stop=self.stop, pace=self.pace,
            )  # fmt: skip
        with self._guard:
            self.accepted += report.accepted
        for line in (
            *(f"in doubt: {each}" for each in report.in_doubt),
            *(f"refused: {each}" for each in report.refused),
        ):
            self.warn(f"{key.digest} {key.day}: {line}")
        if report.failure is not None:
            self.stop.wait(REST_S)  # the nudges that wait would only ask the relay again at once
            raise report.failure
        if not self.stop.is_set():
            self._go_on(publisher, key, settled=report.settled)

    def _go_on(self, publisher: Publisher, key: EditionKey, *, settled: int) -> None:
        """Have the next batches queued where none waits: what a dead worker had held was due too late to be counted."""
        arguments = {"digest": key.digest, "day": key.day.isoformat()}
        if settled >= self.offer.rows and not waiting(self.wiring.database, BATCH_TASK, arguments, most=1):
            self.nudge(key)
        else:
            self._close_if_done(publisher, key)

    def _writer(self, publisher: Publisher, key: EditionKey) -> Callable[[Planned], Message]:
        """Return what writes an edition's messages: its parts are read once a process, for they do not change."""
        with self._guard:
            if key not in self._writers:
                self._writers = {key: publisher.approved_writer(key), **dict(list(self._writers.items())[:3])}
            return self._writers[key]

    def _close_if_done(self, publisher: Publisher, key: EditionKey) -> None:
        """Where nothing is due and nobody holds a row: expire what was tried for too long, end the edition, list it.

        Whoever settles the last row finds it so; of two at once both may, and doing it twice changes nothing.
        """
        now, ledger = self.wiring.clock.now(), self.wiring.ledger
        if ledger.due_now(key, now=now, most=1):
            return
        give_up = now - self.wiring.settings.delivery.give_up_after
        held = ledger.close(key, reason="gave up", give_up_before=give_up, now=now)
        record = self.wiring.editions.edition(key)
        if not (held.planned or held.claimed or held.handed) and record is not None and record.listed_at is None:
            publisher.list(key)

    def nudge_due(self) -> None:
        """Queue as many batches as the ledger has rows due: what was lost, the next minute makes up for."""
        for settings in self.wiring.settings.digests:
            for key in self.wiring.editions.sending(settings.name):
                self._expire_late(settings, key)
                if not self.nudge(key):
                    self._close_if_done(Publisher(self.wiring, settings, via=self.via), key)

    def nudge(self, key: EditionKey) -> int:
        """Queue the batches of one edition that are not queued yet; return how many."""
        from digest.store.queue import nudge

        arguments = {"digest": key.digest, "day": key.day.isoformat()}
        queued = waiting(self.wiring.database, BATCH_TASK, arguments, most=FEW_NUDGES)
        if queued >= FEW_NUDGES:
            return 0
        due = self.wiring.ledger.due_now(key, now=self.wiring.clock.now(), most=MOST_NUDGES * self.offer.rows)
        wanted = -(-due // self.offer.rows) - queued
        if wanted > 0:
            nudge(self.wiring.settings.store_url, BATCH_TASK, SEND, [arguments] * wanted)
        return max(wanted, 0)

    def _expire_late(self, settings: DigestSettings, key: EditionKey) -> None:
        now, record = self.wiring.clock.now(), self.wiring.editions.edition(key)
        zones = self.wiring.calendar.zones(settings.name)
        theirs = spans(
            key.day, self.wiring.schedule(settings), zones, frozen_at=(record.approved_at if record else None) or now
        )
        closed = {zone: span.closes for zone, span in theirs.items() if span.closes is not None and span.closes <= now}
        if closed:
            late = self.wiring.calendar.expire_late(key, closed, reason="too late", now=now)
            if late:
                self.warn(f"{count_of(late, 'delivery')} of the edition of {key.day} came too late to hand over")

    # The morning

    def morning(self, digest: str) -> None:
        """Do what `digest run` does, but have all workers hand over."""
        settings = self.digest(digest)
        if settings is None:
            return

        def tell(event: Event) -> None:
            (self.warn if event.trouble else self.say)(f"{digest}: {event.text}") if not event.detail else None

        _NudgingMorning(self, settings, tell).run()

    def fetch(self) -> None:
        """Read the feeds."""
        fetching.fetch(self.wiring, lambda line: None)

    def notices(self) -> None:
        """Hand over the mail that is no edition."""
        report = self.wiring.deliver_notices(self.via)
        for line in report.trouble:
            self.warn(line)

    def bounces(self) -> None:
        """Read the mailbox of what came back, where one is named."""
        report, trouble = read_mailbox(self.wiring, self.stop.is_set) or (None, "")
        if report is not None and report.read > report.known:
            self.say(f"bounces: {report.summary}")
        if trouble:
            self.warn(f"bounces: {trouble}")

    def house(self) -> None:
        """Forget what nobody needs any more."""
        told = Morning(self.wiring, self.wiring.settings.digests[0], via=self.via).keep_house()
        if told:
            self.say(told)


class _NudgingMorning(Morning):
    """A run whose last step is to nudge all workers."""

    def __init__(self, worker: Worker, digest: DigestSettings, tell: Callable[[Event], None]) -> None:
        super().__init__(worker.wiring, digest, via=worker.via, stopped=worker.stop.is_set, tell=tell)
        self.worker = worker

    def read_returns(self) -> None:
        """Leave what came back to the job of its own."""

    def send(self, key: EditionKey) -> SendingReport:
        """Queue what is due, and say how the edition stands."""
        now, ledger = self.wiring.clock.now(), self.wiring.ledger
        if not self.worker.nudge(key):
            give_up = now - self.wiring.settings.delivery.give_up_after
            ledger.close(key, reason="gave up", give_up_before=give_up, now=now)
        return report_of(key, ledger.counts(key))


def key_fingerprint(wiring: Wiring) -> str:
    """Return a fingerprint of the keys this machine signs with; raises FileProblem where they are missing."""
    settings, digest = wiring.settings, hashlib.sha256()
    dkim = settings.delivery.dkim
    files: list[Path | None] = [settings.tokens_file, settings.erasure_file]
    files += [dkim.key_file, dkim.ed25519_key_file] if dkim is not None else []
    _ = wiring.tokens, wiring.address_hash("")
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest() if file is not None else b"-")
    return digest.hexdigest()[:16]
