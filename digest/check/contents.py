"""What is owed to the reader, whether both parts say the same, and what was left over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from wcwidth import wcwidth

from digest.check.codes import found
from digest.check.page import Page, shown
from digest.check.readers import Reading
from digest.model.editions import Finding, Publication

_OURS = re.compile(r"%%[0-9a-f]{12}\.|<!--cut:|</?mj-[a-z]")
_TEMPLATE = re.compile(r"\{\{|\}\}|\{%|%\}|\*\|[A-Z_:]+\|\*|\[\[\w+\]\]|<%|%>")
_NOTE = re.compile(
    r"\b(?:TK|TKTK|TKK|XXX+|FIXME)\b|\bTODO:|\blorem ipsum\b|\[(?:first ?name|name|insert [^\]]{1,40})\]"
    r"|\binsert [a-z ]{1,30} here\b|\b(?:headline|teaser|text|link) goes here\b",
)
_NOTE_ANY_CASE = re.compile(r"\blorem ipsum\b|\[(?:first ?name|name|insert [^\]]{1,40})\]|\bgoes here\b", re.I)
_LEAVE = re.compile(
    r"unsubscribe|abbestell|abmeld|austragen|opt.?out|désabonn|desabonn|se désinscrire|darse de baja|cancelar|"
    r"disiscriviti|afmelden|avregistrera|odhlásit|wypisz|отписаться|إلغاء الاشتراك",
    re.I,
)
_POSTAL = re.compile(
    r"""\b\d{4,6}[ \u00a0]\w{2,}                              # 10115 Berlin
      | \b[A-Z]{1,2}\d[A-Z\d]?[ \u00a0]?\d[A-Z]{2}\b         # PI1 7QD
      | \b[A-Z]{2}[ \u00a0]\d{5}\b                            # NY 10011
      | \bP\.?[ ]?O\.?[ ]?Box\b | \bPostfach\b
      | \b\d{1,5}[a-z]?,?[ ](?:\w+[ ]){1,4}(?:st(?:reet|\.)?|r(?:oa)?d|ave(?:nue)?|lane|way|square|steps)\b
      | \w(?:straße|strasse|gasse|platz|weg)\s\d""",
    re.I | re.X,
)
_URL = re.compile(r"https?://[^\s<>\"')\]]+")
_TAG = re.compile(r"</?(?:p|div|br|a|td|table|span|html|body)\b[^<>]*>", re.I)
_WORDS = re.compile(r"[^\W\d_]{4,}")
# Thai, Lao, Khmer, Burmese; kana, CJK and Hangul: lines are cut between any two signs.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+")
_NAMED = 3  # addresses named in a finding
_WIDE = 78  # columns
_ENOUGH, _SHARED = 20, 0.5  # words from which parity is asked, and the share both must have


def check_duties(html: str, text: str, publication: Publication) -> Iterator[Finding]:
    """Check an edition's way out and who sends it."""
    for part, words in (("html", html), ("text", text)):
        if "/u/EXAMPLE" not in words:
            yield found("unsubscribe", part, "the link to unsubscribe is missing", "put slot.unsubscribe_url back")
    if not publication.postal_address:
        yield found("postal-address", "imprint", "the publication has no postal address")
    if not publication.public_url:
        yield found("public-url", "imprint", "links to leave, preferences and the web page need an address of yours")


def check_way_out(page: Page, text: str) -> Iterator[Finding]:
    """Check that a mail of whatever origin offers a way to leave, and says who sends it."""
    links = " ".join(f"{target} {words}" for _, target, words in page.links)
    if not _LEAVE.search(links) and not _LEAVE.search(text):
        yield found("unsubscribe", "html", "there is no link to unsubscribe")
    words = page.nodes[0].text
    if not _POSTAL.search(f"{words[-3_000:]}\n{text[-3_000:]}"):
        yield found("postal-address-unseen", "html", "no postal address was recognised")


def check_leftovers(parts: Mapping[str, str], html: str) -> Iterator[Finding]:
    """Check words by part ("text", "subject") for what nobody took out; ``html`` is looked at for marks alone."""
    ours = _OURS.search(html)
    if ours is not None:
        line = html.count("\n", 0, ours.start()) + 1
        yield found("leftover", f"html:{line}", f"a mark of a template is left over ({ours.group()})")
    for where, words in parts.items():
        syntax = _OURS.search(words) or _TEMPLATE.search(words)
        if syntax is not None:
            yield found("template-syntax", where, f"it looks like a template's: {shown(_near(words, syntax))}")
        note = _NOTE.search(words) or _NOTE_ANY_CASE.search(words)
        if note is not None:
            yield found("placeholder", where, f"a note to yourself may be left in it: {shown(_near(words, note))}")


def _near(words: str, match: re.Match[str]) -> str:
    return words[max(0, match.start() - 20) : match.end() + 30]


def words_of(reading: Reading) -> str:
    """Return the words of a page that are seen."""
    return "\n".join(node.words for node in reading.page.nodes if node.words and not reading.light[node.place].hidden)


def check_parity(reading: Reading, text: str) -> Iterator[Finding]:
    """Check that both parts say the same, and lead to the same places."""
    if not text.strip():
        yield found("text-part", "text", "there is no text part")
        return
    marked = {_plain(target) for _, target, _ in reading.page.links if _URL.match(target)}
    written = {_plain(url) for url in _URL.findall(text)}
    for code, missing, where in (("text-links", marked - written, "text"), ("html-links", written - marked, "html")):
        if missing:
            named = ", ".join(each[:100] for each in sorted(missing)[:_NAMED])
            more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
            yield found(code, where, f"it does not lead to {named}{more}")
    wanted = _significant(words_of(reading))
    if len(wanted) >= _ENOUGH:
        shared = len(wanted & _significant(text)) / len(wanted)
        if shared < _SHARED:
            yield found("text-differs", "text", f"it holds {100 * shared:.0f} % of the HTML's words")


def _significant(text: str) -> set[str]:
    """Return the words of four letters and more; of scripts without blanks, where lines are cut anywhere, all pairs."""
    text = text.casefold()
    unspaced = "".join(_UNSPACED.findall(text))
    return {*_WORDS.findall(_UNSPACED.sub(" ", text)), *map("".join, pairwise(unspaced))}


def check_text(text: str) -> Iterator[Finding]:
    """Check that the text part is plain text that fits a screen."""
    tag = _TAG.search(text)
    if tag is not None:
        line = text.count("\n", 0, tag.start()) + 1
        yield found("text-markup", f"text:{line}", f"it holds {tag.group()[:40]}")
    wide = [
        number for number, line in enumerate(text.split("\n"), 1) if _columns(line) > _WIDE and not _URL.search(line)
    ]
    if wide:
        said = "a line is" if len(wide) == 1 else f"{len(wide)} lines are"
        yield found("text-wide", f"text:{wide[0]}", f"{said} wider than {_WIDE} columns")


def _columns(line: str) -> int:
    """Return how many columns a line takes: a CJK sign takes two."""
    return len(line) if line.isascii() else sum(max(0, wcwidth(letter)) for letter in line)


def _plain(url: str) -> str:
    return url.partition("#")[0].rstrip("/.,;")
