"""Numbers with their word: "1 story", "31 stories", as a language counts (Unicode plural rules, from Babel)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from babel import Locale
from babel.core import UnknownLocaleError

CATEGORIES = ("zero", "one", "two", "few", "many", "other")


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def categories(language: str) -> tuple[str, ...]:
    """Return the plural categories of a language in the order of a catalogue's forms, "other" last."""
    known = _locale(language).plural_form.tags
    return tuple(name for name in CATEGORIES if name in known or name == "other")


def counted(forms: Mapping[str, str], number: int, language: str) -> str:
    """Return a number with its word: ``forms`` are texts with {n} by plural category."""
    form = forms.get(_locale(language).plural_form(number)) or forms.get("other") or "{n}"
    return form.replace("{n}", str(number))
