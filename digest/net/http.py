"""The only HTTP client: many addresses at once, each with its own time, none able to hurt the others."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from socket import AF_INET, AF_INET6, AddressFamily
from threading import Thread
from typing import Literal
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from digest.errors import FetchError
from digest.model.web import Request, Response
from digest.net.decompress import ACCEPTED, BROKEN, unpacked, unpackers
from digest.net.guard import REFUSED, check, guarded_socket, host_of

MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_CHUNK = 65_536  # bytes
# So long a connection counts among those its host serves; a slower one goes on, but others need not wait for it.
_PATIENCE_S = 1.0
# The operator's own hosts are there for us: a slow answer of theirs holds up the others for less.
_OWN_PATIENCE_S = 0.1

Answer = tuple[Request, Response | FetchError]


class HttpFetcher:
    """Fetches many addresses at once; satisfies ``ports.Fetcher``."""

    def __init__(
        self,
        *,
        user_agent: str,
        timeout_s: float = 20,
        deadline_s: float = 120,
        allowed_hosts: frozenset[str] = frozenset(),
        pinned: Mapping[str, tuple[str, int]] | None = None,
        per_host: int = 2,
        overall: int = 20,
    ) -> None:
        """``timeout_s`` bounds each request from its first byte to its last, ``deadline_s`` all of one fetch.

        ``allowed_hosts`` may have private addresses; ``pinned`` gives the address and port to connect to instead of
        resolving a host. No more than ``overall`` requests run at once, ``per_host`` of them at one host.
        """
        self._user_agent = user_agent
        self._timeout_s, self._deadline_s = timeout_s, deadline_s
        self._pinned = {host.lower(): target for host, target in (pinned or {}).items()}
        self._trusted = frozenset(host.lower() for host in allowed_hosts) | self._pinned.keys()
        self._per_host, self._overall = per_host, overall

    def fetch(self, requests: Sequence[Request]) -> Iterator[Answer]:
        """Yield one answer a request, in the order of arrival; a failure is a value, nothing is raised.

        The network goes on in a thread of its own while the caller works on what has arrived. Leaving the iterator
        early stops it.
        """
        if not requests:
            return
        answers: SimpleQueue[Answer | None] = SimpleQueue()
        stopped = _Stop()
        thread = Thread(target=self._run, args=(tuple(requests), answers, stopped), name="digest-fetch", daemon=True)
        thread.start()
        try:
            while (answer := answers.get()) is not None:
                yield answer
        finally:
            stopped.stop()
            thread.join()

    def _run(self, requests: tuple[Request, ...], answers: SimpleQueue[Answer | None], stopped: _Stop) -> None:
        try:
            asyncio.run(self._all(requests, answers, stopped))
        except asyncio.CancelledError:
            pass  # the caller left; nobody waits for answers any more
        except Exception as error:  # nothing could be begun (no certificates, no sockets): then that is each answer
            for request in requests:
                answers.put((request, _failure(error, request.url)))
        finally:
            answers.put(None)

    async def _all(self, requests: tuple[Request, ...], answers: SimpleQueue[Answer | None], stopped: _Stop) -> None:
        stopped.begin()
        async with self._sessions() as sessions:
            line = _Line(self._per_host, self._overall, time.monotonic() + self._deadline_s)
            async with asyncio.TaskGroup() as group:
                for request in requests:
                    group.create_task(self._answer(request, sessions, line, answers))

    async def _answer(
        self, request: Request, sessions: _Sessions, line: _Line, answers: SimpleQueue[Answer | None]
    ) -> None:
        """Put one answer; whatever goes wrong with one request is its own answer."""
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + max(0.0, line.until - time.monotonic())):
                host = host_of(request.url)
                async with line.turn(host, _OWN_PATIENCE_S if host in self._trusted else _PATIENCE_S):
                    answers.put((request, await self._in_time(request, sessions)))
        except TimeoutError:
            what = f"not read before the whole fetch had to end after {self._deadline_s:g} s"
            answers.put((request, FetchError(what, kind="timeout", where=request.url, fix="the next run tries again")))

    async def _in_time(self, request: Request, sessions: _Sessions) -> Response | FetchError:
        try:
            async with asyncio.timeout(self._timeout_s) as limit:
                return await self._follow(request, sessions)
        except FetchError as error:
            return error
        except TimeoutError:
            if not limit.expired():
                raise
            what = f"no whole answer within {self._timeout_s:g} s"
            return FetchError(what, kind="timeout", where=request.url, fix="the next run tries again")
        except Exception as error:  # whatever one server makes us stumble over, the others are read
            return _failure(error, request.url)

    async def _follow(self, request: Request, sessions: _Sessions) -> Response:
        """Return the answer after redirects, each checked like the first address. Raises FetchError."""
        began = time.monotonic()
        url, permanent = request.url, True
        for _ in range(MOST_REDIRECTS + 1):
            trusted = host_of(url) in self._trusted
            check(url, trusted=trusted)
            session = sessions.trusted if trusted else sessions.guarded
            headers = self._headers(request)
            async with session.request(
                request.method, url, headers=headers, data=dict(request.form) or None, allow_redirects=False
            ) as answer:
                location = answer.headers.get("Location", "")
                if answer.status not in _REDIRECTS or not location:
                    empty = answer.status == 304 or request.method == "HEAD"
                    body = b"" if empty else await _body(answer, request)
                    return Response(
                        url=request.url,
                        final_url=url,
                        status=answer.status,
                        headers={name.lower(): value for name, value in answer.headers.items()},
                        body=body,
                        moved_to=url if permanent and url != request.url else "",
                        seconds=time.monotonic() - began,
                    )
                permanent = permanent and answer.status in _PERMANENT
                url = urljoin(url, location)
        what = f"more than {MOST_REDIRECTS} redirects, the last to {url[:200]}"
        raise FetchError(what, kind="redirect", where=request.url, fix="look whether the address is still right")

    def _headers(self, request: Request) -> dict[str, str]:
        said = {
            "User-Agent": self._user_agent,
            "Accept": request.accept or _ACCEPT,
            "Accept-Encoding": ACCEPTED,
            "If-None-Match": request.etag,
            "If-Modified-Since": request.last_modified,
        }
        return {name: value for name, value in said.items() if value}

    @asynccontextmanager
    async def _sessions(self) -> AsyncIterator[_Sessions]:
        """Make two sessions: one that reaches public addresses only, one for the hosts the configuration names."""
        trust = _trust()
        guarded = aiohttp.TCPConnector(
            limit=0, ssl=trust, socket_factory=guarded_socket, use_dns_cache=False, happy_eyeballs_delay=0.25
        )
        trusted = aiohttp.TCPConnector(limit=0, ssl=trust, resolver=_PinnedResolver(self._pinned))
        async with _session(guarded) as one, _session(trusted) as other:
            yield _Sessions(guarded=one, trusted=other)


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        # Time is kept here, over redirects and body alike.
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        read_bufsize=_CHUNK,
    )


@dataclass(frozen=True, kw_only=True)
class _Sessions:
    guarded: aiohttp.ClientSession
    trusted: aiohttp.ClientSession


@dataclass
class _Line:
    """Who waits for whom: so many at one host, so many at once, and until when."""

    per_host: int
    overall: int
    until: float  # time.monotonic() at which everything ends
    hosts: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    all: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.all = asyncio.Semaphore(self.overall)

    @asynccontextmanager
    async def turn(self, host: str, patience_s: float) -> AsyncIterator[None]:
        """Wait for a place at the host, then for one overall; after ``patience_s`` that at the host is given on."""
        place = self.hosts.setdefault(host, asyncio.Semaphore(self.per_host))
        await place.acquire()
        giving = None
        try:
            async with self.all:
                giving = asyncio.get_running_loop().call_later(patience_s, place.release)
                yield
        finally:
            if giving is None or not _is_over(giving):
                if giving is not None:
                    giving.cancel()
                place.release()


def _is_over(handle: asyncio.TimerHandle) -> bool:
    return handle.when() <= asyncio.get_running_loop().time()


class _Stop:
    """Lets the caller's thread end the network's."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        self._wanted = False

    def begin(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self._wanted and self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        self._wanted = True
        if self._loop is not None and self._task is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)


