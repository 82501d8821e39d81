"""Subject and preheader come from the headlines and always fit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.compose import compose, preheader_of, shortened, subject_of
from digest.model.editions import FilledSection, Health, Item, Section
from digest.model.news import Cluster, Story


def item(headline: str) -> Item:
    story = Story(id=headline, url="", title=headline, headline=headline)
    return Item(cluster=Cluster(stories=(story,), lead=story), headline=headline)


def test_the_words_of_an_edition_come_from_its_items_in_order() -> None:
    first = FilledSection(section=Section(slug="a", title="A"), items=(item("Ferry aground off Port Iselin"),))
    second = FilledSection(
        section=Section(slug="b", title="B"),
        items=(item("Central bank raises its key rate"), item("Frigate returns to Tarn")),
    )
    now = datetime(2026, 11, 23, 5, tzinfo=UTC)
    edition = compose(
        digest="daily",
        day=date(2026, 11, 23),
        picked=SimpleNamespace(sections=(first, second)),
        sponsors=(),
        health=Health(stories=3),
        since=None,
        built_at=now,
    )
    assert edition.subject == "Ferry aground off Port Iselin"
    assert edition.preheader == "Central bank raises its key rate · Frigate returns to Tarn"
    assert edition.sections == (first, second)
    assert edition.health.stories == 3


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("short", 60, "short"),
        ("two\n  lines", 60, "two lines"),
        ("one two three", 9, "one two…"),
        ("one two three", 8, "one two…"),
        ("地震で新幹線が停止した", 6, "地震で新幹…"),
        ("a comma, then more", 9, "a comma…"),
        ("abcde\u0301f", 6, "abcd…"),
    ],
)
def test_texts_are_cut_where_it_hurts_least(text: str, most: int, expected: str) -> None:
    assert shortened(text, most) == expected


def test_nothing_to_say() -> None:
    assert (subject_of([]), preheader_of([]), preheader_of(["One"])) == ("", "", "")


headlines = st.lists(st.text(max_size=150), max_size=8)


@given(headlines)
def test_lengths_always_fit(given_: list[str]) -> None:
    assert len(subject_of(given_)) <= 60
    preheader = preheader_of(given_)
    assert len(preheader) <= 100
    rest = sum(len(" ".join(each.split())) for each in given_[1:])
    assert len(preheader) >= 40 or rest < 40 or preheader.endswith("…")
