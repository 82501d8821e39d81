"""How what it takes grows with feeds, stories, recipients and editions: ×1, ×10, ×100, and the curves as SVG."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from benchmarks import fetching, picking
from benchmarks.sending import handed_over, sink, writer
from digest.store.engine import Store
from tests.builders import DAY, KEY, NOW, approved, person

Curve = list[tuple[int, float]]  # how many, seconds


def feeds(quick: bool) -> Curve:
    """Seconds of `digest fetch`, a process, over so many feeds of forty stories on loopback."""
    server = fetching.Server({})
    found: Curve = []
    for count in (2, 20) if quick else (2, 20, 200):
        with tempfile.TemporaryDirectory() as folder:
            urls = [f"http://127.0.1.{1 + number}:{server.port}/{number}" for number in range(count)]
            made = fetching.publication(Path(folder) / "paper", urls)
            found.append((count, min(fetching.run(made, "fetch").seconds for _ in range(1 if quick else 3))))
    return found


def stories(quick: bool) -> Curve:
    """Seconds of one pick of so many stories, reading them included."""
    return [(count, picking.speed(count)["seconds"]) for count in ((100, 1_000) if quick else (100, 1_000, 10_000))]


def recipients(quick: bool) -> Curve:
    """Seconds to plan and hand over to so many recipients, ledger on SQLite."""
    found: Curve = []
    with sink() as port:
        for count in (100, 1_000) if quick else (100, 1_000, 10_000):
            with tempfile.TemporaryDirectory() as folder:
                store = Store.open(f"sqlite:///{folder}/digest.db")
                ledger = approved(store, [person(f"p{number:06}") for number in range(count)])
                began = time.perf_counter()
                ledger.plan(KEY, sections=("foreign", "trade"), now=NOW)
                handed_over(ledger, f"smtp://127.0.0.1:{port}", count, 16, writer())
                found.append((count, time.perf_counter() - began))
                store.close()
    return found


def editions(quick: bool) -> Curve:
    """Seconds to plan 100 recipients once so many earlier editions of them are in the ledger; the best of five."""
    found: Curve = []
    people = [person(f"p{number:06}") for number in range(100)]
    for count in (1, 10) if quick else (1, 10, 100):
        with tempfile.TemporaryDirectory() as folder:
            store = Store.open(f"sqlite:///{folder}/digest.db")
            taken = []
            for number in range(count, -5, -1):
                day = DAY - timedelta(days=number)
                ledger = approved(store, people, day=day)
                began = time.perf_counter()
                ledger.plan(KEY._replace(day=day), sections=("foreign", "trade"), now=NOW)
                taken.append(time.perf_counter() - began)
            found.append((count, min(taken[-5:])))
            store.close()
    return found


CURVES: dict[str, Callable[[bool], Curve]] = {
    "feeds": feeds,
    "stories": stories,
    "recipients": recipients,
    "editions": editions,
}

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 340, 230, 56, 40, 34
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.t{font-weight:600}.g{stroke:#ddd}"
    ".l{fill:none;stroke:#1D3F72;stroke-width:2}"
    ".p{fill:#1D3F72}.n{stroke:#b33;stroke-dasharray:4 4;fill:none}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.g{stroke:#444}.l{stroke:#9FBCE8}.p{fill:#9FBCE8}}"
)


def svg(curves: dict[str, Curve]) -> str:
    """Return the curves side by side, both axes logarithmic; the dashed line is what grows in proportion."""
    columns = 2
    rows = -(-len(curves) // columns)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH * columns} {_HEIGHT * rows}" role="img">'
        f"<title>Seconds by number of {escape(', '.join(curves))}</title><style>{_STYLE}</style>"
    ]
    for number, (name, curve) in enumerate(curves.items()):
        x, y = number % columns * _WIDTH, number // columns * _HEIGHT
        parts.append(f'<g transform="translate({x} {y})">{_panel(name, curve)}</g>')
    return "".join([*parts, "</svg>\n"])


def _panel(name: str, curve: Curve) -> str:
    from math import ceil, floor, log10

    low, high = floor(min(log10(value) for _, value in curve)), ceil(max(log10(value) for _, value in curve))
    high = max(high, low + 1)
    first, last = log10(curve[0][0]), log10(curve[-1][0])
    right, foot = _WIDTH - 20, _HEIGHT - _BOTTOM

    def across(count: float) -> float:
        return _LEFT + (log10(count) - first) / (last - first) * (right - _LEFT)

    def up(value: float) -> float:
        return foot - (log10(value) - low) / (high - low) * (foot - _TOP)

    parts = [f'<text class="t" x="{_LEFT}" y="20">{escape(name)}</text>']
    for power in range(low, high + 1):
        level = up(10.0**power)
        parts.append(f'<line class="g" x1="{_LEFT}" x2="{right}" y1="{level:.1f}" y2="{level:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{level + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    for count, _ in curve:
        parts.append(f'<text x="{across(count):.1f}" y="{foot + 18}" text-anchor="middle">{count:,}</text>')
    start, factor = curve[0][1], curve[-1][0] / curve[0][0]
    reach = min(start * factor, 10.0**high)
    until = curve[0][0] * reach / start
    parts.append(
        f'<path class="n" d="M{across(curve[0][0]):.1f} {up(start):.1f}L{across(until):.1f} {up(reach):.1f}"/>'
    )
    points = " ".join(f"{across(count):.1f},{up(value):.1f}" for count, value in curve)
    parts.append(f'<polyline class="l" points="{points}"/>')
    parts += [
        f'<circle class="p" r="3.5" cx="{across(count):.1f}" cy="{up(value):.1f}">'
        f"<title>{count:,}: {value:.2f} s</title></circle>"
        for count, value in curve
    ]
    return "".join(parts)
