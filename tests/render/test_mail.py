"""What the subscriber sees holds for choices of sections, hostile words, right to left, and without pictures."""

from __future__ import annotations

import re
from dataclasses import replace

import html5lib
import pytest
from lxml import html as parser

from digest.check import check_mail
from digest.mail.parts import encode, encoded_size
from digest.model.editions import Edition, Note, Picture, Publication, Related, Rendered, Sponsor
from digest.model.news import Cluster
from digest.model.pieces import holds, join, split
from digest.pipeline.approving import inert_slots
from digest.render import render
from digest.render.colours import contrast
from digest.render.text import COLUMNS, width
from digest.render.theme import theme
from digest.templating import environment
from tests.builders import NOW, PUBLICATION, edition, filled, item, story

ENVIRONMENT = environment()
BIG = Picture(name="big.jpg", width=552, height=311, alt="A ship in a strait")
THUMB = Picture(name="thumb.jpg", width=108, height=81, alt="A hill")
FILM = Picture(name="film.jpg", width=266, height=150, alt="A lamp")


def rich(**changes: object) -> Edition:
    """Every style, with and without pictures, bylines, times and related lines."""
    related = (Related(headline="How it came about", url="https://read.example/r", source="Tarn Radio"),)
    video = story("clip", duration_s=134, byline="", published=None)
    bare = story("bare", teaser="", byline="", dateline="", source="", feed_name="", published=None)
    sections = (
        filled(
            "foreign",
            [
                item("lead", kicker="Oru Strait", picture=BIG, related=related),
                item("second", picture=THUMB, update_of="2026-11-22"),
                item("third", kicker="Update desk"),
            ],
            style="feature",
        ),
        filled("defence", [item("navy", picture=THUMB), item("audit")], style="cards"),
        filled(
            "video",
            [item("clip", cluster=Cluster(stories=(video,), lead=video), picture=FILM), item("film2"), item("film3")],
            style="video",
        ),
        filled("trade", [item("wheat", note="Prices are of yesterday."), item("rope")]),
        filled(
            "regional",
            [item("bakery", kicker="Harrow"), item("bare", cluster=Cluster(stories=(bare,), lead=bare))],
            style="brief",
        ),
        filled("science", []),
    )
    values: dict[str, object] = {
        "sections": sections,
        "intro": "Good morning from the harbour.",
        "intro_by": "Ada Merrow, editor",
        "notes": (Note(text="Clocks went back."), Note(text="Tides are local.", after="trade")),
        "sponsors": (
            Sponsor(name="Tidewell", text="Charts on paper.", url="https://tidewell.example/", placement="trade"),
            Sponsor(name="Lamp Oil", text="Burns clean.", placement="imprint"),
        ),
    }
    return edition(**{**values, **changes})


def made(of: Edition, publication: Publication = PUBLICATION, name: str = "classic") -> Rendered:
    return render(of, publication=publication, number=412, theme=theme(name), environment=ENVIRONMENT)


def whole(of: Edition, rendered: Rendered, sections: tuple[str, ...] | None = None) -> tuple[str, str]:
    slots = inert_slots(rendered, of)
    return (
        join(split(rendered.html, rendered.nonce), sections, slots),
        join(split(rendered.text, rendered.nonce), sections, slots),
    )


EDITIONS = {
    "rich": (rich(), PUBLICATION),
    "right to left": (rich(), replace(PUBLICATION, language="ar", direction="rtl")),
    "one story": (edition(sections=(filled("foreign", [item("only")]),)), PUBLICATION),
    "offline": (rich(), replace(PUBLICATION, public_url="")),
}


