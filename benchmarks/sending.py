"""Hand over an edition on loopback and compare with others in the same run; messages of about 55 KB, all unique.

    python -m benchmarks.sending bare   [--peers DIR]              without a ledger, to the fast sink and to smtp-sink
    python -m benchmarks.sending tls    [--peers DIR]              the same over STARTTLS
    python -m benchmarks.sending ledger [--peers DIR] [--dkim]     the whole way, SQLite FULL, and the naive way
    python -m benchmarks.sending far    [--delay-ms 20]            the whole way to a sink that answers late
    python -m benchmarks.sending plan   [--people 1000000]         planning, claiming and memory

Prints messages a second and the median of ratios of each round. `benchmarks/sending_peers.py` says what DIR holds.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from benchmarks import sending_peers as peers
from digest.editions.compose import preheader_of, subject_of
from digest.mail.dkim import DkimKey, Signer
from digest.mail.messages import Writer
from digest.mail.send import send
from digest.mail.shared import Manner
from digest.mail.via import parse_via, transport
from digest.model.mail import Counts, Delivery, EditionKey, Outcome, Planned, Segment
from digest.store.engine import Store
from digest.store.tables import subscribers
from tests.builders import KEY, NOW, PUBLICATION, approved, parts, person
from tests.conftest import StandingClock

Figures = dict[str, float | None]


class NoLedger:
    """Rows without a database: what a send costs by itself."""

    def __init__(self, people: list[Planned]) -> None:
        self.rows, self.guard = iter(people), threading.Lock()

    def claim(self, key: EditionKey, *, owner: str, limit: int, lease_s: float, now: datetime) -> tuple[Planned, ...]:
        """Return the next rows."""
        return tuple(row for _, row in zip(range(limit), self.rows, strict=False))

    def turn(
        self, key: EditionKey, *, owner: str, done: Outcome | None, following: str | None, lease_s: float, now: datetime
    ) -> bool:
        """Record nothing."""
        return following is not None

    def release(self, key: EditionKey, *, owner: str, now: datetime) -> int:
        """Nothing was claimed."""
        return 0

    def next_due(self, key: EditionKey) -> datetime | None:
        """Nothing is deferred."""
        return None

    def in_state(self, key: EditionKey, state: str, *, limit: int) -> tuple[tuple[Delivery, str], ...]:
        """Not asked."""
        return ()

    plan = counts = attempts = close = None


def writer(dkim: bool = False) -> Writer:
    """Return what writes messages of about 55 KB."""
    line = "".join(random.Random(1).choices("abcdefghij klmno", k=74)).encode() + b"\r\n"
    made = parts()
    long = replace(made, html=(Segment(data=line * 640), *made.html), text=(Segment(data=line * 70), *made.text))
    key = DkimKey(domain="halyard.example", selector="s", private=generate_private_key(65537, 2048))
    return Writer(
        parts=long,
        publication=PUBLICATION,
        title="Bench",
        return_path="news@halyard.example",
        date=NOW,
        links_of=lambda name: (f"https://halyard.example/u/{name}", f"https://halyard.example/p/{name}"),
        subject_of=subject_of,
        preheader_of=preheader_of,
        signer=Signer([key], at=NOW) if dkim else None,
    )


def planned(number: int) -> Planned:
    """Return a claimed row."""
    return Planned(
        subscriber=f"p{number:06}", email=f"p{number}@example.org", name="", sections=None, format="html", language="",
        attempts=0,
    )  # fmt: skip


def handed_over(ledger: object, via: str, people: int, connections: int, write: Writer) -> float:
    """Return messages a second of our own sending."""
    began = time.perf_counter()
    report = send(
        ledger,  # type: ignore[arg-type]  # NoLedger has what is asked
        ledger,  # type: ignore[arg-type]
        transport(parse_via(via, Path.cwd()), password="", timeout_s=30, hostname="bench.example"),
        write,
        key=KEY,
        owner="bench",
        manner=Manner(connections=connections, linger=timedelta(0)),
        clock=StandingClock(),
        wait=time.sleep,
        random=random.Random(1),
        stop=threading.Event(),
    )
    assert report.accepted == people, report
    return people / (time.perf_counter() - began)


@contextmanager
def sink(*words: str) -> Iterator[int]:
    """Start the fast sink; yield its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


