"""Our own fictional news: feeds, pictures and readers for `digest demo` and for tests.

Every paper, place and person in it is invented. What the feeds say follows from the day, so the next morning has news.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from zoneinfo import ZoneInfo

from digest.dates import edition_day
from digest.sample.documents import READING_HOST, SAMPLE_HOST, feed_document, sample_feeds

__all__ = ["READING_HOST", "SAMPLE_HOST", "feed_document", "sample_feeds", "sample_text", "serve"]


def sample_text(name: str) -> str:
    """Return a file of the sample: "digest.toml", "subscribers.csv"."""
    return resources.files("digest.sample").joinpath(name).read_text(encoding="utf-8")


@contextmanager
def serve(*, clock: Callable[[], datetime], zone: ZoneInfo) -> Iterator[tuple[str, int]]:
    """Serve the sample's feeds, pictures and pages on loopback as long as the block lasts; give address and port."""
    server = _Server(clock, zone)
    thread = threading.Thread(target=server.serve_forever, name="digest-sample", daemon=True)
    thread.start()
    try:
        yield "127.0.0.1", server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """The hosts of the sample, which say what their day says."""

    daemon_threads = True

    def __init__(self, clock: Callable[[], datetime], zone: ZoneInfo) -> None:
        self.clock, self.zone = clock, zone
        super().__init__(("127.0.0.1", 0), _Handler)

    def found(self, path: str, now: datetime) -> tuple[bytes, str]:
        """Return the body of an address and its media type; raises KeyError where there is none."""
        if path.startswith("/pictures/"):
            from digest.sample.pictures import emblem, picture

            name = path.removeprefix("/pictures/")
            return (emblem(name), "image/png") if name.endswith(".png") else (picture(name), "image/jpeg")
        day = edition_day(now, self.zone)
        if path.count("/") > 1:
            from digest.sample.reading import story_page

            return story_page(path, day=day, now=now)
        return feed_document(path.lstrip("/"), day=day, now=now)


class _Handler(BaseHTTPRequestHandler):
    """Answers as a well-kept host does: with validators, and compressed for who takes it."""

    server: _Server
    protocol_version = "HTTP/1.1"
    # Small answers in two writes would wait for each other (Nagle and delayed ACK).
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        now = self.server.clock()
        try:
            body, media_type = self.server.found(self.path.partition("?")[0], now)
        except KeyError:
            self._answer(404, b"there is no such feed\n", {"Content-Type": "text/plain; charset=utf-8"})
            return
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        hour = now.replace(minute=0, second=0, microsecond=0)
        headers = {"ETag": etag, "Last-Modified": format_datetime(hour, usegmt=True), "Content-Type": media_type}
        if self.headers.get("If-None-Match") == etag:
            self._answer(304, b"", headers)
            return
        if "gzip" in self.headers.get("Accept-Encoding", "") and not media_type.startswith("image/"):
            body = gzip.compress(body, mtime=0)
            headers["Content-Encoding"] = "gzip"
        self._answer(200, body, headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name the library gave it
        pass
