"""Titles of a feed → headlines and kickers, by what the feed usually does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from digest.stories.sanitize import plain, shortened

LONGEST = 300  # characters; no headline is longer, a text mistaken for one may be
_SEPARATOR = re.compile(r"\s+(?:\||[-–—]|::|»|«|·|•|~)\s+")
_PARTS = re.compile(r"\s*(?:[|>»›·•]|::)\s*|\s+[-–—]\s+|:\s+")  # of a feed's name
_ORNAMENT = re.compile(r"^[★☆✪►▶▸‣•●■◆◇»›|\s]+|[★☆✪►▶▸‣•●■◆◇«‹|\s]+$")
_LAST = re.compile(r"^(?P<head>.+\S)\s+(?:\||[-–—]|::|»|«|·|•|~)\s+(?P<tail>[^|»«·•]{2,60})$")
_COLON = re.compile(r"^(?P<kicker>[^:：|]{2,40}?)\s*(?::\s+|：\s*)(?P<rest>\S.{7,})$")
_PIPE = re.compile(r"^(?P<kicker>[^|]{2,30}?)\s+\|\s+(?P<rest>[^|]{12,})$")
_NUMBERED = re.compile(r"\d")
_QUOTES = "\"'“‘«„「『"

# A feed uses kickers when so many of its titles have the form, or the same words come back so often.
_USUAL_SHARE = 1 / 3
_COMES_BACK = 2
_MOST_WORDS = 5
# A tail is the publication's name when it ends at least this share of the titles.
_TAIL_SHARE = 0.5
_TAIL_LEAST = 3


@dataclass(frozen=True, kw_only=True)
class FeedStyle:
    """What a feed's titles have in common."""

    tails: frozenset[str] = frozenset()  # names behind the last separator, in lower case
    sections: frozenset[str] = frozenset()  # parts of its own name, in lower case: they stand at the end only
    kickers: frozenset[str] = frozenset()  # kickers that come back, in lower case
    usual: bool = False  # so many titles have a kicker that each of the form has one


def one_line(markup: str) -> str:
    """Return a title as plain text on one line, of at most 300 characters."""
    return shortened(plain(markup), LONGEST)


def style_of(titles: Sequence[str], names: Sequence[str]) -> FeedStyle:
    """Return what a feed's plain titles have in common; ``names`` are the feed's own."""
    tails = Counter(match["tail"].casefold() for title in set(titles) if (match := _LAST.match(title)))
    least = max(_TAIL_LEAST, _TAIL_SHARE * len(set(titles)))
    constant = {tail for tail, count in tails.items() if count >= least}
    constant.update(name.casefold() for name in names if name)
    parts = {part.casefold() for name in names for part in _PARTS.split(name)[:4] if len(part) > 2}
    style = FeedStyle(tails=frozenset(constant), sections=frozenset(parts - constant))
    heads = [without_tail(title, style) for title in set(titles)]
    kickers = [kicker for head in heads if (kicker := _candidate(head)[0])]
    counted = Counter(kicker.casefold() for kicker in kickers)
    return FeedStyle(
        tails=style.tails,
        sections=style.sections,
        kickers=frozenset(kicker for kicker, count in counted.items() if count >= _COMES_BACK),
        usual=len(kickers) >= _TAIL_LEAST and len(kickers) >= _USUAL_SHARE * len(heads),
    )


def without_tail(title: str, style: FeedStyle, *, source: str = "") -> str:
    """Return a title without the publication's name at its end (or beginning), where the feed or its source has it."""
    names = style.tails | {source.casefold()} if source else style.tails
    for _ in range(2):
        match = _LAST.match(title)
        if match is None or match["tail"].casefold() not in names | style.sections:
            break
        title = match["head"]
    first, *rest = _SEPARATOR.split(title, maxsplit=1)
    if rest and first.casefold() in names:
        return rest[0]
    return title


def unadorned(title: str) -> str:
    """Return a title without stars, arrows and bullets around it."""
    return _ORNAMENT.sub("", title) or title


def split(title: str, style: FeedStyle) -> tuple[str, str]:
    """Return kicker and headline of a title: "Oru Strait: Two coasts meet" where this feed uses kickers."""
    kicker, rest = _candidate(title)
    if kicker and (kicker.casefold() in style.kickers or (style.usual and not rest[:1].islower())):
        return kicker, rest
    return "", title


def _candidate(title: str) -> tuple[str, str]:
    """Return what has the form of a kicker, and the rest; a speaker before a quotation is none."""
    match = _PIPE.match(title) or _COLON.match(title)
    if match is None:
        return "", title
    kicker, rest = match["kicker"].strip(), match["rest"].strip()
    if len(kicker.split()) > _MOST_WORDS or _NUMBERED.search(kicker) or kicker[:1].islower():
        return "", title
    if rest[:1] in _QUOTES or kicker[:1] in _QUOTES or kicker.endswith(("?", "!", ",")):
        return "", title
    return kicker, rest
