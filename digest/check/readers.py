"""What a screen reader, a text reader and a person in doubt need: language, the same links in both parts, a way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml import html as parser

from digest.model.editions import Finding

_URL = re.compile(r"https?://[^\s<>\"')\]]+")
_EMPTY_WORDS = frozenset({"click here", "here", "read more", "more", "link", "this", "hier", "mehr", "weiterlesen"})
_LEAVE = re.compile(r"unsubscribe|abbestellen|abmelden|opt.?out|désabonn|darse de baja|إلغاء الاشتراك", re.IGNORECASE)
_HIDDEN = re.compile(r"display:\s*none|mso-hide:\s*all", re.IGNORECASE)
NAMED = 3  # addresses named in a finding


def _tree(html: str) -> parser.HtmlElement:
    return parser.document_fromstring(html.encode("utf-8", "replace"), parser=parser.HTMLParser(encoding="utf-8"))


def preheader_of(html: str) -> str:
    """Return the hidden words at the top of a mail that inboxes show behind the subject, "" where there are none."""
    for element in _tree(html).iter("div", "span", "p"):
        if _HIDDEN.search(str(element.get("style") or "")):
            return " ".join(re.sub("[\u00ad\u034f\u200b-\u200f\ufeff\u00a0]+", " ", element.text_content()).split())
    return ""


def check_language(html: str) -> Iterator[Finding]:
    """Check that the document says its language, and its direction where that is not left to right."""
    root = _tree(html)
    language = str(root.get("lang") or "")
    if not language:
        message = "the document does not say its language"
        yield _warning("language", "html:1", message, 'write <html lang="…">: screen readers choose a voice by it')
    elif language.split("-")[0] in ("ar", "fa", "he", "ur") and root.get("dir") != "rtl":
        yield _warning("direction", "html:1", "the language is written from the right", 'write dir="rtl" on <html>')


def check_words_of_links(html: str) -> Iterator[Finding]:
    """Check for links that say nothing when read alone, and addresses that are relative."""
    for link in _tree(html).iter("a"):
        words = " ".join(link.text_content().split()).strip(" ›»>→.").casefold()
        where = f"html:{link.sourceline}"
        if words in _EMPTY_WORDS and not link.get("aria-label"):
            message = f"a link says only {words!r}"
            yield _warning("link-words", where, message, "say where it leads, or give it an aria-label")
        target = str(link.get("href") or "")
        if target and not urlsplit(target).scheme and not target.startswith("#"):
            fix = "write the whole address"
            yield Finding(
                code="link-relative", severity="error", where=where, message=f"{target[:80]!r} leads nowhere", fix=fix
            )


def check_parity(html: str, text: str) -> Iterator[Finding]:
    """Check that both parts lead to the same places."""
    if not text.strip():
        yield _warning("text-part", "text", "there is no text part", "write one: text readers and filters want it")
        return
    marked = {
        _plain(str(link.get("href"))) for link in _tree(html).iter("a") if _URL.match(str(link.get("href") or ""))
    }
    written = {_plain(url) for url in _URL.findall(text)}
    for code, missing, where in (("text-links", marked - written, "text"), ("html-links", written - marked, "html")):
        if missing:
            named = ", ".join(sorted(missing)[:NAMED])
            more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
            yield Finding(code=code, severity="note", where=where, message=f"it does not lead to {named}{more}")


def check_way_out(html: str, text: str) -> Iterator[Finding]:
    """Check that a mail of whatever origin offers a way to leave."""
    links = " ".join(f"{link.get('href')} {link.text_content()}" for link in _tree(html).iter("a"))
    if not _LEAVE.search(links) and not _LEAVE.search(text):
        yield Finding(
            code="unsubscribe", severity="error", where="html", message="there is no link to unsubscribe", fix="add one"
        )


def _plain(url: str) -> str:
    return url.partition("#")[0].rstrip("/.,;")


def _warning(code: str, where: str, message: str, fix: str) -> Finding:
    return Finding(code=code, severity="warning", where=where, message=message, fix=fix)
