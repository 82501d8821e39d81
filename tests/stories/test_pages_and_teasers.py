"""What a page says of its story in all the ways pages say it, and the first words of a story under its headline."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.stories import teaser
from digest.stories.page import metadata
from digest.stories.teaser import sentences, useful

URL = "https://post.example/news/ferry"


def page(linked: object = None, **meta: str) -> bytes:
    said = "".join(f'<meta property="{name.replace("_", ":")}" content="{words}">' for name, words in meta.items())
    script = "" if linked is None else f'<script type="application/ld+json">{json.dumps(linked)}</script>'
    return f"<html><head>{said}{script}</head><body><p>Sail</p></body></html>".encode()


ARTICLE = {"@type": "NewsArticle", "headline": "The ferry sails"}


@pytest.mark.parametrize(
    ("linked", "title"),
    [
        ([{"@type": "Organization", "headline": "No story"}, ARTICLE], "The ferry sails"),
        ({"@type": ["Thing", "BlogPosting"], "headline": "Of two kinds"}, "Of two kinds"),
        # A page speaks of itself only where no article does.
        ([{"@type": "WebPage", "headline": "The page"}, ARTICLE], "The ferry sails"),
        ([{"@type": "WebPage", "headline": "The page"}, {"@type": "WebPage", "headline": "Another"}], "The page"),
        ({"@graph": [[ARTICLE]]}, "The ferry sails"),
        ([{"@type": 7}, {"@type": None}, "words", 5], "Of the graph"),
        ([[[]] * 300, [ARTICLE] * 300], "Of the graph"),  # so much is no metadata
        ({"@type": "NewsArticle", "headline": {"no": "text"}}, "Of the graph"),
    ],
)
def test_the_story_is_found_among_what_a_page_declares(linked: object, title: str) -> None:
    assert metadata(page(linked, og_title="Of the graph"), url=URL).title == title


@pytest.mark.parametrize(
    ("image", "address"),
    [
        ("/a.jpg", "https://post.example/a.jpg"),
        (["https://img.example/b.jpg", "c.jpg"], "https://img.example/b.jpg"),
        ({"url": "d.jpg", "width": 800}, "https://post.example/news/d.jpg"),
        ([{"url": "e.jpg", "width": {"value": 1}}], "https://post.example/news/e.jpg"),
        ([], "https://post.example/og.jpg"),
        ({"caption": "no address"}, "https://post.example/og.jpg"),
        ("data:image/png;base64,AAAA", "https://post.example/og.jpg"),
        ("http://[broken", "https://post.example/og.jpg"),
    ],
)
def test_the_picture_of_a_page_however_it_is_named(image: object, address: str) -> None:
    found = metadata(page({**ARTICLE, "image": image}, og_image="/og.jpg"), url=URL).image
    assert found is not None
    assert found.url == address


@pytest.mark.parametrize(
    ("author", "byline"),
    [
        ("Ines Oru", "Ines Oru"),
        ([{"name": "Ines Oru"}, "Tam Brandt"], "Ines Oru, Tam Brandt"),
        ({"name": 7}, "Of the Meta"),
        ([], "Of the Meta"),
    ],
)
def test_who_wrote_it(author: object, byline: str) -> None:
    assert metadata(page({**ARTICLE, "author": author}, author="Of the Meta"), url=URL).byline == byline


def test_broken_metadata_is_passed_over() -> None:
    broken = b'<script type="application/ld+json">{"@type": </script><script>var a;</script>'
    assert metadata(broken + page(ARTICLE), url=URL).title == "The ferry sails"
    deep = b'<script type="application/ld+json">' + b"[" * 100_000 + b"</script>"
    assert metadata(deep + page(ARTICLE), url=URL).title == "The ferry sails"


HEADLINE = "The ferry sails again"


@pytest.mark.parametrize(
    ("paragraphs", "text"),
    [
        # The headline alone, the writer alone, and nothing at all are no text.
        ([HEADLINE, "By Ines Oru", "Ines Oru", " ", "Boats left at noon."], "Boats left at noon."),
        # The headline before the text, with a mark or a new sentence behind it.
        (["The ferry sails again — Boats left at noon."], "Boats left at noon."),
        (["The ferry sails again. Boats left."], "Boats left."),
        (["The ferry sails again Boats left."], "Boats left."),
        # A sentence that begins with the headline's words and goes on is a sentence.
        (["The ferry sails again after a year in dock."], "The ferry sails again after a year in dock."),
        # Only the first paragraph repeats it.
        (
            ["Boats left.", "The ferry sails again. They came back."],
            "Boats left. The ferry sails again. They came back.",
        ),
        (["Advertisement", "Boats left."], "Boats left."),
    ],
)
def test_a_story_s_first_words_do_not_repeat_its_headline(paragraphs: list[str], text: str) -> None:
    assert useful(paragraphs, headline=HEADLINE, byline="Ines Oru") == text


def test_no_more_is_read_than_a_teaser_can_hold() -> None:
    long = [f"Sentence {number} tells a little more of the tide and the harbour." for number in range(59)]
    assert 600 < len(useful(long, headline="Tides", byline="")) < 1_200


@given(st.sampled_from(teaser._INVITATIONS).flatmap(lambda one: st.from_regex(one, fullmatch=True)), st.booleans())
def test_every_invitation_to_read_on_is_left_out(invitation: str, shouted: bool) -> None:
    said = invitation.upper() if shouted else invitation
    assert useful([f"The ferry sails at noon. {said} →"], headline="", byline="") == "The ferry sails at noon."
    assert useful([said], headline="", byline="") == ""


@pytest.mark.parametrize("short", ["Mr", "Sept", "approx", "a.m", "U.S", "e.g", "z.B", "Nr", "Q"])
@pytest.mark.parametrize("before", ["", "(", "“", "the ninth, by "])
def test_no_short_form_ends_a_sentence(short: str, before: str) -> None:
    assert len(sentences(f"It was {before}{short}. Brandt who sang. She left.")) == 2
    assert len(sentences(f"It was {before}un{short.lower()}x. Brandt sang. She left.")) == 3
