"""The HTTP client against a real server: polite, bounded, and kept away from private addresses."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from digest.errors import FetchError
from digest.model.web import Request, Response
from digest.net.guard import is_public
from digest.net.http import HttpFetcher

Answering = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """A server whose pages are functions; one thread a connection."""

    def __init__(self) -> None:
        self.pages: dict[str, Answering] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                page = site.pages.get(self.path)
                if page is None:
                    self.send_error(404)
                else:
                    page(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name the library gave it
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def says(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        def page(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.pages[path] = page


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


def fetcher(**changes: object) -> HttpFetcher:
    values: dict[str, object] = {
        "user_agent": "digest/test (Harbour News; https://harbour.example)",
        "timeout_s": 3,
        "deadline_s": 10,
        "allowed_hosts": frozenset({"127.0.0.1"}),
    }
    return HttpFetcher(**{**values, **changes})  # type: ignore[arg-type]  # values of its parameters


def one(client: HttpFetcher, url: str, **changes: object) -> Response | FetchError:
    ((_, answer),) = list(client.fetch([Request(url=url, **changes)]))  # type: ignore[arg-type]  # values of its fields
    return answer


def test_a_page_is_fetched_with_a_name_and_a_contact(site: Site) -> None:
    site.says("/feed", b"<rss/>", ETag='"x"')
    answer = one(fetcher(), site.url("/feed"))
    assert isinstance(answer, Response)
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"<rss/>", '"x"')
    assert "harbour.example" in site.asked[0][1]["user-agent"]


def test_a_conditional_request_sends_the_tag_exactly(site: Site) -> None:
    site.says("/feed", b"", status=304)
    answer = one(fetcher(), site.url("/feed"), etag='W/"a b"', last_modified="Mon, 23 Nov 2026 06:00:00 GMT")
    assert isinstance(answer, Response)
    assert answer.status == 304
    assert site.asked[0][1]["if-none-match"] == 'W/"a b"'
    assert site.asked[0][1]["if-modified-since"] == "Mon, 23 Nov 2026 06:00:00 GMT"


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_packed_answers_are_unpacked(site: Site, coding: str, pack: Callable[[bytes], bytes]) -> None:
    site.says("/feed", pack(b"<rss/>" * 100), Content_Encoding=coding)
    answer = one(fetcher(), site.url("/feed"))
    assert isinstance(answer, Response)
    assert answer.body == b"<rss/>" * 100


def test_a_bomb_is_stopped(site: Site) -> None:
    site.says("/bomb", gzip.compress(b"\0" * 30_000_000), Content_Encoding="gzip")
    answer = one(fetcher(), site.url("/bomb"), limit=1_000_000)
    assert isinstance(answer, FetchError)
    assert answer.kind == "too-large"


def test_redirects_are_followed_and_told_when_permanent(site: Site) -> None:
    site.says("/old", b"", status=301, Location="/new")
    site.says("/tmp", b"", status=302, Location="/new")
    site.says("/new", b"here")
    site.says("/loop", b"", status=302, Location="/loop")
    moved, passing, loop = (one(fetcher(), site.url(path)) for path in ("/old", "/tmp", "/loop"))
    assert isinstance(moved, Response)
    assert isinstance(passing, Response)
    assert (moved.body, moved.moved_to) == (b"here", site.url("/new"))
    assert (passing.body, passing.moved_to) == (b"here", "")
    assert isinstance(loop, FetchError)


def test_a_hung_page_costs_its_own_time_only(site: Site) -> None:
    release = threading.Event()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        release.wait(120)

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not release.wait(0.05):
            try:
                handler.wfile.write(b".")
            except OSError:
                return

    site.pages |= {"/hang": hang, "/trickle": trickle}
    site.says("/quick", b"quick")
    urls = [site.url(path) for path in ("/hang", "/trickle", "/quick")]
    answers = {r.url: a for r, a in fetcher(timeout_s=1.5, per_host=6).fetch([Request(url=url) for url in urls])}
    release.set()
    quick = answers[urls[2]]
    assert isinstance(quick, Response)
    assert quick.body == b"quick"
    for url in urls[:2]:
        answer = answers[url]
        assert isinstance(answer, FetchError)
        assert answer.kind == "timeout"


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    answer = one(fetcher(), "http://127.0.0.1:1/feed")
    assert isinstance(answer, FetchError)
    assert str(answer)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/feed",
        "http://localhost:{port}/feed",
        "http://0x7f.1:{port}/feed",
        "http://2130706433:{port}/feed",
        "http://[::ffff:127.0.0.1]:{port}/feed",
        "http://[::1]:{port}/feed",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
    ],
)
def test_private_addresses_are_refused(site: Site, url: str) -> None:
    site.says("/feed", b"secret")
    answer = one(fetcher(allowed_hosts=frozenset()), url.format(port=site.server.server_port))
    assert isinstance(answer, FetchError)
    assert site.asked == []


def test_a_redirect_to_a_private_address_is_refused(site: Site) -> None:
    site.says("/feed", b"", status=302, Location="http://localhost:1/secret")
    answer = one(fetcher(), site.url("/feed"))
    assert isinstance(answer, FetchError)
    assert answer.kind in ("blocked", "redirect")


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "file:///etc/passwd", "gopher://a.example/", "http:///x", "javascript:1"]
)
def test_only_the_web_is_fetched(url: str) -> None:
    assert isinstance(one(fetcher(), url), FetchError)


def test_a_pinned_host_is_reached_where_it_is_pinned(site: Site) -> None:
    site.says("/feed", b"pinned")
    client = fetcher(
        allowed_hosts=frozenset(), pinned={"feeds.halyard.example": ("127.0.0.1", site.server.server_port)}
    )
    answer = one(client, "http://feeds.halyard.example/feed")
    assert isinstance(answer, Response)
    assert answer.body == b"pinned"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "::1",
        "fe80::1",
        "224.0.0.1",
        "0.0.0.0",
        "::ffff:10.0.0.1",
        "100.64.0.1",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111"])
def test_addresses_that_are(address: str) -> None:
    assert is_public(address)
