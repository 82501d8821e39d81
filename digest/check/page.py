"""A mail's HTML, parsed once for all rules: its elements in order, their words and styles, and its style sheets."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, urlsplit

from lxml import etree
from lxml import html as parser

from digest.check.css import Declaration, Rule, Sheet, declarations, sheet
from digest.check.selectors import Selector, selectors

LONGEST = 3_000_000  # characters looked at; no mail program shows as many
MOST = 60_000  # elements looked at
DEEPEST = 250  # the parser's own bound is 255: what is deeper it leaves out
MOST_TRIALS = 3_000_000  # of a selector on an element
UNSEEN = re.compile("[\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]+")
_HOLDERS = frozenset({"html", "body", "div", "table", "tbody", "tr", "td", "th", "section", "ul", "ol", "center"})
_SILENT = frozenset({"head", "style", "script", "title", "template", "noscript", "meta", "link", "base"})


@dataclass(slots=True, eq=False)
class Node:
    """One element."""

    place: int  # in Page.nodes
    tag: str
    attributes: dict[str, str]
    parent: int  # -1 of the root
    depth: int
    line: int
    words: str  # what stands in it directly, blanks and unseen characters folded
    element: Any  # lxml's elements have no types of their own
    classes: frozenset[str]
    style: tuple[Declaration, ...]

    @property
    def where(self) -> str:
        """Its place as a finding names it."""
        return f"html:{self.line}"

    @property
    def text(self) -> str:
        """All words in it, folded; between the cells and blocks of a container there is a blank."""
        if self.tag in _HOLDERS:
            return folded(" ".join(map(str, self.element.xpath(".//text()"))))
        return folded(self.element.text_content())


@dataclass(frozen=True, slots=True)
class Matched:
    """A rule for one selector of it, and the elements it is for."""

    rule: Rule
    selector: Selector
    order: int
    nodes: tuple[int, ...]


@dataclass(eq=False)
class Page:
    """The HTML of a mail or page; whatever it holds, it can be looked at."""

    html: str
    nodes: tuple[Node, ...] = field(init=False)
    is_cut: bool = field(init=False)  # it is so long or deep that not all of it was looked at

    def __post_init__(self) -> None:
        self.nodes = tuple(_nodes(_root(self.html[:LONGEST])))
        deep = any(node.depth > DEEPEST for node in self.nodes)
        self.is_cut = deep or len(self.html) > LONGEST or len(self.nodes) >= MOST

    def of(self, *tags: str) -> Iterator[Node]:
        """Yield the elements with one of these tags, in order."""
        wanted = frozenset(tags)
        return (node for node in self.nodes if node.tag in wanted)

    def first(self, tag: str) -> Node | None:
        """Return the first element with this tag, or None."""
        return next(self.of(tag), None)

    def around(self, node: Node) -> Iterator[Node]:
        """Yield the elements that hold this one, the innermost first."""
        while node.parent >= 0:
            node = self.nodes[node.parent]
            yield node

    @cached_property
    def sheets(self) -> tuple[tuple[Node, Sheet], ...]:
        """The style sheets in it."""
        found = []
        for node in self.of("style"):
            text = str(node.element.text or "")
            query = node.attributes.get("media", "")
            made = sheet(f"@media {query}{{{text}}}" if query else text, line=node.line)
            found.append((node, made))
        return tuple(found)

    @cached_property
    def links(self) -> tuple[tuple[Node, str, str], ...]:
        """Every `a` with an address, the address, and its words (those of its pictures where it has no others)."""
        found = []
        for node in self.of("a"):
            target = node.attributes.get("href")
            if target is not None:
                pictures = " ".join(str(each.get("alt") or "") for each in node.element.iter("img"))
                found.append((node, target.strip(), node.text or folded(pictures)))
        return tuple(found)

    @cached_property
    def matched(self) -> tuple[Matched, ...]:
        """Every selector of every rule with the elements it is for, in the order of the sheets."""
        finder = _Finder(self.nodes)
        found: list[Matched] = []
        rules = (rule for _, made in self.sheets for rule in made.rules if not rule.selector.startswith("@"))
        for order, rule in enumerate(rules):
            found.extend(
                Matched(rule, selector, order, tuple(finder.found(selector))) for selector in selectors(rule.selector)
            )
        return tuple(found)


def folded(text: str) -> str:
    """Return words with blanks folded and characters nobody sees left out."""
    return " ".join(UNSEEN.sub("", text).split())


def shown(text: str, most: int = 60) -> str:
    """Return words short enough to be quoted in a finding, in quotation marks."""
    text = folded(text)
    return f"“{text if len(text) <= most else text[: most - 1].rstrip() + '…'}”"


def and_more(count: int) -> str:
    """Return what follows the first of so many places: " and 2 more places", "" where it is the only one."""
    return "" if count < 2 else f" and {count - 1} more place{'s' if count > 2 else ''}"


def address(url: str) -> SplitResult | None:
    """Return the parts of an address; None where it is none."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.hostname, parts.port  # they are read late, and may be wrong too
    except ValueError:
        return None
    return parts


