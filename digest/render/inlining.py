"""A theme's CSS into style attributes, by premailer with the options its traps ask for (docs/internals.md).

What premailer makes of an element follows from the sheet, the element's tag, class and style, and those of what it
stands in. A mail repeats few such places hundreds of times, and tomorrow's mail has the same ones, so what premailer
made of a place is remembered, sheet by sheet; it works again when a mail has a place it has not seen. A sheet whose
selectors look at neighbours, attributes or states is never remembered.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

# Attributes premailer would write beside a style that says the same.
_ATTRIBUTES = ("width", "height", "bgcolor", "align", "valign")
# Selectors that look at more than tags, classes and what is above: neighbours, states, attributes, ids.
_LOOKS_ASIDE = re.compile(r"[+~:\[#*][^{};]*\{")
_NAMED = re.compile(r"\.([a-z][\w-]*)", re.I)
# premailer shortens #FFFFFF to #FFF, which Outlook reads as another colour.
_SHORT = re.compile(r"#([0-9A-Fa-f])([0-9A-Fa-f])([0-9A-Fa-f])(?![0-9A-Fa-f])")
# What MJML writes of each table although it is so without, or said by the table's attributes.
_IDLE = ";table-layout:auto;width:100%;border:none"
MOST_SHEETS, MOST_PLACES = 16, 20_000  # remembered; then everything is learnt again
_MARK = re.compile(r'\s*data-premailer="ignore"')

Place = tuple[int, str, str, str]  # number of the place above, tag, class, style


@dataclass
class _Sheet:
    """What premailer made of each place of one sheet, and what was left of it then."""

    numbers: dict[Place, int] = field(default_factory=dict)
    finished: dict[int, tuple[str, str]] = field(default_factory=dict)  # place → its class and style attributes


_sheets: dict[tuple[str, str], _Sheet] = {}


def inlined(html: str, css: str) -> str:
    """Return HTML whose elements carry the declarations of ``css`` as short as they are; style elements stay.

    Classes that no style element names did their work, and go.
    """
    tree = _parsed(html)
    own = "\n".join(element.text or "" for element in tree.iter("style"))
    if len(_sheets) >= MOST_SHEETS and (css, own) not in _sheets:
        _sheets.clear()
    sheet = _sheets.setdefault((css, own), _Sheet())
    if len(sheet.numbers) > MOST_PLACES or _LOOKS_ASIDE.search(css):
        sheet = _sheets[css, own] = _Sheet()
    places = _places(tree, sheet)
    if not all(number in sheet.finished for _, number in places):
        kept = frozenset(_NAMED.findall(own))
        tree = _parsed(by_premailer(html, css))
        # The same elements in the same order, with their styles.
        elements = list(tree.iter(etree.Element))
        for (_, number), element in zip(places, elements, strict=True):
            names = [name for name in (element.get("class") or "").split() if name in kept]
            sheet.finished[number] = " ".join(names), short(element.get("style") or "")
        places = [(element, number) for (_, number), element in zip(places, elements, strict=True)]
    for element, number in places:
        attributes = element.attrib
        for name, value in zip(("class", "style"), sheet.finished[number], strict=True):
            if value:
                attributes[name] = value
            elif name in attributes:
                del attributes[name]
    return str(etree.tostring(tree.getroottree(), method="html", encoding="utf-8").decode("utf-8"))


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


def _places(tree: Any, sheet: _Sheet) -> list[tuple[Any, int]]:
    """Return each element with the number of its place, new numbers for new places."""
    numbers, found = sheet.numbers, []
    above: dict[Any, int] = {}
    for element in tree.iter(etree.Element):
        get = element.get
        place = (above.get(element.getparent(), 0), element.tag, get("class") or "", get("style") or "")
        number = numbers.get(place)
        if number is None:
            number = numbers[place] = len(numbers) + 1
        above[element] = number
        found.append((element, number))
    return found
