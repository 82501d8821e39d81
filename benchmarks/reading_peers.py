"""How others read feeds: feedparser, fastfeedparser, reader and rss2email, each in an interpreter of the peers' own."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

_PARSE = """
import sys, time, pathlib
name, folder = sys.argv[1:]
bodies = [p.read_bytes() for p in sorted(pathlib.Path(folder).iterdir())]
import io
if name == "feedparser":
    import feedparser
    def one(body): return len(feedparser.parse(io.BytesIO(body)).entries)
else:
    import fastfeedparser
    def one(body):
        try: return len(fastfeedparser.parse(body).entries)
        except Exception: return 0
one(bodies[0])
began = time.process_time()
count = sum(map(one, bodies))
print(time.process_time() - began, count)
"""
_READER = """
import sys, reader
urls = sys.argv[2:]
made = reader.make_reader(sys.argv[1] + "/reader.db")
for url in urls:
    made.add_feed(url)
made.update_feeds(workers=20)
print(made.get_entry_counts().total)
"""
_R2E = """[DEFAULT]
from = news@halyard.example
to = reader@example.org
use-publisher-email = False
email-protocol = maildir
maildir-path = {folder}/box
maildir-mailbox = INBOX
html-mail = True
verbose = error
"""


def parsed(python: str, name: str, folder: Path) -> tuple[float, int]:
    """Return seconds of the processor's time and entries of one parser over a folder of feeds."""
    done = subprocess.run([python, "-c", _PARSE, name, str(folder)], capture_output=True, text=True, check=True)
    seconds, count = done.stdout.split()
    return float(seconds), int(count)


def by_reader(python: str, urls: list[str]) -> tuple[float, int]:
    """Return seconds and stored entries of reader over feeds on loopback, a whole process as ours is."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        done = subprocess.run([python, "-c", _READER, folder, *urls], capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - began
    return seconds, int(done.stdout)


def by_rss2email(python: str, urls: list[str]) -> tuple[float, int]:
    """Return seconds and mails of rss2email over feeds on loopback: a mail a story, into a maildir."""
    program = str(Path(python).parent / "r2e")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in ("new", "cur", "tmp"):
            (folder / "box" / "INBOX" / name).mkdir(parents=True)
        feeds = "".join(f"[feed.f{number}]\nurl = {url}\n" for number, url in enumerate(urls))
        (folder / "r2e.cfg").write_text(_R2E.format(folder=folder) + feeds, encoding="utf-8")
        call = [program, "-c", str(folder / "r2e.cfg"), "-d", str(folder / "r2e.json"), "run"]
        began = time.perf_counter()
        subprocess.run(call, capture_output=True, text=True, check=True, timeout=600)
        seconds = time.perf_counter() - began
        return seconds, sum(1 for _ in (folder / "box").rglob("new/*"))
