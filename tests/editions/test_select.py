"""What appears in a section, and what is said of everything that does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.memory import Memory
from digest.editions.place import Placement
from digest.editions.rank import Ranked, rank
from digest.editions.select import fill
from digest.model.editions import FilledSection, Section, SentEvent, Sort, Weights
from digest.model.news import Cluster, Image, Story

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOP = Section(slug="top", title="Top", stories=3)


def event(name: str, **fields: object) -> Cluster:
    lead = Story(id=name, url=f"https://a.example/{name}", title=name, headline=name, source=f"Paper of {name}")
    lead = replace(lead, **fields)  # type: ignore[arg-type]  # the fields of a test are right
    return Cluster(stories=(lead,), lead=lead, running=(name,))


def told_by(cluster: Cluster, *sources: str) -> Cluster:
    more = tuple(replace(cluster.lead, id=f"{cluster.id}-{name}", source=name) for name in sources)
    return replace(cluster, stories=(cluster.lead, *more))


def ranked(clusters: list[Cluster]) -> tuple[Ranked, ...]:
    placements = [Placement(slug="top", reason="") for _ in clusters]
    return rank(clusters, placements, sections=(TOP,), weights=Weights(source_weight=1.0), at=NOON)


def filled(
    *clusters: Cluster,
    section: Section = TOP,
    diversity: float = 0.0,
    past: tuple[SentEvent, ...] = (),
    wanted: frozenset[str] = frozenset(),
) -> FilledSection:
    def likeness(left: Cluster, right: Cluster) -> float:
        return 1.0 if left.lead.title.split()[0] == right.lead.title.split()[0] else 0.0

    return fill(
        section,
        ranked(list(clusters)),
        diversity=diversity,
        likeness=likeness,
        memory=Memory(past, lambda headline: headline.lower().split()),
        at=NOON,
        wanted=wanted,
    )


def chosen(found: FilledSection) -> list[str]:
    return [item.cluster.id for item in found.items]


def told(found: FilledSection) -> dict[str, str]:
    reasons = {item.cluster.id: item.reason for item in found.items}
    return reasons | {passed.cluster.id: passed.reason for passed in found.passed}


def reason(found: FilledSection, id_: str) -> str:
    return told(found)[id_]


def test_the_best_are_chosen_and_the_next_says_how_near_it_was() -> None:
    found = filled(*(event(name, weight=weight) for name, weight in (("a", 4), ("b", 3), ("c", 2), ("d", 1.5))))
    assert chosen(found) == ["a", "b", "c"]
    assert reason(found, "a") == "1 source, undated; beats “d” by 2.5"
    assert reason(found, "d") == "0.5 below the third"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("source", "second from Ruva Selwick today; “c” taken instead"),
        ("byline", "second by Ruva Selwick today; “c” taken instead"),
        ("kicker", "second under “Ruva Selwick” today; “c” taken instead"),
    ],
)
def test_a_quota_shows_the_swap(field: str, said: str) -> None:
    section = replace(TOP, stories=2, per_source=1)
    found = filled(
        event("a", weight=4.0, **{field: "Ruva Selwick"}),
        event("b", weight=3.0, **{field: "Ruva Selwick"}),
        event("c", weight=2.0),
        section=section,
    )
    assert chosen(found) == ["a", "c"]
    assert reason(found, "b") == said
    assert "in for “b”, " in reason(found, "c")


def test_variety_passes_over_what_is_much_like_the_rest() -> None:
    clusters = [event("war one", weight=4.0), event("war two", weight=3.9), event("music", weight=3.5)]
    section = replace(TOP, stories=2)
    assert chosen(filled(*clusters, section=section)) == ["war one", "war two"]
    varied = filled(*clusters, section=section, diversity=0.3)
    assert chosen(varied) == ["war one", "music"]
    assert reason(varied, "war two") == "much like “war one”; “music” taken instead"


def test_a_picture_leads_a_pictured_section_when_nearly_as_good() -> None:
    photo = Image(url="https://a.example/p.jpg", width=800)
    near, far = event("near", weight=3.5, image=photo), event("far", weight=1.2, image=photo)
    best = event("best", weight=4.0, image=Image(url="https://a.example/small.jpg", width=90))
    cards = replace(TOP, style="cards")
    assert chosen(filled(best, near, section=cards)) == ["near", "best"]
    assert "picture" in reason(filled(best, near, section=cards), "near")
    assert chosen(filled(best, far, section=cards)) == ["best", "far"]
    assert chosen(filled(best, near)) == ["best", "near"]


def test_latest_is_by_honest_date_and_undated_last() -> None:
    found = filled(
        event("undated", weight=9.0),
        event("future", weight=8.0, published=NOON + timedelta(days=1)),
        event("old", published=NOON - timedelta(hours=9)),
        event("new", published=NOON - timedelta(hours=1)),
        section=replace(TOP, sort="latest"),
    )
    assert chosen(found) == ["new", "old", "undated"]
    assert reason(found, "future") == "undated, and dated ones come first"


def sent(*stories: str, headline: str = "a") -> SentEvent:
    return SentEvent(
        digest="daily",
        day=date(2026, 11, 22),
        lead=stories[0],
        stories=stories,
        sources=("Paper of a",),
        headline=headline,
    )


def test_what_was_told_is_not_told_again_unless_it_moved_on() -> None:
    again = filled(event("a"), past=(sent("a"),))
    assert chosen(again) == []
    assert reason(again, "a") == "in the edition of 2026-11-22"
    grown = filled(told_by(event("a"), "X", "Y"), past=(sent("a"),))
    assert grown.items[0].update_of == "2026-11-22"
    assert "update of 2026-11-22: 2 new sources" in reason(grown, "a")


def test_the_same_headline_under_a_new_address_was_told_too() -> None:
    past = (sent("z", headline="Ferry runs aground off Iselin"),)
    assert chosen(filled(event("a", headline="Ferry runs aground off Iselin"), past=past)) == []
    assert chosen(filled(event("a", headline="Bank raises its rate again"), past=past)) == ["a"]


def test_a_section_too_short_is_left_out_and_says_so() -> None:
    found = filled(event("a"), section=replace(TOP, minimum=2))
    assert found.items == ()
    assert reason(found, "a") == "the section is left out today: 1 of at least 2"


def test_thirty_are_explained_and_those_an_editor_named() -> None:
    clusters = [event(f"e{number:03}", weight=100.0 - number) for number in range(60)]
    assert len(filled(*clusters).passed) == 30
    assert filled(*clusters, wanted=frozenset({"e059"})).passed[-1].cluster.id == "e059"


names = st.sampled_from(["", "A", "B"])
drawn = st.lists(st.tuples(names, names, names, st.integers(0, 5), st.booleans()), max_size=14)


@given(
    drawn, st.integers(1, 6), st.integers(1, 3), st.sampled_from(["top", "latest"]), st.sampled_from([0.0, 0.3, 1.0])
)
def test_quotas_always_hold_and_nothing_is_told_twice(
    fields: list[tuple[str, str, str, int, bool]], stories: int, quota: int, sort: Sort, diversity: float
) -> None:
    clusters = [
        event(
            f"e{number}",
            source=source,
            byline=byline,
            kicker=kicker,
            weight=float(weight),
            published=NOON - timedelta(hours=number) if dated else None,
        )
        for number, (source, byline, kicker, weight, dated) in enumerate(fields)
    ]
    section = replace(TOP, stories=stories, per_source=quota, per_byline=quota, per_kicker=quota, sort=sort)
    found = filled(*clusters, section=section, diversity=diversity)
    leads = [item.cluster.lead for item in found.items]
    assert len(leads) <= stories
    for field in ("source", "byline", "kicker"):
        values = [getattr(lead, field) for lead in leads if getattr(lead, field)]
        assert all(values.count(value) <= quota for value in values)
    assert len(found.items) + len(found.passed) == len(clusters)
    assert set(told(found)) == {each.id for each in clusters}
    assert all(told(found).values())
    assert found == filled(*reversed(clusters), section=section, diversity=diversity)
