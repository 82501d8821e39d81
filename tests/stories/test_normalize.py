from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model.news import Entry, Feed, Image, Story
from digest.stories.normalize import stories_of
from digest.stories.page import metadata
from digest.stories.pictures import seconds
from digest.stories.sanitize import plain
from digest.stories.urls import canonical_url, without_tracking

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def made(*titles: str, feed: Feed | None = None, feed_title: str = "", **said: Any) -> tuple[Story, ...]:
    entries = [
        replace(Entry(feed="", position=at, link=f"https://f.example/{at}", title=title), **said)
        for at, title in enumerate(titles, start=1)
    ]
    feed = feed or Feed(url="https://f.example/rss")
    return stories_of(entries, feed, feed_title=feed_title, now=NOW)


def one(title: str = "Ferry sails again", **said: Any) -> Story:
    return made(title, **said)[0]


def told(*summaries: str) -> tuple[Story, ...]:
    """Stories of one feed, each with its summary."""
    entries = [
        Entry(feed="", position=at, link=f"https://f.example/{at}", title=f"Story {at}", summary=summary)
        for at, summary in enumerate(summaries, start=1)
    ]
    return stories_of(entries, Feed(url="https://f.example/rss"), now=NOW)


def test_a_headline_is_one_clean_line() -> None:
    assert one(" <b>Ferry</b>\n &amp;amp; port\x00 &#8217;<br>").headline == "Ferry &amp; port ’"
    assert len(one("x" * 2_000).headline) == 300


def test_the_publication_s_name_is_taken_off_the_end() -> None:
    titles = [f"Ferry number {number} sails - The Calder Post" for number in range(4)]
    assert made(*titles)[0].headline == "Ferry number 0 sails"
    assert made("Ferry sails | Calder", feed_title="Calder")[0].headline == "Ferry sails"
    assert made("Ferry sails - at last")[0].headline == "Ferry sails - at last"


def test_kickers_are_split_where_a_feed_uses_them() -> None:
    titles = (
        "Oru Strait: Two rival coasts meet",
        "Oru Strait: Ferries sail again",
        "Amnesty/Human Rights Watch: Camps must close",
    )
    stories = made(*titles, "Harbour opens")
    assert [story.kicker for story in stories] == ["Oru Strait", "Oru Strait", "Amnesty/Human Rights Watch", ""]
    assert stories[0].headline == "Two rival coasts meet"
    assert made(*titles, feed=Feed(url="x", kicker="never"))[0].headline == titles[0]
    assert one("Minister: “We will sail again”").kicker == ""


def test_a_teaser_is_whole_sentences_without_clutter() -> None:
    summary = "<p>By Tessaly Brandt</p><p>Ferry sails again</p><p>PORT ISELIN, Tuesday — The ferry sailed. " + (
        "Mr. Oru waved. "
        + "It was a long and quiet crossing over the strait. " * 8
        + "</p><p>Share this</p><p>Continue reading…</p>"
    )
    story = one(summary=summary, authors=("By Tessaly Brandt",))
    assert story.dateline == "Port Iselin"
    assert story.byline == "Tessaly Brandt"
    assert story.teaser.startswith("The ferry sailed. Mr. Oru waved. It was")
    assert story.teaser.endswith("strait.")
    assert len(story.teaser) <= 280


