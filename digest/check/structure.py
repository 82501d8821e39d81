"""Size, links, pictures, headings: what mail programs choke on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urlsplit

from lxml import html as parser

from digest.model.editions import Finding

CLIPPED, GOAL = 102_400, 95_000  # bytes encoded: Gmail clips at the first; the second leaves room
_ACTIVE = ("script", "form", "iframe", "object", "embed", "link", "base")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def check_size(size: int) -> Iterator[Finding]:
    """Check the encoded size in bytes."""
    if size >= CLIPPED:
        yield Finding(
            code="size", severity="error", where="html", message=f"it is {size / 1000:.1f} kB encoded; Gmail clips it",
            fix="lower the number of stories of a section",
        )  # fmt: skip
    elif size > GOAL:
        yield Finding(code="size", severity="warning", where="html", message=f"it is {size / 1000:.1f} kB of 102.4 kB")


def check_html(html: str) -> Iterator[Finding]:
    """Check links, pictures, headings and what has no place in a mail."""
    if not html.startswith("<!DOCTYPE html>"):
        yield Finding(
            code="doctype", severity="error", where="html:1", message="the doctype is missing or in lower case"
        )
    control = _CONTROL.search(html)
    if control is not None:
        message = f"it holds the control character U+{ord(control.group()):04X}, at which Gmail clips"
        yield Finding(code="control", severity="error", where=f"html:{_line(html, control.start())}", message=message)
    tree = parser.document_fromstring(html.encode("utf-8", "replace"), parser=parser.HTMLParser(encoding="utf-8"))
    yield from _links(tree)
    yield from _pictures(tree)
    yield from _headings(tree)
    for name in _ACTIVE:
        for element in tree.iter(name):
            yield _at(element, "active", "error", f"<{name}> has no place in a mail", "remove it from the template")
    for element in tree.iter():
        if any(str(key).lower().startswith("on") for key in element.attrib):
            yield _at(element, "active", "error", "an event handler has no place in a mail", "remove the attribute")


def _links(tree: parser.HtmlElement) -> Iterator[Finding]:
    for link in tree.iter("a"):
        target = str(link.get("href") or "")
        parts = urlsplit(target)
        words = " ".join(link.text_content().split())
        if not target:
            yield _at(link, "link-empty", "error", f"a link leads nowhere ({words[:60]!r})", "give it an address")
        elif parts.scheme not in ("http", "https", "mailto"):
            yield _at(link, "link-scheme", "error", f"a link has an address no mail can follow ({target[:80]})", "")
        if not words and link.find(".//img") is None and not link.get("aria-label"):
            yield _at(link, "link-text", "warning", f"a link has no words ({target[:80]})", "say where it leads")


def _pictures(tree: parser.HtmlElement) -> Iterator[Finding]:
    for image in tree.iter("img"):
        if image.get("alt") is None:
            yield _at(image, "image-alt", "error", "a picture has no alt attribute", 'write alt="" for an ornament')
        if not str(image.get("width") or "").isdigit():
            yield _at(
                image, "image-width", "warning", "a picture has no numeric width", "Outlook shows it at full size"
            )
        if image.get("height") == "auto":
            yield _at(image, "image-height", "warning", 'a picture has height="auto"', "write a number")
        if image.get("width") == "1" or image.get("height") == "1":
            yield _at(image, "tracker", "error", "a picture of one pixel follows the reader", "remove it")


def _headings(tree: parser.HtmlElement) -> Iterator[Finding]:
    levels = [int(element.tag[1]) for element in tree.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    if levels.count(1) != 1:
        message = f"there are {levels.count(1)} main headings (h1), wanted one"
        yield Finding(code="heading", severity="warning", where="html", message=message)
    for before, after in pairwise(levels):
        if after > before + 1:
            message = f"a heading of level {after} follows one of level {before}"
            yield Finding(code="heading", severity="warning", where="html", message=message)
            return


def _at(element: parser.HtmlElement, code: str, severity: str, message: str, fix: str) -> Finding:
    where = f"html:{element.sourceline}" if element.sourceline else "html"
    return Finding(
        code=code, severity="error" if severity == "error" else "warning", where=where, message=message, fix=fix
    )


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
