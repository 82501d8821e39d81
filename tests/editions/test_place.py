"""Which section an event belongs to: the strongest evidence decides and is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from digest.editions.place import OTHER, path_words, place
from digest.editions.section_words import FEWEST, learn
from digest.model.editions import Match, Section
from digest.model.news import Cluster, Story

TRADE = Section(slug="trade", title="Trade")
DEFENCE = Section(slug="defence", title="Defence")
NATURE = Section(slug="natural-events", title="Natural Events", match=(Match(words=("quake", "地震")),))
SECTIONS = (TRADE, DEFENCE, NATURE)


def story(id_: str = "1", **fields: object) -> Story:
    made = Story(id=id_, url="https://a.example/x", title="Something happened", headline="Something happened")
    return replace(made, **fields)  # type: ignore[arg-type]  # the fields of a test are right


def placed(*stories: Story, sections: tuple[Section, ...] = SECTIONS) -> tuple[str, str]:
    (found,) = place([Cluster(stories=stories, lead=stories[0])], sections, words=lambda each: each.title.split())
    return found.slug, found.reason


@pytest.mark.parametrize(
    ("fields", "slug", "reason"),
    [
        ({"section": "trade", "title": "Quake hits"}, "natural-events", "rule: word “quake”"),
        ({"section": "trade", "url": "https://a.example/defence/x"}, "trade", "its feed belongs there"),
        ({"hints": ("Defence",), "url": "https://a.example/trade/x"}, "defence", "“Defence” in its categories"),
        (
            {"url": "https://a.example/news/natural-events/2026/x.html"},
            "natural-events",
            "“Natural Events” in its address",
        ),
        ({"section": "gone"}, OTHER, "neither rules, feed, category, address nor words name a section"),
        (
            {"title": "Earthquakes are measured"},
            OTHER,
            "neither rules, feed, category, address nor words name a section",
        ),
    ],
)
def test_the_order_of_evidence(fields: dict[str, Any], slug: str, reason: str) -> None:
    assert placed(story(**fields)) == (slug, reason)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        (Match(feeds=("harbour notes",)), True),
        (Match(feeds=("https://feed.example/rss",), languages=("en",)), True),
        (Match(categories=("world news",), words=("ferry",)), True),
        (Match(categories=("World News",), words=("storm",)), False),
        (Match(paths=("asia",)), True),
        (Match(languages=("de", "fr")), False),
        (Match(), False),
    ],
)
def test_every_condition_of_a_rule_must_hold(rule: Match, holds: bool) -> None:
    told = story(
        title="Ferry aground",
        feed="https://feed.example/rss",
        feed_name="Harbour Notes",
        hints=("world news",),
        url="https://a.example/world/asia/ferry",
        language="en-GB",
    )
    sections = (Section(slug="nz", title="NZ", match=(rule,)), TRADE)
    assert (placed(told, sections=sections)[0] == "nz") is holds


def test_of_several_stories_most_decide_at_equal_strength() -> None:
    stories = (story("1", section="trade"), story("2", section="defence"), story("3", section="defence"))
    assert placed(*stories)[0] == "defence"
    assert placed(*stories[:2])[0] == "trade"


def test_a_single_section_takes_everything() -> None:
    assert placed(story(section="gone"), sections=(TRADE,)) == ("trade", "the only section")


@pytest.mark.parametrize("url", ["", "http://[broken", "https://a.example", "https://a.example/2026/11/23/story.html"])
def test_addresses_without_folders(url: str) -> None:
    assert path_words(url) == ()


def test_words_are_learnt_only_from_enough_and_only_where_sure() -> None:
    trade = [(frozenset({"tariff", "port", f"t{n}"}), "trade") for n in range(FEWEST)]
    defence = [(frozenset({"frigate", "navy", f"d{n}"}), "defence") for n in range(FEWEST)]
    sure = learn([*trade, *defence])
    assert sure(frozenset({"tariff", "port", "new"})) == "trade"
    assert sure(frozenset({"frigate", "navy"})) == "defence"
    assert sure(frozenset({"poetry", "prize"})) == ""
    assert learn(trade[:5] + defence[:5])(frozenset({"tariff", "port"})) == ""
    assert learn(trade)(frozenset({"tariff", "port"})) == ""


def test_nothing_is_learnt_from_words_that_tell_nothing() -> None:
    noise = [(frozenset({f"w{n}", f"v{n}"}), "trade" if n % 2 else "defence") for n in range(60)]
    assert learn(noise)(frozenset({"w1", "v1", "w3"})) == ""


def test_words_place_a_story_no_feed_placed() -> None:
    known = [
        story(f"{slug}{n}", section=slug, title=f"{word} {second} number{n}")
        for slug, word, second in (("trade", "tariff", "port"), ("defence", "frigate", "navy"))
        for n in range(30)
    ]
    clusters = [Cluster(stories=(each,), lead=each) for each in [*known, story("new", title="frigate navy anew")]]
    found = place(clusters, (TRADE, DEFENCE), words=lambda each: each.title.split())
    assert (found[-1].slug, found[-1].reason) == ("defence", "its words are those of “Defence”")
