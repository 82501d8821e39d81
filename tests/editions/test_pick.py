"""Stories in, an explained choice out: through `pick_file`, as `digest pick --stories` does it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import UsageError
from digest.model.editions import Section, SentEvent, Weights
from digest.pipeline.pick import Picked, explain_text, list_text, pick, pick_document, pick_file
from digest.pipeline.stories_file import read_stories
from digest.stories.background import shipped

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LEDE = "A ferry with 140 people on board ran aground off Port Iselin, and all of them were taken ashore by noon."
ROWS: list[dict[str, Any]] = [
    {"id": "f1", "title": "Ferry runs aground off Port Iselin", "teaser": LEDE, "source": "Reuters", "position": 1,
     "feed": "https://one.example/rss", "published": "2026-11-23T09:00:00Z", "section": "natural"},
    {"id": "f2", "title": "Ferry aground off Port Iselin", "teaser": LEDE, "source": "Harbour Times"},
    {"id": "f3", "title": "140 rescued from ferry Sella Marin", "teaser": "The ferry ran aground off Port Iselin.",
     "source": "Iselin Post", "url": "https://post.example/natural/140-rescued"},
    {"id": "r1", "title": "Central bank of Orland raises key rate", "source": "Orland Daily", "hints": ["Trade"]},
    {"id": "c1", "title": "Chess prodigy, nine, beats grandmaster", "source": "Board", "published": None},
]  # fmt: skip
SECTIONS = (Section(slug="natural", title="Natural Events"), Section(slug="trade", title="Trade"))


def lines(rows: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(row, ensure_ascii=False) for row in rows]


def picked(rows: list[dict[str, Any]], sections: tuple[Section, ...] | None = None) -> Picked:
    return pick_file(lines(rows), at=None, sections=sections, weights=None)


def test_the_document_holds_every_story_once() -> None:
    document = pick_document(picked(ROWS))
    assert document["at"] == "2026-11-23T09:00:00Z"
    assert document["duplicates"] == [{"story": "f2", "of": "f1", "reason": "the same words from Reuters"}]
    assert [cluster["rank"] for cluster in document["clusters"]] == [1, 2, 3]
    first = document["clusters"][0]
    assert sorted(first["stories"]) == ["f1", "f3"]
    assert first["section"] == "all"
    assert sum(first["terms"].values()) == pytest.approx(first["score"], abs=1e-9)
    assert [section["slug"] for section in document["sections"]] == ["all"]
    item = document["sections"][0]["items"][0]
    assert item["cluster"] == first["id"]
    assert item["reason"].startswith("2 sources, first in 1 feed, under 1 h old")
    assert json.loads(json.dumps(document)) == document


def test_sections_take_what_is_theirs_and_what_fits_nowhere_is_said() -> None:
    found = picked(ROWS, SECTIONS)
    document = pick_document(found)
    placed = {cluster["lead"]: (cluster["section"], cluster["section_reason"]) for cluster in document["clusters"]}
    assert placed["r1"] == ("trade", "“Trade” in its categories")
    assert placed["c1"][0] == "other"
    assert found.health.short_sections == ("Natural Events: 1 of 5", "Trade: 1 of 5")
    assert found.health.notes[0] == "1 event without a section; add one with the slug “other” to see them"
    assert (found.health.stories, found.health.clusters, found.health.duplicates) == (5, 3, 1)


def test_the_explanation_names_every_choice() -> None:
    text = explain_text(
        picked([*ROWS, *({"id": f"n{n}", "title": f"Number {n} of many strangers"} for n in range(40))])
    )
    assert "All: 30 of 30" in text
    assert "passed: level with the 30th" in text
    assert "sources" in text
    assert "copy  Ferry aground off Port Iselin: the same words from Reuters (f1)" in text
    assert list_text(picked(ROWS)).splitlines()[0] == "All (3 of 30)"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: it is not JSON"),
        ("[1]", "line 2: it is not a JSON object"),
        ('{"title": "x"}', "line 2: it has no id"),
        ('{"id": true, "title": "x"}', "line 2: it has no id"),
        ('{"id": "x"}', "line 2: it has no title"),
        ('{"id": "x", "title": "x", "url": 7}', "line 2: url is not a text"),
        ('{"id": "x", "title": "x", "published": "noon"}', "line 2: published is no time ('noon')"),
        ('{"id": "x", "title": "x", "published": 7}', "line 2: published is not a text"),
        ('{"id": "x", "title": "x", "hints": "world"}', "line 2: hints is not a list of texts"),
        ('{"id": "x", "title": "x", "position": -1}', "line 2: position is not a whole number"),
    ],
)
def test_a_bad_line_is_named(line: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        pick_file(['{"id": 1, "title": "Good"}', line], at=None, sections=None, weights=None)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        ROWS[:1],
        [{"id": n, "title": "Ferry runs aground off Port Iselin", "teaser": LEDE} for n in range(10_000)],
        [{"id": n, "title": "😀🎉"} for n in range(100)],
        [{"id": n, "title": "long " * 400 + str(n)} for n in range(20)],
        [{"id": n, "title": "زلزال قوي يضرب المدينة", "source": str(n)} for n in range(5)],
        [{"id": 1, "title": ""}],
    ],
    ids=["none", "one", "copies", "emoji", "long", "right-to-left", "empty title"],
)
def test_bad_input_loses_nothing(rows: list[dict[str, Any]]) -> None:
    document = pick_document(picked(rows))
    told = [story for cluster in document["clusters"] for story in cluster["stories"]]
    told += [copy["story"] for copy in document["duplicates"]]
    assert sorted(told) == sorted(str(row["id"]) for row in rows)


def test_an_event_told_before_leads_with_what_is_new() -> None:
    stories = read_stories(lines(ROWS))
    told = SentEvent(digest="daily", day=date(2026, 11, 22), lead="f1", stories=("f1",), sources=("Reuters",),
                     headline="Ferry runs aground off Port Iselin")  # fmt: skip
    found = pick(stories, sections=SECTIONS, weights=Weights(), at=NOON, past=[told], background=shipped())
    (item,) = found.sections[0].items
    assert (item.cluster.lead.id, item.update_of) == ("f3", "2026-11-22")
    only = pick(stories[:1], sections=SECTIONS, weights=Weights(), at=NOON, past=[told], background=shipped())
    assert only.sections[0].items == ()
    assert only.sections[0].passed[0].reason == "in the edition of 2026-11-22"


def test_boosts_and_links_of_an_editor_count() -> None:
    stories = read_stories(lines(ROWS))
    found = pick(
        stories,
        sections=(Section(slug="all", title="All"),),
        weights=Weights(),
        at=NOON,
        background=shipped(),
        must_link=[("r1", "c1")],
        boosts={"r1": 5.0},
    )
    first = found.ranked[0]
    assert {story.id for story in first.cluster.stories} == {"r1", "c1"}
    assert "+5.0 by an editor" in found.sections[0].items[0].reason


WORDS = ("ferry", "harbour", "bank", "rate", "storm", "vote", "minister", "Tosk", "Iselin", "aground", "140")
texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "title": texts,
            "teaser": texts,
            "source": st.sampled_from(["", "A", "B"]),
            "published": st.sampled_from([None, "2026-11-23T09:00:00Z", "2026-11-22T09:00:00+02:00", "2027-01-01"]),
            "position": st.integers(0, 4),
            "section": st.sampled_from(["", "natural", "trade"]),
        }
    ),
    max_size=20,
)


@settings(max_examples=40)
@given(rows, st.integers(0, 99))
def test_order_and_repeats_change_no_byte(given_: list[dict[str, Any]], seed: int) -> None:
    stories = [{**row, "id": f"s{number}"} for number, row in enumerate(given_)]
    shuffled = [*stories, *stories[::3]]
    Random(seed).shuffle(shuffled)
    once = pick_file(lines(stories), at=NOON, sections=SECTIONS, weights=None)
    again = pick_file(lines(shuffled), at=NOON, sections=SECTIONS, weights=None)
    assert json.dumps(pick_document(once)) == json.dumps(pick_document(again))
    chosen = [story.id for filled in once.sections for item in filled.items for story in item.cluster.stories]
    assert len(chosen) == len(set(chosen))


@settings(max_examples=40)
@given(rows)
def test_no_unknown_age_is_counted_as_an_age(given_: list[dict[str, Any]]) -> None:
    dated = [{**row, "id": f"s{n}", "published": "2026-11-23T09:00:00Z"} for n, row in enumerate(given_)]
    for unknown in (None, (NOON + timedelta(days=3)).isoformat()):
        mixed = [{**row, "published": unknown if n == 0 else row["published"]} for n, row in enumerate(dated)]
        found = pick_file(lines(mixed), at=NOON, sections=None, weights=None)
        assert all(each.age_h >= 3 for each in found.ranked if each.age_h is not None)


@pytest.mark.parametrize("unknown", [None, "2026-11-26T12:00:00Z"])
def test_nothing_undated_or_of_the_future_is_ranked_as_new(unknown: str | None) -> None:
    told = [
        ("newest", "Harbour pilots share one boat", "2026-11-23T11:00:00Z"),
        ("middle", "Parliament sends meadow bill back", "2026-11-23T04:00:00Z"),
        ("oldest", "Frigate retires with whole crew", "2026-11-22T12:00:00Z"),
        ("unknown", "Volcano ash closes mountain passes", unknown),
    ]
    given_ = [{"id": name, "title": title, "source": name, "published": time} for name, title, time in told]
    found = pick_file(lines(given_), at=NOON, sections=None, weights=replace(Weights(), half_life_hours=6.0))
    score = {each.cluster.id: each.score.total for each in found.ranked}
    assert score["unknown"] == pytest.approx(score["middle"]), "an unknown age takes the window's median"
    assert score["unknown"] < score["newest"]
