"""Which way a language is written, told by its tag."""

from __future__ import annotations

from functools import lru_cache

# Of tags without a script: those that CLDR writes from the right by default.
_FROM_THE_RIGHT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_SCRIPTS_FROM_THE_RIGHT = frozenset({"adlm", "arab", "hebr", "nkoo", "syrc", "thaa"})  # ISO 15924


@lru_cache(maxsize=256)
def direction(language: str) -> str:
    """Return "rtl" or "ltr" of a BCP 47 tag; a script named in it decides: "pa-Arab" is written from the right."""
    first, *further = language.replace("_", "-").lower().split("-")
    script = next((part for part in further if len(part) == 4 and part.isalpha()), "")
    return "rtl" if (script in _SCRIPTS_FROM_THE_RIGHT if script else first in _FROM_THE_RIGHT) else "ltr"
