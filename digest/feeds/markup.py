"""What a text element of a feed says, as HTML mark-up."""

from __future__ import annotations

import base64
import binascii
import re

from lxml import etree
from lxml.etree import _Element

from digest.feeds.xml_names import ATOM

_PLAIN_TYPES = frozenset({"text", "plain", "text/plain", "escaped"})
_REFERENCE = re.compile(r"&(?!(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|(?!lt;|gt;)[A-Za-z][A-Za-z0-9]{1,30});)")
_PREFIXED_TAG = re.compile(r"(</?)[A-Za-z_][\w.-]{0,40}:(?=[A-Za-z])")


def text_of(element: _Element) -> str:
    """Return all text inside an element, stripped."""
    if len(element) == 0:
        return (element.text or "").strip()
    return "".join(str(piece) for piece in element.itertext()).strip()


def markup_of(element: _Element) -> str:
    """Return what an element says as HTML, whichever way its feed wrote it.

    RSS holds escaped HTML; Atom 1.0 says text, html or xhtml (RFC 4287 §3.1), Atom 0.3 a type and a mode. Elements
    inside are taken as mark-up that nobody escaped.
    """
    kind = (element.get("type") or "").strip().lower()
    mode = (element.get("mode") or "").strip().lower()
    if mode == "base64":
        return _from_base64(element.text or "")
    if len(element):
        return _inner(element)
    text = (element.text or "").strip()
    is_atom = str(element.tag).startswith(ATOM)
    if is_atom and mode != "escaped" and (not kind or kind in _PLAIN_TYPES):
        return escaped(text)
    if is_atom and kind in _PLAIN_TYPES:
        return escaped(text)
    return text


def escaped(plain: str) -> str:
    """Return plain text as mark-up.

    References such as "&rsquo;" in it stay references: a headline that shows them is a fault of its publisher's
    software, never a wish. "&lt;" alone is meant as it stands, so that text about HTML keeps its tags.
    """
    if "&" in plain:
        plain = _REFERENCE.sub("&amp;", plain)
    return plain.replace("<", "&lt;").replace(">", "&gt;")


def _inner(element: _Element) -> str:
    pieces = [_escape_bare(element.text or "")]
    pieces.extend(etree.tostring(child, encoding="unicode", with_tail=True) for child in element)
    inner = "".join(pieces).strip()
    return _PREFIXED_TAG.sub(r"\1", inner)


def _escape_bare(text: str) -> str:
    # Text beside child elements: in RSS it may be half-escaped HTML, which stays HTML.
    return text.replace("&", "&amp;").replace("<", "&lt;") if "<" not in text else text


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=False).decode("utf-8", errors="replace").strip()
    except (binascii.Error, ValueError):
        return ""