@pytest.mark.parametrize(
    ("summary", "teaser"),
    [
        ("The ferry sailed at noon today. Continue reading &rarr;", "The ferry sailed at noon today."),
        ("The ferry sailed at noon. The captain wav [&#8230;]", "The ferry sailed at noon."),
        (
            "<p>The ferry sailed at noon today.</p><p>The post Ferry appeared first on Calder.</p>",
            "The ferry sailed at noon today.",
        ),
        ("Readers who read the full story know that ferries sail at noon.",) * 2,
        ("<script>alert(1)</script><style>p{}</style>The ferry sailed.", "The ferry sailed."),
        ("渡船は正午に出航した。乗客は手を振った。", "渡船は正午に出航した。乗客は手を振った。"),
        # A sentence that begins with "More" is no invitation.
        ("The quake came at dawn. More than forty boats sank.",) * 2,
        (
            "<p>More families are allowed to take the ferry for nothing.</p>",
            "More families are allowed to take the ferry for nothing.",
        ),
        ("The quake came at dawn. More on this story »", "The quake came at dawn."),
        # Lines of HTML are no paragraphs, full lines of plain text neither.
        ("<p>submitted by\n  <a href='/u'>/u/oru</a> to\n r/ferries</p><p>[link]\n[comments]</p>", ""),
        (
            "The ferry sailed at noon with all of its passengers and\nShe came back at night.",
            "The ferry sailed at noon with all of its passengers and She came back at night.",
        ),
        # Headings give way to sentences; a list keeps its items apart.
        (
            "<h2>What happened</h2><p>The ferry sailed at noon, an hour late for once.</p>",
            "The ferry sailed at noon, an hour late for once.",
        ),
        (
            "<p>The ferry sailed at noon. Aboard were:</p><ul><li>Forty sheep</li><li>A bell</li></ul>",
            "The ferry sailed at noon. Aboard were: Forty sheep; A bell",
        ),
        # A standfirst has no full stop, and is a sentence all the same.
        (
            "<p>The ferry sailed at noon with all of its passengers</p><p>It was an hour late.</p>",
            "The ferry sailed at noon with all of its passengers. It was an hour late.",
        ),
        (
            "<p>The ferry sailed at noon with all of its passengers</p><p>and came back.</p>",
            "The ferry sailed at noon with all of its passengers and came back.",
        ),
        (
            "<p>The timetable of the old ferry is at https://f.example/times</p><p>It was an hour late.</p>",
            "The timetable of the old ferry is at https://f.example/times It was an hour late.",
        ),
        ("<ul><li>Forty sheep</li><li>A bell</li></ul>", "Forty sheep · A bell"),
        # What programs read.
        ("https://f.example/1", ""),
        ("<p>Full video: https://v.example/1</p><p>The ferry sailed at noon.</p>", "The ferry sailed at noon."),
        (
            "The bell (https://b.example/x) rang. So did [the other](https://b.example/y). https://b.example/z",
            "The bell rang. So did the other.",
        ),
        ("**Note:** the *very old* ferry is *gone*.", "Note: the very old ferry is *gone*."),
        ("[vc_row width=”full”]The ferry sailed at noon.[/vc_row]", "The ferry sailed at noon."),
        ("He [re-elected] sailed at noon [sic].",) * 2,
        ("null", ""),
        ("The ferry sailed. <svg viewBox='0 0 1 1'>At noon it came back.", "The ferry sailed. At noon it came back."),
        ("How <title> is <b>read</b> by machines.", "How <title> is read by machines."),
    ],
)
def test_teasers(summary: str, teaser: str) -> None:
    assert one(summary=summary).teaser == teaser


@pytest.mark.parametrize(
    ("authors", "byline", "source"),
    [
        (("news@f.example (Tessaly Brandt)",), "Tessaly Brandt", "Post"),
        (("By TESSALY BRANDT and Ines Oru, Reuters",), "Tessaly Brandt, Ines Oru", "Reuters"),
        (("admin",), "", "Post"),
        (("Post",), "", "Post"),
        (("a@f.example",), "", "Post"),
        (("Associated Press",), "", "Associated Press"),
        (("Ines (Ines Oru)",), "Ines Oru", "Post"),
        (("Ines Oru (now), Tessaly Brandt (earlier)",), "Ines Oru (now), Tessaly Brandt (earlier)", "Post"),
        (("Ines Oru (Reuters)",), "Ines Oru", "Reuters"),
        (("Ines Oru in Port Iselin, Velmora, and Tessaly Brandt",), "Ines Oru, Tessaly Brandt", "Post"),
        (("Ines in the Woods",), "Ines in the Woods", "Post"),
        (("Reuters in Port Iselin",), "", "Reuters"),
        (("Staff and agencies",), "", "Post"),
    ],
)
def test_bylines_and_agencies(authors: tuple[str, ...], byline: str, source: str) -> None:
    story = made("T", authors=authors, feed_title="Post")[0]
    assert (story.byline, story.source) == (byline, source)


