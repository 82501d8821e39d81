"""Fixed texts in the reader's language: Babel catalogues in digest/locale, English where there is none.

A further language is one file, LANGUAGE.po, made from digest/locale/digest.pot; a publisher's own beside digest.toml is
not read yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import digest.locale
from digest.templating.counting import categories

FOLDER = Path(digest.locale.__file__).parent
# What is counted in a mail: its slot, and the English forms.
COUNTED = {"stories": ("{n}\u00a0story", "{n}\u00a0stories"), "minutes": ("{n}\u00a0min", "{n}\u00a0min")}


@cache
def _catalogue(language: str, domain: str = "") -> Catalog | None:
    path = FOLDER / domain / f"{language.split('-')[0].lower()}.po"
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return read_po(file)


@cache
def _messages(language: str, domain: str) -> dict[str, str]:
    catalogue = _catalogue(language, domain)
    if catalogue is None:
        return {}
    return {each.id: str(each.string) for each in catalogue if isinstance(each.id, str) and each.id and each.string}


def words(language: str, domain: str = "") -> Callable[[str], str]:
    """Return what translates a fixed text; the text itself where the catalogue has none.

    ``domain`` is a folder of further catalogues: "readers" for the readers' pages and notices.
    """
    messages = _messages(language, domain)
    return lambda text: messages.get(text, text)


def counted_forms(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return for each counted slot its forms by plural category."""
    catalogue = _catalogue(language)
    found: dict[str, Mapping[str, str]] = {}
    for slot, (one, other) in COUNTED.items():
        message = catalogue.get((one, other)) if catalogue is not None else None
        if message is not None and isinstance(message.string, tuple) and all(message.string):
            found[slot] = dict(zip(categories(language), message.string, strict=False))
        else:
            found[slot] = {"one": one, "other": other}
    return found