def _root(html: str) -> Any:
    try:
        return parser.document_fromstring(html.encode("utf-8", "replace"), parser=parser.HTMLParser(encoding="utf-8"))
    except etree.LxmlError:
        # Nothing but comments, a doctype or blanks.
        return parser.document_fromstring(b"<html><body></body></html>")


def _nodes(root: Any) -> Iterator[Node]:
    places: dict[Any, tuple[int, int]] = {}
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        place = len(places)
        if place >= MOST:
            return
        parent, depth = places.get(element.getparent(), (-1, -1))
        places[element] = place, depth + 1
        tag = element.tag.lower()
        attributes = {str(name).lower(): str(value) for name, value in element.attrib.items()}
        style = attributes.get("style")
        yield Node(
            place=place,
            tag=tag,
            attributes=attributes,
            parent=parent,
            depth=depth + 1,
            line=element.sourceline or 1,
            words="" if tag in _SILENT else folded(_direct(element)),
            element=element,
            classes=frozenset(attributes["class"].split()) if "class" in attributes else frozenset(),
            style=declarations(style) if style else (),
        )


def _direct(element: Any) -> str:
    pieces = [str(element.text or "")]
    pieces.extend(str(child.tail) for child in element if child.tail)
    return " ".join(pieces)


class _Finder:
    """Finds the elements of a selector, looking at those alone that its last part may be."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes, self._trials = nodes, 0
        self._by_class: defaultdict[str, list[Node]] = defaultdict(list)
        self._by_tag: defaultdict[str, list[Node]] = defaultdict(list)
        for node in nodes:
            self._by_tag[node.tag].append(node)
            for name in node.classes:
                self._by_class[name].append(node)

    def found(self, selector: Selector) -> Iterator[int]:
        last = selector.compounds[-1]
        if last.classes:
            candidates = min((self._by_class[name] for name in last.classes), key=len)
        else:
            candidates = self._by_tag[last.tag] if last.tag else list(self._nodes)
        for node in candidates:
            if self._holds(selector, len(selector.compounds) - 1, node):
                yield node.place

    def _holds(self, selector: Selector, part: int, node: Node) -> bool:
        self._trials += 1
        if self._trials > MOST_TRIALS or not selector.compounds[part].holds(node.tag, node.attributes, node.classes):
            return False
        if part == 0:
            return True
        return any(
            self._holds(selector, part - 1, other) for other in self._before(node, selector.combinators[part - 1])
        )

    def _before(self, node: Node, combinator: str) -> Iterator[Node]:
        """Yield the elements that may stand left of a combinator."""
        if combinator in (" ", ">"):
            while node.parent >= 0:
                node = self._nodes[node.parent]
                yield node
                if combinator == ">":
                    return
            return
        earlier = [each for each in self._nodes[max(node.parent, 0) : node.place] if each.parent == node.parent != -1]
        yield from earlier[-1:] if combinator == "+" else reversed(earlier)