def test_the_publication_s_own_name_is_no_byline() -> None:
    for name in ("THE POST", "thepost", "The Post"):
        assert made("T", authors=(name,), feed_title="The Post in English")[0].byline == ("" if " " in name else name)
    assert made("T", authors=("the-post",), feed_title="The Post")[0].byline == ""
    assert made("T", authors=("Ines Oru",), feed_title="Ines Oru's Harbour")[0].byline == "Ines Oru"


def test_datelines_end_with_a_colon_where_a_feed_writes_them_so() -> None:
    texts = (
        "OSLO: The ferry sailed.",
        "<p>PORT ISELIN (AFP): The bell rang.</p>",
        "OSLO: Snow fell.",
        "UPDATE: All is well.",
    )
    stories = told(*texts)
    assert [story.dateline for story in stories] == ["Oslo", "Port Iselin", "Oslo", ""]
    assert [story.teaser for story in stories][:2] == ["The ferry sailed.", "The bell rang."]
    assert one(summary="GOJO: It takes a ferry.").teaser == "GOJO: It takes a ferry."


def test_the_source_stands_in_brackets_where_a_feed_writes_it_so() -> None:
    texts = (
        "[Oru Times] The ferry sailed.",
        "[Harbour Post] The bell rang.",
        "[Oru Times] Snow fell.",
        "[Sic] it was.",
    )
    stories = told(*texts)
    assert [story.source for story in stories] == ["Oru Times", "Harbour Post", "Oru Times", "Sic"]
    assert stories[0].teaser == "The ferry sailed."
    assert one(summary="[Sic] it was.").teaser == "[Sic] it was."


def test_a_source_is_a_name_and_no_address() -> None:
    assert made("T", source="https://p.example/feed", feed_title="Post")[0].source == "Post"


def test_a_summary_cut_in_a_sentence_is_told_to_its_end_by_the_body() -> None:
    begun = "The ferry sailed at noon with all of its passengers. In the evening its captain"
    whole = f"{begun} came home alone. Nobody knows why."
    assert one(summary=begun, content=f"<p>{whole}</p>").teaser == whole
    assert one(summary=f"{begun} [&#8230;]", content=f"<p>{whole}</p>").teaser == whole
    assert one(summary=f"{begun} [&#8230;]").teaser == begun.partition(" In")[0]
    assert (
        one(summary=begun, content="<p>Another story, and a much longer one than that which was begun.</p>").teaser
        == begun
    )


def test_no_stars_around_a_headline_and_no_part_of_the_feed_s_name_behind_it() -> None:
    assert one("★ Ferry sails ★").headline == "Ferry sails"
    assert one("★★★").headline == "★★★"
    assert made("Ferry sails | Radio Oru", feed_title="Waves | Radio Oru")[0].headline == "Ferry sails"
    assert made("Waves - a ferry sails", feed_title="Waves | Radio Oru")[0].headline == "Waves - a ferry sails"


def test_the_source_is_apart_from_the_feed() -> None:
    assert made("T", source="North Wire", feed_title="Post")[0].source == "North Wire"
    story = made("T", summary="OSLO (AP) — The ferry sailed at noon, said the captain.", feed_title="Post")[0]
    assert (story.source, story.feed_name, story.dateline) == ("Associated Press", "Post", "Oslo")


def test_a_dateline_as_efe_writes_it() -> None:
    story = one(summary="PORT ISELIN, 24 set (EFE).- The ferry sailed at noon.")
    assert (story.dateline, story.source, story.teaser) == ("Port Iselin", "EFE", "The ferry sailed at noon.")


def test_no_dateline_where_none_is() -> None:
    assert one(summary="BREAKING — The ferry sailed at noon and is safe.").dateline == ""
    assert one(summary="The ferry — an old one — sailed at noon and is safe.").dateline == ""


def test_the_largest_picture_and_never_a_pixel() -> None:
    offered = (
        Image(url="https://i.example/s.jpg", width=100, height=90),
        Image(url="https://i.example/l.jpg", width=900, height=500),
    )
    assert one(images=offered).image == offered[1]
    body = '<img src="https://t.example/p.gif" width="1" height="1"><img src="/a.jpg?x=1&amp;y=2" alt="A &amp; B">'
    image = one(content=body).image
    assert image is not None
    assert (image.url, image.alt) == ("https://f.example/a.jpg?x=1&y=2", "A & B")
    assert one(content='<img src="https://pixel.wp.com/b.gif?x"><img src="data:image/png;base64,AA">').image is None


