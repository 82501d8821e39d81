"""What is searched: stories as editions told them, the words of a question, and what was found. Pure.

One analysis serves both databases, the index of the static archive and the marks in what is shown, so that a word is
found alike everywhere: folded as in picking (`digest.model.tokens`), without accents, Arabic letters in one form and
without the article, scripts without spaces as pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from digest.dates import aware
from digest.model.tokens import UNSPACED, fold, words

LONGEST = 2_000  # characters of a text that are searched
MOST_TERMS = 12  # words of a question; more say nothing more

_ACCENTS = re.compile("[\u0300-\u036f]")
_ARABIC = str.maketrans("أإآٱىة", "اااايه")
_ARTICLE = re.compile("^[وفبك]?ال(?=.{2})|^لل(?=.{2})")
_HAS_ARABIC = re.compile("[\u0600-\u06ff]")
# A question: a minus before what must not be there, quotes around what stands together, or one word.
_PIECE = re.compile(r'(?P<out>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_JOINTS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff'’"
_SHOWN_WORD = re.compile(rf"[^\W_]+(?:[{_JOINTS}]+[^\W_]+)*")


@dataclass(frozen=True, kw_only=True)
class Told:
    """A story as an edition told it: what is found."""

    digest: str
    day: date
    story: str  # id of the item's lead
    section: str  # slug
    section_title: str
    headline: str
    kicker: str = ""
    teaser: str = ""
    url: str = ""  # of the story itself
    byline: str = ""
    source: str = ""  # who wrote it
    language: str = ""  # BCP 47, "" = the publication's
    published: datetime | None = None
    stories: tuple[str, ...] = ()  # ids of every story of the event, the lead's too

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        if self.published is not None:
            object.__setattr__(self, "published", aware(self.published, "published"))


@dataclass(frozen=True, kw_only=True)
class Term:
    """One thing a story must hold, or must not."""

    words: tuple[str, ...]  # one, or several that stand together in this order
    prefix: bool = False  # the last of them may go on
    out: bool = False  # it must not be there


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked. Every term must hold."""

    terms: tuple[Term, ...]
    section: str = ""  # slug; "" = any
    source: str = ""  # name, compared without case; "" = any
    digest: str = ""  # "" = any
    since: date | None = None  # this day and later
    until: date | None = None  # this day and earlier


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One story found."""

    told: Told
    score: float  # larger is better; of one answer only


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was found."""

    hits: tuple[Hit, ...]  # best first
    total: int  # how many there are in all


def terms_of(text: str) -> list[str]:
    """Return the terms of a text in order, as they are indexed."""
    found = [term for word in words(text, LONGEST) if (term := one_form(fold(word)))]
    # A run's last character opens no pair; alone it lets a single character be found wherever it stands.
    found += [run.group()[-1] for run in UNSPACED.finditer(text[:LONGEST]) if len(run.group()) > 1]
    return found


def one_form(word: str) -> str:
    """Return a word as it is compared: no accents, no apostrophes, Arabic letters in one form and without article."""
    if word.isascii():
        return word.replace("'", "")
    if _HAS_ARABIC.search(word):
        return _ARTICLE.sub("", word.translate(_ARABIC))
    if UNSPACED.search(word):
        return word
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", word)).replace("’", "").replace("'", "")
    return unicodedata.normalize("NFC", bare).replace("ß", "ss").replace("ø", "o").replace("ł", "l").replace("đ", "d")


def read_question(text: str, *, common: frozenset[str] = frozenset()) -> tuple[Term, ...]:
    """Return the terms of what somebody typed, none where it holds no word.

    Words in quotes stand together, a minus keeps a word out, and the last word may go on where nothing follows it, for
    somebody who still types. ``common`` words are dropped where others remain: they say nothing and cost most.
    """
    found: list[Term] = []
    for piece in _PIECE.finditer(unicodedata.normalize("NFC", text[:LONGEST])):
        word = piece["word"]
        if word is None:
            together = tuple(_sequence(piece["phrase"] or ""))
            found += [Term(words=together, out=bool(piece["out"]))] if together else []
            continue
        last = piece.end() == len(text)
        for run in _runs(word):
            if run:
                out, alone = bool(piece["out"]), len(run) == 1 and len(run[0]) == 1
                found.append(Term(words=run, prefix=not out and (alone or (last and len(run[-1]) > 2)), out=out))
    telling = [term for term in found if term.out or len(term.words) > 1 or term.words[0] not in common]
    kept = telling if any(not term.out for term in telling) else found
    kept = list(dict.fromkeys(kept))[:MOST_TERMS]
    return tuple(kept) if any(not term.out for term in kept) else ()


def _sequence(text: str) -> Iterator[str]:
    for run in _runs(text):
        yield from run


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the terms of a text: pairs of one unspaced run stand together, other words stand alone."""
    for word in words(text, LONGEST) if not UNSPACED.search(text) else ():
        term = one_form(fold(word))
        if term:
            yield (term,)
    if not UNSPACED.search(text):
        return
    end = 0
    for run in UNSPACED.finditer(text):
        yield from _runs(text[end : run.start()])
        yield tuple(words(run.group(), LONGEST))
        end = run.end()
    yield from _runs(text[end:])


def marks(text: str, terms: tuple[Term, ...]) -> tuple[tuple[int, int], ...]:
    """Return where a text holds the words that were asked for, as (start, end) in order, never overlapping."""
    wanted = [term for term in terms if not term.out]
    singles = {word for term in wanted for word in term.words}
    endings = tuple(term.words[-1] for term in wanted if term.prefix)
    found: list[tuple[int, int]] = []
    for word in _SHOWN_WORD.finditer(text):
        if UNSPACED.search(word.group()):
            found += _unspaced_marks(word.group(), word.start(), wanted)
            continue
        forms = {one_form(fold(each)) for each in words(word.group(), LONGEST)}
        if any(form in singles or (endings and form.startswith(endings)) for form in forms if form):
            found.append(word.span())
    return tuple(sorted(found))


def _unspaced_marks(text: str, start: int, wanted: list[Term]) -> list[tuple[int, int]]:
    held = [False] * len(text)
    folded = unicodedata.normalize("NFKC", text).lower()
    if len(folded) != len(text):  # a form that folds into several characters: where it stood cannot be told
        folded = text
    for term in wanted:
        whole = term.words[0] + "".join(word[-1] for word in term.words[1:])
        if not UNSPACED.search(whole):
            continue
        at = folded.find(whole)
        while at >= 0:
            held[at : at + len(whole)] = [True] * len(whole)
            at = folded.find(whole, at + 1)
    spans, begun = list[tuple[int, int]](), -1
    for place, on in enumerate([*held, False]):
        if on and begun < 0:
            begun = place
        elif not on and begun >= 0:
            spans.append((start + begun, start + place))
            begun = -1
    return spans
