"""Bytes of a feed → text: which charset they really are in, whatever they claim."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What a document without a byte order mark begins with in the wide encodings: "<?" or "<r" (XML 1.0, appendix F).
_WIDE = (
    (re.compile(rb"<\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0<"), "utf-32-be"),
    (re.compile(rb"<\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0<\0[^\0]"), "utf-16-be"),
)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?\bencoding\s*=\s*["']\s*([A-Za-z0-9._:-]{1,40})\s*["']""")
_PARAMETER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)

# What browsers read these names as (WHATWG Encoding Standard §4.2): supersets that real pages need.
_SUPERSETS = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932", "big5": "big5hkscs",
}  # fmt: skip
# Names Python knows that are no charsets of documents, or whose decoders can be made to work hard.
_REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7", "mbcs", "oem"})
_MULTIBYTE = ("gb18030", "cp949", "cp932", "big5hkscs", "euc_jp", "hz", "iso2022", "euc_jis", "johab", "shift_jis")


def decode(body: bytes, content_type: str = "") -> str:
    """Return the text of a document; undecodable bytes become U+FFFD, nothing is raised.

    Byte order mark, then the charset of the HTTP header, then the XML declaration (RFC 7303 §3), then UTF-8. Bytes
    that are valid UTF-8 beyond ASCII are UTF-8 even where a single-byte charset is declared: such a text is no
    accident. A document nearly all UTF-8 keeps its charset, with its few bad bytes replaced.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, errors="replace")
    for pattern, name in _WIDE:
        if pattern.match(body):
            return body.decode(name, errors="replace")
    claimed = [name for name in (_of_header(content_type), _of_declaration(body)) if name]
    return _multibyte(body, claimed) or _utf8(body) or _claimed(body, claimed) or _repaired(body)


def _multibyte(body: bytes, claimed: list[str]) -> str:
    for name in claimed:
        if name.startswith(_MULTIBYTE):
            text = _strict(body, name)
            if text:
                return text
    return ""


def _utf8(body: bytes) -> str:
    return _strict(body, "utf-8")


def _claimed(body: bytes, claimed: list[str]) -> str:
    for name in claimed:
        # A wide charset was found above where it is one; here it is a lie (the bytes hold no NUL).
        if name != "utf-8" and not name.startswith(("utf-16", "utf-32")):
            text = _strict(body, name)
            if text:
                return text
    return ""


def _repaired(body: bytes) -> str:
    text = body.decode("utf-8", errors="replace")
    beyond_ascii = sum(1 for mark in text if mark > "\x7f")
    if text.count("�") * 4 <= beyond_ascii:
        return text
    return body.decode("cp1252", errors="replace")


def _strict(body: bytes, name: str) -> str:
    try:
        return body.decode(name)
    except (UnicodeDecodeError, LookupError):
        return ""


def _of_header(content_type: str) -> str:
    match = _PARAMETER.search(content_type)
    return _known(match[1]) if match else ""


def _of_declaration(body: bytes) -> str:
    match = _DECLARED.search(body[:1024])
    return _known(match[1].decode("ascii")) if match else ""


def _known(name: str) -> str:
    """Return Python's name of a charset, its superset where browsers read one, or "" for what is none."""
    try:
        codec = codecs.lookup(name)
    except LookupError:
        return ""
    if codec.name in _REFUSED or not isinstance(_probe(codec), str):
        return ""
    return _SUPERSETS.get(codec.name, codec.name)


def _probe(codec: codecs.CodecInfo) -> object:
    """Return what the codec makes of an ASCII letter: bytes for "base64" or "zip", which are no charsets."""
    try:
        return codec.decode(b"a", "replace")[0]
    except Exception:  # codecs of other kinds raise what they like (binascii.Error, zlib.error)
        return None
