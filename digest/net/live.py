"""A folder served on loopback whose pages reload when told: what `digest preview --watch` shows.

Only the standard library, only this machine: requests that name another host are refused, so that no page of the web
can read an edition through a name of its own that leads here (DNS rebinding).
"""

from __future__ import annotations

import html
import secrets
import threading
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from digest.errors import UsageError

CHANGES = "/-/changes"
WAKE_S = 10.0  # a stream without news says something now and then, so that a browser that left is noticed
_SCRIPT = '<script>new EventSource("{path}?seen={seen}").onmessage=function(){{location.reload()}}</script>'
_BANNER = (
    '<p role="alert" style="margin:0;padding:14px 24px;background:#A3182A;color:#FFFFFF;'
    'font:600 15px/22px system-ui,Arial,sans-serif;overflow-wrap:anywhere">{words}</p>'
)
_ALONE = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Preview</title></head><body></body></html>'


class LiveFolder:
    """Serves a folder until it is closed; `changed` makes the browsers that show its index.html load it again."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        """Listen on a port of loopback, on a free one for 0; raises UsageError where that is taken."""
        self.folder = folder
        self.trouble = ""  # shown above the last good page, "" = all is well
        self._start, self._count = secrets.token_hex(4), 0
        self._news = threading.Condition()
        self._open = True
        try:
            self._server = _Server(("127.0.0.1", port), partial(_Handler, self, directory=str(folder)))
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"port {port} cannot be listened on ({getattr(error, 'strerror', None) or error})",
                where="--port",
                fix="choose another one, or none for any free one",
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port listened on."""
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        """Where the folder's index.html is."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def version(self) -> str:
        """What stands now: another word after each change, and in each process."""
        return f"{self._start}.{self._count}"

    def changed(self, trouble: str = "") -> None:
        """Let every browser load the page again; ``trouble`` is one sentence to show above it."""
        with self._news:
            self.trouble = trouble
            self._count += 1
            self._news.notify_all()

    def news(self, seen: str) -> str | None:
        """Wait for something newer than ``seen``: return its version, "" when nothing came, None once closed."""
        with self._news:
            if self._open and self.version == seen:
                self._news.wait(WAKE_S)
            if not self._open:
                return None
            return self.version if self.version != seen else ""

    def page(self) -> bytes:
        """Return index.html with what reloads it, and with the trouble above it where there is some."""
        try:
            text = (self.folder / "index.html").read_text(encoding="utf-8")
        except OSError:
            text = _ALONE
        if self.trouble:
            words = html.escape(self.trouble).replace("\n", "<br>")
            text = text.replace("<body>", f"<body>{_BANNER.format(words=words)}", 1)
        script = _SCRIPT.format(path=CHANGES, seen=self.version)
        # The last one: the views hold mails of their own, escaped.
        before, end, after = text.rpartition("</body>")
        return f"{before}{script}{end}{after}".encode()

    def close(self) -> None:
        """Stop listening and let go of every browser."""
        with self._news:
            self._open = False
            self._news.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that left in the middle of an answer."""


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, live: LiveFolder, *values: Any, **named: Any) -> None:
        self.live = live
        super().__init__(*values, **named)

    def do_GET(self) -> None:
        """Answer with a page, a file or the stream of changes."""
        if not self._is_ours():
            return
        path, _, query = self.path.partition("?")
        if path == CHANGES:
            self._stream(query.partition("seen=")[2])
        elif path in ("/", "/index.html"):
            self._answer(self.live.page(), "text/html; charset=utf-8")
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        """Answer like GET, without a body."""
        if self._is_ours():
            super().do_HEAD()

    def _is_ours(self) -> bool:
        name = self.headers.get("Host", "").rpartition(":")[0]
        if name not in ("127.0.0.1", "localhost"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return False
        return True

    def _answer(self, body: bytes, media_type: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, seen: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        while (found := self.live.news(seen)) is not None:
            self.wfile.write(f"data: {found}\n\n".encode() if found else b": nothing new\n\n")
            self.wfile.flush()
            seen = found or seen

    def end_headers(self) -> None:
        """Let nothing be kept by the browser: the next look must see what is there then."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        """Show no folders."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's word
        """Say nothing: the terminal is for what changed."""
