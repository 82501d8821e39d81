"""Run the whole line over a folder of saved feeds: serve it on loopback, fetch, pick, render, preview.

    python benchmarks/real_feeds.py FOLDER [--out DIR]

Prints what came of it and the seconds of each step. Files ending in .gz are served unpacked. Saved feeds are old, so
the clock is set to the moment at which the most stories lie in the window of news.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from digest.cli.app import run
from digest.cli.session import Start
from digest.errors import ParseError
from digest.pipeline.building import FIRST_WINDOW
from digest.pipeline.read import read_files

CONFIG = """
[publication]
name = "Real feeds"
tagline = "What saved feeds make"
from = "Real feeds <news@example.org>"
public_url = "https://digest.example.org"
postal_address = "1 Example Street"
time_zone = "UTC"

[[sections]]
slug = "top"
title = "Top stories"
style = "feature"
stories = 8
  [[sections.match]]
  paths = ["world", "politics", "news", "us", "international"]

[[sections]]
slug = "latest"
title = "Latest"
style = "cards"
sort = "latest"
stories = 10
  [[sections.match]]
  paths = ["blog", "posts", "articles"]

[[sections]]
slug = "other"
title = "More"
style = "headlines"
stories = 12

[fetch]
allowed_hosts = ["127.0.0.1"]
"""


class Standing:
    """A clock that stands still."""

    def __init__(self, moment: datetime) -> None:
        """Take the moment it shows."""
        self.moment = moment

    def now(self) -> datetime:
        """Return that moment."""
        return self.moment


def busiest(folder: Path) -> datetime:
    """Return the end of the 36 hours in which the most stories of a folder were published."""
    times: list[datetime] = []
    for _, read in read_files(sorted(path for path in folder.iterdir() if path.is_file())):
        if not isinstance(read, ParseError):
            times += [story.published for story in read if story.published is not None]
    times.sort()
    best, first = (0, datetime.now(UTC)), 0
    for last, moment in enumerate(times):
        while moment - times[first] > FIRST_WINDOW - timedelta(hours=1):
            first += 1
        best = max(best, (last - first + 1, moment + timedelta(minutes=10)))
    return best[1]


class Folder(BaseHTTPRequestHandler):
    """Serves the files of a folder, gzip ones unpacked."""

    def __init__(self, folder: Path, *arguments: object) -> None:
        """Bind the folder before the request is handled."""
        self.folder = folder
        super().__init__(*arguments)  # type: ignore[arg-type]  # what the server passes

    def do_GET(self) -> None:
        """Answer with the file of that name."""
        path = self.folder / self.path.lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        if path.suffix == ".gz":
            body = gzip.decompress(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name the library gave it
        """Say nothing."""


def main() -> int:
    """Run the line and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    out = (options.out or Path(tempfile.mkdtemp())).absolute()
    out.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Folder, options.folder.absolute()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names = sorted(path.name for path in options.folder.iterdir() if path.is_file())
    base = f"http://127.0.0.1:{server.server_port}"
    feeds = "".join(f'[[feeds]]\nurl = "{base}/{name}"\n' for name in names)
    config = out / "digest.toml"
    config.write_text(CONFIG + feeds, encoding="utf-8")
    start = Start(clock=Standing(busiest(options.folder)))
    for command in (["fetch"], ["build"], ["pick"], ["preview", "--out", str(out / "preview")]):
        began = time.perf_counter()
        code = run([*command, "-c", str(config)], start=start)
        sys.stdout.write(f"# {command[0]}: exit {code}, {time.perf_counter() - began:.1f} s\n")
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
