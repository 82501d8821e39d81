"""A theme's CSS into style attributes, by premailer with the options its traps ask for (docs/internals.md).

What premailer makes of an element follows from the sheet, the element's tag, class and style, and those of what it
stands in. A mail repeats few such places hundreds of times, and tomorrow's mail has the same ones, so what premailer
made of a place is remembered, sheet by sheet, and written into the tags as they stand; it works again when a mail has a
place it has not seen. A sheet whose selectors look at neighbours, attributes or states is never remembered.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from digest.render.tags import (
    VOID,
    attribute,
    conditional,
    name_of,
    opened,
    pieces,
    runs,
    tokens,
    with_attribute,
    without_blanks,
)

# Attributes premailer would write beside a style that says the same.
_ATTRIBUTES = ("width", "height", "bgcolor", "align", "valign")
# Selectors that look at more than tags, classes and what is above: neighbours, states, attributes, ids.
_LOOKS_ASIDE = re.compile(r"[+~:\[#*][^{};]*\{")
_NAMED = re.compile(r"\.([a-z][\w-]*)", re.I)
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.S | re.I)
# premailer shortens #FFFFFF to #FFF, which Outlook reads as another colour.
_SHORT = re.compile(r"#([0-9A-Fa-f])([0-9A-Fa-f])([0-9A-Fa-f])(?![0-9A-Fa-f])")
# What MJML writes of each table although it is so without, or said by the table's attributes.
_IDLE = ";table-layout:auto;width:100%;border:none"
MOST_SHEETS, MOST_REMEMBERED = 16, 20_000  # sheets, places and tags; then everything is learnt again
_MARK = re.compile(r'\s*data-premailer="ignore"')
_GAP = "\0"  # where an address or words of its own stand in a remembered tag; no mail holds one

Place = tuple[int, str, str, str]  # number of the place above, tag, class, style
# Tags as the mail has them, cut where addresses and words stand; the place after them; the last of them.
Written = tuple[list[str], int, str]


@dataclass
class _Sheet:
    """What premailer made of each place of one sheet, and what was left of it then."""

    numbers: dict[Place, int] = field(default_factory=dict)
    fresh: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    finished: dict[int, tuple[str, str]] = field(default_factory=dict)  # place → its class and style attributes
    above: dict[int, int] = field(default_factory=lambda: {0: 0})  # place → the one it stands in
    runs: dict[tuple[int, str], Written] = field(default_factory=dict)  # place above, and the tags as MJML wrote them

    def number(self, above: int, tag: str, name: str) -> int:
        """Return the number of a tag's place, a new one for a new place."""
        place = (above, name, attribute(tag, "class"), attribute(tag, "style"))
        found = self.numbers.get(place)
        if found is None:
            number = next(self.fresh)
            self.above[number] = above
            found = self.numbers.setdefault(place, number)  # another thread may have been first
        return found

    def written(self, above: int, shared: str) -> Written | None:
        """Return tags with what their places were given; None where that is not known yet."""
        parts, place, tag = tokens(shared), above, ""
        for index in range(1, len(parts), 2):
            tag = parts[index]
            if tag[1] == "/":
                place = self.above[place]
            elif tag[1] == "!":
                parts[index] = conditional(tag)
            else:
                name = name_of(tag)
                number = self.number(place, tag, name)
                given = self.finished.get(number)
                if given is None:
                    return None
                parts[index] = opened(with_attribute(with_attribute(tag, "class", given[0]), "style", given[1]), name)
                place = number if _holds(tag, name) else place
            parts[index + 1] = without_blanks(parts[index + 1], tag, "".join(parts[index + 2 : index + 3]))
        made = self.runs[above, shared] = "".join(parts).split(_GAP), place, tag
        return made


def _holds(tag: str, name: str) -> bool:
    """Tell whether others stand in an element before its end tag comes."""
    return name not in VOID and name != "style" and not tag.endswith("/>")


_sheets: dict[tuple[str, str], _Sheet] = {}


def inlined(html: str, css: str) -> str:
    """Return HTML whose elements carry the declarations of ``css`` as short as they are; style elements stay.

    Classes that no style element names did their work, and go. Tables get the role of layout; blanks beside rows go.
    """
    parts = runs(html)
    own = "\n".join(_STYLE.sub(r"\1", part) for part in parts[1::2] if part[:6] == "<style")
    sheet = _sheet(css, own)
    made = _written(parts, sheet)
    if made is not None:
        return made
    tree = _parsed(by_premailer(html, css))
    elements = list(tree.iter(etree.Element))
    places = list(_places(tokens(html), sheet))
    if [seen for _, *seen in places] != _shape(elements):
        # A parser closes some tags by itself, so the tree is another than the tags say: the tree it is, each time.
        return _as_parsed(tree, elements, own)
    for (number, *_), element in zip(places, elements, strict=True):
        sheet.finished[number] = _given(element, own)
    return _written(parts, sheet) or ""


