"""What people see: contrast by the cascade, in the light and the dark; sizes; what is hidden and what is not."""

from __future__ import annotations

import pytest

from digest.check.colour import colour, hexed, over
from digest.check.css import sheet
from digest.check.page import Page
from digest.check.readers import Reading
from digest.check.selectors import selectors
from digest.model.contrast import contrast
from tests.check.mails import PREHEADER, eml, found, page, styled, with_body


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#FFF", "#FFFFFF"), ("#1d3f72", "#1D3F72"), ("RGB(29, 63, 114)", "#1D3F72"), ("rgb(100% 0% 0%)", "#FF0000"),
        ("hsl(120, 100%, 25%)", "#008000"), ("rebeccapurple", "#663399"), ("#0000ff80", "#0000FF"),
    ],
)  # fmt: skip
def test_colours_are_read_as_style_sheets_write_them(text: str, wanted: str) -> None:
    read = colour(text)
    assert read is not None
    assert hexed(read[0]) == wanted


def test_contrast_is_that_of_wcag() -> None:
    grey, white, black = ((each / 255,) * 3 for each in (0x76, 0xFF, 0))
    assert contrast(black, white) == pytest.approx(21)
    assert contrast(grey, white) == pytest.approx(4.54, abs=0.01)
    assert hexed(over(black, 0.5, white)) == "#808080"
    for nonsense in ("var(--ink)", "inherit", "#12", "rgb(1,2)", "hsl(a,b,c)", ""):
        assert colour(nonsense) is None


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color:#999">Sail</p>',
        '<div style="color:#999999"><b>Sail</b></div>',
        '<table bgcolor="#333333"><tr><td>Sail</td></tr></table>',
        '<font color="#AAAAAA">Sail</font>',
        '<p style="color:rgba(0,0,0,.3)">Sail</p>',
        '<p style="background:#444 url(x.png)">Sail</p>',
        '<p style="font-size:20px;color:#888888">Sail</p>',
    ],
)
def test_weak_words_are_found_however_they_are_coloured(html: str) -> None:
    assert "contrast" in found(eml(html=with_body(html)))


@pytest.mark.parametrize(
    "html",
    [
        '<p style="color:#999999"><b style="color:#222222">Sail</b></p>',
        '<p style="font-size:24px;color:#888888">Sail</p>',
        '<p style="font:bold 20px/1 serif;color:#888888">Sail</p>',
        '<p style="color:#FFFFFF;background-image:url(x.png)">Sail</p>',
        '<p style="color:var(--ink)">Sail</p>',
        '<p style="color:#CCCCCC">\u00a0 · </p>',
    ],
)
def test_large_words_and_what_cannot_be_told_are_let_be(html: str) -> None:
    assert "contrast" not in found(eml(html=with_body(html)))


def test_the_finding_names_colours_ratio_and_words() -> None:
    said = found(eml(html=with_body('<p style="color:#777777">Ferry sails</p><p style="color:#777777">So</p>')))
    assert said["contrast"] == "#777777 on #FFFFFF has contrast 4.5, 4.5 is wanted: “Ferry sails” and 1 more place"


def test_rules_win_by_importance_then_weight_then_order() -> None:
    body = '<cite class="a" id="b">Sail</cite>'
    for css, is_weak in (
        ("cite{color:#999}", True),
        (".a{color:#222}cite{color:#999}", False),
        ("cite{color:#222}cite{color:#999}", True),
        ("cite{color:#999!important}#b{color:#222}", True),
        ("@media print{cite{color:#999}}", False),
        ("@media (max-width:400px){cite{color:#999}}", False),
        ("@media only screen and (min-width:480px){cite{color:#999}}", True),
        ("div>cite{color:#999}", False),
        ("h1~cite{color:#999}", False),
        ("div+cite{color:#999}", True),
        ("body cite{color:#999}", True),
        ('cite[class="a"]{color:#999}', True),
        ("cite:hover{color:#999}", False),
    ):
        assert ("contrast" in found(eml(html=styled(css, body)))) is is_weak, css