@contextmanager
def smtp_sink(folder: Path | None, port: int = 26011) -> Iterator[int | None]:
    """Start Postfix's smtp-sink; yield its port, or None where it is not there."""
    found = peers.postfix(folder, "smtp-sink")
    if found is None:
        yield None
        return
    call, environment = found
    process = subprocess.Popen([*call, "-u", "nobody", "-m", "300", f"127.0.0.1:{port}", "1024"], env=environment)
    time.sleep(0.5)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def bare(options: argparse.Namespace, folder: Path) -> Iterator[Figures]:
    """Without a ledger."""
    data = writer()(planned(0)).data.replace(b"p000000", b"NUMBER")
    file = folder / "message.eml"
    file.write_bytes(data)
    people, connections = options.people, options.connections
    with sink() as port, smtp_sink(options.peers) as postfix:
        for _ in range(options.rounds):
            rows = [planned(number) for number in range(people)]
            figures: Figures = {
                "ours": handed_over(NoLedger(rows), f"smtp://127.0.0.1:{port}", people, connections, writer())
            }
            figures["smtplib"] = peers.by_smtplib(port, people, connections, data, tls=None)
            figures["aiosmtplib"] = peers.by_aiosmtplib(options.peers, port, people, connections, file, tls=False)
            for name, at_once in (("nodemailer", False), ("nodemailer, TCP_NODELAY", True)):
                figures[name] = peers.by_nodemailer(options.peers, port, people, connections, file, at_once=at_once)
            figures["mailmerge"] = peers.by_mailmerge(options.peers, port, min(people, 200), folder, data)
            if postfix is not None:
                into = handed_over(NoLedger(rows), f"smtp://127.0.0.1:{postfix}", people, connections, writer())
                source = peers.by_smtp_source(options.peers, postfix, people, connections, len(data))
                figures["smtp-source, of ours into smtp-sink"] = source and figures["ours"] * source / into  # type: ignore[operator]
            yield figures


def tls(options: argparse.Namespace, folder: Path) -> Iterator[Figures]:
    """Over STARTTLS."""
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    more = ["-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(["openssl", *words, *map(str, more)], check=True, capture_output=True)
    os.environ["SSL_CERT_FILE"] = str(folder / "cert.pem")
    data = writer()(planned(0)).data.replace(b"p000000", b"NUMBER")
    file = folder / "message.eml"
    file.write_bytes(data)
    people, connections = options.people, options.connections
    with sink("--tls", str(folder / "cert.pem"), str(folder / "key.pem")) as port:
        for _ in range(options.rounds):
            rows = [planned(number) for number in range(people)]
            via = f"smtp://localhost:{port}?tls=required"
            few = min(people, 600)
            yield {
                "ours": handed_over(NoLedger(rows), via, people, connections, writer()),
                "smtplib": peers.by_smtplib(port, few, connections, data, tls=ssl.create_default_context),
                "aiosmtplib": peers.by_aiosmtplib(options.peers, port, few, connections, file, tls=True),
            }


def whole(folder: Path, port: int, people: int, connections: int, *, dkim: bool = False) -> float:
    """Return messages a second of the whole way: claim, commit, sign, hand over, record."""
    store = Store.open(f"sqlite:///{tempfile.mkdtemp(dir=folder)}/digest.db")
    ledger = approved(store, [person(f"p{number:06}") for number in range(people)])
    ledger.plan(KEY, sections=("foreign", "trade"), now=NOW)
    rate = handed_over(ledger, f"smtp://127.0.0.1:{port}", people, connections, writer(dkim))
    assert ledger.counts(KEY).accepted == people
    store.close()
    return rate


def ledger(options: argparse.Namespace, folder: Path) -> Iterator[Figures]:
    """Send the whole way."""
    private = generate_private_key(65537, 2048)
    pem = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption())
    data = writer()(planned(0)).data.replace(b"p000000", b"NUMBER")
    with sink() as port:
        for _ in range(options.rounds):
            yield {
                "ours": whole(folder, port, options.people, options.connections, dkim=options.dkim),
                "smtplib without a ledger": peers.by_smtplib(port, options.people, options.connections, data, tls=None),
                "the naive way": peers.naive(port, 150, data, pem, Path(tempfile.mkdtemp(dir=folder))),
            }


