"""Sending: claim, announce, turn, deliver, record. A few threads, one connection each, one rule (design §4).

Nothing is written to the relay for a person before the ledger's commit says `handed`; so after a crash at most one
person a connection is in doubt. Whatever ends the process leaves its other rows planned again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from random import Random

from digest.errors import RelayError, StoreError
from digest.mail.pace import Pace, Pacing
from digest.mail.shared import Manner, Sending, SendReport, Write
from digest.mail.transport import Transport
from digest.mail.worker import Worker
from digest.model.mail import EditionKey, Rates
from digest.ports import Clock, Ledger, LedgerReader, Wait

LONGEST_PAUSE_S = 30.0  # how often a lingering run looks whether it shall stop
PROGRESS_S = 0.5


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

    Where the relay refuses us or cannot be reached, the report's ``failure`` says so, a RelayError or RelayUnreachable;
    every row not handed over is planned again then, and after ``stop`` is set. ``owner`` names this process in the
    ledger.
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
        sending.take_back()
        if sending.failure is not None and not isinstance(sending.failure, RelayError):
            raise sending.failure
    finally:
        _release(ledger, key, owner, clock)
    stopped = "told to stop" if stop.is_set() else sending.report.stopped
    return replace(sending.report, stopped=stopped, seconds=time.monotonic() - began, failure=sending.failure)


def _release(ledger: Ledger, key: EditionKey, owner: str, clock: Clock) -> None:
    """Give back what was claimed; a store that fails now has said so already, and leases run out by themselves."""
    with suppress(StoreError):
        ledger.release(key, owner=owner, now=clock.now())


def _round(sending: Sending, progress: Callable[[SendReport], None] | None, began: float) -> None:
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
