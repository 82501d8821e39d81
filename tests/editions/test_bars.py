from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from digest.editions.bars import bar_of, embargo_of
from digest.model.editions import Bars, Embargo, Section, Weights
from digest.pipeline.pick import Picked, pick
from digest.stories.background import shipped
from tests.builders import NOW, story

HOUR = timedelta(hours=1)


def bar(bars: Bars, **fields: Any) -> str:
    return bar_of(bars, at=NOW)(story("a", **fields))


@pytest.mark.parametrize(
    ("bars", "fields", "reason"),
    [
        (Bars(words=("lottery",)), {"headline": "The Lottery opens"}, "blocked word “Lottery”"),
        (Bars(words=("lottery",)), {"teaser": "Of lotteries nothing."}, ""),
        (Bars(words=("lotter*",)), {"teaser": "Of lotteries nothing."}, "blocked word “lotteries”"),
        (Bars(words=("big sale",)), {"kicker": "Big sale"}, "blocked word “Big sale”"),
        (Bars(words=("", "*")), {}, ""),
        (Bars(words=("宝くじ*",)), {"headline": "宝くじの日"}, "blocked word “宝くじの日”"),
        (Bars(sources=("calder wire",)), {"source": "Calder Wire"}, "blocked source Calder Wire"),
        (Bars(sources=("Tarn Radio",)), {"source": "AP", "feed_name": "Tarn Radio"}, "blocked source Tarn Radio"),
        (Bars(bylines=("Ada Merrow",)), {"byline": "Bo Lind and Ada Merrow"}, "blocked byline Ada Merrow"),
        (Bars(bylines=("Merrow",)), {"byline": "Ada Merrow"}, ""),
    ],
)
def test_what_is_blocked_says_why(bars: Bars, fields: dict[str, Any], reason: str) -> None:
    assert bar(bars, **fields) == reason


def test_an_embargo_holds_until_its_moment_and_covers_what_all_its_conditions_say() -> None:
    embargo = Embargo(until=NOW + HOUR, words=("budget*",), sources=("Calder Wire",))
    bars = Bars(embargoes=(embargo,))
    assert bar(bars, headline="Budgets agreed") == "embargoed until 2026-11-23 07:40 UTC"
    assert bar(bars, headline="Budgets agreed", source="Tarn Radio", feed_name="Tarn Radio") == ""
    assert bar(bars, headline="Ferry sails") == ""
    assert bar_of(bars, at=NOW + HOUR)(story("a", headline="Budgets agreed")) == ""
    address = Bars(embargoes=(Embargo(until=NOW + HOUR, urls=("https://read.example/a",)),))
    assert bar(address) != ""


def test_a_feeds_embargo_counts_from_its_stories_time() -> None:
    bars = Bars(feed_embargoes={"https://calder.example/feed": 6 * HOUR})
    assert embargo_of(story("a", published=NOW - 2 * HOUR), bars) == NOW + 4 * HOUR
    assert embargo_of(story("a", published=None, seen=NOW - HOUR), bars) == NOW + 5 * HOUR
    assert embargo_of(story("a", feed="https://other.example/f"), bars) is None


def picked(bars: Bars, *stories: Any, sections: tuple[Section, ...] = (Section(slug="all", title="All"),)) -> Picked:
    return pick(stories, sections=sections, weights=Weights(), at=NOW, background=shipped(), bars=bars)


def test_what_is_barred_is_passed_with_the_reason_and_stays_in_its_event() -> None:
    free = story("free", headline="Old lighthouse gets a new lamp")
    blocked = story("blocked", headline="Win the lottery with our numbers", source="Tarn Radio")
    (section,) = picked(Bars(words=("lottery",)), free, blocked).sections
    assert [item.cluster.id for item in section.items] == ["free"]
    assert [(each.cluster.id, each.reason) for each in section.passed] == [("blocked", "blocked word “lottery”")]


def test_an_event_is_led_by_a_story_that_may_appear_and_names_no_other() -> None:
    words = "Ferry Auklet runs aground off Port Iselin with 140 on board"
    lede = "The ferry Auklet ran aground off Port Iselin on Monday with 140 people on board, the harbour master said."
    tellers = [
        story(
            name, headline=words, title=words, teaser=f"{lede} {name} adds its own words.", source=name, feed_name=name
        )
        for name in ("Calder Wire", "Tarn Radio", "Harbour Notes")
    ]
    for blocked in ("Calder Wire", "Tarn Radio", "Harbour Notes"):
        (section,) = picked(Bars(sources=(blocked,)), *tellers).sections
        (item,) = section.items
        assert len(item.cluster.stories) + len(item.cluster.duplicates) == 3
        assert item.cluster.lead.source != blocked
        assert blocked not in {line.source for line in item.related}


def test_a_section_that_repeats_shows_what_others_have_in_its_own_order() -> None:
    sections = (
        Section(slug="latest", title="Latest", sort="latest", repeats=True, per_source=9),
        Section(slug="trade", title="Trade", per_source=9),
    )
    old = story("old", section="trade", headline="Wheat rises after a dry spring", published=NOW - 5 * HOUR)
    new = story("new", section="trade", headline="Salt works reopens at Stolgate", published=NOW - HOUR)
    latest, trade = picked(Bars(), old, new, sections=sections).sections
    assert [item.cluster.id for item in latest.items] == ["new", "old"]
    assert {item.cluster.id for item in trade.items} == {"new", "old"}
    assert latest.items[0].section_reason == "the section repeats what others have"
    assert trade.items[0].section_reason == "its feed belongs there"
