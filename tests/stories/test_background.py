"""What is common in news: the shipped table, and a publication's own past stories."""

from __future__ import annotations

import pytest

from digest.model.news import Story
from digest.stories.background import SHIPPED_STORIES, background_of, shipped


def story(number: int, headline: str) -> Story:
    return Story(id=str(number), url="", title=headline, headline=headline)


def test_the_shipped_table_knows_function_words_and_news_words() -> None:
    table = shipped()
    assert {"the", "und", "der", "les", "que", "что", "في"} <= table.stop
    assert 0 < table.share("president") < 0.2
    assert table.share("halyard") == 0
    assert all(0 < share < 1 for share in table.shares.values())


def test_no_past_means_the_shipped_table() -> None:
    assert background_of([]) is shipped()


def test_the_past_makes_its_own_words_common() -> None:
    past = [story(number, f"Halyard council meets again {number}") for number in range(300)]
    own = background_of(past)
    assert own.share("halyard") == pytest.approx(300 / (300 + SHIPPED_STORIES))
    assert own.share("president") < shipped().share("president")


def test_words_of_one_or_two_past_stories_stay_rare() -> None:
    assert background_of([story(1, "Halyard"), story(2, "Halyard")]).share("halyard") == 0
