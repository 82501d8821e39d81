"""Edits on a base: pins and drops hold, words are replaced, and what does not fit is reported."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editions.revise import apply, standing
from digest.editions.select import item_of
from digest.model.editions import Edit, Edition, FilledSection, Item, Passed, Score, Section, Term
from digest.model.news import Cluster, Story

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


def event(name: str, stories: int = 1) -> Cluster:
    told = tuple(
        Story(
            id=f"{name}{number or ''}",
            url=f"https://{name}{number}.example/",
            title=f"Headline of {name}{number or ''}",
            headline=f"Headline of {name}{number or ''}",
            source=f"Paper {number}",
        )
        for number in range(stories)
    )
    return Cluster(stories=told, lead=told[0], running=tuple(story.id for story in told))


def score(total: float) -> Score:
    return Score(terms=(Term(name="sources", value=total, weight=1.0, contribution=total),), total=total)


def section(slug: str, items: str, passed: str = "", stories: int = 3) -> FilledSection:
    return FilledSection(
        section=Section(slug=slug, title=slug.title(), stories=stories),
        items=tuple(item_of(event(name, 3), score=score(9.0 - at), reason="1 source") for at, name in enumerate(items)),
        passed=tuple(
            Passed(cluster=event(name), score=score(3.0 - at), reason="below") for at, name in enumerate(passed)
        ),
    )


def base(top: str = "abc", passed: str = "xyz", trade: str = "de") -> Edition:
    return Edition(
        digest="daily",
        day=date(2026, 11, 23),
        subject="Headline of a",
        sections=(section("top", top, passed), section("trade", trade)),
        built_at=NOW,
    )


def edit(sequence: int, kind: str, target: str = "", **value: Any) -> Edit:
    return Edit(kind=kind, target=target, value=value, by="Ada", at=NOW, sequence=sequence)


def shown(edition: Edition, slug: str = "top") -> str:
    filled = next(each for each in edition.sections if each.section.slug == slug)
    return "".join(item.cluster.lead.id for item in filled.items)


def item(edition: Edition, id_: str) -> Item:
    return next(each for each in edition.items if each.cluster.lead.id == id_)


def passed(edition: Edition) -> dict[str, str]:
    return {each.cluster.id: each.reason for filled in edition.sections for each in filled.passed}


def test_no_edits_leave_the_base_alone() -> None:
    assert apply(base(), []) == base()


@pytest.mark.parametrize(
    ("change", "top", "trade"),
    [
        (edit(1, "pin", "x"), "xab", "de"),
        (edit(1, "pin", "x", place=2), "axb", "de"),
        (edit(1, "pin", "c2", place=1), "cab", "de"),
        (edit(1, "pin", "a", section="trade", place=9), "bc", "dea"),
        (edit(1, "drop", "b"), "ac", "de"),
        (edit(1, "move", "a", section="trade"), "bc", "dea"),
        (edit(1, "move", "a", place=3), "bca", "de"),
        (edit(1, "promote", "c"), "cab", "de"),
        (edit(1, "promote", "y"), "yab", "de"),
        (edit(1, "boost", "x", boost=5.5), "axb", "de"),
        (edit(1, "boost", "a", boost=-8), "bca", "de"),
        (edit(1, "merge", "a", **{"with": ["b", "x"]}), "ac", "de"),
        (edit(1, "lead", "b2"), "ab2c", "de"),
    ],
)
def test_edits_of_place(change: Edit, top: str, trade: str) -> None:
    found = apply(base(), [change])
    assert (shown(found), shown(found, "trade")) == (top, trade)


def test_the_subject_follows_the_first_item_unless_an_editor_wrote_it() -> None:
    assert apply(base(), [edit(1, "pin", "x")]).subject == "Headline of x"
    written = apply(base(), [edit(1, "subject", text="Our own"), edit(2, "pin", "x")])
    assert (written.subject, written.subject_by_editor) == ("Our own", True)
    taken_back = apply(base(), [edit(1, "subject", text="Our own"), edit(2, "subject", text="")])
    assert (taken_back.subject, taken_back.subject_by_editor) == ("Headline of a", False)


def test_merged_and_split_events_keep_every_story() -> None:
    merged = apply(base(), [edit(1, "merge", "a", **{"with": ["b"]})])
    assert {story.id for story in item(merged, "a").cluster.stories} == {"a", "a1", "a2", "b", "b1", "b2"}
    split = apply(base(), [edit(1, "split", "a1")])
    assert {story.id for story in item(split, "a").cluster.stories} == {"a", "a2"}
    assert passed(split)["a1"] == "split off by Ada"
    pinned = apply(base(), [edit(1, "split", "a1"), edit(2, "pin", "a1", place=2)])
    assert shown(pinned) == "aa1b"


def test_words_are_replaced_and_lines_and_notes_added() -> None:
    lines = [{"headline": "Elsewhere", "url": "https://e.example/", "source": "E"}]
    found = apply(
        base(),
        [
            edit(1, "rewrite", "a", headline=" New \n words ", kicker="Sea"),
            edit(2, "related", "a", related=lines),
            edit(3, "note", "a", text="Seen by us."),
            edit(4, "note", "", text="No edition on Friday.", after="trade"),
            edit(5, "intro", text="Good morning.", by="Ada Merrow"),
            edit(6, "preheader", text="By hand"),
            edit(7, "sponsor", name="Tidewell", url="https://t.example/"),
        ],
    )
    a = item(found, "a")
    assert (a.headline, a.kicker, a.note, a.related[0].headline) == ("New words", "Sea", "Seen by us.", "Elsewhere")
    assert (found.intro, found.intro_by, found.preheader) == ("Good morning.", "Ada Merrow", "By hand")
    assert [(note.text, note.after) for note in found.notes] == [("No edition on Friday.", "trade")]
    assert found.sponsors[0].label == "Powered by"
    assert found.subject == "New words"
    corrected = item(apply(base(), [edit(1, "correct", "a", headline="Right", text="It was wrong.")]), "a")
    assert (corrected.headline, corrected.note) == ("Right", "Correction: It was wrong.")


def test_a_story_no_feed_brought_is_added_and_pinned() -> None:
    found = apply(base(), [edit(1, "add", section="trade", url="https://n.example/", headline="By hand", place=1)])
    added = found.sections[1].items[0]
    assert (added.headline, added.pinned, added.reason) == ("By hand", True, "added by Ada")


def test_undo_and_redo() -> None:
    pin, drop = edit(1, "pin", "x"), edit(2, "drop", "a")
    assert standing([pin, drop, edit(3, "undo")]) == (pin,)
    assert standing([pin, drop, edit(3, "undo", "1")]) == (drop,)
    assert standing([pin, drop, edit(3, "undo"), edit(4, "undo")]) == ()
    assert standing([pin, drop, edit(3, "undo"), edit(4, "undo"), edit(5, "redo")]) == (pin,)
    assert standing([edit(1, "undo"), edit(2, "redo"), edit(3, "undo", "99")]) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (edit(1, "pin", "gone"), "edit 1 (pin by Ada) had no effect: the story is not in this edition"),
        (edit(1, "move", "a", section="nowhere"), "there is no section “nowhere”"),
        (edit(1, "boost", "a", boost="lots"), "it needs a boost from -1000 to 1000"),
        (edit(1, "rewrite", "a", headline=" "), "a headline cannot be empty"),
        (edit(1, "rewrite", "x", headline="X"), "the story is not among the chosen ones"),
        (edit(1, "related", "a", related="x"), "it needs a list of lines"),
        (edit(1, "related", "a", related=[{"headline": "H", "url": "javascript:x"}]), "an http(s) address"),
        (edit(1, "add", section="top", url="ftp://x", headline="H"), "it needs a headline and an http(s) address"),
        (edit(1, "split", "x"), "the event would be empty"),
        (edit(1, "merge", "a", **{"with": ["gone"]}), "not in this edition: gone"),
        (edit(1, "sponsor", name="Nobody", remove=True), "there is no sponsor “Nobody”"),
        (edit(1, "note", text=""), "it needs a text"),
    ],
)
def test_what_does_not_fit_is_reported_and_changes_nothing(change: Edit, said: str) -> None:
    found = apply(base(), [change])
    assert len(found.health.notes) == 1
    assert said in found.health.notes[0]
    assert found.sections == base().sections


ids = st.sampled_from(["a", "b", "c", "d", "x", "y", "a1", "gone"])
edits = st.lists(
    st.one_of(
        st.tuples(st.just("pin"), ids, st.fixed_dictionaries({"place": st.integers(1, 4)})),
        st.tuples(st.sampled_from(["drop", "promote", "split", "lead"]), ids, st.just({})),
        st.tuples(st.just("move"), ids, st.fixed_dictionaries({"section": st.sampled_from(["top", "trade", "no"])})),
        st.tuples(st.just("boost"), ids, st.fixed_dictionaries({"boost": st.integers(-9, 9)})),
        st.tuples(st.just("merge"), ids, st.fixed_dictionaries({"with": st.lists(ids, max_size=2)})),
        st.tuples(st.sampled_from(["undo", "redo"]), st.just(""), st.just({})),
    ),
    max_size=10,
).map(lambda made: [edit(number, kind, id_, **value) for number, (kind, id_, value) in enumerate(made, 1)])


@given(edits)
def test_every_story_stays_once_and_nothing_raises(given_: list[Edit]) -> None:
    found = apply(base(), given_)
    before = sorted(story.id for each in clusters(base()) for story in each.stories)
    assert sorted(story.id for each in clusters(found) for story in each.stories) == before


def clusters(edition: Edition) -> list[Cluster]:
    placed = [each.cluster for each in edition.items]
    return placed + [each.cluster for filled in edition.sections for each in filled.passed]


@given(edits, ids.filter(lambda id_: id_ not in {"gone", "a1"}), st.integers(1, 3), st.sampled_from(["abcxy", "yxcba"]))
def test_the_last_pin_or_drop_holds_on_any_base(given_: list[Edit], id_: str, place: int, order: str) -> None:
    others = [each for each in given_ if each.kind not in ("pin", "drop", "undo", "redo", "merge", "split")]
    new_base = base(order[:3], order[3:] + "z")
    pinned = apply(new_base, [*others, edit(90, "pin", id_, section="top", place=place)])
    filled = pinned.sections[0]
    assert any(story.id == id_ for story in filled.items[min(place, len(filled.items)) - 1].cluster.stories)
    assert len(filled.items) <= filled.section.stories
    dropped = apply(new_base, [*others, edit(90, "drop", id_)])
    assert all(story.id != id_ for each in dropped.items for story in each.cluster.stories)


def test_a_full_section_makes_room_for_a_pin_but_never_drops_another_pin() -> None:
    pins = [edit(number, "pin", id_, place=1) for number, id_ in enumerate("xyzd", 1)]
    found = apply(base(), [replace(each, value={"section": "top", "place": 1}) for each in pins])
    assert sorted(shown(found)) == ["d", "x", "y", "z"]
    assert passed(found)["c"].startswith("made room for")


@pytest.mark.parametrize(
    "earlier",
    [
        edit(1, "drop", "b"),
        edit(1, "move", "b", place=3),
        edit(1, "pin", "b", section="trade", place=1),
        edit(1, "promote", "b"),
        edit(1, "rewrite", "b", headline="Of b alone"),
    ],
)
def test_what_was_decided_about_an_event_joined_since_waits(earlier: Edit) -> None:
    joined = edit(2, "merge", "a", **{"with": ["b"]})
    found = apply(base(), [earlier, joined])
    assert (shown(found), shown(found, "trade")) == ("ac", "de"), "the event it was joined to stays where it was"
    assert item(found, "a").headline == "Headline of a"
    assert found.health.notes == ()
    apart = apply(base(), [earlier, joined, edit(3, "undo", "2")])
    assert apart == apply(base(), [earlier]), "and stands again once they are apart"
    led = apply(base(), [edit(1, "rewrite", "b", headline="Of b alone"), joined, edit(3, "lead", "b")])
    assert item(led, "b").headline == "Of b alone", "its words are shown where it leads"
