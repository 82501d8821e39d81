"""The readers' fixed texts: every catalogue is complete and names no text that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from digest.public.words import SPOKEN, accepted
from digest.render.catalogue import FOLDER
from digest.templating import packaged_folder

HOUSE = Path(__file__).parent.parent.parent / "digest"


def used() -> set[str]:
    texts: set[str] = set()
    for path in sorted((packaged_folder() / "pages" / "readers").glob("*.html")):
        texts |= set(re.findall(r'say(?:\.plain)?\("([^"]+)"', path.read_text(encoding="utf-8")))
    for path in sorted((HOUSE / "public").glob("*.py")):
        texts |= set(re.findall(r'fixed\(\s*"([^"]+)"\s*\)', path.read_text(encoding="utf-8")))
    letters = (HOUSE / "subscribers" / "letters.py").read_text(encoding="utf-8")
    return texts | set(re.findall(r"""words\(["']([^"']+)["']\)""", letters))


def catalogue(name: str) -> dict[str, str]:
    with (FOLDER / "readers" / name).open("rb") as file:
        return {each.id: str(each.string) for each in read_po(file) if isinstance(each.id, str) and each.id}


@pytest.mark.parametrize("language", ["ar", "de"])
def test_every_text_is_translated_with_its_gaps(language: str) -> None:
    said = catalogue(f"{language}.po")
    assert set(said) == used()
    for text, translated in said.items():
        assert translated
        assert sorted(re.findall(r"\{\w+\}", translated)) == sorted(re.findall(r"\{\w+\}", text))


def test_the_pattern_of_further_languages_lists_the_same_texts() -> None:
    assert set(catalogue("digest.pot")) == used()
    assert SPOKEN == ("en", "ar", "de")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de-AT,de;q=0.9", "de"),
        ("fi, ar;q=0.3, de;q=0.2", "ar"),
        ("*", "en"),
        ("de;q=x, ar", "ar"),
        ("de;q=0", "en"),
    ],
)
def test_what_a_browser_asks_for(header: str, language: str) -> None:
    assert accepted(header, "en") == language
