"""Foreign words in a mail: safe, of bounded length, and with the language and direction of their script."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from digest.model.languages import direction

# C0 and C1 controls (a C1 control makes Gmail clip even a tiny mail), lone surrogates, and bidi overrides that could
# turn the text around them.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")

_SCRIPTS = (
    ("ARABIC", "ar"),
    ("HEBREW", "he"),
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("HANGUL", "ko"),
    ("CJK", "zh"),
    ("CYRILLIC", "ru"),
    ("GREEK", "el"),
    ("DEVANAGARI", "hi"),
    ("THAI", "th"),
)


def safe(text: str, longest: int = 0) -> str:
    """Return text as one line without controls, cut at ``longest`` characters with an ellipsis."""
    if not text:
        return ""
    if not (text.isascii() and text.isprintable()):
        text = _UNSAFE.sub(" ", text)
    elif "  " not in text and text[:1] != " " and text[-1:] != " " and (not longest or len(text) <= longest):
        return text  # as nearly all are
    clean = " ".join(text.split())
    if longest and len(clean) > longest:
        return clean[: longest - 1].rstrip() + "…"
    return clean


def script_language(text: str) -> str:
    """Return the language that a text's script tells, "" for Latin: kana before Chinese, the most letters win."""
    if text.isascii():
        return ""
    found: dict[str, int] = {}
    for character in text[:200]:
        if not character.isalpha() or character.isascii():
            continue
        name = unicodedata.name(character, "")
        for script, language in _SCRIPTS:
            if name.startswith(script):
                found[language] = found.get(language, 0) + 1
    latin = sum(character.isalpha() and unicodedata.name(character, "").startswith("LATIN") for character in text[:200])
    if not found or latin > sum(found.values()):
        return ""
    return "ja" if "ja" in found else max(sorted(found), key=lambda language: found[language])


def language_of(text: str, said: str, usual: str) -> str:
    """Return the language tag a text needs: "" where it is the document's own."""
    by_script = script_language(text)
    if by_script and by_script.split("-")[0] != said.split("-")[0]:
        # Chinese characters alone may be Japanese, if the feed says so.
        said = said if by_script == "zh" and said[:2] == "ja" else by_script
    if not said or said.split("-")[0].lower() == usual.split("-")[0].lower():
        return ""
    return said


@lru_cache(maxsize=256)
def script_of(language: str) -> str:
    """Return "arabic" or "cjk" where a language's letters need type of their own, "" where they do not.

    Arabic letters are larger and stand on taller lines; neither is ever tracked.
    """
    primary = language.split("-")[0].lower()
    if primary in ("ar", "fa", "ps", "sd", "ug", "ur"):
        return "arabic"
    return "cjk" if primary in ("ja", "ko", "zh") else ""


def written(text: str, language: str) -> str:
    """Return "ltr" for words in Latin letters that stand in a language written from right to left, else "".

    Without it their full stop would stand before them, and a house number behind its street.
    """
    if direction(language) == "ltr" or script_language(text):
        return ""
    return "ltr" if any(character.isalpha() for character in text) else ""


def settled(text: str, language: str) -> str:
    """Return a part of a line with a mark behind it where it is written the other way than the line.

    The dot that follows then stands on the line's own way, and the parts in their order (Unicode Standard Annex 9).
    """
    if direction(language) == "rtl":
        return f"{text}\u200f" if written(text, language) else text
    if text.isascii():
        return text
    return text if direction(script_language(text)) == "ltr" else f"{text}\u200e"


def other_way(language: str) -> str:
    """Return a language written in the other direction, to see that a layout mirrors: Arabic, or English."""
    return "en" if direction(language) == "rtl" else "ar"
