"""Whatever a file holds, a check gives findings or one documented error; nothing is nested too deeply for it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.check.css import declarations, sheet
from digest.check.page import Page
from digest.check.selectors import selectors
from digest.errors import DigestError
from digest.pipeline.checking import check_file, check_message
from tests.check.mails import eml

PIECES = (
    "<", ">", "</", "/>", "<div", "<p>", "</p>", "<a href=", "<img src=", "<style>", "</style>", "<!--[if mso]>",
    "<![endif]-->", "<!--", "-->", "style=", "class=", '"', "'", "color:", "#fff", "url(", ")", "{", "}", ";", "@media ",
    "(prefers-color-scheme:dark)", "http://[", "javascript:", "cid:", "data:image/png,", "&#0;", "&#xD800;", "\u202e",
    "\x00", "\ud800", "%%0123456789ab.", "{{", "font:1e999px", "font-size:9e99em", "rgb(9e99,0,0)", "hsl(", "calc(",
    "p:not(", "::before", "[a=", "a", " ", "\n", "Re:", "<title>", "<h1>", "bgcolor=", "width=", "height=", "<svg>",
)  # fmt: skip
HEADS = (
    b"From: ", b"To: ", b"Subject: ", b"=?utf-8?q?", b"=?x?b?", b"Date: ", b"Message-ID: <", b"List-Unsubscribe: <",
    b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: text/html; charset=", b"utf-7", b"\xff", b"idna",
    b"Content-Transfer-Encoding: base64", b"uu", b"--b", b"--b--", b"\r\n", b"\n", b"\r\n\r\n", b"<p>", b"a@b, c@[",
    b"Content-Disposition: attachment; filename*=x''%", b"Content-ID: <", b">", b"DKIM-Signature: h=", b" ", b"x",
)  # fmt: skip


def looked_at(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    try:
        report = check_file(path)
    except DigestError as error:
        assert str(path) in str(error)
        return
    assert all(finding.fix and finding.where for finding in report.findings)
    assert report.document()["findings"]


@settings(max_examples=150, deadline=None)
@given(raw=st.binary(max_size=400))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    for name in ("any.html", "any.eml"):
        looked_at(tmp_path_factory.getbasetemp() / name, raw)


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_markup(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    text = "".join(pieces)
    looked_at(tmp_path_factory.getbasetemp() / "pieces.html", text.encode("utf-8", "surrogatepass"))
    assert check_message(eml(html=f"<p>{text}".replace("\ud800", "")), "mail").findings


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(st.sampled_from(HEADS), max_size=40))
def test_any_message(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    looked_at(tmp_path_factory.getbasetemp() / "pieces.eml", b"".join(pieces))


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet="ab{}();:,.#[]'\"/*@\\- \n>+~", max_size=60))
def test_any_style(text: str) -> None:
    sheet(text)
    declarations(text)
    for rule in sheet(f"{text}{{a:b}}").rules:
        selectors(rule.selector)
    Page(f"<style>{text}</style><p style='{text}'>Sail")


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 20_000 + "deep",
        "<table><tr><td>" * 7_000 + "deep",
        "<b>" * 20_000 + "</b>" * 20_000,
        "<!--" * 20_000,
        "<a href='" + "x" * 500_000 + "'>long</a>",
        "<style>" + "a{" * 20_000 + "</style>",
        "<style>" + "a b c d e f{color:red}" * 2_000 + "</style>" + "<a><b><c><d><e>" * 400,
        "<style>" + "(" * 50_000 + "</style>",
        "<p style='" + "a:(" * 20_000 + "'>",
        "<p>" + "\u200b" * 500_000,
        "<a href='https://a.example/'>a b c</a>" * 5_000,
    ],
)
def test_what_is_built_to_exhaust_is_answered_in_seconds(tmp_path: Path, html: str) -> None:
    began = time.process_time()
    looked_at(tmp_path / "heavy.html", html.encode())
    assert time.process_time() - began < 10


def test_messages_within_messages_are_answered(tmp_path: Path) -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{depth}"\n\n--b{depth}\n' for depth in range(3_000))
    looked_at(tmp_path / "nested.eml", f"From: a@b.example\n{nested}Content-Type: text/html\n\n<p>Sail".encode())
