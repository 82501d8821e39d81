"""What is remembered of premailer's work is what premailer does; what a parser would turn around is left to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from digest.render import html as making
from digest.render.inlining import by_premailer, inlined, short
from digest.render.theme import THEMES
from tests.builders import PUBLICATION
from tests.render.checklist import Mail, conditionals
from tests.render.samples import made, pictured, rich, styled

ARABIC = replace(PUBLICATION, language="ar", direction="rtl")
PAGE = "<!DOCTYPE html><html><head><style>.k{color:#111111}</style></head><body>%s</body></html>"
CSS = ".a{color:#223344}.b .a{color:#556677}p{margin:0}td{padding:1px}"


def elements(page: str) -> list[Any]:
    return list(etree.fromstring(page, etree.HTMLParser()).iter(etree.Element))


@pytest.mark.parametrize("name", THEMES)
def test_every_element_has_the_style_premailer_gives_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []

    def watched(page: str, css: str) -> str:
        seen.append((page, css))
        return inlined(page, css)

    monkeypatch.setattr(making, "inlined", watched)
    for of, publication in (
        (rich(), PUBLICATION),
        (rich(), ARABIC),
        (styled("video"), ARABIC),
        (pictured(4), PUBLICATION),
    ):
        html = made(of, publication, name).html
        # What Outlook alone reads is whole before premailer, and after.
        assert [*conditionals(Mail(seen[-1][0])), *conditionals(Mail(html))] == []
        assert seen[-1][0].count("<!--[if") == html.count("<!--[if") > 0
        ours, theirs = elements(html), elements(by_premailer(*seen[-1]))
        assert [each.tag for each in ours] == [each.tag for each in theirs]
        for mine, other in zip(ours, theirs, strict=True):
            assert (mine.get("style") or "") == short(other.get("style") or "")
            assert (mine.text or "").strip() == (other.text or "").strip()
            assert mine.get("href") == other.get("href")
            assert mine.get("alt") == other.get("alt")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<p class="a k">x</p>', '<p class="k" style="margin:0;color:#223344">x</p>'),
        ('<div class="b"><a href="https://x.example/?a=1&amp;b=2" class="a">x</a></div>',
         '<div><a href="https://x.example/?a=1&amp;b=2" style="color:#556677">x</a></div>'),
        ('<table><tr><td>x</td></tr></table>',
         '<table role="presentation"><tr><td style="padding:1px">x</td></tr></table>'),
        ('<p title="a &gt; b &quot;c&quot;">x &quot;y&quot;</p>',
         '<p title="a &gt; b &quot;c&quot;" style="margin:0">x "y"</p>'),
        ('<p title="a > b" />', '<p title="a > b" style="margin:0"></p>'),
        ('<p>x<br/>y <img src="a.png" alt=""/></p>', '<p style="margin:0">x<br>y <img src="a.png" alt=""></p>'),
        ('<p style="color: #112233" class="a">x</p>', '<p style="margin:0;color:#112233">x</p>'),
        ('<!--[if mso]> <table> <tr> <![endif]--> <p>x</p>',
         '<!--[if mso]><table role="presentation"><tr><![endif]--><p style="margin:0">x</p>'),
        # A paragraph ends where a block begins, whatever its end tag says.
        ('<p>one<div class="a">two</div>three</p>', None),
    ],
)  # fmt: skip
def test_tags_are_written_as_they_stand(body: str, expected: str | None) -> None:
    first = inlined(PAGE % body, CSS)
    assert first == inlined(PAGE % body, CSS), "the second time is from memory"
    if expected is not None:
        assert first == PAGE % expected
    wanted = [(each.tag, short(each.get("style") or "")) for each in elements(by_premailer(PAGE % body, CSS))]
    assert [(each.tag, each.get("style") or "") for each in elements(first)] == wanted


def test_one_page_does_not_change_what_the_next_is_given() -> None:
    pages = [PAGE % f'<div class="{outer}"><p class="a">x</p></div>' for outer in ("b", "c", "b c", "")]
    alone: list[str] = []
    for page in pages:
        alone.append(inlined(page, f"{CSS}.z{len(alone)}{{margin:0}}"))
    assert [inlined(page, CSS) for page in pages] == alone
    assert [inlined(page, CSS) for page in reversed(pages)] == alone[::-1]
