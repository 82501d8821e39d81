"""Words of any script become terms that can be compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model.tokens import TEXT_LIMIT, fold, terms, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Ministers’ talks", ["the", "minister", "talk"]),
        ("O'Neill's cities", ["o'neill", "city"]),
        ("L’accord d'Oslo", ["accord", "oslo"]),
        ("Ko te Kāwanatanga", ["ko", "te", "kāwanatanga"]),
        ("Президент заявил", ["президент", "заявил"]),
        ("مُحادثات جديدة", ["محادثات", "جديدة"]),
        ("प्रधानमंत्री ने कहा।", ["प्रधानमंत्री", "ने", "कहा"]),
        ("東京で地震", ["東京", "京で", "で地", "地震"]),
        ("NHK東京", ["nhk", "東京"]),
        ("한국 정부", ["한국", "정부"]),
        ("7 dead", ["7", "dead"]),
        ("🎉😀 !!", []),
        ("", []),
    ],
)
def test_terms_of_many_scripts(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_composed_and_decomposed_accents_are_one_word() -> None:
    assert terms("Ka\u0304wanatanga") == terms("Kāwanatanga")


def test_only_the_head_of_a_long_text_is_read() -> None:
    assert words("word " * 1000) == words("word " * (TEXT_LIMIT // 5))


@given(st.text())
def test_any_text_gives_clean_terms(text: str) -> None:
    for term in terms(text):
        assert term
        assert not any(letter.isspace() for letter in term)


@given(st.text(max_size=TEXT_LIMIT))
def test_case_never_matters_to_ascii(text: str) -> None:
    plain = text.encode("ascii", "ignore").decode()
    assert terms(plain.upper()) == terms(plain.lower())


@given(st.from_regex(r"[a-z]{2,12}", fullmatch=True))
def test_folding_is_stable_on_words_without_plural(word: str) -> None:
    folded = fold(word)
    assert folded
    assert len(folded) <= len(word)
