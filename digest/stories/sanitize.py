"""Hostile mark-up → plain text. Nothing of a feed reaches a reader but through here."""

from __future__ import annotations

import re
from html import unescape

import nh3

# What is read of one text: enough for every use, and a bound on what hostile feeds can cost.
LONGEST_MARKUP = 20_000  # characters

# Elements whose text is no text of the story.
_SILENT = frozenset({
    "script", "style", "noscript", "template", "iframe", "object", "svg", "math", "figure", "figcaption", "nav", "form",
    "button", "select", "textarea", "audio", "video", "footer", "title", "head",
})  # fmt: skip
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|dl|dt|dd|h[1-6]|tr|td|th|table|blockquote|section|article|header|aside|hr|pre|main|center"
    r"|figure|img|iframe)\b",
    re.IGNORECASE,
)
# An element that is never closed would swallow all that follows. With attributes it is one, and goes; without it may be
# what the text is about: "How <title> is read".
_SWALLOWING = ("script|style|title|textarea|noscript|template|svg|math|iframe|select|object|video|audio|button|form|nav"
               "|footer|figure|head")  # fmt: skip
_OPENED = re.compile(rf"<({_SWALLOWING})\b(?P<attributes>\s[^<>=]*=[^<>]*>)?", re.IGNORECASE)
_CLOSED = re.compile(rf"</({_SWALLOWING})", re.IGNORECASE)
_TAG = re.compile(r"<[A-Za-z/!?]")

# C1 controls are windows-1252 in disguise: text declared ISO-8859-1 that never was.
_C1 = {code: bytes([code]).decode("cp1252", errors="ignore") or None for code in range(0x80, 0xA0)}
# Controls, marks that reorder or hide text (Unicode TR36 §2), and noncharacters.
_DROPPED = dict.fromkeys([
    *range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F),
    0x2060, 0x2061, 0x2062, 0x2063, 0x2064, *range(0x2066, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC), 0xFFFE, 0xFFFF,
    *range(0xE0000, 0xE0080),
])  # fmt: skip
_SPACES = dict.fromkeys([0x85, 0x2028, 0x2029], " ")
_CLEANED: dict[int, str | None] = {**_DROPPED, **_C1, **_SPACES}
_SUSPECT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
                      "\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e007f]")  # fmt: skip
_SURROGATE = re.compile("[\ud800-\udfff]")


def paragraphs(markup: str) -> list[str]:
    """Return the text of mark-up, a string a paragraph, each on one line and never empty.

    Entities are resolved once. Scripts, styles, captions, forms and navigation are left out.
    """
    markup = _cut(markup)
    told_by_tags = False
    if "<" in markup and _TAG.search(markup):
        if "</" in markup or "<s" in markup.lower():
            markup = _all_closed(markup)
        if told_by_tags := bool(_BLOCK.search(markup)):
            markup = markup.replace("\r", " ").replace("\n", " ")
        markup = nh3.clean(_BLOCK.sub(_new_line, markup), tags=set(), clean_content_tags=set(_SILENT))
    text = unescape(markup) if "&" in markup else markup
    lines = text.splitlines()
    if _SUSPECT.search(text):
        lines = [visible(line) for line in lines]
    lines = [" ".join(line.split()) for line in lines]
    return [line for line in (lines if told_by_tags else _unwrapped(lines)) if line]


def _unwrapped(lines: list[str]) -> list[str]:
    """Return the lines of plain text, those that only go on because a line was full put together."""
    found: list[str] = []
    for line in lines:
        if line and found and len(found[-1]) >= _WRAPPED and _GOES_ON.search(found[-1]):
            found[-1] = f"{found[-1]} {line}"
        else:
            found.append(line)
    return found


_WRAPPED = 45  # characters; no line is wrapped earlier
_GOES_ON = re.compile(r"[\w,;)’'\"”–—-]$")


def plain(markup: str) -> str:
    """Return the text of mark-up on one line."""
    return " ".join(paragraphs(markup))


def visible(text: str) -> str:
    """Return text without controls, marks that hide or reorder it, and lone surrogates (these become U+FFFD)."""
    if _SUSPECT.search(text):
        text = _SURROGATE.sub("�", text.translate(_CLEANED))
    return text


def shortened(text: str, longest: int) -> str:
    """Return at most ``longest`` characters, cut between words where there is one, with an ellipsis where cut."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    at = cut.rfind(" ")
    return (cut[:at] if at > longest // 2 else cut).rstrip(" ,;:-–—.") + "…"


def _cut(markup: str) -> str:
    """Return the beginning of a long text, never ending inside a tag."""
    if len(markup) <= LONGEST_MARKUP:
        return markup
    cut = markup[:LONGEST_MARKUP]
    return cut[: cut.rfind("<")] if cut.rfind("<") > cut.rfind(">") else cut


def _all_closed(markup: str) -> str:
    """Return mark-up without the beginnings of elements that swallow what follows and are never closed."""
    closed = {match[1].lower(): match.start() for match in _CLOSED.finditer(markup)}  # the last of each

    def mended(match: re.Match[str]) -> str:
        if match.start() < closed.get(match[1].lower(), -1):
            return match[0]
        return " " if match["attributes"] else f"&lt;{match[1]}"

    return _OPENED.sub(mended, markup)


def _new_line(match: re.Match[str]) -> str:
    return "\n" + match[0]
