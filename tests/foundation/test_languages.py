"""Which way a language is written, and how a number stands beside its noun."""

from __future__ import annotations

import pytest

from digest.model.counting import count_of
from digest.model.languages import direction


@pytest.mark.parametrize(
    ("language", "way"),
    [
        ("en", "ltr"), ("ar", "rtl"), ("AR-eg", "rtl"), ("he_IL", "rtl"), ("ckb", "rtl"), ("arn", "ltr"), ("", "ltr"),
        ("pa-Arab", "rtl"), ("ar-Latn", "ltr"), ("zh-Hans-CN", "ltr"), ("en-AR", "ltr"),
    ],
)  # fmt: skip
def test_a_tag_says_its_direction_and_a_script_decides(language: str, way: str) -> None:
    assert direction(language) == way


def test_a_number_stands_beside_the_noun_it_needs() -> None:
    assert [count_of(number, "story") for number in (0, 1, 12480)] == ["0 stories", "1 story", "12,480 stories"]
    assert (count_of(2, "day"), count_of(2, "person", "people")) == ("2 days", "2 people")
