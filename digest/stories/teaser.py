"""The few sentences shown under a headline."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.stories.leftovers import without_code
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
    *("view (?:more|full)", "see more", "learn more", "full (?:story|article)", "weiterlesen", "mehr lesen"),
    *("lesen sie (?:mehr|weiter)", "lire la suite", "en savoir plus", "leer más", "seguir leyendo", "sigue leyendo"),
    *("continua a leggere", "leggi (?:tutto|di più)", "ler mais", "leia mais", "lees (?:verder|meer)", "läs mer"),
    *("les mer", "læs mere", "lue lisää", "czytaj (?:dalej|więcej)", "číst dál", "читать (?:далее|дальше|полностью)"),
    *("devamını oku", "اقرأ المزيد", "続きを読む", "阅读(?:全文|更多)", "더 ?보기"),
)
_MORE = re.compile(
    r"(?:^|(?<=[.!?…:”\"'’)\]])\s+|\s*[\[(<]\s*|\s*(?:…|\.{3})\s*)"
    # "More" alone begins true sentences as well: "More than forty boats came in".
    rf"(?:(?:{'|'.join(_INVITATIONS)})\b[^.!?]{{0,100}}|more\b(?:\s+(?:on|about|here|info)\b[^.!?]{{0,100}})?)"
    r"[.!?…\s\])>»→]*$",
    re.IGNORECASE,
)
# Every invitation holds one of these, and stands so near to the end: most texts are done with after one look.
_INVITING = (
    *("reading", "read the", "read more", "read full", "read rest", "read article", "read story", "read entire"),
    *("click here", "tap here", "more", "view full", "full story", "full article", "lesen", "lire la", "savoir"),
    *("leer", "leyendo", "a leggere", "leggi", " mais"),
    *("lees", "läs", "les mer", "læs", "lue lis", "czytaj", "číst", "читать", "devam"),
    *("اقرأ", "続きを読む", "阅读", "보기"),
)
_NEAR_THE_END = 160  # characters, of which 100 may stand behind an invitation
_CLOSING = " .!?…])>»→"
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
    # Nothing but addresses, and what says of what: "Full video: https://…"
    r"(?:[\w’' ]{2,40}:\s)?(?:\W*(?:https?://|www\.)\S+)+\W*",
    "null|undefined|none|n/?a|nan",
    "this article is more than.*",
)
_CLUTTER = re.compile("|".join(_CLUTTERED), re.IGNORECASE)
_POST_APPEARED = re.compile(r"\s*The post .{1,300}? (?:first appeared|appeared first) on .*$", re.DOTALL)
_CUT_OFF = re.compile(r"\s*(?:\[\s*(?:…|\.{3}|&hellip;)\s*\]|…|\.{3})\s*$")
_LONGEST_CUT = 40  # characters of it
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
_LONGEST_SHORT_FORM = 10  # characters, its dot among them
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
        if not sentence or (not wide and (following.islower() or _is_abbreviated(sentence))):
            continue
        found.append(sentence)
        start = match.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def _is_abbreviated(sentence: str) -> bool:
    if not sentence.endswith("."):
        return False
    return bool(_ABBREVIATION.search(sentence, max(0, len(sentence) - _LONGEST_SHORT_FORM)))


def useful(paragraphs: Sequence[str], *, headline: str, byline: str) -> str:
    """Return the text of a story's first paragraphs without invitations, clutter, headline and byline."""
    kept: list[str] = []
    length = 0
    title, writer = letters(headline), letters(byline)
    repeated = [one for one in (title, *((writer, f"by{writer}") if writer else ())) if one]
    for paragraph in paragraphs[:60]:
        text = _uninviting(without_code(paragraph)) if len(paragraph) < 5_000 else paragraph
        opening = letters(text[:_OPENING])
        if (not opening and not letters(text[:600])) or _CLUTTER.fullmatch(text[:600]):
            continue
        if any(one.startswith(opening) or opening.startswith(one) for one in repeated):
            said = letters(text[:600])
            if said in repeated:
                continue
            if len(title) > 12 and said.startswith(title) and not kept:
                text = _behind(text, headline)
        if text:
            kept.append(text)
            length += len(text)
        if length > 3 * LONGEST:
            break
    return _joined(kept)


def _joined(kept: Sequence[str]) -> str:
    """Return paragraphs as one text: no headings where there are sentences, and items of a list told apart."""
    if all(map(_is_label, kept)):
        return " · ".join(kept)
    said = any(len(text) >= _SHORTEST_USEFUL and _ENDS.search(text) for text in kept)
    told: list[str] = []
    listed = False  # whether what comes is an item of a list that a colon has announced
    for text, following in zip(kept, [*kept[1:], ""], strict=True):
        # What goes on with a small letter is one sentence on two lines.
        if not _is_label(text) or following[:1].islower():
            told.append(_ended(text, following))
            listed = text.endswith(":")
        elif listed:
            told[-1] += f" {text}" if told[-1].endswith(":") else f"; {text}"
        elif not said:
            told.append(_ended(text, following))
    return " ".join(told)


def _ended(text: str, following: str) -> str:
    """Return a paragraph with the full stop it lacks before another sentence: standfirsts have none."""
    opening = _OPENS.match(following)
    if len(text) < _SHORTEST_USEFUL or opening is None or opening[1].islower():
        return text
    is_address = "/" in text[text.rfind(" ") + 1 :]
    return text if is_address or not _NO_END.search(text) else f"{text}."


_NO_END = re.compile(r"[^\W_][)”’\"']?$")
_OPENS = re.compile(r"[\"'“‘«„(]?([^\W\d_])")


def _is_label(text: str) -> bool:
    """Tell whether a paragraph is a heading or an item of a list rather than something said."""
    longest = _LONGEST_WIDE_LABEL if _WIDE.search(text) else _LONGEST_LABEL
    if len(text) > longest or text[:1].islower() or text[-1] in ":,;–—-：，、；":
        return False
    return not _ENDS.search(text) and not _BOUNDARY.search(text)


_LONGEST_LABEL, _LONGEST_WIDE_LABEL = 60, 20  # characters
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_OPENING = 40  # characters: what begins otherwise is neither headline nor byline


def _uninviting(paragraph: str) -> str:
    """Return a paragraph without an invitation to go on reading at its end."""
    text = _POST_APPEARED.sub("", paragraph) if "The post " in paragraph else paragraph
    near = max(0, len(text.rstrip(_CLOSING)) - _NEAR_THE_END)
    end = text[near:].lower()
    if not any(word in end for word in _INVITING):
        return text
    match = _MORE.search(text, near)
    return text[: match.start()] if match else text


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
    text = text.strip()
    cut = _CUT_OFF.search(text, max(0, len(text) - _LONGEST_CUT)) if text.endswith(("…", "...", "]")) else None
    was_cut = cut is not None
    text = text[: cut.start()].strip() if cut else text
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


def is_whole(text: str) -> bool:
    """Tell whether a text ends where a sentence does, and not with an ellipsis."""
    return bool(_ENDS.search(text)) and not _CUT_OFF.search(text)


def goes_on(text: str, whole: str) -> bool:
    """Tell whether ``whole`` says what a text says, and then more."""
    return letters(whole).startswith(letters(text))


def is_thin(text: str) -> bool:
    """Tell whether a summary says too little to stand as a teaser."""
    return len(text) < _SHORTEST_USEFUL
