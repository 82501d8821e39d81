"""An edition in several languages: rendered in each at approval, and each reader gets the one asked for."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from digest.mail.languages import in_language
from tests.builders import parts
from tests.cli.conftest import Digest, change
from tests.render.checklist import broken

LEAVE = {"en": "Unsubscribe", "de": "Abbestellen", "ar": "إلغاء الاشتراك"}


@pytest.fixture
def several(publication: Path) -> Path:
    """The demo's publication in three languages, with titles and a tagline of their own."""
    words = 'language = "en"\nlanguages = ["de", "ar"]\ntaglines = { de = "Weltnachrichten vor sieben" }'
    change(publication, r'^language = "en"$', words)
    change(publication, r'^title = "Culture"$', 'title = "Culture"\ntitles = { de = "Kultur", ar = "ثقافة" }')
    return publication


def approved(digest: Digest, publication: Path) -> None:
    for words in (("build",), ("approve",)):
        outcome = digest(*words, "-c", publication)
        assert outcome.code == 0, outcome.err


def message(publication: Path, address: str) -> tuple[EmailMessage, str, str]:
    raw = (publication.parent / "outbox" / f"{address}.eml").read_bytes()
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    html, text = (found.get_body((kind,)) for kind in ("html", "plain"))
    assert html is not None
    assert text is not None
    return found, str(html.get_content()), str(text.get_content())


@pytest.mark.parametrize(
    ("address", "language", "direction"),
    [
        ("reader@example.org", "en", "ltr"),
        ("leserin@example.org", "de", "ltr"),
        ("qari@example.org", "ar", "rtl"),
        ("dokusha@example.org", "en", "ltr"),  # asked for Japanese, which there is not
    ],
)
def test_each_reader_gets_the_language_asked_for(
    digest: Digest, several: Path, address: str, language: str, direction: str
) -> None:
    approved(digest, several)
    assert digest("send", "-c", several).code in (0, 75)
    found, html, text = message(several, address)
    assert found["Content-Language"] == language
    assert f'<html lang="{language}" dir="{direction}"' in html
    assert LEAVE[language] in html
    assert LEAVE[language] in text
    for other in set(LEAVE) - {language}:
        assert LEAVE[other] not in text
    if language == "de":
        assert "Kultur" in html
        assert "Weltnachrichten vor sieben" in html
        assert re.search(r"\d+\xa0Meldungen", html)
    assert "%%" not in html


def test_every_language_is_what_mail_programs_need(digest: Digest, several: Path) -> None:
    approved(digest, several)
    out = several.parent / "out"
    assert digest("preview", "-c", several, "--out", out).code == 0
    assert {path.name for path in out.iterdir()} == {
        "index.html", "images", "edition.json",
        *(f"edition{language}.{kind}" for language in ("", ".de", ".ar") for kind in ("html", "txt", "eml")),
    }  # fmt: skip
    index = (out / "index.html").read_text(encoding="utf-8")
    assert "<h2>In de, 375</h2>" in index
    assert "<h2>In ar, 375</h2>" in index
    assert '<a href="edition.de.html">' in index
    for name in ("edition.html", "edition.de.html", "edition.ar.html"):
        html = (out / name).read_text(encoding="utf-8")
        # In a preview pictures stand beside the file; the sample has one headline of two papers.
        known = "15 addresses: images/", "14 link_names: 'Overnight train"
        assert [fault for fault in broken(html) if not fault.startswith(known)] == [], name


def test_what_was_approved_is_sent_whatever_becomes_of_the_languages(digest: Digest, several: Path) -> None:
    approved(digest, several)
    change(several, r'^languages = \["de", "ar"\]$', "languages = []")
    assert digest("send", "-c", several).code in (0, 75)
    assert message(several, "leserin@example.org")[0]["Content-Language"] == "de"


def test_findings_name_the_language_they_are_of(digest: Digest, several: Path) -> None:
    change(several, r"^postal_address = .*$", 'postal_address = ""')
    assert digest("build", "-c", several).code == 0
    told = digest("preview", "-c", several, "--out", several.parent / "out").err
    assert "warning: imprint: the publication has no postal address" in told
    assert "warning: de: imprint: the publication has no postal address" in told


def test_a_language_that_is_none_is_told(digest: Digest, several: Path) -> None:
    change(several, r'^languages = \["de", "ar"\]$', 'languages = ["Deutsch!"]')
    outcome = digest("config", "check", "-c", several)
    assert outcome.code == 2
    assert "'Deutsch!' is no language tag" in outcome.err


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("de", "de"), ("DE", "de"), ("de-AT", "de"), ("pt", "pt-BR"), ("pt-PT", "pt-BR"), ("pt-br", "pt-BR"),
        ("", "en-GB"), ("fi", "en-GB"), ("en", "en-GB"), ("zz-not a tag", "en-GB"),
    ],
)  # fmt: skip
def test_the_nearest_language_is_taken(wanted: str, found: str) -> None:
    there = [replace(parts(), language=language) for language in ("de", "en-GB", "pt-BR")]
    assert in_language(there, wanted, "en-GB").language == found
    assert in_language(there[:1], wanted, "en-GB").language == "de"
