"""A page's tags and the text between them, as they stand: what `inlining` reads and writes without building a tree."""

from __future__ import annotations

import re
from functools import lru_cache

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
# Comments, the doctype and style elements are one piece each; of all else each tag is one.
_TAG = r'</?[A-Za-z][^<>"]*+(?:"[^"]*+"[^<>"]*+)*+>'
_ELSE = r"<!--.*?-->|<![A-Za-z][^>]*>|<style\b[^>]*>.*?</style>"
_TOKEN = re.compile(f"({_ELSE}|{_TAG})", re.S)
_RUN = re.compile(rf"({_ELSE}|{_TAG}(?:[ \t\r\n]*+(?!<style\b){_TAG})*+)", re.S)
_NAME = re.compile(r"</?([A-Za-z][^\s/>]*)")
_ATTRIBUTE = {name: re.compile(rf'\s{name}="([^"]*)"') for name in ("class", "style")}
# Attributes with addresses and words of stories: two tags that differ in them alone are alike.
_OWN = re.compile(r'((?:href|src|alt|title|aria-label)="[^"]*")')
_ENDS = re.compile(r"\s*/?>$")

_BLOCKS = frozenset(
    {
        "body", "div", "h1", "h2", "h3", "head", "html", "meta", "p", "style", "table", "tbody", "td", "title", "tr",
    }
)  # fmt: skip
_BLOCK = rf"(?:{'|'.join(sorted(_BLOCKS))})\b"
# A no-break space is no blank here: it holds open the cells that only draw a rule.
_BLANKS = " \t\r\n"
_BLANK = re.compile(rf">[ \t\r\n]+(?=</?{_BLOCK}|<!--(?!cut))")
_AFTER_BLOCK = re.compile(rf"(</?{_BLOCK}[^>]*>)[ \t\r\n]+")
_TABLE = re.compile(r"<table\b(?![^>]*\brole=)")


def tokens(html: str) -> list[str]:
    """Return text and tags in turn, beginning and ending with text; joined they are the page."""
    return _TOKEN.split(html)


def runs(html: str) -> list[str]:
    """Return the same with tags that nothing but blanks stands between in one piece."""
    return _RUN.split(html)


@lru_cache(maxsize=2_000)
def name_of(tag: str) -> str:
    """Return a tag's name in lower case, "" of what is none."""
    found = _NAME.match(tag)
    return found[1].lower() if found is not None else ""


def attribute(tag: str, name: str) -> str:
    """Return a tag's class or style, "" without one."""
    found = _ATTRIBUTE[name].search(tag)
    return found[1] if found is not None else ""


def pieces(run: str) -> list[str]:
    """Return tags cut around attributes with addresses and words: what they share with others, and what not."""
    return _OWN.split(run)


def with_attribute(tag: str, name: str, value: str) -> str:
    """Return a tag with another class or style where that stood, or at its end; without it for ""."""
    found = _ATTRIBUTE[name].search(tag)
    said = f' {name}="{value}"' if value else ""
    if found is not None:
        return tag[: found.start()] + said + tag[found.end() :]
    return _ENDS.sub(lambda end: said + end[0], tag, count=1) if value else tag


def opened(tag: str, name: str) -> str:
    """Return a start tag as HTML writes it: no slash in void ones, others closed if they had one, a role on tables."""
    if name == "style":
        return _AFTER_BLOCK.sub(r"\1", tag, count=1)
    if name == "table":
        tag = _TABLE.sub('<table role="presentation"', tag)
    if not tag.endswith("/>"):
        return tag
    tag = _ENDS.sub(">", tag)
    return tag if name in VOID else f"{tag}</{name}>"


@lru_cache(maxsize=256)
def conditional(comment: str) -> str:
    """Return a comment with roles on the tables that it holds for Outlook, and without blanks between its rows."""
    made = _TABLE.sub('<table role="presentation"', comment)
    return _AFTER_BLOCK.sub(r"\1", _BLANK.sub(">", made))


def without_blanks(text: str, before: str, after: str) -> str:
    """Return the text between two tags; blanks beside rows and blocks are nothing a reader sees."""
    if name_of(before) in _BLOCKS:
        return text.lstrip(_BLANKS)
    if before and not text.strip(_BLANKS) and (name_of(after) in _BLOCKS or _is_note(after)):
        return ""
    return text


def _is_note(tag: str) -> bool:
    return tag.startswith("<!--") and not tag.startswith("<!--cut")
