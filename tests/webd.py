"""A real HTTP server on loopback whose pages a test changes while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Web:
    """Answers by path; whatever is not there is 404. Remembers what was asked."""

    base: str
    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)  # paths asked for by HEAD
    knows_head: bool = True  # else HEAD is answered 501, as some servers do

    def put(self, path: str, body: str | bytes = b"", status: int = 200, **headers: str) -> str:
        """Answer at a path from now on; return its address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Answer(body.encode() if isinstance(body, str) else body, status, named)
        return f"{self.base}{path}"

    def times(self, path: str) -> int:
        return sum(asked == path for asked, _ in self.asked)


@contextmanager
def web_server() -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            web.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            answer = web.pages.get(self.path, Answer(b"nothing here", 404))
            etag = answer.headers.get("ETag")
            same = etag is not None and self.headers.get("If-None-Match") == etag
            self.send_response(304 if same else answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            body = b"" if same else answer.body
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            web.heads.append(self.path)
            answer = web.pages.get(self.path, Answer(b"", 404))
            self.send_response(answer.status if web.knows_head else 501)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    web = Web(base=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def rss(title: str, *items: tuple[str, str] | tuple[str, str, str], description: str = "") -> str:
    """Return an RSS feed; an item is a headline, an address and perhaps a date (RFC 822)."""
    lines = []
    for headline, link, *date in items:
        when = f"<pubDate>{date[0]}</pubDate>" if date else ""
        said = f"<description>{description}</description>" if description else ""
        lines.append(f"<item><title>{headline}</title><link>{link}</link>{said}{when}</item>")
    return f'<rss version="2.0"><channel><title>{title}</title>{"".join(lines)}</channel></rss>'
