"""Jinja2 → MJML → checked by lxml → mjml-python → premailer → HTML with cut marks and slots.

Both tools break mails silently, so each step is guarded: MJML is parsed first (mjml-python accepts mismatched tags and
unknown components without a word), premailer gets a doctype in capitals (in lower case it drops it, and with it
standards mode), and MJML's own style blocks are hidden from it (it would strip their !important: no dark mode).
"""

from __future__ import annotations

import re
from html.entities import name2codepoint
from typing import Any

from lxml import etree

from digest.errors import TemplateError

# Components whose output is known and tested; others are refused, as mjml-python passes unknown ones through.
COMPONENTS = frozenset(
    {
        "mjml", "mj-head", "mj-title", "mj-attributes", "mj-all", "mj-class", "mj-style", "mj-preview", "mj-raw",
        "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-table", "mj-text", "mj-image", "mj-button",
        "mj-divider", "mj-spacer",
    }
)  # fmt: skip
# Deeper nesting is no mail, and 20,000 levels crash mjml-python (8,000 do not).
DEEPEST = 200
_ENTITIES = "".join(
    f'<!ENTITY {name} "&#{code};">' for name, code in name2codepoint.items() if name not in ("lt", "amp")
)
_DOCTYPE = f"<!DOCTYPE mjml [{_ENTITIES}]>"
_VOID = re.compile(r"<(img|br|hr|meta|link|input)\b([^<>]*?)\s*/?>", re.I)
_BOOLEAN = ("width", "height", "bgcolor", "align", "valign")


def compiled(mjml: str, css: str, *, where: str) -> str:
    """Return the HTML of an MJML document with ``css`` inlined; raise TemplateError naming ``where`` and the line."""
    _checked(mjml, where)
    import mjml as compiler

    try:
        html = str(compiler.mjml2html(mjml, fonts={}))
    except ValueError as error:
        raise TemplateError(f"MJML cannot be compiled ({error})", where=where) from None
    return _finished(_inlined(_prepared(html), css))


def _checked(mjml: str, where: str) -> None:
    """Parse MJML as XML, with HTML's entities known; refuse mismatched tags, unknown components and deep nesting."""
    parser = etree.XMLParser(resolve_entities=True, no_network=True, load_dtd=False, huge_tree=False)
    document = _DOCTYPE + _VOID.sub(r"<\1\2/>", mjml.lstrip())
    try:
        root = etree.fromstring(document.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise TemplateError(
            f"the MJML made of it is not well formed ({error.msg})", where=f"{where}:{error.lineno}"
        ) from None
    stack: list[tuple[Any, int]] = [(root, 1)]
    while stack:
        element, depth = stack.pop()
        if depth > DEEPEST:
            raise TemplateError(f"tags are nested more than {DEEPEST} deep", where=f"{where}:{element.sourceline}")
        name = element.tag if isinstance(element.tag, str) else ""
        if name.startswith("mj") and name not in COMPONENTS:
            raise TemplateError(
                f"<{name}> is no component we know",
                where=f"{where}:{element.sourceline}",
                fix="see the template contract",
            )
        stack.extend((child, depth + 1) for child in element)


def _prepared(html: str) -> str:
    html = html.replace("<!doctype html>", "<!DOCTYPE html>", 1)
    return html.replace("<style", '<style data-premailer="ignore"')


def _inlined(html: str, css: str) -> str:
    import logging

    from premailer import Premailer

    logging.getLogger("CSSUTILS").setLevel(logging.CRITICAL)
    made: str = Premailer(
        html=html,
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
        disable_basic_attributes=list(_BOOLEAN),
    ).transform(pretty_print=False)
    return made


_TABLE = re.compile(r"<table\b(?![^>]*\brole=)")
_BLANK = re.compile(r">\s+<(?=/?(?:table|tbody|tr|td|div|style|meta|head|body|html)\b)")
_MARKED = re.compile(r'\s*data-premailer="ignore"')
# Classes that dark mode and phones need; the others did their work when they were inlined.
_KEPT = frozenset(
    {
        "p", "w", "i", "s", "m", "a", "g", "r", "ri",
        "pad", "np", "fh", "ch", "dl", "fl", "vd", "th", "tc", "col", "gap",
    }
)  # fmt: skip
_CLASS = re.compile(r' class="([^"]*)"')


def _finished(html: str) -> str:
    """Return the HTML without what only tools needed: marks, blanks between rows, classes already inlined."""
    html = _MARKED.sub("", html)
    html = _TABLE.sub('<table role="presentation"', html)
    html = _CLASS.sub(_class, html)
    html = _STYLE.sub(_style, html)
    return _BLANK.sub("><", html)


_STYLE = re.compile(r' style="([^"]*)"')


def _style(match: re.Match[str]) -> str:
    """Return a style attribute without blanks: thirty items repeat it some two hundred times."""
    return f' style="{match.group(1).replace("; ", ";").replace(", ", ",")}"'


def _class(match: re.Match[str]) -> str:
    kept = [name for name in match.group(1).split() if name in _KEPT or name.startswith("mj-")]
    return f' class="{" ".join(kept)}"' if kept else ""
