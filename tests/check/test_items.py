"""What was done to a story's words, and what it came without, is told; the mail stays whole all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.check.items import check_items
from digest.model.editions import Edition, Finding
from digest.model.news import Cluster
from digest.pipeline.approving import proof
from digest.render import render
from digest.render.context import LONGEST_HEADLINE, LONGEST_TEASER
from digest.render.theme import THEMES, theme
from tests.builders import PUBLICATION, edition, filled, item, story
from tests.render.checklist import broken
from tests.render.samples import ENVIRONMENT, THUMB, rich, whole


def findings(of: Edition) -> list[Finding]:
    return list(check_items(of, headline=LONGEST_HEADLINE, teaser=LONGEST_TEASER))


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        ("words-cut", "word " * 400, "the headline has 2,000 characters and is cut after 200"),
        ("words-markup", "A <b>bold</b> & <script>x()</script> line", "shown as it stands: “<b>”"),
        ("words-markup", "Ropes &amp; sails", "“&amp;”"),
        ("words-control", "half \ud800 a sign", "they are left out"),
        ("words-control", "a \x92 quote", "they are left out"),
        ("words-none", "  ", "an item has no headline"),
    ],
)
def test_words_that_were_touched_are_told(code: str, words: str, said: str) -> None:
    (found,) = findings(edition(sections=(filled("foreign", [item("x", headline=words)]),)))
    assert (found.code, found.where.split(":")[0]) == (code, "foreign")
    assert said in found.message
    assert not any("\ud800" <= character <= "\udfff" for character in str(found))


@pytest.mark.parametrize("words", ['He said "no" & left', "5 < 6 and 7 > 3", "AT&T's <3", "灯台の島", "a — b"])
def test_ordinary_words_are_not(words: str) -> None:
    assert findings(edition(sections=(filled("foreign", [item("x", headline=words, teaser=words)]),))) == []


def test_what_stories_lack_is_told_once_for_all_and_an_empty_section_by_name() -> None:
    bare = story("bare", published=None)
    items = [item(f"n{each}", teaser="") for each in range(5)]
    items.append(item("bare", cluster=Cluster(stories=(bare,), lead=bare), picture=THUMB))
    of = edition(
        sections=(
            filled("foreign", items, style="cards"),
            filled("trade", items[:1], style="brief"),
            filled("science", []),
        )
    )
    said = {(each.code, each.where): each.message for each in findings(of)}
    assert said["section-empty", "science"].startswith("Science has nothing today")
    bares = sorted(each.message for each in findings(of) if each.code == "item-bare")
    assert bares[0].startswith("1 item has no date: “Headline of bare”")
    assert bares[1].startswith(
        "5 items have no picture: “Headline of n0”, “Headline of n1”, “Headline of n2” and 2 more"
    )
    assert bares[2].startswith("5 items have no teaser")


@pytest.mark.parametrize("name", THEMES)
def test_bad_words_leave_the_mail_whole_and_every_cause_named(name: str) -> None:
    bad = story("bad", published=None)
    hostile = "<td>\ud800" + '"quoted" ' * 250
    of = rich(
        sections=(
            filled("foreign", [item("bad", cluster=Cluster(stories=(bad,), lead=bad), headline=hostile, teaser="")], style="feature"),
            filled("trade", [item("good")]),
            filled("science", []),
        )
    )  # fmt: skip
    publication = replace(PUBLICATION, public_url="https://tide.example", postal_address="4 Ropewalk Steps")
    made = proof(
        of,
        number=412,
        publication=publication,
        render=lambda of, number, language: render(
            of,
            publication=publication,
            number=number,
            theme=theme(name, {"mute": "#CCCCCC"}),
            environment=ENVIRONMENT,
            language=language,
        ),
    )
    codes = {each.code for each in made.findings}
    assert codes >= {"words-cut", "words-markup", "words-control", "item-bare", "section-empty", "contrast"}
    assert [each for each in made.findings if each.severity == "error"] == []
    html, text = whole(of, made.versions[0].rendered)
    assert [fault for fault in broken(html) if not fault.startswith("22 ")] == []
    assert "Headline of good" in html
    assert "Headline of good" in text
