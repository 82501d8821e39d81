"""The plain-text part, written from data: 72 columns by display width, addresses whole on lines of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wcwidth import wcswidth, wcwidth

from digest.render.context import ItemView
from digest.templating import with_values

COLUMNS = 72


def width(text: str) -> int:
    """Return how many columns a text takes: `textwrap` counts characters, and 40 CJK characters are 80 columns."""
    if text.isascii() and text.isprintable():
        return len(text)
    columns = wcswidth(text)
    return columns if columns >= 0 else sum(max(0, wcwidth(character)) for character in text)


def wrap(text: str, first: str = "", rest: str | None = None) -> str:
    """Return text broken at 72 columns; the first line begins with ``first``, others with ``rest``.

    A word longer than a line is broken too, unless it holds an address.
    """
    rest = first if rest is None else rest
    quick = _wrapped_ascii(text, first, rest)
    if quick is not None:
        return quick
    lines: list[str] = []
    line, indent = "", first
    for word in text.split():
        while word:
            room = COLUMNS - width(indent) - (width(line) + 1 if line else 0)
            if width(word) <= room:
                line, word = f"{line} {word}" if line else word, ""
            elif line:
                lines.append(indent + line)
                line, indent = "", rest
            elif "://" in word:
                lines.append(indent + word)  # an address is of use only whole
                word, indent = "", rest
            else:
                cut = _fitting(word, room)
                lines.append(indent + word[:cut])
                word, indent = word[cut:], rest
    if line:
        lines.append(indent + line)
    return "\n".join(lines)


def _wrapped_ascii(text: str, first: str, rest: str) -> str | None:
    """Return the same for text whose characters are columns, line by line; None where that is not so."""
    if not (text.isascii() and text.isprintable()):
        return None
    left = " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text
    lines, indent, room = [], first, COLUMNS - width(first)
    later = room if rest is first else COLUMNS - width(rest)
    while len(left) > room:
        cut = left.rfind(" ", 0, room + 1)
        if cut <= 0:
            return None  # a word longer than a line
        lines.append(indent + left[:cut])
        left, indent, room = left[cut + 1 :], rest, later
    if left:
        lines.append(indent + left)
    return "\n".join(lines)


def _fitting(word: str, room: int) -> int:
    """Return how many characters of a long word fit: scripts without spaces break between characters."""
    columns = 0
    for place, character in enumerate(word):
        columns += max(0, wcwidth(character))
        if columns > room:
            return max(1, place)
    return len(word)


def underlined(title: str) -> str:
    """Return a heading with its rule."""
    return f"{title}\n{'=' * min(COLUMNS, width(title))}"


def dotted(title: str, count: int) -> str:
    """Return a line of the contents."""
    return f"  {title} {'.' * max(3, COLUMNS - 4 - width(title) - len(str(count)))} {count}"


def beside(left: str, right: str) -> str:
    """Return two texts at both ends of a line."""
    return f"{left}{' ' * max(1, COLUMNS - width(left) - width(right))}{right}"


@with_values
def headline_text(values: Mapping[str, Any], item: ItemView, style: str) -> str:
    """Return a headline with its kicker, and the labels of an update and of a video, which says how long it plays."""
    words = values["_"]
    label = f"[{words('Update')}] " if item.update else ""
    label += f"[{words('Video')}{f' {item.duration}' if item.duration else ''}] " if style == "video" else ""
    return wrap(label + (f"{item.kicker}: " if item.kicker else "") + item.headline)


@with_values
def credit_text(values: Mapping[str, Any], item: ItemView, style: str = "") -> str:
    """Return how long an item plays where its headline does not say it, who wrote it, where and for whom, and when."""
    played = "" if style == "video" else item.duration
    return f"{values['_'](',')} ".join(part for part in (played, *item.credit) if part)


# The filters of the text template.
FILTERS: Mapping[str, Callable[..., str]] = {
    "wrap": wrap,
    "underlined": underlined,
    "dotted": dotted,
    "beside": beside,
    "headline_text": headline_text,
    "credit_text": credit_text,
}
