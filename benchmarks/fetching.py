"""How long `digest fetch` takes over 200 feeds of which ten misbehave, what it costs again, and what bombs cost.

python benchmarks/fetching.py [--one-host]      # Linux: each feed has a loopback address of its own without the option

Everything runs as users run it, a process a call. The peer reads the 190 good feeds alone: urllib in 20 threads, then
feedparser, nothing stored.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import sys
import tempfile
import threading
import time
import urllib.request
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen
from typing import NamedTuple

import brotli
import feedparser

FEEDS, HANGING, TRICKLING, ITEMS = 200, 5, 5, 40
LIMIT_S = 6
CONFIG = """\
[publication]
name = "Measured"
from = "news@measured.example"
[[sections]]
slug = "all"
title = "All"
[fetch]
timeout = "{limit}s"
allowed_hosts = {hosts}
"""


def feed(number: int) -> bytes:
    """Return an RSS feed of forty stories."""
    items = "".join(
        f"<item><title>Story {number}-{n}: harbour {n * number % 97} opens</title><guid>{number}-{n}</guid>"
        f"<link>https://read.example/{number}/{n}</link><pubDate>Mon, 23 Nov 2026 0{n % 6}:{n:02}:00 GMT</pubDate>"
        f"<description>{'What was said there, and by whom. ' * 8}</description></item>"
        for n in range(ITEMS)
    )
    return f'<rss version="2.0"><channel><title>Feed {number}</title>{items}</channel></rss>'.encode()


def _nested(depth: int) -> bytes:
    return b"<rss><channel>" + b"<a>" * depth + b"</a>" * depth + b"</channel></rss>"


def _laughs() -> bytes:
    entities = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f"<!DOCTYPE rss [{entities}]><rss><channel><item><title>&l9;</title></item></channel></rss>".encode()


def _zeros(megabytes: int) -> io.BytesIO:
    """Return that many megabytes of zeros, gzipped."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as out:
        for _ in range(megabytes):
            out.write(bytes(1_000_000))
    return packed


def bombs() -> dict[str, tuple[bytes, str]]:
    """Return six hostile answers by name: body and Content-Encoding."""
    zeros = _zeros(1000).getvalue()
    many = b"<rss><channel>" + b"".join(
        b"<item><title>Item %d</title><link>https://read.example/%d</link></item>" % (n, n) for n in range(50_000)
    )
    return {
        "gzip of 1 GB": (zeros, "gzip"),
        "gzip in gzip": (gzip.compress(zeros), "gzip, gzip"),
        "brotli of 300 MB": (brotli.compress(bytes(300_000_000), quality=1, lgwin=24), "br"),
        "billion laughs": (_laughs(), ""),
        "2,000,000 nested tags": (zlib.compress(_nested(2_000_000)), "deflate"),
        "50,000 items": (many + b"</channel></rss>", ""),
    }


class Run(NamedTuple):
    """One call of the program."""

    seconds: float
    stored_s: float  # when the last feed that brought stories was stored
    mb: float  # resident at its peak
    said: str


class Server:
    """Feeds on every loopback address: /N is feed N, /hang never answers, /trickle never ends."""

    def __init__(self, hostile: dict[str, tuple[bytes, str]]) -> None:
        self.feeds = [feed(number) for number in range(FEEDS)]
        self.hostile = list(hostile.values())
        self.answers: Counter[int] = Counter()
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=lambda: self.loop.run_until_complete(self._serve()), daemon=True).start()
        self.ready.wait()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._handle, "0.0.0.0", 0)
        self.port: int = server.sockets[0].getsockname()[1]
        self.ready.set()
        await asyncio.Event().wait()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                await self._answer(head, writer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        path = head.split()[1].lstrip("/").partition("?")[0]
        if path == "hang":
            await asyncio.sleep(3600)
        if path == "trickle":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss><channel>")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.2)
        if path.startswith("bomb"):
            body, encoding = self.hostile[int(path[4:])]
            packing = f"Content-Encoding: {encoding}\r\n" if encoding else ""
            self._send(writer, 200, packing, body)
            return
        etag = f'"{path}"'
        if f"if-none-match: {etag}" in head.lower():
            self._send(writer, 304, f"ETag: {etag}\r\n", b"")
        else:
            self._send(writer, 200, f"ETag: {etag}\r\n", self.feeds[int(path)])

    def _send(self, writer: asyncio.StreamWriter, status: int, more: str, body: bytes) -> None:
        self.answers[status] += 1
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body)


