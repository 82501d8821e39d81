"""Quoted-printable in runs that join anywhere, and header words.

The standard library encodes a whole text; here a text is cut at slots and marks, so every run ends with a soft line
break (RFC 2045 §6.7) unless it already stands at the start of a line. Lines are at most 76 characters with the
`=`. `policy.SMTP` and `quopri` write up to 78, which the facts warn of.
"""

from __future__ import annotations

import base64
import re

# What does not stand for itself: all but printable ASCII, blank and tab; and "=".
_ODD = re.compile(rb"[^\t -<>-~]")
# One short line that stands as it is: most slots.
_SIMPLE = re.compile(r"(?!From )[!-\-/-<>-~](?:[ -<>-~]*[!-<>-~])?\Z")
SOFT = b"=\r\n"
_LINE = 75  # characters before the soft break's "="
_NO_URL = re.compile("[^!-;=?-~]")  # what may not stand in an address between angle brackets
# What must never enter a header: C0, DEL, C1 controls and lone surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]+")


def quoted(text: str, *, at_line_start: bool = True) -> tuple[bytes, bool]:
    """Return text as quoted-printable with CRLF, and whether it ends at the start of a line.

    A run that does not is to be followed by `SOFT` before anything else is joined to it.
    """
    if len(text) <= _LINE and _SIMPLE.match(text):
        return text.encode("ascii"), False
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").split(b"\n")
    out: list[bytes] = []
    for number, line in enumerate(lines):
        if number:
            out.append(b"\r\n")
        out.append(_line(line))
    return b"".join(out), not lines[-1] and (at_line_start or len(lines) > 1)


def _line(line: bytes) -> bytes:
    escaped = _ODD.sub(_escaped, line)
    if line[-1:] in (b" ", b"\t"):
        escaped = escaped[:-1] + b"=%02X" % line[-1]
    pieces: list[bytes] = []
    start, end = 0, len(escaped)
    while True:
        head = b""
        # A dot or "From " that begins a line would be changed on the way.
        if escaped.startswith((b".", b"From "), start):
            head = b"=%02X" % escaped[start]
            start += 1
        stop = start + _LINE - len(head)
        if stop >= end:
            pieces.append(head + escaped[start:])
            return b"".join(pieces)
        cut = escaped.rfind(b"=", stop - 2, stop)  # an escape is not cut in two
        stop = stop if cut < 0 else cut
        pieces.append(head + escaped[start:stop] + SOFT)
        start = stop


def _escaped(odd: re.Match[bytes]) -> bytes:
    return b"=%02X" % odd.group()[0]


def one_line(text: str) -> str:
    """Return text as one line without controls or lone surrogates: what may stand in a header."""
    return " ".join(_UNSAFE.sub(" ", text).split())


def header_text(name: str, text: str) -> bytes:
    """Return an unstructured header, folded at 76, encoded by RFC 2047 where it is not plain ASCII."""
    clean = one_line(text)
    if clean.isascii() and "=?" not in clean:
        return _folded(name, clean.split(" "))
    return _folded(name, _words(clean))


def _words(text: str) -> list[str]:
    """Return text as RFC 2047 encoded words of at most 75 characters, never cut inside a character."""
    words, run = [], b""
    for character in text:
        byte = character.encode("utf-8")
        if len(run) + len(byte) > 42:  # 42 bytes are 56 of base64, with the frame 68: a name of 7 fits the line
            words.append(run)
            run = b""
        run += byte
    words.append(run)
    return [f"=?utf-8?b?{base64.b64encode(word).decode('ascii')}?=" for word in words]


def _folded(name: str, words: list[str]) -> bytes:
    lines, line = [], f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > 76 and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    lines.append(line)
    return "\r\n".join(lines).encode("ascii") + b"\r\n"


def address_header(name: str, display: str, address: str) -> bytes:
    """Return a header with one mailbox: `Name: "Display" <address>`, the display name encoded where needed.

    A non-ASCII address is written as UTF-8 (RFC 6532); the transport then asks for SMTPUTF8.
    """
    clean = one_line(display)
    mailbox = f"<{one_line(address).replace(' ', '')}>".encode()
    if not clean:
        return f"{name}: ".encode("ascii") + mailbox + b"\r\n"
    if clean.isascii() and "=?" not in clean:
        escaped = clean.replace("\\", "\\\\").replace('"', '\\"')
        words = [f'"{escaped}"'] if len(escaped) < 200 else _words(clean)
    else:
        words = _words(clean)
    head = _folded(name, words)[:-2]
    last = head.rsplit(b"\r\n", 1)[-1]
    gap = b"\r\n " if len(last) + 1 + len(mailbox) > 76 else b" "
    return head + gap + mailbox + b"\r\n"


def url_header(name: str, urls: list[str]) -> bytes:
    """Return a header of angle-bracketed addresses, each whole on a line: folding inside one would break it."""
    joined = b",\r\n ".join(f"<{_ascii_url(url)}>".encode("ascii") for url in urls)
    return f"{name}: ".encode("ascii") + joined + b"\r\n"


def _ascii_url(url: str) -> str:
    return _NO_URL.sub(_percent, url)


def _percent(odd: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in odd.group().encode("utf-8", "replace"))
