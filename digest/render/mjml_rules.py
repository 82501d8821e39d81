"""What MJML may hold: mjml-python takes unknown components, attributes and places without a word, so we look first.

Names are those of MJML 4's documentation; `css-class`, `mj-class` and padding are common to most.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

_PADDING = frozenset({"padding", "padding-top", "padding-right", "padding-bottom", "padding-left"})
_BORDER = frozenset({"border", "border-top", "border-right", "border-bottom", "border-left", "border-radius"})
_GROUND = frozenset(
    {
        "background-color", "background-url", "background-repeat", "background-size", "background-position",
        "background-position-x", "background-position-y",
    }
)  # fmt: skip
_TYPE = frozenset(
    {
        "color", "font-family", "font-size", "font-style", "font-weight", "line-height", "letter-spacing",
        "text-decoration", "text-transform", "align",
    }
)  # fmt: skip
_COMMON = frozenset({"css-class", "mj-class"})
_SECTION = _COMMON | _PADDING | _BORDER | _GROUND | {"direction", "full-width", "text-align", "text-padding"}
ATTRIBUTES: dict[str, frozenset[str]] = {
    "mjml": frozenset({"lang", "dir", "owa"}),
    "mj-head": frozenset(),
    "mj-title": frozenset(),
    "mj-preview": frozenset(),
    "mj-attributes": frozenset(),
    "mj-style": frozenset({"inline"}),
    "mj-raw": frozenset({"position"}),
    "mj-body": frozenset({"background-color", "css-class", "width", "id"}),
    "mj-wrapper": _SECTION | {"gap"},
    "mj-section": _SECTION,
    "mj-group": _COMMON | {"background-color", "direction", "vertical-align", "width"},
    "mj-column": _COMMON
    | _PADDING
    | _BORDER
    | {"background-color", "direction", "vertical-align", "width", *(f"inner-{each}" for each in _BORDER)}
    | {"inner-background-color"},
    "mj-table": _COMMON
    | _PADDING
    | _TYPE
    | {"border", "cellpadding", "cellspacing", "container-background-color", "role", "table-layout", "width"},
    "mj-text": _COMMON | _PADDING | _TYPE | {"container-background-color", "height"},
    "mj-image": _COMMON
    | _PADDING
    | _BORDER
    | {
        "align", "alt", "container-background-color", "fluid-on-mobile", "font-size", "height", "href", "max-height",
        "name", "rel", "sizes", "src", "srcset", "target", "title", "usemap", "width",
    },
    "mj-button": _COMMON
    | _PADDING
    | _BORDER
    | _TYPE
    | {
        "background-color", "container-background-color", "height", "href", "inner-padding", "name", "rel", "target",
        "text-align", "title", "vertical-align", "width",
    },
    "mj-divider": _COMMON
    | _PADDING
    | {"align", "border-color", "border-style", "border-width", "container-background-color", "width"},
    "mj-spacer": _COMMON | _PADDING | {"container-background-color", "height", "width"},
}  # fmt: skip
# In <mj-attributes> stand components as defaults, and these two, which take the attributes of any.
_ANY = frozenset().union(*ATTRIBUTES.values())
DEFAULTS = {"mj-all": _ANY - {"mj-class"}, "mj-class": (_ANY - {"mj-class"}) | {"name"}}

_CONTENT = frozenset({"mj-table", "mj-text", "mj-image", "mj-button", "mj-divider", "mj-spacer", "mj-raw"})
_ROWS = frozenset({"mj-section", "mj-wrapper", "mj-raw"})
INSIDE: dict[str, frozenset[str]] = {
    "mjml": frozenset({"mj-head", "mj-body", "mj-raw"}),
    "mj-head": frozenset({"mj-title", "mj-preview", "mj-attributes", "mj-style", "mj-raw"}),
    "mj-attributes": frozenset(ATTRIBUTES) | frozenset(DEFAULTS),
    "mj-body": _ROWS,
    "mj-wrapper": _ROWS,
    "mj-section": frozenset({"mj-column", "mj-group", "mj-raw"}),
    "mj-group": frozenset({"mj-column", "mj-raw"}),
    "mj-column": _CONTENT,
}


def faults(element: Any) -> Iterator[tuple[Any, str]]:
    """Yield what is wrong with one element, and at which: an unknown component or attribute, a place MJML ignores."""
    name, parent = str(element.tag), element.getparent()
    above = str(parent.tag) if parent is not None else ""
    known = DEFAULTS if above == "mj-attributes" else {}
    if name not in ATTRIBUTES and name not in known:
        yield element, unknown(name)
        return
    if parent is not None and name not in INSIDE.get(above, frozenset()):
        yield element, f"<{name}> does not belong in <{above}>"
    if name in INSIDE:
        for child in element:
            if isinstance(child.tag, str) and not child.tag.startswith("mj"):
                where = "put it into <mj-raw>, <mj-text> or <mj-table>"
                yield child, f"<{child.tag}> does not belong in <{name}>; {where}"
    allowed = known.get(name) or ATTRIBUTES[name]
    for attribute in element.attrib:
        if str(attribute) not in allowed:
            yield element, f"<{name}> has no attribute {str(attribute)!r}{_nearest(str(attribute), allowed)}"


def unknown(name: str) -> str:
    """Return what is said of a component that MJML does not have, with the nearest that it has."""
    return f"<{name}> is no component we know{_nearest(name, ATTRIBUTES)}"


def _nearest(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
