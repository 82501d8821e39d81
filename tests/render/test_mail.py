"""What the subscriber sees holds for choices of sections, hostile words, right to left, and without pictures."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import html5lib
import pytest
from lxml import html as parser

from digest.check import check_mail
from digest.mail.parts import encode, encoded_size
from digest.model.news import Cluster
from digest.model.pieces import holds
from digest.render.context import long_day
from digest.render.nameplate import nameplate_size
from digest.render.text import COLUMNS, width
from digest.render.theme import THEMES
from tests.builders import NOW, PUBLICATION, edition, filled, item, story
from tests.render.golden import FOLDER, golden
from tests.render.samples import EDITIONS, made, rich, whole


@pytest.mark.parametrize("name", EDITIONS)
def test_the_check_finds_no_error(name: str) -> None:
    of, publication = EDITIONS[name]
    rendered = made(of, publication)
    html, text = whole(of, rendered)
    findings = check_mail(
        html=html, text=text, subject=rendered.subject, preheader=rendered.preheader, publication=publication,
        encoded_size=encoded_size(encode(rendered, of, number=1, language="en")),
    )  # fmt: skip
    assert [finding for finding in findings if finding.severity == "error"] == []


@pytest.mark.parametrize(
    "chosen", [("trade",), ("foreign", "regional"), ("video",), ("science",), ("science", "trade"), None]
)
def test_a_choice_of_sections_holds_just_those(chosen: tuple[str, ...] | None) -> None:
    of = rich()
    rendered = replace(made(of), preheader="")
    html, text = whole(of, rendered, chosen)
    checker = html5lib.HTMLParser(strict=False)
    checker.parse(html)
    assert [error[1] for error in checker.errors] == []
    for slug, words in (("foreign", "Headline of lead"), ("trade", "Headline of wheat"), ("video", "Headline of clip")):
        stands = chosen is None or slug in chosen
        assert (words in html) is stands
        assert (words in text) is stands
        assert (f"#{slug}" in html) is stands
    assert ("Nothing new in Science." in html) is (chosen is not None and "science" in chosen)
    assert "Unsubscribe" in text
    assert "4 Ropewalk Steps" in html


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %} %%000000000000.email%%",
    "</td></tr></table><mj-section>",
    "<!--cut:any:trade--> ]]> &amp; &lt;",
    "x\u0092y\x00z\x1b[31m",
    "\ud800 alone",
    "\u202egnol",
    "w" * 2_000,
    "<div>" * 5_000,
    "😀" * 50,
]


@pytest.mark.parametrize("words", HOSTILE)
def test_foreign_words_are_words(words: str) -> None:
    bad = story("bad", byline=words, dateline=words, source=words, feed_name=words + "x")
    one = item("bad", cluster=Cluster(stories=(bad,), lead=bad), headline=words, kicker=words, teaser=words)
    of = rich(
        sections=(filled("foreign", [one, item("good")], style="feature"), filled("trade", [one])),
        intro=words,
        subject=words,
    )
    rendered = made(of)
    html, text = whole(of, rendered)
    assert "<script" not in html
    assert "onerror=alert" not in re.sub(r"&[a-z]+;.*?onerror", "", html) or "&lt;img" in html
    assert "Headline of good" in html
    assert "Headline of good" in text
    assert "49 " not in text
    assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202e]", html + text) is None
    tree = parser.document_fromstring(html)
    assert not list(tree.iter("script"))
    assert not [each for each in tree.iter() if any(str(key).startswith("on") for key in each.attrib)]
    encode(rendered, of, number=1, language="en")


def test_an_address_no_mail_can_follow_is_no_link() -> None:
    bad = story("bad", url="javascript:alert(1)")
    of = rich(sections=(filled("foreign", [item("bad", cluster=Cluster(stories=(bad,), lead=bad))]),))
    html, text = whole(of, made(of))
    assert "javascript:" not in html + text
    assert "Headline of bad" in html


def test_a_foreign_headline_says_its_language_and_direction() -> None:
    arabic = item("ar", headline="ميناء سلمار يعيد فتح أرصفته")
    japanese = item("ja", headline="灯台の島に新しい船着き場が開く")
    html, _ = whole(rich(), made(rich(sections=(filled("regional", [arabic, japanese], style="brief"),))))
    assert 'lang="ar" dir="rtl"' in html
    assert 'lang="ja"' in html


def test_an_unknown_time_is_not_shown_and_a_known_one_is_the_publications() -> None:
    lisbon = replace(PUBLICATION, time_zone="Asia/Tokyo")
    known, unknown = (
        item("known"),
        item(
            "unknown",
            cluster=Cluster(stories=(story("unknown", published=None),), lead=story("unknown", published=None)),
        ),
    )
    of = edition(sections=(filled("foreign", [known, unknown]),))
    _, text = whole(of, made(of, lisbon))
    assert "13:40" in text, "04:40 UTC is 13:40 in Tokyo"
    assert text.count(":40") == 1


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_text_lines_are_72_columns_but_for_addresses(language: str) -> None:
    lead = story("wide", source="The Gazette of the Sundry Isles and of all who sail between them " + "now " * 5)
    wide = item("wide", headline="灯台" * 40, teaser="word " * 60, cluster=Cluster(stories=(lead,), lead=lead))
    of = rich(sections=(filled("foreign", [wide]), *rich().sections[1:]))
    _, text = whole(of, made(of, replace(PUBLICATION, language=language, tagline="Told before seven, " * 5)))
    for line in text.splitlines():
        assert width(line) <= COLUMNS or line.strip().startswith("https://"), line
        assert line == line.rstrip()


def test_text_says_how_long_a_film_plays_apart_from_when_it_came() -> None:
    clip = story("clip", duration_s=134)
    films = [item("clip", cluster=Cluster(stories=(clip,), lead=clip))]
    of = edition(sections=(filled("films", films, style="video"), filled("trade", films)))
    for language, video, line in (
        ("en", "[Video 2:14] Headline of clip", "(2:14, Calder Wire, 04:40)"),
        ("ar", "[فيديو 2:14] Headline of clip", "(2:14، Calder Wire\u200f، 04:40)"),
    ):
        _, text = whole(of, made(of, replace(PUBLICATION, language=language)))
        assert video in text
        assert line in text


def test_text_has_the_same_links_as_the_html() -> None:
    of = rich()
    html, text = whole(of, made(of))
    wanted = {each.get("href") for each in parser.document_fromstring(html).iter("a")}
    missing = {url for url in wanted if url and url not in text and "#" not in url}
    assert missing == set()


def test_conditions() -> None:
    assert holds("", None)
    assert holds("any:trade,world", ("world",))
    assert not holds("any:trade", ("world",))
    assert holds("any:trade", None)
    assert not holds("asked:trade", None)
    with pytest.raises(ValueError, match="unknown condition"):
        holds("maybe:trade", None)


def test_times_are_at_the_edge() -> None:
    assert made(edition(built_at=NOW)).html == made(edition(built_at=NOW.replace(hour=7))).html


def test_latin_words_in_a_mail_from_right_to_left_keep_their_order() -> None:
    publication = replace(PUBLICATION, language="ar", direction="rtl", postal_address="4 Ropewalk Steps, Port Iselin")
    lead = story("latin", byline="Tessaly Brandt", dateline="Port Iselin", feed_name="World Desk")
    latin = item("latin", cluster=Cluster(stories=(lead,), lead=lead), note="Prices are of yesterday.")
    arabic = item("arabic", headline="ميناء سلمار يعيد فتح أرصفته")
    of = rich(sections=(filled("foreign", [latin, arabic], style="feature"),))
    for name in THEMES:
        tree: Any = parser.document_fromstring(whole(of, made(of, publication, name))[0])

        def ways(words: str, tree: Any = tree) -> list[str]:
            """The direction of each element whose own text holds some words."""
            found = tree.xpath(f"//body//*[text()[contains(.,'{words}')]]")
            return [str(each.xpath("ancestor-or-self::*[@dir]")[-1].get("dir")) for each in found]

        assert set(ways("Headline of latin") + ways("Good morning") + ways("4 Ropewalk") + ways("Prices")) == {"ltr"}
        assert set(ways("ميناء") + ways("بقلم")) == {"rtl"}
        # Each section of the bar and each source stands for itself: as one run they would be told from the left.
        bar = tree.xpath("//a[contains(@href,'#foreign')]/parent::span")
        (rights,) = tree.xpath("//p[contains(.,'©')]")
        assert [each.get("dir") for each in (*bar, *rights.iter("span"))] == ["ltr", "ltr"]
        line = str(tree.xpath("string(//*[text()[contains(.,'بقلم')]])"))
        assert "Tessaly Brandt\u200f · Port Iselin\u200f · " in line


@pytest.mark.parametrize(
    ("day", "language", "said"),
    [
        (23, "en", "Monday 23 November 2026"),
        (25, "en", "Wednesday 25 November 2026"),
        (25, "en-US", "Wednesday, November 25, 2026"),
        (25, "de", "Mittwoch, 25. November 2026"),
    ],
)
def test_the_day_is_said_as_a_language_prints_it(day: int, language: str, said: str) -> None:
    assert long_day(date(2026, 11, day), language) == said


def test_a_long_name_is_set_smaller_and_a_short_one_large() -> None:
    assert nameplate_size("The Morning Halyard", 280, 34) == 26
    assert nameplate_size("Tarn", 280, 34) == 34
    assert nameplate_size("灯台の島の朝の新聞", 280, 34) == 27, "nine letters of two columns"
    assert nameplate_size("The Morning Halyard", 320, 47, words=True) == 47
    assert nameplate_size("Wattenmeerabendnachrichten", 320, 47, words=True) == 22
    assert nameplate_size("word " * 40, 280, 34) == 22
    assert nameplate_size("", 280, 34) == 34


def test_a_correction_says_so_in_the_readers_language() -> None:
    of = rich(
        sections=(filled("trade", [item("wheat", note="Correction: It was barley."), item("rope", note="Salted.")]),)
    )
    for language, said in (("en", "Correction:"), ("de", "Berichtigung:"), ("ar", "تصحيح:")):
        publication = replace(PUBLICATION, language=language)
        for name in THEMES:
            html, text = whole(of, made(of, publication, name))
            tree: Any = parser.document_fromstring(html)
            (label,) = tree.xpath(f"//p/b[text()='{said}']")
            assert "It was barley." in label.getparent().text_content()
            assert f"  {said} It was barley." in text
            assert text.count(said) == 1


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_the_mail_is_the_one_that_was_looked_at(name: str) -> None:
    kept, now = (FOLDER / name).read_text(encoding="utf-8"), golden()
    assert sorted(now) == sorted(path.name for path in FOLDER.iterdir())
    assert now[name] == kept, "look at it: python -m tests.render.golden writes it anew"


def test_an_address_among_words_stays_whole_on_a_line_of_its_own() -> None:
    address = "https://read.example/" + "a" * 80
    of = rich(intro=f"Good morning. The [charts]({address}) are there, and " + "w" * 100 + ".")
    _, text = whole(of, made(of))
    assert f"\n({address})\n" in text
    assert "w" * 73 not in text
