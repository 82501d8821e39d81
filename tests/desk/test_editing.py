"""What two editors may do at once, what a base was made with, and where a finding comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.config import load
from digest.desk.columns import Columns
from digest.desk.findings import cause_of, said_of
from digest.desk.forms import value_of
from digest.desk.readers import language_name
from digest.errors import UsageError
from digest.model.editions import Edit, Edition, EditionRecord, EditionState, Finding, Passed
from digest.model.mail import EditionKey
from digest.model.news import Cluster, Story
from digest.pipeline.editing import clash, composed_with
from digest.wiring import Wiring
from digest.wiring.drafts import Draft
from digest.wiring.editing import Editing
from digest.wiring.publisher import Publisher
from tests.builders import DAY, NOW, filled, item, story

ONE, TWO, OLD = item("one"), item("two"), item("old")
BASE = Edition(
    digest="daily",
    day=DAY,
    built_at=NOW,
    sections=(
        replace(
            filled("trade", [ONE, TWO]),
            passed=(Passed(cluster=OLD.cluster, reason="dropped by Ada"),),
        ),
    ),
)


def edit(kind: str, target: str = "", by: str = "Jonne", **value: Any) -> Edit:
    names = {"others": "with", "left": "from"}
    return Edit(kind=kind, target=target, value={names.get(k, k): v for k, v in value.items()}, by=by, at=NOW)


@pytest.mark.parametrize(
    ("theirs", "mine", "told"),
    [
        (edit("rewrite", "one", headline="a"), edit("rewrite", "one", headline="b"), True),
        (edit("rewrite", "one", headline="a"), edit("rewrite", "one", teaser="b"), False),
        (edit("rewrite", "one", headline="a"), edit("rewrite", "two", headline="b"), False),
        (edit("drop", "one"), edit("rewrite", "one", headline="b"), True),
        (edit("pin", "one", place=2), edit("move", "one", section="trade"), True),
        (edit("pin", "one", place=2), edit("boost", "one", boost=1.0), False),
        (edit("split", "one"), edit("merge", "one", others=["two"]), True),
        (edit("related", "one", related=[]), edit("related", "one", related=[]), True),
        (edit("subject", text="a"), edit("subject", text="b"), True),
        (edit("subject", text="a"), edit("preheader", text="b"), False),
        (edit("note", text="a"), edit("note", text="b"), False),
        (edit("move", "one"), edit("undo"), True),
        (edit("move", "one"), edit("undo", "3"), False),
        (edit("undo", "3"), edit("undo", "3"), True),
    ],
)
def test_what_decides_the_same_is_a_clash(theirs: Edit, mine: Edit, told: bool) -> None:
    mine = replace(mine, by="Ada")
    assert clash([theirs], mine) == (theirs if told else None)
    assert clash([replace(theirs, by="Ada")], mine) is None, "nobody clashes with herself"


def test_the_last_that_decided_the_same_is_told() -> None:
    first, last = edit("rewrite", "one", headline="a"), edit("rewrite", "one", headline="b", kicker="c")
    assert clash([first, edit("move", "two"), last], edit("rewrite", "one", by="Ada", headline="mine")) == last


def test_only_a_base_made_with_an_edit_must_be_made_anew_without_it() -> None:
    assert composed_with(BASE, edit("drop", "old"))
    assert not composed_with(BASE, edit("drop", "one")), "the drop is applied, not part of the base"
    both = replace(ONE.cluster, stories=(ONE.cluster.lead, TWO.cluster.lead))
    joined = replace(BASE, sections=(filled("trade", [replace(ONE, cluster=both)]),))
    assert composed_with(joined, edit("merge", "one", others=["two"]))
    assert not composed_with(BASE, edit("merge", "one", others=["two"]))
    assert composed_with(BASE, edit("split", "one", left=["two"]))
    assert not composed_with(joined, edit("split", "one", left=["two"]))
    assert not composed_with(BASE, edit("rewrite", "one", headline="a"))
    assert not composed_with(BASE, edit("drop", "gone"))


def test_a_finding_leads_to_its_cause() -> None:
    record = EditionRecord(digest="daily", day=DAY, state=EditionState.DRAFT, base=BASE)
    draft = Draft(key=EditionKey("daily", DAY), record=record, edition=BASE, stamp="")
    mail = [
        "<html>",
        f"<a href={ONE.cluster.lead.url}>",
        "<p>teaser</p>",
        f"<a href={TWO.cluster.lead.url}>",
        *[""] * 20,
    ]

    def cause(where: str, message: str = "it is wrong") -> str:
        return cause_of(Finding(code="x", severity="warning", where=where, message=message), draft, mail).cause

    assert cause("html:3") == "one"
    assert cause("html:4") == "two"
    assert cause("html:22") == "", "the imprint is no item's"
    assert cause("text:9", f"a link is not encrypted: {TWO.cluster.lead.url}") == "two"
    assert cause("mail", "“Headline of one” is too long") == "one"
    assert cause("items", "2 items have no picture: “Headline of tw…” and 1 more") == "two", "the words were cut"
    assert cause("items", "1 item has no picture: “Headline of n…”") == ""
    assert cause("subject") == "subject"
    assert cause("headers") == ""


def test_a_finding_says_what_it_is_about() -> None:
    told = Finding(code="subject-length", severity="warning", where="subject", message="it has 88 characters")
    assert said_of(told) == "subject: it has 88 characters"
    assert said_of(replace(told, message="the mail is long")) == "the mail is long"


def test_a_form_that_cannot_be_meant_is_told() -> None:
    assert value_of("move", "one", {"place": "2", "section": "trade", "else": "x"}, BASE) == {
        "place": 2,
        "section": "trade",
    }
    assert value_of("boost", "one", {"boost": "−0,5"}, BASE) == {"boost": -0.5}
    assert value_of("merge", "one", {"with": "two old"}, BASE) == {"with": ["two", "old"]}
    lines = '[{"headline": "A", "url": "https://a.example", "extra": 1}]'
    assert value_of("related", "one", {"lines": lines}, BASE) == {
        "related": [{"headline": "A", "url": "https://a.example", "source": "", "language": ""}]
    }
    for kind, form in (
        ("pin", {"place": "0"}),
        ("boost", {"boost": "much"}),
        ("related", {"lines": "{"}),
        ("related", {"lines": "[1]"}),
    ):
        with pytest.raises(UsageError):
            value_of(kind, "one", form, BASE)


def test_languages_are_named() -> None:
    assert language_name("de") == "German"
    assert language_name("xx-odd") == "xx-odd"


def test_an_edit_in_between_is_seen_however_late_it_comes(publication: Path) -> None:
    wiring = Wiring(load(publication, {}))
    try:
        publisher = Publisher(wiring, wiring.settings.digests[0])
        ada, jonne = (Editing(publisher, None, by=name) for name in ("Ada", "Jonne"))
        lead = ada.edition().items[0].cluster.id
        read = ada.record  # Ada's page was read, and then Jonne is quicker
        jonne.change("rewrite", lead, {"headline": "Jonne's"}, seen=0)
        record, other = ada.change("rewrite", lead, {"headline": "Ada's"}, seen=0, record=read)
        assert other is not None
        assert other.by == "Jonne"
        assert [each.value["headline"] for each in record.edits] == ["Jonne's"], "hers is not kept, and not lost: told"
        record, other = ada.change("rewrite", lead, {"teaser": "Ada's"}, seen=0, record=read)
        assert other is None
        assert [each.by for each in record.edits] == ["Jonne", "Ada"], "what does not touch stands beside"
        assert record.draft == read.draft + 2
    finally:
        wiring.close()


def came_in(publication: Path, headline: str) -> Story:
    """Have a feed of the publication tell another story, and build the draft anew."""
    wiring = Wiring(load(publication, {}))
    try:
        feed, now = next(each for each in wiring.settings.feeds if each.section), wiring.clock.now()
        came = story(
            "came-late", headline=headline, title=headline, feed=feed.url, feed_name=feed.name, source="Late Wire", position=1,
            section=feed.section, published=now - timedelta(hours=2), seen=now,
        )  # fmt: skip
        wiring.stories.save_stories([came], now=now)
        Publisher(wiring, wiring.settings.digests[0]).build()
    finally:
        wiring.close()
    return came


def test_what_came_after_the_first_draft_is_marked() -> None:
    late = story("late", seen=NOW + timedelta(minutes=25))
    both = Cluster(stories=(story("known"), late), lead=late)
    alone = Cluster(stories=(late,), lead=late)
    passed = (Passed(cluster=alone, reason="older"), Passed(cluster=OLD.cluster, reason="older"))
    section = replace(filled("trade", [replace(ONE, cluster=alone), replace(TWO, cluster=both)]), passed=passed)
    rebuilt = replace(BASE, sections=(section,), built_at=NOW + timedelta(hours=1), first_built_at=NOW)
    for edition, new in ((rebuilt, "07:05"), (replace(rebuilt, first_built_at=None), "")):
        record = EditionRecord(digest="daily", day=DAY, state=EditionState.DRAFT, base=edition)
        draft = Draft(key=EditionKey("daily", DAY), record=record, edition=edition, stamp="")
        columns = Columns(draft, zone=ZoneInfo("Europe/Lisbon"), language="en", viewer="Ada")
        first, second = next(columns.sections()).cards
        assert [(tag.kind, tag.text) for tag in first.tags] == ([("new", f"New, {new}")] if new else [])
        assert second.tags == (), "an event the first draft knew is not new because another source tells it"
        assert {each.id: each.new for each in columns.candidates()} == {"late": new, "old": ""}


def test_the_first_draft_of_a_day_is_remembered_and_no_edit_touched(publication: Path) -> None:
    wiring = Wiring(load(publication, {}))
    try:
        publisher = Publisher(wiring, wiring.settings.digests[0])
        ada = Editing(publisher, None, by="Ada")
        first = ada.record.base
        assert first is not None
        assert first.first_built_at is None
        ada.change("rewrite", ada.edition().items[0].cluster.id, {"headline": "Ada's"}, seen=0)
        publisher.build()
        came_in(publication, "Lanterns of the outer mole are lit by hand again")
        after = ada.edition()
        assert after.first_built_at == first.built_at < after.built_at
        assert after.items[0].headline == "Ada's"
    finally:
        wiring.close()
