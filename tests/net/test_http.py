from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Iterator
from threading import Event, Thread

import brotli
import pytest

from digest.errors import FetchError
from digest.model.web import Request, Response
from digest.net.http import HttpFetcher

BODY = b"<rss/>" * 200
BOMB = gzip.compress(bytes(60_000_000), 9)
PACKED = {
    "/gzip": ("gzip", gzip.compress(BODY[:600]) + gzip.compress(BODY[600:])),
    "/zlib": ("deflate", zlib.compress(BODY)),
    "/raw": ("deflate", zlib.compress(BODY)[2:-4]),
    "/br": ("br", brotli.compress(BODY)),
    "/twice": ("br, gzip", gzip.compress(brotli.compress(BODY))),
}
REDIRECTS = {
    "/loop": ("301 Moved", "/loop"),
    "/moved": ("308 Moved", "/ok"),
    "/for-now": ("302 Found", "/moved"),
    "/inside": ("302 Found", "http://[::ffff:127.0.0.1]:{port}/ok"),
}


class Server:
    """A real HTTP server on loopback that misbehaves as told by the path."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.ready = Event()
        self.requests: list[str] = []
        self.at_once = self.most_at_once = 0
        self.thread = Thread(target=self._run, daemon=True)
        self.thread.start()
        self.ready.wait()

    def _run(self) -> None:
        self.loop.run_until_complete(self._serve())
        self.loop.close()

    async def _serve(self) -> None:
        self.ended = asyncio.Event()
        server = await asyncio.start_server(self._handle, "127.0.0.1", 0)
        self.port: int = server.sockets[0].getsockname()[1]
        self.ready.set()
        await self.ended.wait()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            await self._reply(head.split()[1], writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.at_once -= 1
            writer.close()

    async def _reply(self, path: str, writer: asyncio.StreamWriter) -> None:
        if path in PACKED:
            coding, body = PACKED[path]
            self._say(writer, "200 OK", body, f"Content-Encoding: {coding}\r\n")
        elif path == "/bomb":
            self._say(writer, "200 OK", BOMB, "Content-Encoding: gzip\r\n")
        elif path == "/broken":
            self._say(writer, "200 OK", b"no gzip at all", "Content-Encoding: gzip\r\n")
        elif path == "/hang":
            await asyncio.Event().wait()
        elif path == "/trickle":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(b"<")
                await writer.drain()
                await asyncio.sleep(0.02)
        elif path in REDIRECTS:
            status, target = REDIRECTS[path]
            self._say(writer, status, b"", f"Location: {target.format(port=self.port)}\r\n")
        elif path == "/nonsense":
            writer.write(b"this is no HTTP\r\n\r\n")
        else:
            self._say(writer, "200 OK", BODY, 'ETag: W/"a b"\r\n')

    def _say(self, writer: asyncio.StreamWriter, status: str, body: bytes, more: str = "") -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
        writer.write(head.encode() + body)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


def fetcher(server: Server, *, timeout_s: float = 5, deadline_s: float = 60, per_host: int = 2) -> HttpFetcher:
    pinned = {"feeds.example": ("127.0.0.1", server.port)}
    return HttpFetcher(
        user_agent="test (+mailto:x@example.org)",
        timeout_s=timeout_s,
        deadline_s=deadline_s,
        pinned=pinned,
        per_host=per_host,
    )


def ask(server: Server, *paths: str, timeout_s: float = 5, deadline_s: float = 60) -> dict[str, Response | FetchError]:
    requests = [Request(url=f"http://feeds.example{path}", limit=1_000_000) for path in paths]
    answers = fetcher(server, timeout_s=timeout_s, deadline_s=deadline_s).fetch(requests)
    return {request.url.removeprefix("http://feeds.example"): answer for request, answer in answers}


def test_every_packing_is_undone(server: Server) -> None:
    answers = ask(server, *PACKED)
    bodies = {path: answer.body for path, answer in answers.items() if isinstance(answer, Response)}
    assert bodies == dict.fromkeys(PACKED, BODY)


def test_a_bomb_is_given_up_at_its_limit(server: Server) -> None:
    answer = ask(server, "/bomb")["/bomb"]
    assert isinstance(answer, FetchError)
    assert (answer.kind, answer.what) == ("too-large", "larger than 1 MB")


def test_each_failure_has_its_kind_and_ends_nothing_else(server: Server) -> None:
    answers = ask(server, "/hang", "/trickle", "/loop", "/nonsense", "/broken", "/inside", "/ok", timeout_s=1.5)
    kinds = {path: answer.kind for path, answer in answers.items() if isinstance(answer, FetchError)}
    assert kinds == {
        "/hang": "timeout",
        "/trickle": "timeout",
        "/loop": "redirect",
        "/nonsense": "network",
        "/broken": "network",
        "/inside": "blocked",
    }
    assert isinstance(answers["/ok"], Response)


def test_the_whole_fetch_ends_at_its_deadline(server: Server) -> None:
    answers = ask(server, "/ok", "/hang", "/trickle", deadline_s=1.5)
    assert {path for path, answer in answers.items() if isinstance(answer, FetchError)} == {"/hang", "/trickle"}


def test_only_permanent_redirects_are_told_as_moved(server: Server) -> None:
    answers = ask(server, "/moved", "/for-now", "/ok")
    moved = {path: answer.moved_to for path, answer in answers.items() if isinstance(answer, Response)}
    assert moved == {"/moved": "http://feeds.example/ok", "/for-now": "", "/ok": ""}


def test_validators_are_sent_as_they_were_received(server: Server) -> None:
    request = Request(url="http://feeds.example/ok", etag='W/"a b"', last_modified="Mon, 23 Nov 2026 06:00:00 GMT")
    [(_, answer)] = fetcher(server).fetch([request])
    assert isinstance(answer, Response)
    assert answer.headers["etag"] == 'W/"a b"'
    assert 'If-None-Match: W/"a b"\r\n' in server.requests[0]
    assert "If-Modified-Since: Mon, 23 Nov 2026 06:00:00 GMT\r\n" in server.requests[0]
    assert "User-Agent: test (+mailto:x@example.org)\r\n" in server.requests[0]


def test_no_more_connections_than_allowed_at_one_host(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.net.http._PATIENCE_S", 600)  # on a busy machine no answer counts as hanging here
    answers = ask(server, *(f"/page{number}" for number in range(30)))
    assert all(isinstance(answer, Response) for answer in answers.values())
    assert server.most_at_once <= 2


def test_private_addresses_are_refused_however_they_are_spelt(server: Server) -> None:
    hosts = ("127.0.0.1", "0x7f.1", "localhost", "[::ffff:127.0.0.1]")
    requests = [Request(url=f"http://{host}:{server.port}/ok") for host in hosts]
    answers = [answer for _, answer in HttpFetcher(user_agent="test").fetch(requests)]
    assert [answer.kind for answer in answers if isinstance(answer, FetchError)] == ["blocked"] * len(hosts)
    assert server.requests == []


def test_a_host_the_configuration_allows_may_be_private(server: Server) -> None:
    allowing = HttpFetcher(user_agent="test", allowed_hosts=frozenset({"127.0.0.1"}))
    [(_, answer)] = allowing.fetch([Request(url=f"http://127.0.0.1:{server.port}/ok")])
    assert isinstance(answer, Response)


def test_leaving_early_stops_the_network(server: Server) -> None:
    answers = fetcher(server, timeout_s=60).fetch(
        [Request(url=f"http://feeds.example{path}") for path in ("/ok", "/hang")]
    )
    first = next(iter(answers))
    assert isinstance(first[1], Response)
    answers.close()  # type: ignore[attr-defined]  # a generator: this must return although one request hangs
