"""How others send the same messages: smtplib in threads, aiosmtplib, nodemailer, mailmerge, smtp-source, the naive way.

Each function returns messages a second, or None where the peer is not there. Peers other than the standard library live
in a folder of their own (`--peers DIR`): a virtual environment `DIR/peers` (pip install aiosmtplib mailmerge dkimpy),
`DIR/node_modules` (npm install nodemailer), and `DIR/px` (Postfix unpacked: dpkg -x postfix_*.deb px).
"""

from __future__ import annotations

import os
import re
import smtplib
import sqlite3
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

SENDER, RECIPIENT = "news@halyard.example", "p{}@example.org"
_AIO = """
import asyncio, sys, time, aiosmtplib
port, people, connections, tls = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "tls"
data = open(sys.argv[5], "rb").read()
async def work(numbers):
    host = "localhost" if tls else "127.0.0.1"
    client = aiosmtplib.SMTP(hostname=host, port=port, start_tls=tls, validate_certs=False)
    await client.connect()
    for n in numbers:
        await client.sendmail("news@halyard.example", [f"p{n}@example.org"], data.replace(b"NUMBER", b"%06d" % n))
    await client.quit()
async def main():
    began = time.perf_counter()
    await asyncio.gather(*(work(range(first, people, connections)) for first in range(connections)))
    print(people / (time.perf_counter() - began))
asyncio.run(main())
"""
# As it comes, nodemailer leaves Nagle's algorithm on: the end of each body waits for the sink's delayed
# acknowledgement, some 40 ms. Whoever compares programs rather than settings lets it send at once.
_AT_ONCE = """
const net = require("net"), connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...words) { this.setNoDelay(true); return connect.apply(this, words); };
"""
_NODE = """
const nodemailer = require("nodemailer"), fs = require("fs");
const [port, people, connections, file] = process.argv.slice(1);
const data = fs.readFileSync(file, "latin1");
const pool = nodemailer.createTransport({host: "127.0.0.1", port: +port, pool: true, maxConnections: +connections,
  maxMessages: Infinity, ignoreTLS: true});
(async () => {
  const began = process.hrtime.bigint();
  const jobs = [];
  for (let n = 0; n < +people; n++) jobs.push(pool.sendMail({envelope: {from: "news@halyard.example",
    to: [`p${n}@example.org`]}, raw: data.replaceAll("NUMBER", String(n).padStart(6, "0"))}));
  await Promise.all(jobs);
  console.log(+people / (Number(process.hrtime.bigint() - began) / 1e9));
  pool.close();
})();
"""


