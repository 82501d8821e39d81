"""The archive's fixed texts: every catalogue is complete and names no text that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from digest.render.catalogue import FOLDER
from digest.templating import packaged_folder

HOUSE = Path(__file__).parent.parent.parent / "digest"
SAID = re.compile(r'(?:say|say\.bare|words)\(\s*"([^"]+)"')


def used() -> set[str]:
    files = [*(packaged_folder() / "pages" / "archive").glob("*.html"), *(HOUSE / "archive").glob("*.py")]
    files += [HOUSE / "pipeline" / "site.py", HOUSE / "pipeline" / "archiving.py"]
    return {text for path in files for text in SAID.findall(path.read_text(encoding="utf-8"))}


def catalogue(name: str) -> dict[str, str]:
    with (FOLDER / "archive" / name).open("rb") as file:
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
