"""`digest check FILE`: any mail or page, its findings and exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.pipeline.checking import check_file, check_message

PAGE = (
    '<!DOCTYPE html><html lang="en"><head><title>Tide</title></head><body><h1>Tide</h1>'
    '<p><a href="https://tide.example/a">Ferry sails</a> <a href="https://tide.example/u">Unsubscribe</a></p></body></html>'
)
TEXT = "Ferry sails\nhttps://tide.example/a\nUnsubscribe: https://tide.example/u"
HEADERS = {
    "From": "Tide <news@tide.example>",
    "To": "reader@example.org",
    "Subject": "Ferry sails",
    "Date": "Mon, 23 Nov 2026 07:00:00 +0000",
    "Message-ID": "<1@tide.example>",
    "MIME-Version": "1.0",
    "List-Unsubscribe": "<https://tide.example/u>, <mailto:desk@tide.example>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


def eml(*, html: str = PAGE, text: str = TEXT, **headers: str | None) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in {**HEADERS, **named}.items() if value is not None]
    parts = [("plain", text), ("html", html)]
    lines += ['Content-Type: multipart/alternative; boundary="b"', ""]
    for kind, body in parts:
        if body:
            lines += ["--b", f"Content-Type: text/{kind}; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", body]
    return "\r\n".join([*lines, "--b--", ""]).encode()


def codes(raw: bytes) -> set[str]:
    return {finding.code for finding in check_message(raw, "mail").findings}


def test_a_mail_in_order_has_no_findings_but_the_missing_preheader() -> None:
    assert codes(eml()) == {"preheader"}
    hidden = '<body><div style="display:none">What else there is today, in a whole line of its own.</div>'
    assert codes(eml(html=PAGE.replace("<body>", hidden))) == set()


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"From": None}, "header-from"),
        ({"From": "a@x.example, b@x.example"}, "header-from"),
        ({"From": "Nobody"}, "header-from"),
        ({"Date": None}, "header-date"),
        ({"Message_ID": None}, "header-message-id"),
        ({"To": None}, "header-to"),
        ({"Subject": ""}, "subject"),
        ({"List_Unsubscribe": None}, "list-unsubscribe"),
        ({"List_Unsubscribe": "<mailto:desk@tide.example>"}, "list-unsubscribe"),
        ({"List_Unsubscribe_Post": None}, "one-click"),
        ({"text": ""}, "text-part"),
        ({"text": "Ferry sails. Unsubscribe: https://tide.example/u"}, "text-links"),
        ({"text": f"{TEXT}\nhttps://tide.example/more"}, "html-links"),
        ({"text": f"{TEXT}\nTK"}, "placeholder"),
        ({"html": PAGE.replace("Unsubscribe", "Bye"), "text": "https://tide.example/a"}, "unsubscribe"),
        ({"html": PAGE.replace(' lang="en"', "")}, "language"),
        ({"html": PAGE.replace('lang="en"', 'lang="ar"')}, "direction"),
        ({"html": PAGE.replace("Ferry sails", "Read more ›")}, "link-words"),
        ({"html": PAGE.replace("https://tide.example/a", "/a")}, "link-relative"),
        ({"html": PAGE.replace("<h1>", '<img src="https://x.example/i.gif"><h1>')}, "image-alt"),
        ({"html": PAGE.replace("<h1>", "<script>x()</script><h1>")}, "active"),
        ({"html": PAGE.replace("Ferry", "é" * 60_000)}, "size"),
        ({"html": PAGE.replace("Ferry", "e" * 1_100)}, "line-length"),
    ],
)
def test_what_is_wrong_is_named(headers: dict[str, str | None], code: str) -> None:
    assert code in codes(eml(**headers))  # type: ignore[arg-type]  # html and text are among them


def test_any_bytes_are_a_finding_or_one_sentence(tmp_path: Path) -> None:
    for number, raw in enumerate((b"<", b"\xff\xfe<p>", b"<html>" + b"<div>" * 5_000, b"From: a\r\n\r\n<p>hi")):
        path = tmp_path / f"{number}.html"
        path.write_bytes(raw)
        assert check_file(path).findings
