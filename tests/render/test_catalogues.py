"""Fixed texts: every catalogue is complete, counts as its language does, and names no text that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from digest.render.catalogue import COUNTED, FOLDER, counted_forms, words
from digest.templating import packaged_folder
from digest.templating.counting import categories, counted

LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.po"))
HOUSE = Path(__file__).parent.parent.parent / "digest"


def used() -> set[str]:
    """The fixed texts in templates, in the text part's filters and in credit lines."""
    texts: set[str] = set()
    for path in sorted((packaged_folder() / "mail").rglob("*")):
        if path.is_file():
            texts |= set(re.findall(r'_\("([^"]+)"\)', path.read_text(encoding="utf-8")))
    for name in ("text.py", "context.py"):
        source = (HOUSE / "render" / name).read_text(encoding="utf-8")
        texts |= set(re.findall(r"""(?:words|said)\(["']([^"']+)["']\)""", source))
    return texts


def catalogue(name: str) -> dict[str, str]:
    with (FOLDER / name).open("rb") as file:
        return {each.id: str(each.string) for each in read_po(file) if isinstance(each.id, str) and each.id}


def test_german_and_arabic_are_there() -> None:
    assert LANGUAGES == ["ar", "de"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_with_its_gaps(language: str) -> None:
    said = catalogue(f"{language}.po")
    assert set(said) == used()
    for text, translated in said.items():
        assert translated
        assert sorted(re.findall(r"\{\w+\}", translated)) == sorted(re.findall(r"\{\w+\}", text))
    for slot in COUNTED:
        assert tuple(counted_forms(language)[slot]) == categories(language)


def test_the_pattern_of_further_languages_lists_the_same_texts() -> None:
    assert set(catalogue("digest.pot")) == used()


@pytest.mark.parametrize(
    ("language", "number", "said"),
    [
        ("en", 1, "1\u00a0story"),
        ("en-GB", 31, "31\u00a0stories"),
        ("de-AT", 1, "1\u00a0Meldung"),
        ("de", 0, "0\u00a0Meldungen"),
        ("ar", 1, "خبر واحد"),
        ("ar", 2, "خبران"),
        ("ar", 7, "7\u00a0أخبار"),
        ("ar", 31, "31\u00a0خبرًا"),
        ("ar", 100, "100\u00a0خبر"),
        ("xx", 2, "2\u00a0stories"),
    ],
)
def test_numbers_carry_their_word_as_the_language_counts(language: str, number: int, said: str) -> None:
    assert counted(counted_forms(language)["stories"], number, language) == said


def test_what_no_catalogue_has_stays_english() -> None:
    assert words("de")("Unsubscribe") == "Abbestellen"
    assert words("fi")("Unsubscribe") == words("de")("") + "Unsubscribe"