def test_the_dark_is_looked_at_where_the_page_knows_it() -> None:
    night = "@media (prefers-color-scheme:dark){body{background-color:#111111!important;color:#EEEEEE!important}%s}"
    weak = found(eml(html=styled(night % "", "<p>Sail</p>")))
    assert "contrast-dark" in weak, "links keep their dark blue"
    assert "contrast" not in weak
    well = found(eml(html=styled(night % "a{color:#9FBCE8!important}", "<p>Sail</p>")))
    assert "contrast-dark" not in well


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ('<p style="display:none">Buy now</p>', "display:none"),
        ('<p hidden="">Buy now</p>', "hidden"),
        ('<p style="font-size:0">Buy now</p>', "font-size:0px"),
        ('<p style="color:#FFFFFF">Buy now</p>', "the colour of its ground"),
        ('<p style="visibility:hidden">Buy now</p>', "visibility:hidden"),
        ('<div style="max-height:0;overflow:hidden"><p>Buy now</p></div>', "max-height:0"),
        ('<p style="text-indent:-9999px">Buy now</p>', "text-indent:-9999px"),
        ('<p style="opacity:0">Buy now</p>', "opacity:0"),
    ],
)
def test_words_nobody_sees_are_named_with_the_reason(html: str, why: str) -> None:
    assert found(eml(html=with_body(html)))["hidden-text"] == f"nobody sees “Buy now” ({why})"


@pytest.mark.parametrize(
    "html",
    [
        '<td style="font-size:0"><p style="font-size:16px">Sail</p></td>',
        '<p style="visibility:hidden"><b style="visibility:visible">Sail</b></p>',
        '<p style="display:none">\u00a0</p>',
        '<p style="font-size:0;line-height:0">\u200c\u00a0</p>',
    ],
)
def test_what_is_seen_or_empty_is_not_hidden(html: str) -> None:
    assert "hidden-text" not in found(eml(html=with_body(html)))


def test_what_one_screen_shows_is_not_hidden_from_all() -> None:
    css = ".phone{display:none}@media (max-width:480px){.phone{display:block!important}}"
    assert "hidden-text" not in found(eml(html=styled(css, '<p class="phone">Menu</p>')))


def test_the_preheader_is_what_is_hidden_before_all_words() -> None:
    assert Reading.of(Page(page("<p>", "<p>"))).preheader is not None
    late = page(PREHEADER, "").replace("<h1>", f"<p>Sail</p>{PREHEADER}<h1>")
    said = found(eml(html=late))
    assert "hidden-text" in said
    assert "preheader" in said


def test_a_sheet_is_read_whatever_is_in_it() -> None:
    made = sheet(
        "/* ; } */ @import url(a;b.css);\n@media (max-width:9px){ .a , b>i { color : red ; x:url(data:;base64,AA) }\n}"
        "p{color:blue!important;}</style><!-- a{b:c} -->", line=10
    )  # fmt: skip
    assert [(rule.name, rule.prelude, rule.line) for rule in made.at_rules] == [
        ("import", "url(a;b.css)", 10), ("media", "(max-width:9px)", 11),
    ]  # fmt: skip
    first, second, third = made.rules
    assert first.selector == ".a , b>i"
    assert first.within == ("@media (max-width:9px)",)
    assert [(each.name, each.value) for each in first.declarations] == [
        ("color", "red"), ("x", "url(data:;base64,AA)"),
    ]  # fmt: skip
    assert second.declarations[0].important
    assert third.declarations[0].name == "b"
    assert made.has_comments


def test_selectors_weigh_what_css_says() -> None:
    (first, second) = selectors("#a .b p:hover::before, *")
    assert first.weight == (1, 2, 2)
    assert second.weight == (0, 0, 0)
    assert selectors("p{, a%b") == ()
