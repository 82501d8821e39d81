"""What several sources tell becomes one event; what merely sounds alike does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model.news import Cluster, Story
from digest.stories.background import shipped
from digest.stories.cluster import cluster

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def story(id_: str, title: str, teaser: str = "", source: str = "") -> Story:
    return Story(id=id_, url="", title=title, headline=title, teaser=teaser, source=source or f"Paper {id_}")


FERRY = (
    story("f1", "Ferry runs aground off Port Iselin", "All 140 aboard the ferry Sella Marin were brought ashore."),
    story("f2", "140 rescued from stranded ferry Sella Marin", "The ferry ran aground near Port Iselin at dawn."),
    story("f3", "Sella Marin ferry aground, passengers rescued", "Rescuers brought 140 people to Port Iselin."),
)
RATES = (
    story("r1", "Central bank of Orland raises key rate to 4.5 per cent", "Governor Mirela Tosk cites wage growth."),
    story("r2", "Orland's rate goes to 4.5 per cent, says Tosk", "The central bank's governor fears wage growth."),
)
ALONE = (
    story("a1", "Chess prodigy, nine, beats grandmaster"),
    story("a2", "Volcano on Mount Harrow sends ash over villages"),
    story("a3", "New species of tree frog described in Lunda"),
)


def ids(clusters: tuple[Cluster, ...]) -> set[tuple[str, ...]]:
    return {tuple(sorted(each.id for each in made.stories)) for made in clusters}


def clustered(stories: list[Story], **links: list[tuple[str, str]]) -> tuple[Cluster, ...]:
    return cluster(
        stories,
        background=shipped(),
        must_link=links.get("must_link", ()),
        cannot_link=links.get("cannot_link", ()),
    )


def test_events_are_found_and_strangers_stay_alone() -> None:
    assert ids(clustered([*FERRY, *RATES, *ALONE])) == {("f1", "f2", "f3"), ("r1", "r2"), ("a1",), ("a2",), ("a3",)}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("東京で震度5の地震、新幹線が停止", "震度5の地震 東京 新幹線が一時停止"),
        ("زلزال قوي يضرب مدينة أغادير المغربية", "زلزال يضرب أغادير المغربية ويهدم منازل"),
        ("Землетрясение в Алматы разрушило школу", "В Алматы землетрясение повредило школу"),
        ("Ka tū te hui nui ki Ngāruawāhia", "Te hui nui ki Ngāruawāhia, ka tū āpōpō"),
    ],
)
def test_other_scripts_meet_too(one: str, two: str) -> None:
    pair = [story("1", one), story("2", two)]
    assert ids(clustered([*pair, *FERRY, *ALONE])) >= {("1", "2")}


def test_a_short_equal_title_without_teaser_proves_nothing() -> None:
    briefings = [story(str(number), "Morning briefing") for number in range(3)]
    assert ("0", "1", "2") not in ids(clustered([*briefings, *FERRY]))


def test_one_source_seldom_tells_an_event_twice() -> None:
    pair = (
        FERRY[0],
        story("f4", "Why the ferry ran aground: what we know", "Investigators ask about the watch at dawn."),
    )
    assert ("f1", "f4") in ids(clustered([*pair, *RATES, *ALONE]))
    same = [replace(each, source="Harbour Times") for each in pair]
    assert ("f1", "f4") not in ids(clustered([*same, *RATES, *ALONE]))


def test_stories_weeks_apart_are_not_one_event() -> None:
    june, july = (replace(RATES[0], published=NOON), replace(RATES[1], published=NOON + timedelta(days=60)))
    assert ("r1", "r2") in ids(clustered([replace(june), replace(july, published=NOON)]))
    assert ("r1", "r2") not in ids(clustered([june, july]))


def test_an_editors_links_are_obeyed() -> None:
    stories = [*FERRY, *RATES, *ALONE]
    merged = ids(clustered(stories, must_link=[("a1", "a2"), ("a2", "r1"), ("a1", "gone")]))
    assert ("a1", "a2", "r1", "r2") in merged
    assert ("f1", "f3") in ids(clustered(stories, cannot_link=[("f2", "f1"), ("f2", "f3")]))
    both = ids(clustered(stories, must_link=[("a1", "a2")], cannot_link=[("a2", "a1")]))
    assert {("a1",), ("a2",)} <= both


def test_events_of_one_matter_share_a_running_story() -> None:
    found = clustered([*FERRY, *RATES, *ALONE])
    for made in found:
        assert {each.id for each in made.stories} <= set(made.running)


@pytest.mark.parametrize(
    "stories",
    [
        [],
        [FERRY[0]],
        [replace(FERRY[0], id=f"{number:05}") for number in range(10_000)],
        [replace(FERRY[0], id=str(number), title="word " * 400, teaser="") for number in range(20)],
        [replace(FERRY[0], id=str(number), title="😀🎉", teaser="") for number in range(200)],
        [replace(FERRY[0], id=str(number), title="", teaser="") for number in range(50)],
    ],
    ids=["none", "one", "copies", "long", "emoji", "empty"],
)
def test_bad_input_keeps_every_story_once(stories: list[Story]) -> None:
    found = clustered(stories)
    assert sorted(each.id for made in found for each in made.stories) == sorted(each.id for each in stories)
    assert len(found) <= max(1, len(stories))


def test_copies_of_one_story_are_one_event() -> None:
    assert len(clustered([replace(FERRY[0], id=f"{number:03}") for number in range(300)])) == 1


WORDS = ("ferry", "harbour", "bank", "rate", "storm", "vote", "minister", "Tosk", "Iselin", "Marin", "Orland", "140")
titles = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)


@settings(max_examples=60)
@given(st.lists(st.tuples(titles, titles, st.sampled_from(["", "A", "B", "C"])), max_size=25), st.integers(0, 9))
def test_order_and_repeats_change_nothing(texts: list[tuple[str, str, str]], seed: int) -> None:
    stories = [
        replace(story(f"{number:02}", title, teaser), source=source)
        for number, (title, teaser, source) in enumerate(texts)
    ]
    shuffled = [*stories, *stories[::2]]
    Random(seed).shuffle(shuffled)
    assert clustered(shuffled) == clustered(stories)
