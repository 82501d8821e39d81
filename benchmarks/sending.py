"""Hand over an edition to a sink on loopback, with the ledger on SQLite; compare with smtplib in the same run.

    python -m benchmarks.sending [--people 2000] [--connections 8] [--sink HOST:PORT]

Without --sink a small sink of our own is started (threads, PIPELINING). Prints messages a second of each and the ratio.
"""

from __future__ import annotations

import argparse
import random
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

from digest.editions.compose import preheader_of, subject_of
from digest.mail.messages import Writer
from digest.mail.send import Manner, send
from digest.mail.transport import parse_via, transport
from digest.model.mail import Planned
from digest.store.engine import Store
from tests.builders import KEY, NOW, PUBLICATION, approved, parts, person
from tests.conftest import StandingClock


def ours(port: int, people: int, connections: int) -> float:
    """Return messages a second of the whole way: claim, commit, hand over, record."""
    store = Store.open(f"sqlite:///{tempfile.mkdtemp()}/digest.db")
    ledger = approved(store, [person(f"p{number:06}") for number in range(people)])
    ledger.plan(KEY, sections=("foreign", "trade"), now=NOW)
    began = time.perf_counter()
    report = send(
        ledger,
        ledger,
        transport(
            parse_via(f"smtp://127.0.0.1:{port}", Path.cwd()), password="", timeout_s=30, hostname="bench.example"
        ),
        writer(),
        key=KEY,
        owner="bench",
        manner=Manner(connections=connections, linger=timedelta(0)),
        clock=StandingClock(),
        wait=time.sleep,
        random=random.Random(1),
        stop=threading.Event(),
    )
    seconds = time.perf_counter() - began
    store.close()
    assert report.accepted == people
    return people / seconds


def writer() -> Writer:
    """Return what writes the messages."""
    return Writer(
        parts=parts(),
        publication=PUBLICATION,
        title="Bench",
        return_path="news@halyard.example",
        date=NOW,
        links_of=lambda name: (f"https://halyard.example/u/{name}", f"https://halyard.example/p/{name}"),
        subject_of=subject_of,
        preheader_of=preheader_of,
    )


def theirs(port: int, people: int, connections: int) -> float:
    """Return messages a second of smtplib in threads, without any ledger."""
    write = writer()

    def work(numbers: range) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            for number in numbers:
                who = Planned(
                    subscriber=f"p{number}", email=f"p{number}@example.org", name="", sections=None, format="html",
                    language="", attempts=0,
                )  # fmt: skip
                message = write(who)
                client.sendmail(message.envelope.sender, [message.envelope.recipient], message.data)

    began = time.perf_counter()
    threads = [threading.Thread(target=work, args=(range(first, people, connections),)) for first in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return people / (time.perf_counter() - began)


def main() -> int:
    """Run both and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--sink", default="")
    options = parser.parse_args()
    sink = subprocess.Popen([sys.executable, "-m", "benchmarks.sink"], stdout=subprocess.PIPE, text=True)
    assert sink.stdout is not None
    port = int(options.sink.rpartition(":")[2]) if options.sink else int(sink.stdout.readline())
    try:
        for _ in range(3):
            mine = ours(port, options.people, options.connections)
            peer = theirs(port, options.people, options.connections)
            sys.stdout.write(f"ours {mine:.0f}/s, smtplib without a ledger {peer:.0f}/s, ratio {mine / peer:.2f}\n")
    finally:
        sink.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
