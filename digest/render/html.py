"""Jinja2 → MJML → checked by lxml → mjml-python → premailer → HTML with cut marks and slots.

Both tools break mails silently, so each step is guarded: MJML is parsed first (mjml-python accepts mismatched tags and
unknown components without a word), premailer gets a doctype in capitals (in lower case it drops it, and with it
standards mode), and MJML's own style blocks are hidden from it (it would strip their !important: no dark mode).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.entities import name2codepoint
from typing import Any

from lxml import etree

from digest.errors import TemplateError
from digest.render.mjml_rules import faults

# Deeper nesting is no mail, and 20,000 levels crash mjml-python (8,000 do not).
DEEPEST = 200
_ENTITIES = "".join(
    f'<!ENTITY {name} "&#{code};">' for name, code in name2codepoint.items() if name not in ("lt", "amp")
)
_DOCTYPE = f"<!DOCTYPE mjml [{_ENTITIES}]>"
_VOID = re.compile(r"<(img|br|hr|meta|link|input)\b([^<>]*?)\s*/?>", re.I)
_BOOLEAN = ("width", "height", "bgcolor", "align", "valign")


Where = Callable[[int, int], str]
"""FILE:LINE of the template that wrote what stands at a line (from 1) and column (from 0) of the MJML."""


def compiled(mjml: str, css: str, *, where: Where) -> str:
    """Return the HTML of an MJML document with ``css`` inlined; raise TemplateError, placed by ``where``."""
    _checked(mjml, where)
    import mjml as compiler

    try:
        html = str(compiler.mjml2html(mjml, fonts={}))
    except ValueError as error:
        line, column = _position(mjml, str(error))
        raise TemplateError(f"MJML cannot be compiled ({error})", where=where(line, column)) from None
    return _finished(_inlined(_prepared(html), css))


_SPAN = re.compile(r"position (\d+):")


def _position(mjml: str, message: str) -> tuple[int, int]:
    """Return line and column of the byte span that mjml-python gives, 0 and 0 where it gives none."""
    span = _SPAN.search(message)
    if span is None:
        return 0, 0
    before = mjml.encode("utf-8")[: int(span.group(1))].decode("utf-8", "ignore")
    return before.count("\n") + 1, len(before) - before.rfind("\n") - 1


_MISMATCH = re.compile(r"Opening and ending tag mismatch: (\S+) line (\d+) and ([^\s,]+)")
_UNCLOSED = re.compile(r"Premature end of data in tag (\S+) line (\d+)")
_PLACE = re.compile(r", line \d+, column \d+$")


def _checked(mjml: str, where: Where) -> None:
    """Parse MJML as XML, with HTML's entities known; refuse mismatched tags, what MJML ignores, and deep nesting."""
    parser = etree.XMLParser(resolve_entities=True, no_network=True, load_dtd=False, huge_tree=False)
    # Lines stay lines: the doctype is one, and void elements are closed in place. Columns may move by a character.
    blank = len(mjml) - len(mjml.lstrip())
    above = mjml[:blank].count("\n")
    document = _DOCTYPE + _VOID.sub(r"<\1\2/>", mjml[blank:])
    try:
        root = etree.fromstring(document.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise TemplateError(
            _said(str(error.msg), lambda tag, each: where(*_opening(mjml, each + above, tag))),
            where=where(line + above, max(0, column - 1)),
        ) from None
    stack: list[tuple[Any, int]] = [(root, 1)]
    while stack:
        element, depth = stack.pop()
        if depth > DEEPEST:
            place = where(element.sourceline + above, 0)
            raise TemplateError(f"tags are nested more than {DEEPEST} deep", where=place)
        if isinstance(element.tag, str):
            for fault in faults(element):
                place = where(*_opening(mjml, element.sourceline + above, element.tag))
                raise TemplateError(f"MJML: {fault}", where=place, fix="see the template contract")
        stack.extend((child, depth + 1) for child in reversed(element))


def _said(message: str, opened_at: Callable[[str, int], str]) -> str:
    """Return what lxml says of MJML in the words and lines of the templates."""
    for pattern in (_MISMATCH, _UNCLOSED):
        found = pattern.match(message)
        if found is not None:
            tag, line, *closed = found.groups()
            at = opened_at(tag, int(line))
            return f"<{tag}>{f' of {at}' if at else ''} is {f'closed by </{closed[0]}>' if closed else 'never closed'}"
    return f"the MJML made of it is not well formed ({_PLACE.sub('', message)})"


def _opening(mjml: str, line: int, tag: str) -> tuple[int, int]:
    """Return line and column where a tag begins that lxml places at its end."""
    lines, opening = mjml.split("\n"), re.compile(rf"<{re.escape(tag)}\b")
    for number in range(min(line, len(lines)), 0, -1):
        found = list(opening.finditer(lines[number - 1]))
        if found:
            return number, found[-1].start() + 1
    return line, 0


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
_BLOCK = r"(?:table|tbody|tr|td|div|p|h[1-3]|style|meta|title|head|body|html)\b"
# A no-break space is no blank here: it holds open the cells that only draw a rule.
_BLANK = re.compile(rf"(?<=>)[ \t\r\n]+(?=</?{_BLOCK}|<!--(?!cut))")
_AFTER_BLOCK = re.compile(rf"(</?{_BLOCK}[^>]*>)[ \t\r\n]+")
_MARKED = re.compile(r'\s*data-premailer="ignore"')
_CLASS = re.compile(r' class="([^"]*)"')
_STYLE = re.compile(r" style=(?:\"([^\"]*)\"|'([^']*)')")
_SHEET = re.compile(r"<style[^>]*>(.*?)</style>", re.S)
_NAMED = re.compile(r"\.([a-z][\w-]*)", re.I)
# premailer shortens #FFFFFF to #FFF, which Outlook reads as another colour.
_SHORT = re.compile(r"#([0-9A-Fa-f])([0-9A-Fa-f])([0-9A-Fa-f])(?![0-9A-Fa-f])")
# What MJML writes of each table although it is so without, or said by the table's attributes.
_IDLE = ";table-layout:auto;width:100%;border:none"


def _finished(html: str) -> str:
    """Return the HTML without what only tools needed: marks, blanks between rows, classes already inlined."""
    html = _MARKED.sub("", html)
    html = _TABLE.sub('<table role="presentation"', html)
    # Dark mode and phones need their classes; the others did their work when they were inlined.
    kept = {name for sheet in _SHEET.findall(html) for name in _NAMED.findall(sheet)}
    html = _CLASS.sub(lambda match: _class(match, kept), html)
    html = _STYLE.sub(_style, html)
    return _AFTER_BLOCK.sub(r"\1", _BLANK.sub("", html))


def _style(match: re.Match[str]) -> str:
    """Return a style attribute without blanks: thirty items repeat it some two hundred times."""
    style = (match.group(1) or match.group(2) or "").replace('"', "'")
    style = _SHORT.sub(r"#\1\1\2\2\3\3", style.replace("; ", ";").replace(", ", ",").replace(_IDLE, ""))
    return f' style="{style.rstrip(";")}"'


def _class(match: re.Match[str], kept: set[str]) -> str:
    names = [name for name in match.group(1).split() if name in kept]
    return f' class="{" ".join(names)}"' if names else ""
