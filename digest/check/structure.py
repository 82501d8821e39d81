"""Size, doctype, nesting and what has no place in a mail: what mail programs choke on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from digest.check.codes import found
from digest.check.page import Page
from digest.model.checked import CLIPPED
from digest.model.editions import Finding

GOAL = 95_000  # bytes encoded: leaves room below what Gmail clips
_ACTIVE = ("script", "form", "iframe", "object", "embed", "applet", "frameset", "link", "base")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CONDITION = re.compile(r"<!--\[if[^\]]*\](?:>|><!-->|><!--)|<!\[if[^\]]*\]>|<!\[endif\]", re.I)
_DATA = ("application/ld+json", "application/json")


def check_size(size: int) -> Iterator[Finding]:
    """Check the encoded size in bytes."""
    if size >= CLIPPED:
        yield found("size", "html", f"it is {size / 1000:.1f} kB encoded; Gmail clips it at 102.4 kB")
    elif size > GOAL:
        yield found("size-near", "html", f"it is {size / 1000:.1f} kB of 102.4 kB")


def check_structure(page: Page) -> Iterator[Finding]:
    """Check what the document is made of."""
    if not page.html.lstrip("\ufeff \t\r\n").startswith("<!DOCTYPE "):
        said = "in lower case" if page.html.lstrip("\ufeff \t\r\n")[:9].lower() == "<!doctype" else "missing"
        yield found("doctype", "html:1", f"the doctype is {said}")
    control = _CONTROL.search(page.html)
    if control is not None:
        line = page.html.count("\n", 0, control.start()) + 1
        said = f"it holds the control character U+{ord(control.group()):04X}, at which Gmail clips"
        yield found("control", f"html:{line}", said)
    if page.is_cut:
        yield found("nesting", "html", "it is too deeply nested or too long: not all of it was looked at")
    yield from _conditions(page.html)
    yield from _active(page)
    yield from _head(page)
    yield from _details(page)


def _conditions(html: str) -> Iterator[Finding]:
    is_open = False
    for match in _CONDITION.finditer(html):
        closes = match.group().lower().startswith("<![endif")
        if closes != is_open:
            said = "is closed but not open" if closes else "is opened inside another"
            line = html.count("\n", 0, match.start()) + 1
            yield found("conditional", f"html:{line}", f"a conditional comment {said}")
            return
        is_open = not closes
    if is_open:
        yield found("conditional", "html", "a conditional comment is not closed")


def _active(page: Page) -> Iterator[Finding]:
    for node in page.of(*_ACTIVE):
        if node.tag == "link" and "stylesheet" not in node.attributes.get("rel", "").lower():
            continue
        if node.tag != "script" or node.attributes.get("type") not in _DATA:
            yield found("active", node.where, f"<{node.tag}> has no place in a mail")
    for node in page.nodes:
        handler = next((name for name in node.attributes if name.startswith("on")), "")
        if handler:
            yield found("active", node.where, f"the event handler {handler[:40]!r} has no place in a mail")


def _head(page: Page) -> Iterator[Finding]:
    title = page.first("title")
    if title is None or not title.text:
        yield found("title", "html:1", "the document has no title")
    metas = list(page.of("meta"))
    says_charset = any("charset" in f"{node.attributes} {node.attributes.get('content', '')}".lower() for node in metas)
    if not says_charset and not page.html.isascii():
        yield found("charset", "html:1", "it does not say how its characters are encoded")
    if not any(node.attributes.get("name", "").lower() == "viewport" for node in metas):
        yield found("viewport", "html:1", "it does not tell phones its width")


def _details(page: Page) -> Iterator[Finding]:
    ids = Counter(node.attributes["id"] for node in page.nodes if node.attributes.get("id"))
    doubled = [name for name, count in ids.items() if count > 1]
    if doubled:
        yield found("id-twice", "html", f"the id {doubled[0][:40]!r} stands there {ids[doubled[0]]} times")
    for node in page.nodes:
        ground = node.attributes.get("bgcolor", "")
        if ground.startswith("#") and not re.fullmatch("#[0-9A-Fa-f]{6}", ground):
            yield found("bgcolor", node.where, f"the ground {ground[:20]!r} is another colour in Outlook")
