"""Pictures, fonts and style sheets: what a mail loads, from whom, and whether it is there."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress

from digest.check.codes import found
from digest.check.css import Declaration
from digest.check.features import format_of
from digest.check.hosts import domain_of, host_of
from digest.check.page import Node, Page, address
from digest.model.editions import Finding

Attached = Callable[[str], bytes | None]
"""Returns what a relative or cid: address of a page leads to, None where nothing is there."""

LARGE = 100_000  # bytes
_KNOWN = frozenset({"", "jpg", "png", "gif", "base64"})
_URL = re.compile(r"""url\(\s*["']?([^"')]+)""", re.I)
_TOO_MANY_PIXELS = 3


def check_pictures(page: Page, attached: Attached | None = None) -> Iterator[Finding]:
    """Check each picture; without ``attached`` nothing is said about whether those not on the web are there."""
    for node in page.of("img"):
        source = node.attributes.get("src", "").strip()
        if "alt" not in node.attributes:
            yield found("image-alt", node.where, f"a picture has no alt attribute ({_short(source)})")
        if not node.attributes.get("width", "").isdigit():
            yield found("image-width", node.where, f"a picture has no width in pixels ({_short(source)})")
        if node.attributes.get("height") == "auto":
            yield found("image-height", node.where, f'a picture has height="auto" ({_short(source)})')
        if node.attributes.get("width") in ("0", "1") or node.attributes.get("height") in ("0", "1"):
            yield found("tracker", node.where, f"a picture of one pixel follows the reader ({_short(source)})")
        yield from _source(node, source, attached)


def _source(node: Node, source: str, attached: Attached | None) -> Iterator[Finding]:
    parts = address(source)
    scheme = parts.scheme.lower() if parts else ""
    kind = format_of(source)
    if not source or parts is None:
        yield found("image-missing", node.where, "a picture has no address")
    elif scheme == "data":
        yield found("image-inline", node.where, "a picture stands in the page itself (data:)")
        kind = {"webp": "webp", "avif": "avif", "svg+xml": "svg"}.get(source[11:30].partition(";")[0].lower(), "")
    elif scheme == "http":
        yield found("image-insecure", node.where, f"a picture is loaded over http ({_short(source)})")
    elif scheme != "https" and attached is not None:
        body = attached(source)
        if body is None:
            yield found("image-missing", node.where, f"there is no picture {_short(source)}")
        else:
            kind = _kind(body) or kind
            yield from _size(node, source, body)
    if kind not in _KNOWN:
        yield found("image-format", node.where, f"a picture is {kind.upper()} ({_short(source)})")


def _size(node: Node, source: str, body: bytes) -> Iterator[Finding]:
    if len(body) > LARGE:
        yield found("image-large", node.where, f"{_short(source)} has {len(body) / 1000:.1f} kB")
    width = node.attributes.get("width", "")
    pixels = _width(body)
    if width.isdigit() and 1 < int(width[:6]) * _TOO_MANY_PIXELS < pixels:
        yield found("image-scaled", node.where, f"{_short(source)} is {pixels} pixels wide and shown at {width[:6]}")


def _kind(body: bytes) -> str:
    """Return the format by a picture's first bytes, "" where they are of none that mail programs lack."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "webp"
    if body[4:8] == b"ftyp":
        return "avif" if body[8:12] in (b"avif", b"avis") else "heif"
    return "svg" if b"<svg" in body[:1_000] else ""


def _width(body: bytes) -> int:
    from PIL import Image

    # Whatever else it is, it is no picture whose width we know.
    with suppress(Exception), Image.open(io.BytesIO(body)) as picture:
        return picture.width
    return 0


def check_loads(page: Page, own: Collection[str] = ()) -> Iterator[Finding]:
    """Check what is loaded from whom; ``own`` are the sender's domains, without which no host is called foreign."""
    for _, sheet in page.sheets:
        for rule in sheet.at_rules:
            if rule.name == "font-face":
                yield found("web-font", f"html:{rule.line}", "a font is loaded (@font-face)")
            elif rule.name == "import":
                yield found("import", f"html:{rule.line}", f"a style sheet is loaded ({rule.prelude[:80]})")
    foreign: dict[str, tuple[str, int]] = {}
    for where, source in _loaded(page):
        host = host_of(source)
        if host and own and domain_of(host) not in own:
            first, count = foreign.get(host, (where, 0))
            foreign[host] = first, count + 1
    for host, (where, count) in foreign.items():
        said = "a picture, style or font is" if count == 1 else f"{count} pictures, styles or fonts are"
        yield found("third-party", where, f"{said} loaded from {host}")


def _loaded(page: Page) -> Iterator[tuple[str, str]]:
    """Yield where something is loaded, and from which address."""
    for node in page.nodes:
        for name in ("src", "background", "srcset", "poster"):
            if node.tag != "a" and node.attributes.get(name):
                yield node.where, node.attributes[name]
        if node.tag == "link" and "stylesheet" in node.attributes.get("rel", "").lower():
            yield node.where, node.attributes.get("href", "")
        yield from ((node.where, url) for url in _urls(node.style))
    for _, sheet in page.sheets:
        for rule in sheet.rules:
            yield from ((f"html:{rule.line}", url) for url in _urls(rule.declarations))
        for at_rule in sheet.at_rules:
            if at_rule.name == "import":
                urls = _URL.findall(at_rule.prelude) or [at_rule.prelude.strip("\"' ")]
                yield from ((f"html:{at_rule.line}", url) for url in urls)


def _urls(declared: tuple[Declaration, ...]) -> list[str]:
    return [url for each in declared if "url(" in each.value.lower() for url in _URL.findall(each.value)]


def _short(source: str) -> str:
    return source if len(source) <= 80 else f"{source[:79]}…"