@pytest.mark.parametrize("name", EDITIONS)
def test_the_html_is_what_mail_programs_need(name: str) -> None:
    of, publication = EDITIONS[name]
    html, _ = whole(of, made(of, publication))
    assert html.startswith("<!DOCTYPE html>")
    assert f'lang="{publication.language}"' in html
    assert f'dir="{publication.direction}"' in html
    for wanted in (
        "<title>", 'charset="utf-8"', "width=device-width", 'name="color-scheme"', ":root{color-scheme",
        "@media (prefers-color-scheme:dark)", "[data-ogsc]", "[data-ogsb]", "!important",
    ):  # fmt: skip
        assert wanted in html.replace("charset=UTF-8", 'charset="utf-8"'), wanted
    assert "&amp;%%" not in html
    tree = parser.document_fromstring(html)
    assert all(table.get("role") in ("presentation", "none") for table in tree.iter("table"))
    for image in tree.iter("img"):
        assert image.get("alt") is not None
        assert str(image.get("width")).isdigit()
        assert str(image.get("height")).isdigit()
    for link in tree.iter("a"):
        assert "color:" in link.get("style", "").replace("background-color", "")
        assert link.get("href", "").startswith(("https://", "http://")) or not publication.public_url
        assert "".join(map(str, link.itertext())).strip() or link.find(".//img") is not None
    assert [each.tag for each in tree.iter("h1")] == ["h1"]
    assert "!important" not in "".join(each.get("style") or "" for each in tree.iter())
    assert not re.search(
        r"display:\s*(flex|grid)|position:\s*(absolute|fixed)|var\(", "".join(e.get("style") or "" for e in tree.iter())
    )
    assert not list(tree.iter("script", "form", "iframe", "link"))
    assert all(
        int(size) >= 12 for size in re.findall(r"font(?:-size)?:(?:bold )?(\d+)px", html) if size not in ("0", "1")
    )
    assert html.count("<!--[if") == html.count("<![endif]")
    ids = [each.get("id") for each in tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", EDITIONS)
def test_html5lib_finds_no_error(name: str) -> None:
    of, publication = EDITIONS[name]
    html, _ = whole(of, made(of, publication))
    checker = html5lib.HTMLParser(strict=False)
    checker.parse(html)
    assert [error[1] for error in checker.errors if error[1] != "unexpected-end-tag-implies-table-voodoo"] == []


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


def test_rendering_twice_gives_the_same_bytes() -> None:
    assert made(rich()) == made(rich())


@pytest.mark.parametrize(
    "chosen", [("trade",), ("foreign", "regional"), ("video",), ("science",), ("science", "trade"), None]
)
def test_a_choice_of_sections_holds_just_those(chosen: tuple[str, ...] | None) -> None:
    of = rich()
    rendered = replace(made(of), preheader="")
    html, text = whole(of, rendered, chosen)
    checker = html5lib.HTMLParser(strict=False)
    checker.parse(html)
    assert [error[1] for error in checker.errors if error[1] != "unexpected-end-tag-implies-table-voodoo"] == []
    for slug, words in (("foreign", "Headline of lead"), ("trade", "Headline of wheat"), ("video", "Headline of clip")):
        stands = chosen is None or slug in chosen
        assert (words in html) is stands
        assert (words in text) is stands
        assert (f"#{slug}" in html) is stands
    assert ("Nothing new in Science." in html) is (chosen is not None and "science" in chosen)
    assert "Unsubscribe" in text
    assert "4 Ropewalk Steps" in html


def test_a_choice_is_the_render_of_just_those_sections() -> None:
    """A join of some sections is, but for the bar and rights, what a render of only them would be."""
    of = rich(notes=(), sponsors=())
    only = replace(of, sections=tuple(each for each in of.sections if each.section.slug == "trade"))
    left, _ = whole(of, made(of), ("trade",))
    right, _ = whole(only, made(only), None)
    assert left.replace("12&nbsp;", "") != ""
    cut = re.compile(r"Trade</h2>.*?(?=Unsubscribe)", re.S)
    assert cut.search(left) is not None
    assert cut.search(left).group() == cut.search(right).group()  # type: ignore[union-attr]  # both were found


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


def test_text_lines_are_72_columns_but_for_addresses() -> None:
    wide = item("wide", headline="灯台" * 40, teaser="word " * 60)
    of = rich(sections=(filled("foreign", [wide]), *rich().sections[1:]))
    _, text = whole(of, made(of))
    for line in text.splitlines():
        assert width(line) <= COLUMNS or line.strip().startswith("https://"), line
        assert line == line.rstrip()


def test_text_has_the_same_links_as_the_html() -> None:
    of = rich()
    html, text = whole(of, made(of))
    wanted = {each.get("href") for each in parser.document_fromstring(html).iter("a")}
    missing = {url for url in wanted if url and url not in text and "#" not in url}
    assert missing == set()


def pictured(count: int, style: str = "cards") -> Edition:
    """Items as heavy as real ones: kicker, byline, ten words of headline, 48 of teaser, an address of 100 characters."""
    address = "https://read.example/" + "a" * 77
    items = []
    for number in range(count):
        lead = story(f"s{number}", url=f"{address}{number:02}", byline="Tessaly Brandt")
        items.append(
            item(
                f"s{number}",
                cluster=Cluster(stories=(lead,), lead=lead),
                kicker="Harbour",
                headline="Ten words of headline stand in this line for size",
                teaser="four words each time " * 12,
                picture=replace(THUMB, name=f"{number:024x}.jpg"),
            )
        )
    titles = ("foreign", "defence", "natural", "trade", "science", "culture")
    share = -(-count // len(titles))
    return edition(
        sections=tuple(
            filled(slug, items[place * share : place * share + share], style=style) for place, slug in enumerate(titles)
        )
    )


@pytest.mark.parametrize(("count", "limit"), [(30, 70_000), (50, 95_000)])
def test_many_stories_with_pictures_are_not_clipped(count: int, limit: int) -> None:
    of = pictured(count)
    assert len(of.items) == count
    assert encoded_size(encode(made(of), of, number=1, language="en")) < limit


def test_the_theme_can_be_read() -> None:
    classic = theme("classic")
    assert classic.problems == ()
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21.0)
    assert theme("classic", {"mute": "#CCCCCC"}).problems != ()


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