def test_a_future_date_is_kept_and_noted() -> None:
    assert one(published_at=NOW + timedelta(days=1)).date_note == "future"
    assert one(published_at=NOW + timedelta(minutes=5)).date_note == ""
    assert (one().published, one().date_note) == (None, "unknown")


def test_ids_are_stable_and_tell_entries_of_one_address_apart() -> None:
    assert one(link="http://www.f.example/a/?utm_source=x#c").id == one(link="https://f.example/a").id
    first, second = stories_of(
        [Entry(feed="f", position=at, link="https://f.example/live", guid=f"g{at}", title="t") for at in (1, 2)],
        Feed(url="f"), now=None,
    )  # fmt: skip
    assert first.id != second.id


def test_an_entry_without_title_still_has_a_headline() -> None:
    assert one("", summary="The ferry sailed. All waved.").headline == "The ferry sailed."
    assert one("", link="https://f.example/2026/ferry-sails-again.html").headline == "Ferry sails again"
    assert one("", link="").headline != ""


def test_hints_are_categories_then_folders() -> None:
    story = one(categories=("World News",), link="https://f.example/world/middle-east/2026/11/ferry-sails")
    assert story.hints == ("world news", "world", "middle-east")


@pytest.mark.parametrize(
    ("received", "canonical"),
    [
        ("HTTP://WWW.F.Example:80/a/?b=2&a=1&utm_medium=x#top", "https://f.example/a?a=1&b=2"),
        ("https://m.f.example/a/amp/", "https://f.example/a"),
        ("https://f.example/caf%C3%A9", canonical_url("https://f.example/café")),
        ("mailto:x@f.example", "mailto:x@f.example"),
        ("http://[", "http://["),
    ],
)
def test_canonical_addresses(received: str, canonical: str) -> None:
    assert canonical_url(received) == canonical
    assert canonical_url(canonical) == canonical


def test_only_tracking_is_taken_off_an_address() -> None:
    assert without_tracking("https://f.example/?b=%20&utm_source=x&a#c") == "https://f.example/?b=%20&a#c"
    assert without_tracking("https://f.example/?ref=rss&ref=main") == "https://f.example/?ref=main"


@pytest.mark.parametrize(
    ("text", "length"), [("134", 134), ("2:14", 134), ("1:02:14", 3734), ("PT2M14S", 134), ("x", None), ("0", None)]
)
def test_durations(text: str, length: int | None) -> None:
    assert seconds(text) == length


@given(st.text(alphabet=st.characters(), max_size=200))
def test_no_control_and_no_surrogate_survives(markup: str) -> None:
    text = plain(markup)
    assert not any(
        mark < " " or "\x7f" <= mark <= "\x9f" or "\ud800" <= mark <= "\udfff" or mark == "\u202e" for mark in text
    )


@given(st.text(max_size=80), st.text(max_size=300), st.text(max_size=60), st.text(max_size=60))
def test_any_entry_becomes_a_story(title: str, summary: str, author: str, link: str) -> None:
    story = one(title, summary=summary, authors=(author,), link=link)
    assert len(story.teaser) <= 281
    assert "\n" not in story.headline
    assert story.url == "" or story.url.startswith(("http://", "https://", "HTTP"))


def test_a_page_s_own_words() -> None:
    page = b"""<html><head><meta property="og:description" content="Weak."><meta property="og:site_name" content="Post">
    <meta property="og:image" content="/og.jpg"><script type="application/ld+json">{"@graph": [{"@type": "NewsArticle",
    "headline": "Ferry", "description": "The ferry &amp; crew sailed.", "author": [{"name": "By Ines Oru"}],
    "datePublished": "2026-11-21"}]}</script></head></html>"""
    said = metadata(page, url="https://p.example/a")
    assert (said.title, said.teaser, said.byline, said.published) == (
        "Ferry",
        "The ferry & crew sailed.",
        "Ines Oru",
        "2026-11-21",
    )
    assert said.image == Image(url="https://p.example/og.jpg")
    assert metadata(b"").title == metadata(b"\x00\xff<").title == ""