def far(options: argparse.Namespace, folder: Path) -> Iterator[Figures]:
    """Send to a relay that answers late."""
    data = writer()(planned(0)).data.replace(b"p000000", b"NUMBER")
    file = folder / "message.eml"
    file.write_bytes(data)
    few = options.people // 3
    with sink("--delay-ms", str(options.delay_ms)) as port:
        for _ in range(options.rounds):
            yield {
                "ours": whole(folder, port, options.people, options.connections),
                "smtplib without a ledger": peers.by_smtplib(port, few, options.connections, data, tls=None),
                "aiosmtplib without a ledger": peers.by_aiosmtplib(
                    options.peers, port, few, options.connections, file, tls=False
                ),
            }


def plan(options: argparse.Namespace, folder: Path) -> Iterator[Figures]:
    """Plan a long list, and tell what it takes of memory."""
    store = Store.open(options.store or f"sqlite:///{folder}/digest.db")
    held, rng = approved(store, []), random.Random(1)
    for first in range(0, options.people, 5_000):
        rows = [
            {
                "id": f"{rng.getrandbits(80):020x}",
                "email": f"p{number}@example.org", "email_key": f"p{number}@example.org",
                "status": "active", "status_at": 1, "created": 1, "changed": 1,
                "sections": None if number % 3 else "trade|foreign",
            }
            for number in range(first, min(options.people, first + 5_000))
        ]  # fmt: skip
        with store.write() as connection:
            connection.execute(sa.insert(subscribers), rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    count = held.plan(KEY, sections=("foreign", "trade"), now=NOW)
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    held.claim(KEY, owner="bench", limit=200, lease_s=600, now=NOW)
    claim = (time.perf_counter() - began) * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert held.counts(KEY) == Counts(planned=count - 200, claimed=200)
    sys.stdout.write(
        f"{count:,} planned in {seconds:.1f} s; 200 claimed in {claim:.0f} ms;"
        f" memory {peak / 1024:.0f} MB, of it {(peak - before) / 1024:.0f} for planning\n"
    )
    store.close()
    yield from ()


def main() -> int:
    """Run one comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds: dict[str, Callable[[argparse.Namespace, Path], Iterator[Figures]]] = {
        "bare": bare, "tls": tls, "ledger": ledger, "far": far, "plan": plan,
    }  # fmt: skip
    parser.add_argument("what", choices=kinds)
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delay-ms", type=float, default=20)
    parser.add_argument("--dkim", action="store_true", help="sign with RSA-2048")
    parser.add_argument("--store", default="", help="of `plan`; SQLite in a temporary folder without it")
    parser.add_argument("--peers", type=lambda text: Path(text).absolute(), default=None)
    options = parser.parse_args()
    ratios: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for figures in kinds[options.what](options, Path(folder)):
            ours = figures["ours"]
            assert ours is not None
            told = [f"{name} {rate:,.0f}/s" if rate else f"{name}: not there" for name, rate in figures.items()]
            sys.stdout.write("  ".join(told) + "\n")
            sys.stdout.flush()
            for name, rate in figures.items():
                if rate and name != "ours":
                    ratios[name].append(ours / rate)
    for name, found in ratios.items():
        sys.stdout.write(f"ours is {statistics.median(found):.2f} × {name} (median of {len(found)})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
