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
from digest.render.inlining import inlined
from digest.render.mjml_rules import ATTRIBUTES, COMPONENTS, faults, unknown
from digest.templating.quick import spelled_out

_ENTITY = re.compile(r"&([A-Za-z]\w*);")
_XML = frozenset({"lt", "amp"})  # known without being declared
_VOID = re.compile(r"<(img|br|hr|meta|link|input)\b([^<>]*?)\s*/?>", re.I)
_UNCLOSED_VOID = re.compile(r"(<(?:img|br|hr|meta|link|input)\b(?:[^<>]*[^<>/])?)>", re.I)
_COMPONENT = re.compile(r"<(mj[\w.-]*)")
# It keeps nothing of what it has read; who else asks meanwhile waits.
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, collect_ids=False, remove_comments=True
)

Where = Callable[[int, int], str]
"""FILE:LINE of the template that wrote what stands at a line (from 1) and column (from 0) of the MJML."""


def compiled(mjml: str, css: str, *, where: Where) -> str:
    """Return the HTML of an MJML document with ``css`` inlined; raise TemplateError, placed by ``where``."""
    document = spelled_out(mjml)
    if not _sound(document):
        _checked(mjml, where)
    import mjml as compiler

    try:
        html = str(compiler.mjml2html(document, fonts={}))
    except ValueError as error:
        line, column = _position(document, str(error))
        raise TemplateError(f"MJML cannot be compiled ({error})", where=where(line, column)) from None
    # In lower case premailer drops the doctype, and with it standards mode. MJML writes some characters as references.
    for written, meant in (("&#39;", "'"), ("&#8202;", "\u200a")):
        html = html.replace(written, meant)
    return inlined(html.replace("<!doctype html>", "<!DOCTYPE html>", 1), css)


def _sound(document: str) -> bool:
    """Tell whether MJML is well formed and holds nothing that mjml-python would ignore.

    Of an edition it nearly always is, and this is quick; what is wrong, and in which template, `_checked` tells.
    """
    if not document.lstrip().startswith("<mjml"):
        return False
    try:
        root = _tree(document)
    except etree.XMLSyntaxError:
        try:
            root = _tree(_UNCLOSED_VOID.sub(r"\1/>", document))
        except etree.XMLSyntaxError:
            return False
    names = set(_COMPONENT.findall(document))
    return names <= COMPONENTS and not any(any(faults(element)) for element in root.iter(*names))


def _tree(document: str) -> Any:
    return etree.fromstring(document.encode("utf-8"), _PARSER)


def _components(root: Any) -> Any:
    return root.xpath("descendant-or-self::*[starts-with(name(), 'mj')]")


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
_FIRST = re.compile(r"<(/?)([A-Za-z][\w.-]*)")
_COMMENT = re.compile(r"<!--.*?-->", re.S)


def _begun(mjml: str, where: Where) -> None:
    """Refuse a document whose first tag is not <mjml>: lxml would place that after it, and mjml-python drops it."""
    found = _FIRST.search(_COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), mjml))
    if found is None or found.group(2) == "mjml":
        return
    slash, tag = found.groups()
    if slash:
        fault = f"</{tag}> closes what is not open"
    elif tag in ATTRIBUTES or not tag.startswith("mj"):
        fault = f"<{tag}> does not belong before <mjml>"
    else:
        fault = unknown(tag)
    before = mjml[: found.start()]
    place = where(before.count("\n") + 1, len(before) - before.rfind("\n"))
    raise TemplateError(f"MJML: {fault}", where=place, fix="see the template contract")


def _checked(mjml: str, where: Where) -> None:
    """Parse MJML as XML, with HTML's entities known; refuse mismatched tags, what MJML ignores, and deep nesting.

    The bound of nesting is libxml2's own.
    """
    _begun(mjml, where)
    parser = etree.XMLParser(resolve_entities=True, no_network=True, load_dtd=False, huge_tree=False)
    # Lines stay lines: the doctype is one, and void elements are closed in place. Columns may move by a character.
    blank = len(mjml) - len(mjml.lstrip())
    above = mjml[:blank].count("\n")
    entities = "".join(
        f'<!ENTITY {name} "&#{name2codepoint[name]};">'
        for name in sorted(set(_ENTITY.findall(mjml)) - _XML)
        if name in name2codepoint
    )
    document = f"<!DOCTYPE mjml [{entities}]>" + _VOID.sub(r"<\1\2/>", mjml[blank:])
    try:
        root = etree.fromstring(document.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise TemplateError(
            _said(str(error.msg), lambda tag, each: where(*_opening(mjml, each + above, tag))),
            where=where(line + above, max(0, column - 1)),
        ) from None
    for element in _components(root):
        for wrong, fault in faults(element):
            place = where(*_opening(mjml, wrong.sourceline + above, wrong.tag))
            raise TemplateError(f"MJML: {fault}", where=place, fix="see the template contract")


def _said(message: str, opened_at: Callable[[str, int], str]) -> str:
    """Return what lxml says of MJML in the words and lines of the templates."""
    if "xcessive depth" in message:
        # No mail is as deep, and 20,000 levels would crash mjml-python (8,000 do not).
        return "tags are nested more than 255 deep"
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
