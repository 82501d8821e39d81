"""Names of months and days in the languages that news is written in, from the CLDR tables of Babel."""

from __future__ import annotations

import unicodedata
from functools import cache

_LANGUAGES = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "nn", "fi", "is", "et", "lv", "lt", "pl", "cs", "sk"),
    *("sl", "hr", "sr", "bs", "mk", "bg", "ru", "uk", "be", "el", "tr", "az", "hu", "ro", "sq", "ca", "eu", "gl", "ga"),
    *(
        "cy",
        "mt",
        "id",
        "ms",
        "vi",
        "sw",
        "af",
        "fil",
        "ar",
        "he",
        "fa",
        "hi",
        "bn",
        "ta",
        "ur",
        "th",
        "ka",
        "hy",
        "kk",
    ),
    *("uz", "mn"),
)

# Spellings seen in feeds that CLDR does not list.
_ALSO = {"sept": 9, "juin": 6, "mrz": 3, "maerz": 3, "jaenner": 1, "janner": 1, "fevrier": 2, "aout": 8, "ene": 1}


def fold(word: str) -> str:
    """Return a word without case, accents and full stops: "Déc." and "dec" are the same."""
    marked = unicodedata.normalize("NFKD", word.casefold())
    return "".join(mark for mark in marked if not unicodedata.combining(mark) and mark != ".")


@cache
def months() -> dict[str, int]:
    """Return the number of each month name; names that mean different months in two languages are left out.

    English wins over all others, so that an English feed is never doubtful.
    """
    english = _names("en", "months")
    found: dict[str, set[int]] = {}
    for language in _LANGUAGES:
        for name, number in _names(language, "months").items():
            found.setdefault(name, set()).add(number)
    sure = {name: next(iter(numbers)) for name, numbers in found.items() if len(numbers) == 1}
    return {**sure, **_ALSO, **english}


@cache
def days() -> frozenset[str]:
    """Return every name of a day of the week."""
    return frozenset(name for language in _LANGUAGES for name in _names(language, "days"))


@cache
def month_of(word: str) -> int:
    """Return the month a folded word names, 0 where it names none.

    A beginning of three letters or more counts where it can only be one month ("septem").
    """
    table = months()
    if word in table:
        return table[word]
    if len(word) < 3:
        return 0
    numbers = {number for name, number in table.items() if name.startswith(word)}
    return numbers.pop() if len(numbers) == 1 else 0


def _names(language: str, kind: str) -> dict[str, int]:
    from babel import Locale

    table = getattr(Locale.parse(language), kind)
    names = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in table[context][width].items():
                folded = fold(name)
                # Numbers and mixed forms ("1月", "tháng 1") are read by their digits.
                if folded.isalpha() or (folded and not any(map(str.isdigit, folded)) and " " not in folded):
                    names[folded] = number
    return names
