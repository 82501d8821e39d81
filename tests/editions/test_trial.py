from __future__ import annotations

import pytest

from digest.editions.trial import differences, with_settings
from digest.errors import UsageError
from digest.model.editions import Section, Weights
from tests.builders import filled, item

SECTIONS = (Section(slug="trade", title="Trade"), Section(slug="world-news", title="World"))


def test_weights_and_sections_are_tried() -> None:
    weights, sections = with_settings(
        ["weight.sources=2", "section.world-news.stories = 3", "section.trade.prior=-0.5"], Weights(), SECTIONS
    )
    assert weights == Weights(sources=2)
    assert (sections[1].stories, sections[0].prior) == (3, -0.5)
    assert with_settings([], Weights(), SECTIONS) == (Weights(), SECTIONS)


@pytest.mark.parametrize(
    ("setting", "fix"),
    [
        ("sources=2", "write weight.NAME=NUMBER"),
        ("weight.surces=2", "weights are sources, source_weight"),
        ("weight.sources", "write weight.NAME=NUMBER"),
        ("weight.sources=many", "give a number"),
        ("weight.sources=inf", "give a number from"),
        ("section.sport.stories=2", "sections are trade, world-news"),
        ("section.trade.style=2", "of a section stories, minimum"),
    ],
)
def test_a_setting_nobody_knows_is_told_with_those_there_are(setting: str, fix: str) -> None:
    with pytest.raises(UsageError, match="--set") as caught:
        with_settings([setting], Weights(), SECTIONS)
    assert fix in str(caught.value)


def test_what_would_change_is_listed() -> None:
    before = [filled("trade", [item("a"), item("b"), item("c")])]
    after = [filled("trade", [item("b"), item("a"), item("d")])]
    assert [(each["story"], each["before"], each["after"]) for each in differences(before, after)] == [
        ("b", 2, 1),
        ("a", 1, 2),
        ("d", None, 3),
        ("c", 3, None),
    ]
    assert differences(before, before) == []
