"""What a text says, as terms that can be compared: the words of any script, folded so that one word has one form.

Words stay whole in every script that writes spaces between them (Latin, Cyrillic, Arabic, Devanagari …); Chinese,
Japanese, Korean, Thai, Lao, Khmer and Burmese are cut into overlapping pairs of characters, which needs no dictionary
and is the usual unit of retrieval in these languages.
"""

from __future__ import annotations

import re
import unicodedata

# Letters and digits with at most one apostrophe inside ("O'Neill", "l'accord"); plain ASCII takes the faster pattern.
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)?")
# Marks that belong to the letter before them but are no letters to `re`: accents left after NFKC, vowel signs of
# Hebrew, Arabic and the Indic scripts (U+0964 and U+0965 are full stops), of Thai, Lao, Tibetan, Burmese and Khmer.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u0900-\u0963\u0966-\u0dff\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd\u0f71-\u0f84"
    "\u102b-\u103e\u17b4-\u17d3"
)
_WORD = re.compile(rf"[^\W_][^\W_{_MARKS}]*(?:[{_MARKS}]+[^\W_]*)*(?:['’][^\W_{_MARKS}]+)?")
# Scripts without spaces between words, and Hangul, where endings are glued to the word.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
# Optional in Arabic writing: vowel signs and the stretching stroke. The same word is written with and without.
_ARABIC_OPTIONAL = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc]")
_POSSESSIVE = re.compile(r"['’]s?$")
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu|dell|nell|sull|un)['’](?=.)")  # French and Italian: l'accord, dell'anno

# A headline of 2,000 characters is spam; what follows its first 400 says nothing new.
TEXT_LIMIT = 400


def words(text: str, limit: int = TEXT_LIMIT) -> list[str]:
    """Return the words of the first 400 characters in order: lower case, NFKC, unspaced scripts as character pairs."""
    text = text[:limit]
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    text = _ARABIC_OPTIONAL.sub("", unicodedata.normalize("NFKC", text).lower())
    found: list[str] = []
    for word in _WORD.findall(text):
        if UNSPACED.search(word):
            found.extend(_pairs(word))
        else:
            found.append(word)
    return found


def _pairs(word: str) -> list[str]:
    """Return the pairs of characters of each unspaced run of a word, and what stands between the runs whole."""
    found: list[str] = []
    end = 0
    for run in UNSPACED.finditer(word):
        if run.start() > end:
            found.append(word[end : run.start()])
        text = run.group()
        found.extend([text] if len(text) == 1 else [text[at : at + 2] for at in range(len(text) - 1)])
        end = run.end()
    if end < len(word):
        found.append(word[end:])
    return found


def fold(word: str) -> str:
    """Return the term of a word of `words`, "" where it is a lone letter: possessives and plural endings go.

    Only the two commonest plural endings of Latin script are folded; real stemmers were measured and gave nothing
    (docs/explain/picking.md).
    """
    if "'" in word or "’" in word:
        word = _ELISION.sub("", _POSSESSIVE.sub("", word))
    if len(word) < 2 and not word.isdigit() and not UNSPACED.match(word):
        return ""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word[-1] == "s" and word[-2] != "s":
        return word[:-1]
    return word


def terms(text: str) -> list[str]:
    """Return the terms of a text in order, repeats included; empty for a text without letters or digits."""
    return [term for term in map(fold, words(text)) if term]
