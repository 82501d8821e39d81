"""Text of an XML document → what a parser can safely take: no document type, no stray marks, no unknown entities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.entities import html5

# XML 1.0 §2.2: what no document may hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff￾￿]")
# References to halves of a character: two of them are one (an encoder's mistake), one alone is none. Left to libxml2
# they become bytes that are no text.
_HALVES = re.compile(r"&#(?:[xX]0*[dD][89A-Fa-f][0-9A-Fa-f]{2}|0*5[5-7][0-9]{3});")
_TWO_HALVES = re.compile(rf"({_HALVES.pattern})({_HALVES.pattern})")
_DECLARATION = re.compile(r"<\?xml[^>]{0,400}?\?>", re.IGNORECASE)
_PROLOG = re.compile(r"(?:\s+|<!--.*?-->|<\?.*?\?>)*", re.DOTALL)  # what may stand before the document type
_DOCTYPE = re.compile(r"<!DOCTYPE\b[^\[>]{0,2000}(?:\[(?P<subset>.*?)\]\s*)?>", re.DOTALL | re.IGNORECASE)
# Only entities that are plain text are honoured: one that holds another is how small files become huge ones.
_ENTITY = re.compile(r"""<!ENTITY\s+([A-Za-z_][\w.-]{0,60})\s+(?:"([^"&%<]{0,400})"|'([^'&%<]{0,400})')\s*>""")
_MOST_ENTITIES = 200
_CDATA_OR_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?\]\]>|&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});)(?:([A-Za-z][A-Za-z0-9]{0,40});?)?",
    re.DOTALL,
)


def prepared(text: str) -> tuple[str, dict[str, str]]:
    """Return the document from its first tag on, without declaration and document type, and its plain entities."""
    start = text.find("<")
    if start < 0:
        return "", {}
    if start:
        text = text[start:]
    if _ILLEGAL.search(text):
        text = _ILLEGAL.sub("", text)
    if "&#" in text and _HALVES.search(text):
        text = _HALVES.sub(_lone, _TWO_HALVES.sub(_joined, text))
    text = _DECLARATION.sub("", text, count=1)
    entities: dict[str, str] = {}
    prolog = _PROLOG.match(text)
    begin = prolog.end() if prolog else 0
    found = _DOCTYPE.match(text, begin)
    if found:
        subset = found["subset"] or ""
        for name, double, single in _ENTITY.findall(subset)[:_MOST_ENTITIES]:
            entities.setdefault(name, double or single)
        text = text[: found.start()] + text[found.end() :]
    return text, entities


def _code(reference: str) -> int:
    digits = reference[2:-1]
    return int(digits[1:], 16) if digits[0] in "xX" else int(digits)


def _joined(match: re.Match[str]) -> str:
    high, low = _code(match[1]), _code(match[2])
    if 0xD800 <= high < 0xDC00 <= low < 0xE000:
        return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)
    return match[0]


def _lone(match: re.Match[str]) -> str:
    return "�" if 0xD800 <= _code(match[0]) < 0xE000 else match[0]


def repaired(text: str, entities: Mapping[str, str]) -> str:
    """Return the document with every reference that XML does not know made plain.

    Entities of HTML and of the document's own type become characters, a lone "&" becomes "&amp;"; inside CDATA
    sections everything stays as it is.
    """

    def plain(match: re.Match[str]) -> str:
        if match[0].startswith("<"):
            return match[0]
        name = match[1] or ""
        if match[0].endswith(";") and name:
            value = entities.get(name) or html5.get(f"{name};")
            if value is not None:
                return value.replace("&", "&amp;").replace("<", "&lt;")
        return "&amp;" + match[0][1:]

    return _CDATA_OR_AMPERSAND.sub(plain, text)