def by_smtplib(
    port: int, people: int, connections: int, data: bytes, *, tls: Callable[[], ssl.SSLContext] | None
) -> float:
    """Return messages a second of smtplib in threads."""

    def work(numbers: range) -> None:
        with smtplib.SMTP("localhost" if tls else "127.0.0.1", port) as client:
            if tls:
                client.starttls(context=tls())
            for number in numbers:
                client.sendmail(SENDER, [RECIPIENT.format(number)], data.replace(b"NUMBER", b"%06d" % number))

    began = time.perf_counter()
    threads = [threading.Thread(target=work, args=(range(first, people, connections),)) for first in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return people / (time.perf_counter() - began)


def by_aiosmtplib(
    peers: Path | None, port: int, people: int, connections: int, file: Path, *, tls: bool
) -> float | None:
    """Return messages a second of aiosmtplib, one client a connection."""
    python = peers and peers / "peers" / "bin" / "python"
    if not python or not python.exists():
        return None
    call: list[str] = [
        str(python),
        "-c",
        _AIO,
        str(port),
        str(people),
        str(connections),
        "tls" if tls else "plain",
        str(file),
    ]
    return float(subprocess.run(call, capture_output=True, text=True, check=True).stdout)


def by_nodemailer(
    peers: Path | None, port: int, people: int, connections: int, file: Path, *, at_once: bool
) -> float | None:
    """Return messages a second of nodemailer's pool, as it comes or with no packet held back."""
    if not peers or not (peers / "node_modules" / "nodemailer").exists():
        return None
    call = [
        "node",
        "-e",
        _AT_ONCE + _NODE if at_once else _NODE,
        "--",
        str(port),
        str(people),
        str(connections),
        str(file),
    ]
    return float(subprocess.run(call, capture_output=True, text=True, check=True, cwd=peers).stdout)


def by_mailmerge(peers: Path | None, port: int, people: int, folder: Path, data: bytes) -> float | None:
    """Return messages a second of mailmerge: a connection a message."""
    program = peers and peers / "peers" / "bin" / "mailmerge"
    if not program or not program.exists():
        return None
    body = data.partition(b"\r\n\r\n")[2].decode("ascii").replace("\r\n", "\n").replace("{", "(").replace("}", ")")
    head = f"TO: {{{{email}}}}\nSUBJECT: News\nFROM: {SENDER}\n\n"
    (folder / "mailmerge_template.txt").write_text(head + body, encoding="utf-8")
    rows = "".join(f"{RECIPIENT.format(number)}\n" for number in range(people))
    (folder / "mailmerge_database.csv").write_text("email\n" + rows, encoding="utf-8")
    server = f"[smtp_server]\nhost = 127.0.0.1\nport = {port}\nsecurity = Never\nusername = \nratelimit = 0\n"
    (folder / "mailmerge_server.conf").write_text(server, encoding="utf-8")
    began = time.perf_counter()
    done = subprocess.run(
        [program, "--no-dry-run", "--no-limit"], cwd=folder, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - began
    return people / seconds if done.returncode == 0 and "sent" in done.stdout else None


def postfix(peers: Path | None, name: str) -> tuple[list[str], dict[str, str]] | None:
    """Return the call and environment of a Postfix program, or None."""
    program = peers and peers / "px" / "usr" / "sbin" / name
    if not peers or not program or not program.exists():
        return None
    return [str(program)], {**os.environ, "LD_LIBRARY_PATH": str(peers / "px" / "usr" / "lib" / "postfix")}


def by_smtp_source(peers: Path | None, port: int, people: int, connections: int, size: int) -> float | None:
    """Return messages a second of smtp-source, which repeats one body."""
    found = postfix(peers, "smtp-source")
    if found is None:
        return None
    call, environment = found
    words = ["-s", str(connections), "-m", str(people), "-l", str(size), "-d", "-N", "-f", SENDER]
    began = time.perf_counter()
    subprocess.run([*call, *words, "-t", "b@example.org", f"127.0.0.1:{port}"], env=environment, check=True)
    return people / (time.perf_counter() - began)


def naive(port: int, people: int, data: bytes, key: bytes, folder: Path) -> float:
    """Return messages a second of the naive way: EmailMessage, dkimpy, smtplib, two commits a message."""
    import dkim

    html = data.partition(b"\r\n\r\n")[2].decode("ascii")
    ledger = sqlite3.connect(folder / "naive.db", isolation_level=None)
    ledger.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE sent (who TEXT, state TEXT)")
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as client:
        for number in range(people):
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = SENDER, RECIPIENT.format(number), "News"
            message.set_content("News")
            message.add_alternative(re.sub("NUMBER", f"{number:06}", html), subtype="html")
            body = message.as_bytes().replace(b"\n", b"\r\n")
            signature = dkim.sign(body, b"news", b"halyard.example", key)
            ledger.execute("INSERT INTO sent VALUES (?, 'handed')", (RECIPIENT.format(number),))
            client.sendmail(SENDER, [RECIPIENT.format(number)], signature + body)
            ledger.execute("UPDATE sent SET state = 'accepted' WHERE who = ?", (RECIPIENT.format(number),))
    ledger.close()
    return people / (time.perf_counter() - began)
