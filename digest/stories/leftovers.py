"""What programs write for programs and a text still holds: Markdown, short codes, addresses."""

from __future__ import annotations

import re

# Addresses nobody reads: in brackets, and behind a whole sentence. Links and emphasis of Markdown that nobody rendered,
# short codes of WordPress, the mark of a list's item.
_ADDRESS_ASIDE = re.compile(r"\s*[(\[]\s*(?:https?://|www\.)[^\s()\[\]]+\s*[)\]]|(?<=[.!?…])(?:\s+https?://\S+)+$")
_BLANK_BEFORE = re.compile(r"\s+(?=[,.;:](?:\s|$))")
_MARKDOWN_LINK = re.compile(
    r"!\[[^\[\]]{0,200}\]\([^()\s]{1,500}\)|\[([^\[\]]{1,200})\]\((?:https?:/)?/[^()\s]{0,500}\)"
)
# Of single marks only at the beginning or around several words: "we are *yawn* back" is meant so.
_EMPHASIS = re.compile(
    r"(?:(?<![\w*])\*{2,3}|^\*)(?=[^\s*])([^*]{1,300}?)(?<=[^\s*])\*{1,3}(?![\w*])"
    r"|(?<![\w*])\*(?=[^\s*])([^*\s]{1,40}\s[^*]{0,260}?)(?<=[^\s*])\*(?![\w*])"
)
_SHORT_CODE = re.compile(
    r"\[/?[a-z][a-z0-9]*_[a-z0-9_]+(?:\s[^\[\]]{0,1000})?\]|\[[a-z][a-z0-9]+\s+[a-z_]+=[\"'”“″][^\[\]]{0,1000}\]"
    r"|\[/[a-z][a-z0-9]+\]|\[(?:toc|TOC|embed)\]"
)
_ITEM_MARK = re.compile(r"^[•·‣▪■●◦]\s*")


def without_code(paragraph: str) -> str:
    """Return a paragraph as it was meant to be read, where it still holds what only programs read."""
    text = _ITEM_MARK.sub("", paragraph)
    if "[" in text:
        text = _SHORT_CODE.sub("", _MARKDOWN_LINK.sub(r"\1", text))
    if "http" in text or "www." in text:
        text = _BLANK_BEFORE.sub("", _ADDRESS_ASIDE.sub("", text)) if _ADDRESS_ASIDE.search(text) else text
    if "*" in text:
        text = _EMPHASIS.sub(r"\1\2", text)
    return text if text == paragraph else " ".join(text.split())