def run(folder: Path, *words: str) -> Run:
    """Run `digest WORDS`; with --verbose each feed read is a line on stderr, and the last one's moment counts."""
    began = time.perf_counter()
    command = [
        sys.executable,
        "-c",
        "from digest.cli.app import main; main()",
        *words,
        "-c",
        str(folder / "digest.toml"),
    ]
    process = Popen(command, stdout=PIPE, stderr=PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    last = 0.0
    reader = ThreadPoolExecutor(1).submit(process.stdout.read)
    for line in process.stderr:
        if line.rstrip().endswith(" new"):
            last = time.perf_counter() - began
    _, _, usage = os.wait4(process.pid, 0)
    return Run(time.perf_counter() - began, last, usage.ru_maxrss / 1000, reader.result())


def publication(folder: Path, urls: list[str]) -> Path:
    """Write a publication that reads these feeds; return its folder."""
    folder.mkdir()
    hosts = json.dumps(sorted({url.split("/")[2].rpartition(":")[0] for url in urls}))
    text = CONFIG.format(limit=LIMIT_S, hosts=hosts)
    text += "".join(f'[[feeds]]\nurl = "{url}"\nname = "Feed {n}"\n' for n, url in enumerate(urls))
    (folder / "digest.toml").write_text(text, encoding="utf-8")
    return folder


def peer(urls: list[str]) -> float:
    """Return the seconds urllib in 20 threads and feedparser need for these feeds."""

    def read(url: str) -> int:
        with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:
            return len(feedparser.parse(io.BytesIO(answer.read())).entries)

    began = time.perf_counter()
    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(read, urls)) == len(urls) * ITEMS
    return time.perf_counter() - began


def main() -> None:
    """Print one JSON line a measurement."""
    hostile = bombs()
    server = Server(hostile)
    one_host = "--one-host" in sys.argv

    def url(number: int, path: str) -> str:
        host = "127.0.0.1" if one_host else f"127.0.{1 + number // 250}.{1 + number % 250}"
        return f"http://{host}:{server.port}/{path}"

    bad = ["hang"] * HANGING + ["trickle"] * TRICKLING
    # Bad ones first: whoever reads in order meets them first.
    paths = [f"{path}?{n}" for n, path in enumerate(bad)] + [str(n) for n in range(len(bad), FEEDS)]
    urls = [url(n, path) for n, path in enumerate(paths)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = publication(Path(scratch) / "many", urls)
        first = run(folder, "fetch", "--verbose")
        states = json.loads(run(folder, "feeds", "check", "--json").said)
        stored = sum(state["stories"] == ITEMS for state in states)
        server.answers.clear()
        second = run(folder, "fetch")
        line = {
            "feeds": len(urls),
            "stored": stored,
            "good_ones_stored_s": round(first.stored_s, 2),
            "whole_fetch_s": round(first.seconds, 2),
            "again_s": round(second.seconds, 2),
            "answers_304": server.answers[304],
            "answers_200": server.answers[200],
            "mb": round(first.mb),
            "peer_good_ones_alone_s": round(peer(urls[len(bad) :]), 2),
        }
        print(json.dumps(line))
        quiet = publication(Path(scratch) / "one", [url(0, "150")])
        usual = run(quiet, "fetch").mb
        together = run(publication(Path(scratch) / "six", [url(n, f"bomb{n}") for n in range(6)]), "fetch")
        print(
            json.dumps(
                {
                    "bombs": 6,
                    "seconds": round(together.seconds, 2),
                    "mb": round(together.mb),
                    "one_good_feed_mb": round(usual),
                }
            )
        )
        for number, name in enumerate(hostile):
            alone = run(publication(Path(scratch) / f"bomb{number}", [url(0, f"bomb{number}")]), "fetch")
            line = {"bomb": name, "seconds": round(alone.seconds, 2), "mb_above_a_good_feed": round(alone.mb - usual)}
            print(json.dumps(line))


if __name__ == "__main__":
    main()