class _PinnedResolver(AbstractResolver):
    """Names pinned to an address and port; the others as usual."""

    def __init__(self, pinned: Mapping[str, tuple[str, int]]) -> None:
        self._pinned = pinned
        self._usual = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: AddressFamily | int = AF_INET) -> list[ResolveResult]:
        target = self._pinned.get(host.lower())
        if target is None:
            return await self._usual.resolve(host, port, AddressFamily(family))
        address, pinned_port = target
        kind = AF_INET6 if ":" in address else AF_INET
        return [ResolveResult(hostname=host, host=address, port=pinned_port, family=kind, proto=0, flags=0)]

    async def close(self) -> None:
        await self._usual.close()


async def _body(answer: aiohttp.ClientResponse, request: Request) -> bytes:
    """Return the unpacked body, read and unpacked in pieces; raise FetchError where it is too large or broken."""
    too_large = FetchError(
        f"larger than {request.limit / 1_000_000:g} MB", kind="too-large", where=request.url, fix="no feed needs to be"
    )
    if answer.content_length is not None and answer.content_length > request.limit:
        raise too_large
    body = bytearray()
    try:
        chain = unpackers(answer.headers.get("Content-Encoding", ""))
        async for chunk in answer.content.iter_chunked(_CHUNK):
            for piece in unpacked(chunk, chain):
                body += piece
                if len(body) > request.limit:
                    raise too_large
    except BROKEN as error:
        raise FetchError(f"its packing is broken ({error})", kind="network", where=request.url) from None
    return bytes(body)


def _trust() -> ssl.SSLContext | Literal[True]:
    """Return what verifies: the system's certificates, or certifi's where the system has none.

    True stands for aiohttp's own context, which read the system's when it was loaded: to read them again takes as long
    as to read a feed.
    """
    paths = ssl.get_default_verify_paths()
    if paths.capath or (paths.cafile and Path(paths.cafile).stat().st_size):
        return True
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _failure(error: Exception, url: str) -> FetchError:
    """Return the sentence for what a connection ended with."""
    host = host_of(url) or url
    again = "the next run tries again"
    said = str(getattr(error, "os_error", None) or error)
    if REFUSED in said:
        return FetchError(
            f"{host} leads to a private or reserved address ({said[:120]})",
            kind="blocked",
            where=url,
            fix="name it in [fetch] allowed_hosts if it is your own",
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return FetchError(f"the name {host} cannot be resolved", kind="dns", where=url, fix="look at its spelling")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        cause = getattr(error, "certificate_error", None) or error
        return FetchError(f"no trustworthy connection to {host} ({cause})", kind="tls", where=url, fix=again)
    if isinstance(error, aiohttp.InvalidURL):
        return FetchError("not an address", kind="blocked", where=url, fix="look at its spelling")
    if isinstance(error, aiohttp.ClientConnectorError):
        return FetchError(f"{host} refuses the connection ({said})", kind="network", where=url, fix=again)
    return FetchError(f"{host} broke off ({said or type(error).__name__})", kind="network", where=url, fix=again)
