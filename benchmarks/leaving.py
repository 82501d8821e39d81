"""One-click unsubscribing while an edition goes out: how quick the answers are, and whether each is obeyed.

    python -m benchmarks.leaving [--people 20000] [--leaving 2000] [--at-once 50]

Real parts, each a process of its own: `digest serve`, `digest send` on SQLite, and the sink of benchmarks/sink.py.
While the send is under way, readers drawn at random POST as mail programs do (RFC 8058). Afterwards the list and the
ledger are asked: is each of them unsubscribed, and did anybody get a message that was handed over after the answer?
"""

from __future__ import annotations

import argparse
import json
import random
import re
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import create_engine, text

from digest.config import load
from digest.wiring import Wiring
from tests.smtpd import free_port

RUN = [sys.executable, "-m", "digest"]


def prepared(folder: Path, people: int, base: str) -> Path:
    """Make a publication with an approved edition for so many readers; return its digest.toml."""
    subprocess.run([*RUN, "demo", str(folder)], check=True, stdout=subprocess.DEVNULL)
    file = folder / "digest.toml"
    told = file.read_text(encoding="utf-8").replace('public_url = "https://halyard.example"', f'public_url = "{base}"')
    file.write_text(told.replace("[delivery]\n", "[delivery]\nconnections = 8\n", 1), encoding="utf-8")
    rows = folder / "many.csv"
    rows.write_text("email\n" + "\n".join(f"r{n:06}@read.example" for n in range(people)), encoding="utf-8")
    for words in (["subscribers", "import", str(rows)], ["approve"]):
        subprocess.run([*RUN, *words, "-c", str(file), "--quiet"], check=True)
    return file


class Clicks:
    """Posts as mail programs do, over so many connections, each kept; one thread, bytes made beforehand.

    A client that costs more than the server measures itself: this one takes 30 µs of a click.
    """

    def __init__(self, port: int, tokens: dict[str, str], at_once: int) -> None:
        self.waiting = [(subscriber, _request(token)) for subscriber, token in tokens.items()]
        self.selector, self.port = selectors.DefaultSelector(), port
        self.found: dict[str, tuple[int, float, float]] = {}
        self.begun: dict[socket.socket, tuple[str, float, bytearray]] = {}
        for _ in range(min(at_once, len(self.waiting))):
            self.next(self.connected())

    def connected(self) -> socket.socket:
        """Return a new connection."""
        sock = socket.create_connection(("127.0.0.1", self.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(sock, selectors.EVENT_READ)
        return sock

    def next(self, sock: socket.socket) -> None:
        """Write the next click on a connection, or let it go."""
        if not self.waiting:
            self.selector.unregister(sock)
            sock.close()
            return
        subscriber, request = self.waiting.pop()
        self.begun[sock] = (subscriber, time.perf_counter(), bytearray())
        sock.sendall(request)

    def all(self) -> dict[str, tuple[int, float, float]]:
        """Return status, seconds and the moment of each answer."""
        while self.begun:
            for ready, _ in self.selector.select():
                sock = ready.fileobj
                assert isinstance(sock, socket.socket)
                subscriber, at, answer = self.begun[sock]
                piece = sock.recv(65_536)
                answer += piece
                if piece and not _is_whole(answer):
                    continue
                del self.begun[sock]
                status = int(answer[9:12] or b"0")
                self.found[subscriber] = (status, time.perf_counter() - at, time.time())
                self.next(sock)
        return self.found


def _request(token: str) -> bytes:
    body = b"List-Unsubscribe=One-Click"
    return (
        f"POST /u/{token} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode("ascii") + body


def _is_whole(answer: bytearray) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(end) and found is not None and len(body) >= int(found[1])


def main() -> int:
    """Print latencies and what was not obeyed; return 1 where anything was not."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--leaving", type=int, default=2_000)
    parser.add_argument("--at-once", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name) / "paper", free_port()
        base = f"http://127.0.0.1:{port}"
        file = prepared(folder, options.people, base)
        wiring = Wiring(load(file, {}))
        ids = sorted(each.id for each in wiring.subscribers.subscribers(digest="daily", status="active"))
        chosen = random.Random(8058).sample(ids, options.leaving)
        tokens = {each: wiring.tokens.sign("u", each, "daily") for each in chosen}
        wiring.close()
        sink = subprocess.Popen([sys.executable, "-m", "benchmarks.sink"], stdout=subprocess.PIPE, text=True)
        serve = subprocess.Popen(
            [*RUN, "serve", "-c", str(file), "--port", str(port)], stdout=subprocess.PIPE, text=True
        )
        assert sink.stdout is not None
        assert serve.stdout is not None
        via = f"smtp://127.0.0.1:{sink.stdout.readline().split()[-1]}"
        serve.stdout.readline()
        send = subprocess.Popen([*RUN, "send", "-c", str(file), "--via", via, "--json"], stdout=subprocess.PIPE)
        engine = create_engine(f"sqlite:///{folder / 'digest.db'}")
        count = text("SELECT count(*) FROM deliveries WHERE state = 'accepted'")
        while True:
            with engine.connect() as connection:
                if connection.execute(count).scalar_one() > options.people / 50:
                    break
            time.sleep(0.05)
        answers = Clicks(port, tokens, options.at_once).all()
        under_way = send.poll() is None
        out, _ = send.communicate()
        for process in (serve, sink):
            process.send_signal(signal.SIGTERM)
            process.communicate()
        with engine.connect() as connection:
            status = {row[0]: row[1] for row in connection.execute(text("SELECT id, status FROM subscribers"))}
            rows = {
                row[0]: (row[1], row[2] / 1e6)
                for row in connection.execute(text("SELECT subscriber, state, changed FROM deliveries"))
            }
        engine.dispose()
        lost = sum(status[each] != "unsubscribed" for each in chosen)
        refused = sum(answers[each][0] != 200 for each in chosen)
        states = [rows[each][0] for each in chosen]
        # A message whose hand-over began before the answer may be accepted just after it.
        late = sum(rows[each][0] == "accepted" and rows[each][1] > answers[each][2] + 1 for each in chosen)
        times = sorted(answer[1] * 1000 for answer in answers.values())
        print(
            f"{len(times)} POSTs, {options.at_once} at once, while {options.people} were sent"
            f" ({'still under way at the end' if under_way else 'the send ended before them'}):"
            f" median {statistics.median(times):.0f} ms, p99 {times[int(len(times) * 0.99)]:.0f} ms,"
            f" longest {times[-1]:.0f} ms"
        )
        print(
            f"lost {lost}, not answered 200: {refused}; {states.count('suppressed')} got no message,"
            f" {states.count('accepted')} had it already, {late} got it later than a second after their answer"
        )
        print(f"the send: {json.loads(out)['counts']}")
    return int(bool(lost or refused or late))


if __name__ == "__main__":
    sys.exit(main())