def _sheet(css: str, own: str) -> _Sheet:
    if len(_sheets) >= MOST_SHEETS and (css, own) not in _sheets:
        _sheets.clear()
    sheet = _sheets.setdefault((css, own), _Sheet())
    if len(sheet.numbers) + len(sheet.runs) > MOST_REMEMBERED or _LOOKS_ASIDE.search(css):
        sheet = _sheets[css, own] = _Sheet()
    return sheet


def _written(parts: list[str], sheet: _Sheet) -> str | None:
    """Return the page with the styles of its places; None where a place is not known yet."""
    made, above, known = parts[:], 0, sheet.runs
    for index in range(1, len(parts), 2):
        run, text = parts[index], parts[index + 1]
        found = known.get((above, run))
        if found is not None:
            (made[index],), above, last = found
        elif run[:7] == "<!--cut":
            last = run
        else:
            cut = pieces(run)
            shared = _GAP.join(cut[::2])
            found = known.get((above, shared)) or sheet.written(above, shared)
            if found is None:
                return None
            cut[::2], above, last = found
            made[index] = "".join(cut)
        if text:
            if text[0] in " \t\r\n":
                text = without_blanks(text, last, parts[index + 2] if index + 2 < len(parts) else "")
            made[index + 1] = text.replace("&quot;", '"')
    return "".join(made)


def _places(parts: list[str], sheet: _Sheet) -> Iterator[tuple[int, str, str, int]]:
    """Yield each element's place, its tag, class, and which element it stands in, -1 for none."""
    above, count = (0, -1), 0
    stack: list[tuple[int, int]] = []
    for tag in parts[1::2]:
        if tag.startswith("</"):
            above = stack.pop() if stack else (0, -1)
        elif not tag.startswith("<!"):
            name = name_of(tag)
            number = sheet.number(above[0], tag, name)
            yield number, name, attribute(tag, "class"), above[1]
            if _holds(tag, name):
                stack.append(above)
                above = number, count
            count += 1


def _shape(elements: list[Any]) -> list[list[Any]]:
    """Return tag, class and the element above of each element of a tree, as `_places` sees them."""
    numbers = {element: number for number, element in enumerate(elements)}
    return [[each.tag, each.get("class") or "", numbers.get(each.getparent(), -1)] for each in elements]


def _given(element: Any, own: str) -> tuple[str, str]:
    """Return the class and style that are left of an element premailer has been at."""
    kept = frozenset(_NAMED.findall(own))
    names = [name for name in (element.get("class") or "").split() if name in kept]
    return " ".join(names), short(element.get("style") or "")


def _as_parsed(tree: Any, elements: list[Any], own: str) -> str:
    """Return the page as its tree is written."""
    for element in elements:
        for name, value in zip(("class", "style"), _given(element, own), strict=True):
            if value:
                element.set(name, value)
            elif name in element.attrib:
                del element.attrib[name]
    html = etree.tostring(tree.getroottree(), method="html", encoding="utf-8").decode("utf-8")
    parts = tokens(str(html))
    for index in range(1, len(parts), 2):
        tag = parts[index]
        parts[index] = conditional(tag) if tag.startswith("<!") else opened(tag, name_of(tag))
        following = parts[index + 2] if index + 2 < len(parts) else ""
        parts[index + 1] = without_blanks(parts[index + 1], tag, following)
    return "".join(parts)


def short(style: str) -> str:
    """Return declarations without blanks: thirty items repeat them some two hundred times."""
    style = style.replace('"', "'").replace("; ", ";").replace(", ", ",").replace(_IDLE, "")
    return _SHORT.sub(r"#\1\1\2\2\3\3", style).rstrip(";")


def by_premailer(html: str, css: str) -> str:
    """Return HTML with ``css`` inlined by premailer, whatever is remembered.

    MJML's own style elements are hidden from it, or it would strip what phones and dark mode need.
    """
    from premailer import Premailer

    logging.getLogger("CSSUTILS").setLevel(logging.CRITICAL)
    made: str = Premailer(
        html=html.replace("<style", '<style data-premailer="ignore"'),
        css_text=[css],
        keep_style_tags=False,
        remove_classes=False,
        strip_important=False,
        disable_validation=True,
        allow_network=False,
        disable_link_rewrites=True,
        align_floating_images=False,
        disable_leftover_css=True,
        cssutils_logging_level=logging.CRITICAL,
        disable_basic_attributes=list(_ATTRIBUTES),
    ).transform(pretty_print=False)
    # The mark stays in conditional comments.
    return _MARK.sub("", made)


def _parsed(html: str) -> Any:
    """Return the tree premailer parses."""
    return etree.fromstring(html.strip(), etree.HTMLParser())
