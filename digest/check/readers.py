"""What people need to read it: contrast in the light and the dark, size, headings, language, and nothing hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from digest.check.codes import found
from digest.check.colour import hexed
from digest.check.looks import Look, faded, has_dark, looks, shown_somewhere
from digest.check.page import Node, Page, and_more, shown
from digest.model.contrast import Rgb, contrast
from digest.model.editions import Finding
from digest.model.languages import direction

READABLE, LARGE = 4.5, 3.0  # WCAG 2.2, 1.4.3: contrast of text, and of large text
SMALLEST = 12.0  # pixels
_WORD = re.compile(r"\w")
_TAG = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")  # a language as BCP 47 writes it
_MOST = 12  # findings of one kind; what is wrong in a theme is wrong a hundred times


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A page and how each of its elements is seen."""

    page: Page
    light: tuple[Look, ...]
    preheader: Node | None  # the hidden words at the top that inboxes show behind the subject

    @classmethod
    def of(cls, page: Page) -> Reading:
        """Return a page's reading in the light."""
        light = tuple(faded(look) for look in looks(page))
        return cls(page=page, light=light, preheader=_preheader(page, light))


def _preheader(page: Page, light: Sequence[Look]) -> Node | None:
    """Return the outermost hidden element that holds words before any words that are seen."""
    for node in page.nodes:
        look = light[node.place]
        if _is_silent(look):
            continue
        if look.hides_all and _WORD.search(node.text):
            return node if node.tag not in ("html", "body") else None
        if node.words and _WORD.search(node.words) and not look.hidden:
            return None
    return None


def _is_silent(look: Look) -> bool:
    return look.hidden in ("head", "style", "script", "title", "template", "noscript")


def check_reading(reading: Reading) -> Iterator[Finding]:
    """Check everything that people see, or should not have to guess."""
    page = reading.page
    yield from _contrast(page, reading.light, "contrast")
    if has_dark(page):
        yield from _contrast(page, looks(page, dark=True), "contrast-dark")
    yield from _small(page, reading.light)
    yield from _links(page, reading.light)
    yield from _hidden(reading)
    yield from _headings(page)
    yield from _language(page)


def _seen(page: Page, seen: Sequence[Look]) -> Iterator[tuple[Node, Look]]:
    """Yield the elements with words of their own that are seen."""
    for node in page.nodes:
        look = seen[node.place]
        if not look.hidden and node.words and _WORD.search(node.words):
            yield node, look


def _contrast(page: Page, seen: Sequence[Look], code: str) -> Iterator[Finding]:
    weak: dict[tuple[Rgb, Rgb, bool], list[Node]] = {}
    for node, look in _seen(page, seen):
        if look.colour is None or look.ground is None:
            continue
        if contrast(look.colour, look.ground) < (LARGE if look.is_large else READABLE):
            weak.setdefault((look.colour, look.ground, look.is_large), []).append(node)
    for (ink, ground, is_large), nodes in list(weak.items())[:_MOST]:
        said = (
            f"{hexed(ink)} on {hexed(ground)} has contrast {contrast(ink, ground):.1f}, "
            f"{LARGE if is_large else READABLE:g} is wanted: {shown(nodes[0].words)}{and_more(len(nodes))}"
        )
        yield found(code, nodes[0].where, said)


def _links(page: Page, seen: Sequence[Look]) -> Iterator[Finding]:
    bare = [node for node, _ in _seen(page, seen) if any(_is_bare(each) for each in (node, *page.around(node)))]
    if bare:
        yield found(
            "link-colour",
            bare[0].where,
            f"a link has no colour of its own: {shown(bare[0].words)}{and_more(len(bare))}",
        )


def _is_bare(node: Node) -> bool:
    return node.tag == "a" and "href" in node.attributes and not any(each.name == "color" for each in node.style)


def _small(page: Page, seen: Sequence[Look]) -> Iterator[Finding]:
    small = [
        (look.size, node) for node, look in _seen(page, seen) if look.size < SMALLEST and node.tag not in ("sup", "sub")
    ]
    if small:
        size, node = min(small, key=lambda pair: pair[0])
        yield found("text-small", node.where, f"words of {size:g} px: {shown(node.words)}{and_more(len(small))}")


def _hidden(reading: Reading) -> Iterator[Finding]:
    page, light = reading.page, reading.light
    elsewhere = set(shown_somewhere(page))
    count = 0
    for node in page.nodes:
        look = light[node.place]
        outer = light[node.parent].hidden if node.parent >= 0 else ""
        if not look.hidden or _is_silent(look) or outer == look.hidden or count == _MOST:
            continue
        # What hides by size or colour hides an element's own words alone.
        words = node.text if look.hides_all else node.words
        around = (node, *page.around(node))
        if _WORD.search(words) and not any(each is reading.preheader or each.place in elsewhere for each in around):
            count += 1
            yield found("hidden-text", node.where, f"nobody sees {shown(words)} ({look.hidden})")


def _headings(page: Page) -> Iterator[Finding]:
    headings = list(page.of("h1", "h2", "h3", "h4", "h5", "h6"))
    levels = [int(node.tag[1]) for node in headings]
    if levels.count(1) != 1:
        said = f"there are {levels.count(1)} main headings" if 1 in levels else "there is no main heading"
        yield found("heading", "html", f"{said} (h1)")
    for (before, _), (after, node) in pairwise(zip(levels, headings, strict=True)):
        if after > before + 1:
            said = f"a heading of level {after} follows one of level {before}: {shown(node.text)}"
            yield found("heading", node.where, said)
            break
    for node in headings:
        if not node.text and node.element.find(".//img") is None:
            yield found("heading", node.where, f"a heading of level {node.tag[1]} is empty")
            break


def _language(page: Page) -> Iterator[Finding]:
    root = page.nodes[0]
    language = root.attributes.get("lang", "").strip()
    if not language:
        yield found("language", "html:1", "the document does not say its language")
    elif not _TAG.fullmatch(language):
        yield found("language", "html:1", f"{language[:20]!r} is no language", 'write it as "en" or "pt-BR"')
    elif direction(language) == "rtl" and root.attributes.get("dir") != "rtl":
        yield found("direction", "html:1", f"{language[:20]!r} is written from the right, and nothing says so")
