"""What mail programs understand: caniemail's tests, scored as Mailpit does, and the script that updates them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.update_caniemail import reduced, written
from digest.check import support
from digest.check.features import features
from digest.check.page import Page
from digest.check.support import check_support, score, table

# Features that `features` names for what every program knows, so that nobody tests them.
UNTESTED = {"css-color", "css-font-family", "css-pseudo-class-root", "css-supported-color-schemes"}


def used(html: str) -> set[str]:
    return set(features(Page(html)))


@pytest.mark.parametrize(
    ("html", "slug"),
    [
        ("<video src=a.mp4></video>", "html-video"), ("<p role=note>", "html-role"), ("<h3>", "html-h1-h6"),
        ("<a href='#x'>", "html-anchor-links"), ("<a href='mailto:a@b.example'>", "html-mailto-links"),
        ("<img src=a.webp>", "image-webp"), ("<img src='data:image/png;base64,AA'>", "image-base64"),
        ("<input type=checkbox>", "html-input-checkbox"), ("<td bgcolor=#FFFFFF>", "css-background-color"),
        ("<p style='display:inline-flex'>", "css-display-flex"), ("<p style='padding-left:1rem'>", "css-unit-rem"),
        ("<p style='width:calc(1% + 2px)'>", "css-unit-calc"), ("<p style='color:rgb(1 2 3/50%)'>", "css-modern-color"),
        ("<p style='color:rgba(1,2,3,.5)'>", "css-rgba"), ("<p style='--a:1'>", "css-variables"),
        ("<p style='border-top-left-radius:3px'>", "css-border-radius"), ("<p style='left:3px'>", "css-left-right-top-bottom"),
        ("<p style='-webkit-hyphens:auto'>", "css-hyphens"), ("<p style='background:linear-gradient(red,blue)'>", "css-linear-gradient"),
        ("<style>@media (hover:hover){a{b:c}}</style>", "css-at-media-hover"), ("<style>@import 'a';</style>", "css-at-import"),
        ("<style>@font-face{src:url(a)}</style>", "css-at-font-face"), ("<style>a:hover{b:c}</style>", "css-pseudo-class-hover"),
        ("<style>a::before{b:c}</style>", "css-pseudo-element-before"), ("<style>i>b{c:d}</style><i><b>", "css-selector-child"),
        ("<style>i b{c:d}</style><i><b>", "css-selector-descendant"), ("<style>[lang=b]{c:d}</style><p lang=b>", "css-selector-attribute"),
        ("<style>a{b:c;& d{e:f}}</style>", "css-nesting"), ("<style>p{float:left}</style><p>", "css-float"),
    ],
)  # fmt: skip
def test_features_are_found(html: str, slug: str) -> None:
    assert slug in used(f"<body>{html}")
    assert slug in table().features


def test_features_that_are_not_used_are_not_found() -> None:
    plain = used("<!DOCTYPE html><body><p class='hover flex grid'>display:flex; float:left; :hover</p>")
    assert plain == {"html-doctype", "html-body", "html-p"}
    assert "css-float" not in used("<style>p{float:left}</style><div></div>"), "no element has it"


def test_a_feature_counts_where_it_is_used() -> None:
    sheet = "<style>p{float:left}b{float:left}@media print{p{opacity:0}b{opacity:0}}i:hover{opacity:1}</style>"
    counted = features(Page(f"{sheet}<body><p>a</p><p>b</p><p style='float:right'>c</p>"))
    assert counted["css-float"].count == 4, "three by the rule, none by the other, one by itself"
    assert counted["css-opacity"].count == 2, "once in at-rules, once for a state"
    assert counted["css-selector-type"].count == 3, "of one rule that is for something, one for a state, and at-rules"
    assert counted["css-pseudo-class-hover"].count == 1
    assert counted["css-float"].where == "html:1"


def test_every_feature_of_a_rich_mail_is_one_that_was_tested() -> None:
    html = (Path(__file__).parents[1] / "data" / "check" / "rich.html").read_text(encoding="utf-8")
    assert used(html) - table().features.keys() <= UNTESTED
    assert len(used(html)) > 40


def test_the_score_is_what_the_costliest_feature_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = {"html-video": "nnny", "html-audio": "ayyy", "html-p": "yyyy"}
    small = support.Table(
        source="a test", updated="2026-05-13", families={"a": "Alpha", "b": "Beta"},
        clients=(("a", "Alpha one"), ("a", "Alpha two"), ("b", "Beta one"), ("b", "Beta two")),
        features={slug: support.Feature(slug=slug, title=slug, support=each) for slug, each in letters.items()},
    )  # fmt: skip
    monkeypatch.setattr(support, "table", lambda: small)
    # Of four elements (body and its three) one is a video, which three of four programs do not know.
    made = score(Page("<html><body><video></video><audio></audio><p>Sail</p></body></html>"))
    assert made.score == pytest.approx(100 - 100 * 3 / 4 / 4, abs=0.1)
    assert made.full == pytest.approx(100 - 100 * 3 / 4 / 4 - 100 * 1 / 4 / 4, abs=0.1)
    assert made.families == {"Alpha": 75.0, "Beta": 87.5}
    (finding,) = check_support(Page("<body><p>Sail</p>" * 9 + "<video></video></body>"))
    assert finding.code == "client-support"
    assert finding.message == "html-video (used once) is not known to Alpha, Beta one"
    assert finding.fix == "link a picture to the page that plays it"


def test_a_mail_that_programs_do_not_understand_is_warned_of() -> None:
    flex = Page("<body>" + '<div style="position:absolute;display:grid">Sail</div>' * 20)
    assert score(flex).score < 90
    (warning,) = (finding for finding in check_support(flex) if finding.severity == "warning")
    assert warning.code == "client-score"
    assert "position" in warning.message
    plain = Page("<body>" + "<p>Sail</p>" * 200)
    assert score(plain).score > 99.5
    assert {finding.code for finding in check_support(plain)} == {"client-support"}


def test_the_table_says_where_it_is_from() -> None:
    known = table()
    assert len(known.features) > 300
    assert all(len(each.support) == len(known.clients) for each in known.features.values())
    assert known.updated >= "2026-05-13"
    licence = Path(support.__file__).with_name("caniemail.LICENSE").read_text(encoding="utf-8")
    assert "MIT License" in licence
    assert "HTeuMeuLeu" in licence


def test_an_update_keeps_the_newest_version_of_each_client() -> None:
    data = {
        "last_update_date": "2026-05-13 14:45:41 +0000",
        "nicenames": {"family": {"gmail": "Gmail", "hey": "HEY"}, "platform": {"ios": "iOS", "desktop-webmail": "Web"}},
        "data": [
            {
                "slug": "html-p", "title": "<p>",
                "stats": {"gmail": {"ios": {"2019-08": "n", "2024-01": "a #1 #2"}}, "hey": {"desktop-webmail": {"2020": "y"}}},
            },
            {"slug": "css-gap", "title": "gap", "stats": {"gmail": {"ios": {"2024": "u"}}}},
        ],
    }  # fmt: skip
    made = reduced(data, "a test")
    assert made["clients"] == [["gmail", "Gmail iOS"], ["hey", "HEY Web"]]
    assert made["features"] == {"css-gap": ["gap", "u-"], "html-p": ["<p>", "ay"]}
    assert json.loads(written(made)) == made
    shipped = Path(support.__file__).with_name("caniemail.json").read_text(encoding="utf-8")
    assert written(json.loads(shipped)) == shipped, "it was written by the script"
