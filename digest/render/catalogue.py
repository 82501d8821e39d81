"""Fixed texts in the reader's language: Babel catalogues in digest/locale, English where there is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

import digest.locale

_FOLDER = Path(digest.locale.__file__).parent


@cache
def _messages(language: str) -> dict[str, str]:
    path = _FOLDER / f"{language}.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file)
    return {str(each.id): str(each.string) for each in catalogue if each.id and each.string}


def words(language: str) -> Callable[[str], str]:
    """Return what translates a fixed text; the text itself where the catalogue has none."""
    messages = _messages(language.split("-")[0].lower())
    return lambda text: messages.get(text, text)
