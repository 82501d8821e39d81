"""Jinja2 → MJML → checked by lxml → mjml-python → premailer → HTML with cut marks and slots.

Both tools break mails silently, so each step is guarded: MJML is parsed first (mjml-python accepts mismatched tags and
unknown components without a word), premailer gets a doctype in capitals (in lower case it drops it, and with it
standards mode), and MJML's own style blocks are hidden from it (it would strip their !important: no dark mode).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from html.entities import name2codepoint
from itertools import chain
from typing import Any
from xml.parsers import expat

from lxml import etree

from digest.errors import TemplateError
from digest.render.inlining import inlined
from digest.render.mjml_rules import ATTRIBUTES, INSIDE, faults, unknown
from digest.templating.quick import spelled_out

_ENTITY = re.compile(r"&([A-Za-z]\w*);")
_XML = frozenset({"lt", "amp"})  # known without being declared
_VOID = re.compile(r"<(img|br|hr|meta|link|input)\b([^<>]*?)\s*/?>", re.I)
_UNCLOSED_VOID = re.compile(r"(<(?:img|br|hr|meta|link|input)\b(?:[^<>]*[^<>/])?)>", re.I)
_COMPONENT = re.compile(r"(</?mj[^>]*>)")
_TABLE_END = "</mj-table>"
_KEPT = "\ue002"  # stands for rows; where a word of the mail holds it too, nothing is put in its stead
DEEPEST = 255  # tags, by which libxml2 bounds nesting; 20,000 levels crash mjml-python, 8,000 do not

Where = Callable[[int, int], str]
"""FILE:LINE of the template that wrote what stands at a line (from 1) and column (from 0) of the MJML."""


def compiled(mjml: str, css: str, *, where: Where) -> str:
    """Return the HTML of an MJML document with ``css`` inlined; raise TemplateError, placed by ``where``."""
    document = spelled_out(mjml)
    sound = _sound(document)
    if not sound:
        _checked(mjml, where)
    try:
        html = (sound and _around_rows(document)) or _by_mjml(document)
    except ValueError as error:
        line, column = _position(document, str(error))
        raise TemplateError(f"MJML cannot be compiled ({error})", where=where(line, column)) from None
    # In lower case premailer drops the doctype, and with it standards mode. MJML writes some characters as references.
    for written, meant in (("&#39;", "'"), ("&#8202;", "\u200a")):
        html = html.replace(written, meant)
    return inlined(html.replace("<!doctype html>", "<!DOCTYPE html>", 1), css)


def _by_mjml(document: str) -> str:
    import mjml as compiler

    return str(compiler.mjml2html(document, fonts={}))


def _around_rows(document: str) -> str:
    """Return the HTML of sound MJML, the rows of its tables as they are: mjml-python would only copy them.

    "" where it cannot be told what of the HTML is a table's, or there is a fault, whose place the whole document tells.
    """
    *pieces, rest = document.split(_TABLE_END)
    outer, rows = [], []
    for piece in pieces:
        begun = piece.index(">", piece.rindex("<mj-table")) + 1
        outer.append(piece[:begun])
        rows.append(piece[begun:])
    try:
        made = _by_mjml(f"{_KEPT}{_TABLE_END}".join([*outer, rest])).split(_KEPT)
    except ValueError:
        return ""
    if len(made) != len(rows) + 1:
        return ""
    return "".join(chain.from_iterable(zip(made, [*rows, ""], strict=True)))


def _sound(document: str) -> bool:
    """Tell whether MJML is well formed and holds nothing that mjml-python would ignore.

    Of an edition it nearly always is, and this is quick, as it builds no tree; what is wrong, and in which template,
    `_checked` tells.
    """
    return document.lstrip().startswith("<mjml") and _well_formed(document) and _known(document)


def _well_formed(document: str) -> bool:
    for unclosed in (False, True):
        text = _UNCLOSED_VOID.sub(r"\1/>", document) if unclosed else document
        try:
            expat.ParserCreate(namespace_separator=" ").Parse(text.encode("utf-8"), True)
        except expat.ExpatError:
            continue
        return True
    return False


def _known(document: str) -> bool:
    """Tell of well-formed MJML whether its components and their places are known, and nothing is nested too deep."""
    parts, above = _COMPONENT.split(document), [""]
    for index, tag in enumerate(parts):
        if index % 2 == 0:
            if "<" in tag and not _fits(tag, above):
                return False
        elif tag[1] == "/":
            above.pop()
        elif not _faultless(tag, above[-1]):
            return False
        elif tag[-2] != "/":
            above.append(tag[1:-1].split(None, 1)[0])
    return len(above) == 1


def _fits(content: str, above: list[str]) -> bool:
    """Tell whether what stands between two tags of MJML may stand there."""
    if content.count("<!--") != content.count("-->"):
        return False  # some of those tags are words of a comment
    tags = content.count("<") - content.count("<!--")
    return tags == 0 or (above[-1] not in INSIDE and len(above) + tags - content.count("</") < DEEPEST)


@lru_cache(maxsize=2_000)
def _faultless(tag: str, above: str) -> bool:
    """Tell whether a component may stand in another, and have its attributes."""
    try:
        alone = etree.fromstring(tag if tag.endswith("/>") else f"{tag[:-1]}/>")
    except etree.XMLSyntaxError:
        return False
    if above:
        etree.Element(above).append(alone)
    return not any(faults(alone))


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
        return f"tags are nested more than {DEEPEST} deep"
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
