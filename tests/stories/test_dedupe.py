"""One story read twice counts once; an equal title alone proves nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.model.news import Story
from digest.stories.dedupe import dedupe

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LEDE = (
    "A ferry with 140 people on board ran aground off Port Iselin on Monday morning, and all of them were taken "
    "ashore within two hours, the harbour master said."
)


def story(id_: str, title: str = "Ferry runs aground off Port Iselin", teaser: str = LEDE, **fields: object) -> Story:
    made = Story(id=id_, url=f"https://{id_}.example/story", title=title, headline=title, teaser=teaser)
    return replace(made, **fields)  # type: ignore[arg-type]  # the fields of a test are right


def kept(*stories: Story) -> list[str]:
    return [each.id for each in dedupe(stories)[0]]


def test_one_address_written_in_two_ways_is_one_story() -> None:
    one = story("a", url="https://harbour.example/ferry?utm_source=rss", teaser="Short.")
    two = story("b", url="http://www.harbour.example/ferry/", title="Another title", teaser="Other words.")
    remaining, copies = dedupe([one, two])
    assert [each.id for each in remaining] == ["a"]
    assert [(copy.story.id, copy.of, copy.reason) for copy in copies] == [("b", "a", "same address")]


def test_one_story_in_two_feeds_has_the_weightier_ones_words_and_the_best_place() -> None:
    here = story("a", feed="https://one.example/f", position=1)
    there = story("a", feed="https://two.example/f", headline="Other words", weight=2.0, position=7)
    for given_order in ([here, there], [there, here]):
        found, copies = dedupe(given_order)
        assert found == (replace(there, position=1),)
        assert copies == ()


def test_a_syndicated_copy_is_folded_into_the_agencys_story() -> None:
    early = story("a", source="Harbour Times", published=NOON, teaser=f"PORT ISELIN (Reuters) - {LEDE}")
    agency = story("b", source="Reuters", published=NOON + timedelta(hours=1), title="Ferry runs aground off Iselin")
    remaining, copies = dedupe([early, agency])
    assert [each.id for each in remaining] == ["b"]
    assert copies[0].reason == "the same words from Reuters"


def test_without_an_agency_the_earliest_is_the_original() -> None:
    late = story("a", source="Late Post", published=NOON + timedelta(hours=1), weight=5.0)
    first = story("b", source="First Post", published=NOON)
    undated = story("c", source="Undated Post")
    assert kept(late, first, undated) == ["b"]


def test_at_one_time_the_weightier_feed_has_the_original() -> None:
    assert kept(story("a", published=NOON), story("b", published=NOON, weight=2.0)) == ["b"]


def test_a_time_in_the_future_proves_no_original() -> None:
    early = story("a", published=NOON - timedelta(days=1), date_note="future")
    assert kept(early, story("b", published=NOON)) == ["b"]


def test_a_lede_cut_short_is_still_the_same() -> None:
    assert kept(story("a"), story("b", teaser=LEDE[:100] + "…")) == ["a"]


def test_an_equal_title_alone_is_no_copy() -> None:
    one = story("a", title="Morning briefing", teaser="Rates rise, a strike ends and the rain returns to the north.")
    two = story("b", title="Morning briefing", teaser="What the council decided, and why the bridge stays closed.")
    bare = story("c", title="Morning briefing", teaser="")
    empty = story("d", title="Morning briefing", teaser="")
    assert kept(one, two, bare, empty) == ["a", "b", "c", "d"]


def test_an_equal_lede_under_another_title_is_no_copy() -> None:
    assert kept(story("a"), story("b", title="What we know about Monday's accident")) == ["a", "b"]


def test_ten_thousand_copies_become_one() -> None:
    remaining, copies = dedupe(story(f"{number:05}") for number in range(10_000))
    assert [each.id for each in remaining] == ["00000"]
    assert {copy.of for copy in copies} == {"00000"}
    assert len(copies) == 9_999


texts = st.sampled_from(
    ["", "😀", LEDE, LEDE[:90], "Rates rise in the north", "البنك المركزي يرفع الفائدة للمرة الثالثة"]
)
stories = st.lists(
    st.builds(
        story,
        st.integers(0, 12).map(str),
        st.sampled_from(["", "Ferry runs aground off Port Iselin", "Ferry aground off Port Iselin", "Rates rise"]),
        texts,
        url=st.sampled_from(["", "https://a.example/x", "http://a.example/x#top", "https://b.example/y"]),
        source=st.sampled_from(["", "Reuters", "Harbour Times"]),
        published=st.sampled_from([None, NOON, NOON + timedelta(hours=1)]),
    ),
    max_size=12,
    unique_by=lambda each: each.id,
)


@given(stories, st.randoms(use_true_random=False))
def test_every_story_is_kept_or_a_copy_of_a_kept_one_whatever_the_order(given_: list[Story], random: object) -> None:
    remaining, copies = dedupe(given_)
    ids = [each.id for each in remaining]
    assert sorted([*ids, *(copy.story.id for copy in copies)]) == sorted(each.id for each in given_)
    assert {copy.of for copy in copies} <= set(ids)
    shuffled = [*given_, *given_]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random
    assert dedupe(shuffled) == (remaining, copies)
