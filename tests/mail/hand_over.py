"""One send over a ledger with a small approved edition; also what the killed and the paused process run."""

from __future__ import annotations

import random
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.editions.compose import preheader_of, subject_of
from digest.mail.messages import Writer
from digest.mail.pace import Pace
from digest.mail.send import send
from digest.mail.shared import Manner, SendReport
from digest.mail.via import parse_via, transport
from digest.ports import Clock
from digest.store.deliveries import Deliveries
from digest.store.engine import Store
from digest.wiring.stores import is_dead, owner_name
from tests.builders import KEY, NOW, PUBLICATION, parts

HELD = ("foreign", "trade")


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def writer() -> Writer:
    return Writer(
        parts=parts(),
        publication=PUBLICATION,
        title="The Morning Halyard",
        return_path="news@halyard.example",
        date=NOW,
        links_of=lambda subscriber: (
            f"https://halyard.example/u/{subscriber}",
            f"https://halyard.example/p/{subscriber}",
        ),
        subject_of=subject_of,
        preheader_of=preheader_of,
    )


def hand_over(
    ledger: Deliveries,
    via: str,
    clock: Clock,
    *,
    connections: int = 2,
    per_connection: int = 0,
    linger: timedelta = timedelta(0),
    stop: threading.Event | None = None,
    limit: int = 0,
    owner: str = "test",
    timeout_s: float = 5,
    password: str = "",
    pace: Pace | None = None,
) -> SendReport:
    ledger.plan(KEY, sections=HELD, now=clock.now())
    advance = getattr(clock, "advance", None)
    report = send(
        ledger,
        ledger,
        transport(parse_via(via, Path.cwd()), password=password, timeout_s=timeout_s, hostname="client.example"),
        writer(),
        key=KEY,
        owner=owner,
        manner=Manner(connections=connections, linger=linger, limit=limit, per_connection=per_connection),
        clock=clock,
        wait=(lambda seconds: advance(seconds=seconds)) if advance else time.sleep,
        random=random.Random(7),
        stop=stop or threading.Event(),
        pace=pace,
    )
    if report.failure is not None:
        raise report.failure
    return report


def main(url: str, port: str) -> None:
    """Go on at once with what a dead process of this host left, and finish the edition."""
    store = Store.open(url)
    ledger, clock = Deliveries(store, is_dead=is_dead), WallClock()
    hand_over(ledger, f"smtp://127.0.0.1:{port}", clock, connections=4, owner=owner_name(), timeout_s=30)
    ledger.close(KEY, reason="", give_up_before=NOW, now=clock.now())
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
