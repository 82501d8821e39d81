"""`digest check` at the command line: exit codes, `--json`, `--online`, templates, and one sentence for what is no mail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import html5lib
import pytest

from digest.check import CODES
from digest.render.theme import THEMES
from digest.templating import packaged
from tests.check.mails import eml, page
from tests.cli.conftest import Digest, change
from tests.webd import web_server


def severities(findings: list[dict[str, Any]]) -> set[str]:
    return {finding["severity"] for finding in findings}


def test_the_demos_edition_is_in_order_and_understood(digest: Digest, publication: Path) -> None:
    for words in ((publication.parent / "preview" / "edition.eml",), ("-c", publication)):
        report = digest("check", *words, "--json")
        assert report.code == 0
        assert severities(report.json["findings"]) == {"note"}
        assert 90 <= report.json["score"] <= 100
        assert min(report.json["support"]["families"].values()) >= 90
        assert 10_000 < report.json["size_bytes"] < 102_400
        assert all(finding["fix"] and finding["where"] for finding in report.json["findings"])
    page_of = digest("check", publication.parent / "preview" / "edition.html", "--json")
    assert page_of.code == 0, "its pictures lie beside it"
    assert severities(page_of.json["findings"]) == {"note"}


def test_notes_are_for_those_who_ask(digest: Digest, publication: Path) -> None:
    brief, whole = digest("check", "-c", publication), digest("check", "-c", publication, "--verbose")
    assert brief.out.count("\n") == 1
    assert "0 errors, 0 warnings" in brief.out
    assert "client-support" not in brief.out
    assert "client-support" in whole.out
    assert "mail programs understand 9" in brief.out


def test_the_exit_code_says_whether_there_are_errors(digest: Digest, tmp_path: Path) -> None:
    bad, warned = tmp_path / "bad.html", tmp_path / "warned.html"
    bad.write_text("<html><body><a href='/x'>here</a></body></html>", encoding="utf-8")
    found = digest("check", bad)
    assert found.code == 1
    assert "link-relative" in found.out
    warned.write_text(page("<h1>Tide</h1>", ""), encoding="utf-8")
    told = digest("check", warned)
    assert told.code == 0
    assert "heading" in told.out
    for name, content in (("missing.html", None), ("words.txt", "only words"), ("empty.eml", "")):
        path = tmp_path / name
        if content is not None:
            path.write_text(content, encoding="utf-8")
        outcome = digest("check", path)
        assert outcome.code in (1, 2)
        assert outcome.err.count("\n") == 1
        assert str(path) in outcome.err


def test_spamassassin_is_asked_where_it_is_on_the_path(digest: Digest, tmp_path: Path) -> None:
    mail = tmp_path / "edition.eml"
    mail.write_bytes(eml())
    without = digest("check", mail, "--json").json["findings"]
    assert [finding["severity"] for finding in without if finding["code"] == "spam-unchecked"] == ["note"]
    program = tmp_path / "spamassassin"
    report = "Content analysis details:   (7.5 points, 5.0 required)\\n 7.5 MONEY_NOW  BODY: Promises money\\n"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\nprintf '{report}'\n", encoding="utf-8")
    program.chmod(0o755)
    outcome = digest("check", mail, environment={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert outcome.code == 0, "a warning"
    assert "spam-score" in outcome.out
    assert "7.5 points" in outcome.out


def test_online_tries_links_with_the_publications_client(digest: Digest, publication: Path, tmp_path: Path) -> None:
    with web_server() as web:
        good, bad = web.put("/good", "here"), f"{web.base}/gone"
        mail = tmp_path / "edition.eml"
        mail.write_bytes(eml(html=page("https://tide.example/a", good).replace("https://tide.example/u", bad)))
        guarded = digest("check", mail, "--online")
        assert guarded.code == 0
        assert guarded.out.count("link-broken") == 2, "private addresses are not reached unasked"
        change(publication, r"^\[fetch\]$|\Z", '[fetch]\nallowed_hosts = ["127.0.0.1"]\n')
        outcome = digest("check", mail, "--online", "-c", publication)
        assert outcome.out.count("link-broken") == 1
        assert "/gone answers 404" in outcome.out
    edition = digest("check", "-c", publication, "--online", "--json")
    codes = [finding["code"] for finding in edition.json["findings"]]
    assert codes.count("link-untried") == 1, "its own pages are not there yet, the demo's stories never"
    assert "link-broken" not in codes


@pytest.mark.parametrize(
    ("name", "spoil", "line", "said"),
    [
        ("mail/edition.mjml", "{% if x %}", 1, "Unexpected end of template"),
        ("mail/edition.txt", "\n\n{{ 1 + }}", 3, "not valid Jinja"),
        ("pages/archive/home.html", "{% endfor %}", 1, "not valid Jinja"),
        ("mail/classic/theme.css", "{{ theme.nothing }}", 1, "nothing"),
        ("mail/edition.txt", '{% include "mail/none.txt" %}', 1, "no template mail/none.txt"),
        ("mail/edition.txt", "{{ 1 // 0 }}", 1, "ZeroDivisionError"),
        ("mail/edition.mjml", "{{ number.upper() }}", 1, "no attribute"),
        ("mail/edition.mjml", "<mj-foo></mj-foo>", 1, "<mj-foo> is no component"),
        ("mail/edition.mjml", "</mj-section>", 1, "closes what is not open"),
    ],
)
def test_a_broken_template_is_named_with_file_and_line(
    digest: Digest, publication: Path, name: str, spoil: str, line: int, said: str
) -> None:
    path = publication.parent / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{spoil}\n{packaged(name)}", encoding="utf-8")
    outcome = digest("check", "-c", publication, "--json")
    assert outcome.code == 1
    (finding, *_) = outcome.json["findings"]
    assert finding["code"] == "template"
    assert finding["where"].startswith(f"{path}:")
    if "end of template" not in said:
        assert finding["where"] == f"{path}:{line}"
    assert said in finding["message"]
    assert finding["fix"]


def test_a_template_in_the_middle_is_blamed_at_its_line(digest: Digest, publication: Path) -> None:
    path = publication.parent / "templates" / "mail" / "edition.mjml"
    path.parent.mkdir(parents=True)
    text = packaged("mail/edition.mjml")
    path.write_text(text.replace("<mj-column", "<mj-colunm", 1), encoding="utf-8")
    (first, *_) = digest("check", "-c", publication, "--json").json["findings"]
    assert first["where"] == f"{path}:{text[: text.index('<mj-column')].count(chr(10)) + 1}"
    assert "<mj-colunm>" in first["message"]
    preview = digest("preview", "-c", publication, "--out", publication.parent / "out")
    assert preview.code == 1
    assert preview.err == f"digest: {first['where']}: {first['message']}; {first['fix']}\n", (
        "every command blames it so"
    )


def test_templates_that_work_are_let_be_and_strangers_named(digest: Digest, publication: Path) -> None:
    folder = publication.parent / "templates" / "mail"
    folder.mkdir(parents=True)
    (folder / "edition.mjml").write_text(packaged("mail/edition.mjml"), encoding="utf-8")
    assert digest("check", "-c", publication, "--json").code == 0
    (folder / "editoin.txt").write_text("Hello", encoding="utf-8")
    (folder / "latin.txt").write_bytes(b"a\nf\xe4hre")
    found = digest("check", "-c", publication, "--json").json["findings"]
    (latin,) = (each for each in found if each["code"] == "template")
    assert latin["where"] == f"{folder / 'latin.txt'}:2"
    strangers = {each["where"] for each in found if each["code"] == "template-unused"}
    assert strangers == {str(folder / "editoin.txt"), str(folder / "latin.txt")}
    assert CODES["template-unused"].severity == "note"


def test_words_no_mail_should_have_leave_it_whole_and_are_told(digest: Digest, publication: Path) -> None:
    out = publication.parent / "out"
    hostile = """<script>alert("x")</script> & 'single' {{ x }} {% if %} \x92"""

    def previewed() -> tuple[dict[str, Any], str]:
        assert digest("preview", "-c", publication, "--out", out).code == 0
        made = json.loads((out / "edition.json").read_text(encoding="utf-8"))
        return made, (out / "edition.html").read_text(encoding="utf-8")

    before, _ = previewed()
    first, second, third, fourth = [each["story"] for section in before["sections"] for each in section["items"]][:4]
    for story, *words in (
        (first, "--headline", hostile, "--kicker", "<b>"),
        (second, "--headline", "Long " * 400),
        (third, "--teaser", ""),
    ):
        assert digest("edit", "rewrite", story, *words, "-c", publication).code == 0
    refused = digest("edit", "rewrite", fourth, "--headline", "", "-c", publication)
    assert (refused.code, "a headline cannot be empty" in refused.err) == (2, True)
    for name in THEMES:
        change(publication, rf'^name = "(?:{"|".join(THEMES)})"$', f'name = "{name}"')
        edition, html = previewed()
        checker = html5lib.HTMLParser(strict=False)
        checker.parse(html)
        assert not checker.errors
        assert "&lt;script&gt;" in html
        assert "<script" not in html
        assert "\x92" not in html
        assert "Long " * 41 not in html
        for section in edition["sections"]:
            assert all(f'href="{each["url"]}"' in html for each in section["items"])
        report = digest("check", "-c", publication, "--json")
        assert report.code == 0
        told = {finding["code"] for finding in report.json["findings"]}
        assert told >= {"words-cut", "words-markup", "template-syntax", "item-bare"}
