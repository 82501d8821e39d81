"""The little Markdown editors write in intros and notes: emphasis, links, lines and paragraphs; all else is text.

No mark-up of HTML passes, no picture, and no address but http, https and mailto (CommonMark by markdown-it-py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

SCHEMES = ("http://", "https://", "mailto:")
_TAGS = {"em_open": "<em>", "em_close": "</em>", "strong_open": "<strong>", "strong_close": "</strong>"}


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("zero").enable(["emphasis", "link", "escape", "newline"])


def markdown(text: str, link: str = "") -> Markup:
    """Return HTML to stand inside one paragraph; its links get the class ``link``, its paragraphs an empty line."""
    return Markup("<br><br>").join(Markup(_html(each, link)) for each in _paragraphs(text))  # noqa: S704  # escaped


def markdown_text(text: str) -> str:
    """Return the same as plain text: a link's address stands behind its words."""
    return "\n\n".join(_plain(each) for each in _paragraphs(text))


def _paragraphs(text: str) -> list[Sequence[Token]]:
    return [token.children or () for token in _reader().parse(text) if token.type == "inline"]


def _address(token: Token) -> str:
    address = str(token.attrs.get("href", ""))
    return address if address.lower().startswith(SCHEMES) else ""


def _html(tokens: Sequence[Token], link: str) -> str:
    made: list[Any] = []
    for token, address in _with_addresses(tokens):
        if token.type == "link_open" and address:
            kind = f' class="{escape(link)}"' if link else ""
            made.append(f'<a href="{escape(address)}"{kind}>')
        elif token.type == "link_close" and address:
            made.append("</a>")
        elif token.type in ("softbreak", "hardbreak"):
            made.append("<br>")
        else:
            made.append(_TAGS.get(token.type, escape(token.content)))
    return "".join(map(str, made))


def _plain(tokens: Sequence[Token]) -> str:
    made: list[str] = []
    since = 0
    for token, address in _with_addresses(tokens):
        if token.type == "link_open":
            since = len(made)
        elif token.type == "link_close":
            shown = address.removeprefix("mailto:")
            if shown and "".join(made[since:]) != shown:
                made.append(f" ({shown})")
        elif token.type in ("softbreak", "hardbreak"):
            made.append("\n")
        else:
            made.append(token.content)
    return "".join(made)


def _with_addresses(tokens: Sequence[Token]) -> list[tuple[Token, str]]:
    """Return each token, opening and closing ones of a link with its address, "" where it is none of ours."""
    found, address = [], ""
    for token in tokens:
        if token.type == "link_open":
            address = _address(token)
        found.append((token, address if token.type in ("link_open", "link_close") else ""))
    return found
