"""Every code has a mail that gives it; a mail in order gives none; the reference lists them all as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.check.codes import CODES, reference
from digest.pipeline.checking import check_message
from tests.check.mails import PAGE, PREHEADER, TEXT, eml, found, page, styled, with_body

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "check.md"
LONG = "a word " * 20
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
MARK = "%%0123456789ab."

EXAMPLES: dict[str, bytes] = {
    "size": eml(html=page("Ferry", "é" * 60_000)),
    "size-near": eml(html=with_body("<p>" + "Sail on. " * 10_550 + "</p>")),
    "doctype": eml(html=page("<!DOCTYPE html>", "<!doctype html>")),
    "control": eml(html=page("Ferry", "Fer\u0092ry")),
    "nesting": eml(html=with_body("<div>" * 300 + "deep" + "</div>" * 300)),
    "conditional": eml(html=with_body("<!--[if mso]><p>Outlook</p>")),
    "active": eml(html=with_body("<script>x()</script>")),
    "title": eml(html=page("<title>Tide</title>", "")),
    "charset": eml(html=page("Ferry", "Fähre")),
    "viewport": eml(html=page('name="viewport"', 'name="other"')),
    "id-twice": eml(html=with_body('<p id="a">Sail</p><p id="a">Row</p>')),
    "bgcolor": eml(html=with_body('<table><tr><td bgcolor="#fff">Sail</td></tr></table>')),
    "client-score": eml(html=with_body('<p style="position:absolute">Sail</p>' * 60)),
    "client-support": eml(html=with_body('<p style="position:sticky">Sail</p>')),
    "link-empty": eml(html=page('href="https://tide.example/a"', 'href=""')),
    "link-relative": eml(html=page("https://tide.example/a", "/a")),
    "link-scheme": eml(html=page("https://tide.example/a", "javascript:x()")),
    "link-anchor": eml(html=page("https://tide.example/a", "#ferry")),
    "link-text": eml(html=page("Ferry sails", "")),
    "link-words": eml(html=page("Ferry sails", "Read more ›")),
    "link-doubled": eml(
        html=with_body(
            '<a href="https://tide.example/1">Harbour wall gives way</a>'
            '<a href="https://tide.example/1">Seven bakers open shops</a>'
        )
    ),
    "link-mismatch": eml(html=page("Ferry sails", "www.bank.example/login")),
    "link-shortened": eml(html=page("https://tide.example/a", "https://bit.ly/3xyz")),
    "link-insecure": eml(html=page("https://tide.example/a", "http://tide.example/a")),
    "image-alt": eml(html=with_body('<img src="https://tide.example/i.png" width="9">')),
    "image-missing": eml(html=with_body('<img src="cid:gone" alt="A quay" width="9">')),
    "image-width": eml(html=with_body('<img src="https://tide.example/i.png" alt="A quay">')),
    "image-height": eml(html=with_body('<img src="https://tide.example/i.png" alt="" width="9" height="auto">')),
    "image-format": eml(html=with_body('<img src="cid:quay" alt="" width="9">'), attached={"quay": WEBP}),
    "image-large": eml(html=with_body('<img src="cid:quay" alt="" width="9">'), attached={"quay": b"x" * 100_001}),
    "image-inline": eml(html=with_body('<img src="data:image/png;base64,AAAA" alt="" width="9">')),
    "image-insecure": eml(html=with_body('<img src="http://tide.example/i.png" alt="" width="9">')),
    "tracker": eml(html=with_body('<img src="https://tide.example/o.gif" alt="" width="1" height="1">')),
    "third-party": eml(html=with_body('<img src="https://cdn.other.example/i.png" alt="" width="9">')),
    "web-font": eml(html=styled("@font-face{font-family:Tide;src:url(https://tide.example/t.woff2)}")),
    "import": eml(html=styled("@import url(https://tide.example/t.css);")),
    "contrast": eml(html=with_body('<p style="color:#999999">Sail</p>')),
    "contrast-dark": eml(
        html=styled("@media (prefers-color-scheme:dark){body{background-color:#111111!important}}", "<p>Sail</p>")
    ),
    "text-small": eml(html=with_body('<p style="font-size:9px">Sail</p>')),
    "hidden-text": eml(html=page("</body>", '<p style="display:none">Buy now</p></body>')),
    "link-colour": eml(html=page(' style="color:#1D3F72"', "")),
    "heading": eml(html=page("<h1>Tide</h1>", "<h1>Tide</h1><h3>Ferries</h3>")),
    "language": eml(html=page(' lang="en"', "")),
    "direction": eml(html=page('lang="en"', 'lang="ar"')),
    "subject": eml(Subject=""),
    "subject-long": eml(Subject=LONG),
    "subject-shouting": eml(Subject="FERRY SAILS AT NOON"),
    "subject-emoji": eml(Subject="=?utf-8?b?8J+aoiDwn5qi?="),
    "subject-marks": eml(Subject="Ferry sails!!"),
    "subject-reply": eml(Subject="Re: Ferry sails"),
    "preheader": eml(html=page(PREHEADER, "")),
    "preheader-long": eml(html=page("What else", LONG)),
    "preheader-same": eml(html=page("What else there is today, in a whole line of its own.", "Ferry sails at noon")),
    "preheader-filler": eml(html=page(PREHEADER, '<div style="display:none">What else there is in a line.</div>')),
    "leftover": eml(html=page("Ferry", MARK)),
    "template-syntax": eml(text=f"{TEXT}\nDear {{{{ name }}}},"),
    "placeholder": eml(text=f"{TEXT}\nHeadline TK"),
    "unsubscribe": eml(html=page("Unsubscribe", "Bye"), text="https://tide.example/a"),
    "postal-address-unseen": eml(
        html=page("<p>Tide, 4 Ropewalk Steps, Port Iselin PI1 7QD</p>", ""), text=TEXT.rpartition("\n")[0]
    ),
    "text-part": eml(text=""),
    "text-links": eml(text="Ferry sails. Unsubscribe: https://tide.example/u"),
    "html-links": eml(text=f"{TEXT}\nhttps://tide.example/more"),
    "text-differs": eml(html=with_body("<p>" + " ".join("sail" + "ab" * number for number in range(60)) + "</p>")),
    "text-markup": eml(text=f"{TEXT}\n<p>Sail</p>"),
    "text-wide": eml(text=f"{TEXT}\n{LONG}"),
    "part-order": eml(swapped=True),
    "header-from": eml(From=None),
    "header-date": eml(Date="yesterday"),
    "header-message-id": eml(Message_ID="one"),
    "header-to": eml(To=None),
    "header-twice": eml(extra=("Subject: Another",)),
    "header-8bit": eml(Reply_To="Fähre <desk@tide.example>"),
    "mime-version": eml(MIME_Version=None),
    "line-length": eml(html=page("Ferry", "e" * 1_100)),
    "list-unsubscribe": eml(List_Unsubscribe=None),
    "list-unsubscribe-https": eml(List_Unsubscribe="<mailto:desk@tide.example>"),
    "one-click": eml(List_Unsubscribe_Post=None),
    "list-id": eml(List_Id="Tide"),
    "precedence": eml(Precedence=None),
    "auto-submitted": eml(Auto_Submitted=None),
    "message-id-domain": eml(Message_ID="<1@relay.example>"),
    "from-free": eml(From="Tide <tide@gmail.com>"),
    "dkim": eml(DKIM_Signature=None),
    "dkim-covers": eml(DKIM_Signature="v=1; h=from:subject; b=x"),
}
# Codes of what is no message: shown by the tests named.
ELSEWHERE = {
    "contrast-inverted": "tests/check/test_editions.py",
    "image-unprepared": "tests/cli/test_theme.py",
    "image-scaled": "tests/check/test_pictures.py",
    "link-broken": "tests/check/test_online.py",
    "link-moved": "tests/check/test_online.py",
    "link-untried": "tests/check/test_online.py",
    "item-bare": "tests/check/test_items.py",
    "message-size": "tests/cli/test_embedded.py",
    "postal-address": "tests/check/test_editions.py",
    "public-url": "tests/check/test_editions.py",
    "section-empty": "tests/check/test_items.py",
    "spam-rule": "tests/check/test_spam.py",
    "spam-score": "tests/check/test_spam.py",
    "spam-unchecked": "tests/check/test_spam.py",
    "template": "tests/cli/test_check.py",
    "template-unused": "tests/cli/test_check.py",
    "words-control": "tests/check/test_items.py",
    "words-cut": "tests/check/test_items.py",
    "words-markup": "tests/check/test_items.py",
    "words-none": "tests/check/test_items.py",
}


def test_a_mail_in_order_gives_nothing_but_what_programs_lack() -> None:
    assert set(found(eml())) <= {"client-support"}


@pytest.mark.parametrize("code", EXAMPLES)
def test_what_is_wrong_is_named(code: str) -> None:
    said = check_message(EXAMPLES[code], "mail").findings
    named = [finding for finding in said if finding.code == code]
    assert named, [finding.code for finding in said]
    for finding in named:
        assert finding.severity == CODES[code].severity
        assert finding.where
        assert finding.message
        assert finding.fix


def test_every_code_has_its_mail_or_its_test() -> None:
    assert EXAMPLES.keys() | ELSEWHERE.keys() == CODES.keys()
    assert not EXAMPLES.keys() & ELSEWHERE.keys()
    root = Path(__file__).parents[2]
    for code, test in ELSEWHERE.items():
        assert f'"{code}"' in (root / test).read_text(encoding="utf-8"), code


def test_the_reference_lists_every_code_as_it_is() -> None:
    assert reference() in REFERENCE.read_text(encoding="utf-8")


def test_notes_to_oneself_are_not_seen_in_other_words() -> None:
    assert "placeholder" not in found(eml(text=f"{TEXT}\nTk widgets, tkinter and xxxl; TODO ES POSIBLE, TBD"))
    assert "placeholder" in found(eml(html=page("Ferry", "Lorem ipsum"), text=""))
    assert "placeholder" in found(eml(html=page("Ferry", "TK"))), "what the text part does not say is looked at too"


def test_a_text_part_of_another_script_says_the_same() -> None:
    japanese = "灯台の島に新しい船着き場が開く。百年ぶりの灯が港の壁を照らす夜に漁師たちは船を出した。"
    body = f"<p>{japanese}</p>"
    wrapped = "\n".join(japanese[place : place + 7] for place in range(0, len(japanese), 7))
    assert "text-differs" not in found(eml(html=with_body(body), text=f"{TEXT}\n{wrapped}"))
    assert "text-differs" in found(eml(html=with_body(body)))
    assert "text-wide" not in found(eml(text=f"{TEXT}\n{japanese[:39]}"))
    assert "text-wide" in found(eml(text=f"{TEXT}\n{japanese[:40]}")), "a sign takes two columns"


def test_a_language_is_one() -> None:
    assert "language" not in found(eml(html=page('lang="en"', 'lang="zh-Hant-TW"')))
    assert "language" in found(eml(html=page('lang="en"', 'lang="English (US)"')))


def test_an_html_mail_alone_is_read_for_what_is_left_over() -> None:
    assert "template-syntax" in found(eml(html=PAGE.replace("Ferry sails", "Hello *|FNAME|*"), text=""))
