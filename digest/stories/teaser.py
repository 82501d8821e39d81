"""The few sentences shown under a headline."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.stories.sanitize import shortened

LONGEST = 280  # characters of a teaser
_SHORTEST_USEFUL = 40  # a summary of fewer characters yields to the body

# Invitations to go on reading, in the languages of news; one stands alone, in brackets, or behind a whole sentence.
_INVITATIONS = (
    *(
        "continue reading",
        "keep reading",
        "read (?:the )?(?:more|full|rest|article|story|entire)",
        "click here",
        "tap here",
    ),
    *("view (?:more|full)", "see more", "learn more", "full (?:story|article)", "more", "weiterlesen", "mehr lesen"),
    *("lesen sie (?:mehr|weiter)", "lire la suite", "en savoir plus", "leer más", "seguir leyendo", "sigue leyendo"),
    *("continua a leggere", "leggi (?:tutto|di più)", "ler mais", "leia mais", "lees (?:verder|meer)", "läs mer"),
    *("les mer", "læs mere", "lue lisää", "czytaj (?:dalej|więcej)", "číst dál", "читать (?:далее|дальше|полностью)"),
    *("devamını oku", "اقرأ المزيد", "続きを読む", "阅读(?:全文|更多)", "더 ?보기"),
)
_MORE = re.compile(
    r"(?:^|(?<=[.!?…:”\"'’)\]])\s+|\s*[\[(<]\s*|\s*(?:…|\.{3})\s*)"
    rf"(?:{'|'.join(_INVITATIONS)})\b[^.!?]{{0,100}}[.!?…\s\])>»→]*$",
    re.IGNORECASE,
)
# Paragraphs that are no part of a story.
_NETWORKS = "(?:share|tweet|print|e-?mail|save|facebook|twitter|x|linkedin|whatsapp|pinterest|reddit|telegram|bluesky)"
_CLUTTERED = (
    "the post .{1,300} (?:first appeared|appeared first) on .*",
    "(?:this )?(?:article|post|story) .{0,120}originally (?:appeared|published).*",
    "share (?:this|on|via)\\b.{0,80}",
    rf"{_NETWORKS}(?:\W+{_NETWORKS})*\W*",
    "follow (?:us|me) on\\b.*",
    "subscribe (?:to|now|here)\\b.*",
    "sign up (?:for|to|here)\\b.*",
    "join (?:our|the) (?:newsletter|mailing).*",
    "submitted by .*",
    "(?:article|comments) url:.*",
    "points: \\d+",
    "# comments: \\d+",
    "comments?",
    "\\[link\\].*",
    "(?:filed under|tags?|categor(?:y|ies)|photos?|image|picture|credit):.{0,200}",
    "\\(?(?:photo|image|picture) (?:by|credit).{0,200}",
    "related(?: articles?| stories| posts?)?:?.{0,200}",
    "advertisement|sponsored|skip to (?:main )?content|tl;?dr:?",
    "©.*",
    "copyright \\d{4}.*",
    "all rights reserved.*",
    "listen to this (?:article|story).*",
    "this article is more than.*",
)
_CLUTTER = re.compile("|".join(_CLUTTERED), re.IGNORECASE)
_POST_APPEARED = re.compile(r"\s*The post .{1,300}? (?:first appeared|appeared first) on .*$", re.DOTALL)
_CUT_OFF = re.compile(r"\s*(?:\[\s*(?:…|\.{3}|&hellip;)\s*\]|…|\.{3})\s*$")
_ENDS = re.compile(r"(?:[.!?…؟۔।][\"'”’»)\]]*)$|[。！？」』]$")
_BOUNDARY = re.compile(r"[.!?…؟۔।][\"'”’»)\]]*(?=\s+\S)|[。！？][」』）]*")
_SHORT_FORMS = (
    *(
        "[A-Z]",
        "Mr",
        "Mrs",
        "Ms",
        "Dr",
        "Prof",
        "Sen",
        "Rep",
        "Gov",
        "Gen",
        "Col",
        "Lt",
        "Sgt",
        "Capt",
        "Rev",
        "Hon",
        "St",
    ),
    *(
        "Mt",
        "Ft",
        "Jr",
        "Sr",
        "No",
        "vs",
        "etc",
        "approx",
        "Inc",
        "Ltd",
        "Co",
        "Corp",
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "Jun",
    ),
    *("Jul", "Aug", "Sept?", "Oct", "Nov", "Dec", r"[ap]\.m", r"e\.g", r"i\.e", r"U\.[SKN]", r"E\.U", r"D\.C", r"z\.B"),
    *("bzw", "usw", "ca", "Nr", "Art", "Abs"),
)
_ABBREVIATION = re.compile(rf"\b(?:{'|'.join(_SHORT_FORMS)})\.$")
_LETTERS = re.compile(r"[^\w]+")


def letters(text: str) -> str:
    """Return the letters and digits of a text without case: for comparing what is said, not how."""
    return _LETTERS.sub("", text.casefold())


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; initials and usual abbreviations end none."""
    found: list[str] = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        sentence = text[start : match.end()].strip()
        following = text[match.end() :].lstrip()[:1]
        wide = match[0][0] in "。！？"
        if not sentence or (not wide and (_ABBREVIATION.search(sentence) or following.islower())):
            continue
        found.append(sentence)
        start = match.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def useful(paragraphs: Sequence[str], *, headline: str, byline: str) -> str:
    """Return the text of a story's first paragraphs without invitations, clutter, headline and byline."""
    kept: list[str] = []
    length = 0
    title, writer = letters(headline), letters(byline)
    for paragraph in paragraphs[:60]:
        text = _MORE.sub("", _POST_APPEARED.sub("", paragraph)) if len(paragraph) < 5_000 else paragraph
        said = letters(text[:600])
        if not said or _CLUTTER.fullmatch(text[:600]):
            continue
        if said == title or (writer and said in (writer, f"by{writer}")):
            continue
        if title and len(title) > 12 and said.startswith(title) and not kept:
            text = _behind(text, headline)
        if text:
            kept.append(text)
            length += len(text)
        if length > 3 * LONGEST:
            break
    return " ".join(kept)


def _behind(text: str, headline: str) -> str:
    """Return what follows a headline repeated at the beginning; all of it where the sentence simply goes on."""
    wanted = letters(headline)
    seen = ""
    for at, mark in enumerate(text):
        seen += letters(mark)
        if len(seen) >= len(wanted):
            rest = text[at + 1 :]
            opening = rest.lstrip(" \t")[:1]
            return rest.lstrip(" .:–—-|…!?\t") if opening in ".:–—-|…!?" or opening.isupper() else text
    return text


def teaser_of(text: str) -> str:
    """Return whole sentences up to 280 characters; one sentence longer than that is cut between words."""
    was_cut = bool(_CUT_OFF.search(text))
    text = _CUT_OFF.sub("", text).strip()
    every = sentences(text)
    if was_cut and len(every) > 1 and not _ENDS.search(every[-1]):
        every.pop()
    shown = ""
    for sentence in every:
        longer = f"{shown} {sentence}" if shown and shown[-1] not in "。！？」』" else shown + sentence
        if len(longer) > LONGEST:
            break
        shown = longer
    if not shown and every:
        return shortened(every[0], LONGEST)
    return f"{shown}…" if was_cut and shown and not _ENDS.search(shown) else shown


def is_thin(text: str) -> bool:
    """Tell whether a summary says too little to stand as a teaser."""
    return len(text) < _SHORTEST_USEFUL
