"""One batch of an edition, handed over by one of many workers: the ledger says which rows, and whether it may."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from digest.mail.pace import Pacing
from digest.mail.send import send
from digest.mail.shared import Manner, SendReport
from digest.mail.transport import Transport
from digest.model.mail import EditionKey, Message, Planned
from digest.ports import Clock, Ledger, LedgerReader, Wait

NONE = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one job does."""

    rows: int  # at most so many are handed over
    connections: int
    lease_s: float  # then others may take what it claimed
    per_connection: int = 0  # messages, then a new connection; 0 = no limit


def send_batch(
    key: EditionKey,
    batch: Batch,
    *,
    ledger: Ledger,
    reader: LedgerReader,
    transport: Transport,
    write: Callable[[Planned], Message],
    clock: Clock,
    wait: Wait,
    random: Random,
    owner: str,
    stop: threading.Event,
    pace: Pacing,
) -> SendReport:
    """Hand over at most a batch of what is due now and return what was done; nothing is waited for.

    Where the relay refuses us, the report's ``failure`` says so: every row not handed over is planned again.
    """
    manner = Manner(
        connections=batch.connections,
        linger=NONE,
        limit=batch.rows,
        per_connection=batch.per_connection,
        lease_s=batch.lease_s,
    )
    return send(
        ledger,
        reader,
        transport,
        write,
        key=key,
        owner=owner,
        manner=manner,
        clock=clock,
        wait=wait,
        random=random,
        stop=stop,
        pace=pace,
    )
