"""All comparisons in one run, peers beside us: `make bench`, or `make bench QUICK=1` for a short look.

    python -m benchmarks [--quick] [--only reading,rendering,…] [--peers build/bench] [--out build/bench.json]

Prints one table: medians, the median of the ratios of the rounds, their spread, versions, the machine. Writes all
figures as JSON. A whole run also refreshes the marked tables of docs/performance.md and the curves in docs/pictures; a
quick one does not, as its figures are no measurement.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from multiprocessing import get_context
from pathlib import Path

from benchmarks import fetching, growth, reading, reading_peers, rendering, sending, signing
from benchmarks import peers as environments
from benchmarks.comparing import Absent, Comparison, document, machine, refreshed, shown, table
from digest.render.theme import THEMES
from digest.sample.documents import feed_document, sample_feeds

DOCS = Path(__file__).parent.parent / "docs"
Found = Iterator[Comparison | Absent]


def bodies(quick: bool) -> list[bytes]:
    """Return feeds to read: those of the sample, in all of their formats, and plain RSS ones."""
    now = datetime(2026, 11, 23, 6, 40, tzinfo=UTC)
    sample = [feed_document(each.url.rpartition("/")[2], day=date(2026, 11, 23), now=now)[0] for each in sample_feeds()]
    return [*sample, *(fetching.feed(number) for number in range(4 if quick else 30))]


def reads(peers: environments.Peers, quick: bool) -> Found:
    """Read feeds, in seconds of the processor; ours with cleaning every text for the mail, theirs without."""
    made = bodies(quick)
    what = f"reading and cleaning {len(made)} feeds"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for number, body in enumerate(made):
            (folder / f"{number:03}.xml").write_bytes(body)
        reading.ours(made[0])
        for name in ("feedparser", "fastfeedparser"):
            if why := peers.why(name):
                yield Absent(what=what, peer=name, why=why)
                continue
            rounds = [
                (
                    reading.timed(reading.ours, made)[1] * 1000,
                    reading_peers.parsed(peers.python, name, folder)[0] * 1000,
                )
                for _ in range(3 if quick else 7)
            ]
            note = "theirs cleans no text and reads few fields" if name == "fastfeedparser" else ""
            yield _comparison(what, "ms of CPU", peers.named(name), rounds, note=note)


def fetches(peers: environments.Peers, quick: bool) -> Found:
    """From feeds on loopback to what is kept, a process each."""
    count = 10 if quick else 50
    server = fetching.Server({})
    urls = [f"http://127.0.2.{1 + number}:{server.port}/{number}" for number in range(count)]

    def ours() -> float:
        with tempfile.TemporaryDirectory() as folder:
            return fetching.run(fetching.publication(Path(folder) / "paper", urls), "fetch").seconds

    ways: dict[str, tuple[Callable[[str, list[str]], tuple[float, int]], str]] = {
        "reader": (reading_peers.by_reader, "both whole processes; it stores entries as they are, 20 workers"),
        "rss2email": (reading_peers.by_rss2email, "a mail a story, into a maildir"),
    }
    for name, (way, note) in ways.items():
        what = f"fetching and storing {count} feeds of 40 stories"
        if why := peers.why(name):
            yield Absent(what=what, peer=name, why=why)
            continue
        try:
            rounds = [(ours(), way(peers.python, urls)[0]) for _ in range(1 if quick else 3)]
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            said = str(getattr(error, "stderr", "") or error).strip().splitlines()[-1:]
            yield Absent(what=what, peer=peers.named(name), why=" ".join(said)[:160])
            continue
        yield _comparison(what, "s", peers.named(name), rounds, note=note)


def renders(peers: environments.Peers, quick: bool) -> Found:
    """Render an edition of thirty stories to HTML, warm."""
    for theme in THEMES:
        what, peer = f"rendering 30 stories, {theme}", f"{peers.named('mjml')} + {peers.named('juice')}"
        if why := peers.why("mjml", "juice"):
            yield Absent(what=what, peer=peer, why=why)
            continue
        # In a process of its own, as the peer is: what was measured before leaves a heap to be looked through.
        alone = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        with tempfile.TemporaryDirectory() as folder, alone:
            count = 3 if quick else rendering.ROUNDS
            rounds = alone.submit(rendering.compared, theme, peers.folder, Path(folder), rounds=count).result()
        pairs = [tuple(statistics.median(taken[0] for taken in side) for side in each) for each in rounds]
        yield _comparison(what, "ms", peer, pairs, note="ours with Jinja2, checks and the text part")


def sends(peers: environments.Peers, quick: bool) -> Found:
    """Messages of 55 kB to a sink on loopback, 16 connections."""
    options = argparse.Namespace(
        people=600 if quick else 3_000, connections=16, rounds=2 if quick else 5, peers=peers.folder, dkim=False
    )
    for name, way in (("without a ledger", sending.bare), ("with its ledger", sending.ledger)):
        rounds: dict[str, list[tuple[float, float]]] = {}
        missing: dict[str, None] = {}
        with tempfile.TemporaryDirectory() as folder:
            for figures in way(options, Path(folder)):
                ours = figures.pop("ours")
                assert ours is not None
                for peer, rate in figures.items():
                    if rate:
                        rounds.setdefault(peer, []).append((ours, rate))
                    else:
                        missing[peer] = None
        what = f"handing over {options.people:,} messages of 55 kB, {name}"
        for peer, pairs in rounds.items():
            known = peers.named(peer.partition(",")[0].partition(" ")[0])
            full = f"{known}{peer[len(peer.partition(',')[0].partition(' ')[0]) :]}"
            yield _comparison(what, "messages/s", full, pairs, faster="more")
        for peer in missing:
            yield Absent(what=what, peer=peer, why=peers.why(peer) or "it failed")


def signs(peers: environments.Peers, quick: bool) -> Found:
    """Measure what a DKIM signature of RSA-2048 adds to a message."""
    ours, theirs = signing.compared(200 if quick else 1_000, 5 if quick else 20)
    pairs = list(zip(ours, theirs, strict=True))
    yield _comparison("signing a message with RSA-2048", "ms", peers.named("dkimpy"), pairs)


GROUPS: dict[str, Callable[[environments.Peers, bool], Found]] = {
    "reading": reads,
    "fetching": fetches,
    "rendering": renders,
    "signing": signs,
    "sending": sends,
}


def _comparison(
    what: str, unit: str, peer: str, rounds: list[tuple[float, ...]] | list[tuple[float, float]], *,
    faster: str = "less", note: str = "",
) -> Comparison:  # fmt: skip
    return Comparison(
        what=what, unit=unit, peer=peer, ours=tuple(each[0] for each in rounds),
        theirs=tuple(each[1] for each in rounds), faster=faster, note=note,
    )  # fmt: skip


def main() -> int:
    """Run what was asked for; return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a short look; no page is refreshed")
    parser.add_argument("--only", default="", help=f"of {', '.join((*GROUPS, 'growth'))}")
    parser.add_argument("--peers", type=lambda text: Path(text).absolute(), default=Path("build/bench").absolute())
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    options = parser.parse_args()
    wanted = [each for each in options.only.split(",") if each] or [*GROUPS, "growth"]
    if unknown := set(wanted) - set(GROUPS) - {"growth"}:
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    began, peers = time.monotonic(), environments.prepare(options.peers)
    found: list[Comparison | Absent] = []
    for name in (each for each in wanted if each in GROUPS):
        for each in GROUPS[name](peers, options.quick):
            found.append(each)
            print(each.row(), flush=True)
    curves: dict[str, growth.Curve] = {}
    for name, curve in growth.CURVES.items() if "growth" in wanted else ():
        curves[name] = curve(options.quick)
        print(f"{name}: " + ", ".join(f"{count:,}: {seconds:.3g} s" for count, seconds in curves[name]), flush=True)
    day = datetime.now(UTC).date().isoformat()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    made = document(found, curves, day=day, quick=options.quick)
    options.out.write_text(json.dumps(made, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(f"\n{_seen(day)}\n\n{table(found)}\n\n{time.monotonic() - began:.0f} s; all figures in {options.out}")
    if not options.quick and not options.only:
        _publish(found, curves, day)
    return 0


def _seen(day: str) -> str:
    of = machine()
    where = f"{of['processor']}, {of['cores']} cores, {of['system']}"
    return f"Seen on {day}: {where}, Python {of['python']}, load {of['load']}."


def _publish(found: list[Comparison | Absent], curves: dict[str, growth.Curve], day: str) -> None:
    page = DOCS / "performance.md"
    text = refreshed(page.read_text(encoding="utf-8"), "peers", f"{_seen(day)}\n\n{table(found)}")
    rows = [
        f"| {name} | " + " | ".join(f"{count:,}: {shown(seconds)} s" for count, seconds in curve) + " |"
        for name, curve in curves.items()
    ]
    text = refreshed(text, "growth", "\n".join(["| | ×1 | ×10 | ×100 |", "|---|---|---|---|", *rows]))
    page.write_text(text, encoding="utf-8")
    (DOCS / "pictures" / "growth.svg").write_text(growth.svg(curves), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
