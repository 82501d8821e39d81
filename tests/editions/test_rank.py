"""How much an event matters: a sum that explains itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.place import Placement
from digest.editions.rank import Ranked, rank
from digest.model.editions import Section, Weights
from digest.model.news import Cluster, Story

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECTION = Section(slug="top", title="Top", prior=0.5)


def event(name: str, sources: int = 1, **fields: object) -> Cluster:
    stories = tuple(
        Story(
            id=f"{name}{number}",
            url="",
            title=name,
            headline=name,
            source=f"Paper {number}",
            **fields,  # type: ignore[arg-type]  # the fields of a test are right
        )
        for number in range(sources)
    )
    return Cluster(stories=stories, lead=stories[0], running=tuple(story.id for story in stories))


def ranked(*clusters: Cluster, at: datetime | None = NOON, weights: Weights | None = None) -> tuple[Ranked, ...]:
    placements = [Placement(slug="top", reason="") for _ in clusters]
    return rank(clusters, placements, sections=(SECTION,), weights=weights or Weights(), at=at)


def names(found: tuple[Ranked, ...]) -> list[str]:
    return [each.cluster.lead.title for each in found]


def test_sources_count_not_stories() -> None:
    told = event("many", 5)
    one_source = replace(told, stories=tuple(replace(each, source="Paper") for each in told.stories))
    one_source = replace(one_source, lead=one_source.stories[0])
    assert names(ranked(one_source, event("two", 2))) == ["two", "many"]


def test_terms_are_weight_times_value_times_decay() -> None:
    weights = Weights(half_life_hours=6.0)
    (found,) = ranked(event("a", 3, published=NOON - timedelta(hours=6), position=1), weights=weights)
    terms = {term.name: (term.value, term.contribution) for term in found.score.terms}
    assert terms["sources"] == (2.0, 1.0)
    assert terms["position"] == (1.0, weights.position / 2)
    assert terms["section"] == (0.5, 0.25)
    assert found.age_h == 6


def test_an_unknown_age_is_the_median_never_now() -> None:
    weights = Weights(half_life_hours=24.0)
    dated = [event(f"h{hours}", published=NOON - timedelta(hours=hours)) for hours in (1, 10, 40)]
    future = event("future", published=NOON + timedelta(hours=5))
    found = ranked(*dated, event("undated"), future, weights=weights)
    totals = {each.cluster.lead.title: each.score.total for each in found}
    assert totals["undated"] == totals["future"] == totals["h10"]


@pytest.mark.parametrize("at", [None, NOON])
def test_nothing_decays_where_no_time_is_known(at: datetime | None) -> None:
    stories = event("a", 3) if at else event("a", 3, published=NOON - timedelta(days=9))
    (found,) = ranked(stories, at=at)
    assert all(term.contribution == term.weight * term.value for term in found.score.terms)


def test_the_largest_event_carries_its_running_story() -> None:
    big, small = event("big", 4), event("small", 3)
    running = tuple(story.id for story in (*big.stories, *small.stories))
    found = ranked(replace(big, running=running), replace(small, running=running), event("other", 2))
    assert names(found) == ["big", "other", "small"]
    assert [each.attention for each in found] == [4, 2, 0.75]


times = st.one_of(st.none(), st.integers(-10, 100).map(lambda hours: NOON - timedelta(hours=hours)))
events = st.lists(
    st.tuples(st.integers(1, 5), times, st.integers(0, 9), st.floats(0, 3)).map(
        lambda fields: event("e", fields[0], published=fields[1], position=fields[2], weight=fields[3])
    ),
    min_size=1,
    max_size=8,
)


def distinct(clusters: list[Cluster]) -> list[Cluster]:
    found = []
    for number, each in enumerate(clusters):
        stories = tuple(replace(story, id=f"{number}-{story.id}", title=f"e{number}") for story in each.stories)
        found.append(Cluster(stories=stories, lead=stories[0], running=tuple(story.id for story in stories)))
    return found


@given(events)
def test_terms_sum_to_the_total_and_ranks_are_an_order(given_: list[Cluster]) -> None:
    found = ranked(*distinct(given_))
    for each in found:
        assert sum(term.contribution for term in each.score.terms) == pytest.approx(each.score.total, abs=1e-9)
    assert [each.rank for each in found] == list(range(1, len(found) + 1))
    assert found == ranked(*reversed(distinct(given_)))


@given(events, st.data())
def test_one_more_source_never_lowers_an_event(given_: list[Cluster], data: st.DataObject) -> None:
    clusters = distinct(given_)
    chosen = data.draw(st.integers(0, len(clusters) - 1))
    grown = clusters[chosen]
    more = replace(grown.lead, id="zz-more", source="One More Paper")
    grown = replace(grown, stories=(*grown.stories, more), running=(*grown.running, more.id))
    before = {each.cluster.id: each.rank for each in ranked(*clusters)}
    after = {each.cluster.id: each.rank for each in ranked(*clusters[:chosen], grown, *clusters[chosen + 1 :])}
    assert after[grown.id] <= before[grown.id]
