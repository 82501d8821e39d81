"""Editions of ours: every theme and style is understood, has no errors or warnings, and is checked in no time."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from digest.check import CODES, check_mail
from digest.check.page import Page
from digest.check.support import score
from digest.mail.parts import encode, encoded_size
from digest.model.editions import Edition, Finding, Publication
from digest.render.theme import THEMES, findings, theme
from tests.builders import PUBLICATION
from tests.render.samples import made, pictured, rich, whole

ONLINE = replace(PUBLICATION, public_url="https://tide.example", postal_address="4 Ropewalk Steps, Port Iselin")


def checked(of: Edition, publication: Publication = ONLINE, name: str = "classic") -> tuple[Finding, ...]:
    rendered = made(of, publication, name)
    html, text = whole(of, rendered)
    return check_mail(
        html=html, text=text, subject="Harbour wall gives way", preheader="Seven bakers open shops · Ferries sail",
        publication=publication, encoded_size=encoded_size(encode(rendered, of, number=1, language="en")),
    )  # fmt: skip


@pytest.mark.parametrize("name", THEMES)
def test_mail_programs_understand_every_theme(name: str) -> None:
    for of in (rich(), pictured(30), pictured(12, "feature"), pictured(12, "video")):
        html, _ = whole(of, made(of, ONLINE, name))
        reached = score(Page(html))
        assert reached.score >= 90
        low = {family for family, percent in reached.families.items() if percent < 85}
        assert low <= {"HEY"}, "it knows no width attribute"


@pytest.mark.parametrize("name", THEMES)
def test_no_theme_gives_an_error_or_a_warning(name: str) -> None:
    for of in (rich(), pictured(30)):
        assert [each for each in checked(of, name=name) if each.severity != "note"] == []


def test_right_to_left_neither() -> None:
    turned = replace(ONLINE, language="ar", direction="rtl")
    assert [each for each in checked(rich(), turned) if each.severity != "note"] == []


def test_thirty_stories_are_checked_while_nobody_waits() -> None:
    of = pictured(30)
    checked(of)
    rendered = made(of, ONLINE)
    html, text = whole(of, rendered)
    spent = []
    for _ in range(3):
        began = time.process_time()
        check_mail(html=html, text=text, subject="A", preheader="B" * 40, publication=ONLINE, encoded_size=50_000)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.3


def test_what_a_publication_owes_its_readers_is_asked_for() -> None:
    def codes(publication: Publication) -> dict[str, str]:
        return {each.code: each.severity for each in checked(rich(), publication)}

    assert codes(replace(ONLINE, postal_address=""))["postal-address"] == "warning"
    assert codes(replace(ONLINE, public_url=""))["public-url"] == "note"
    assert {"postal-address", "public-url"} & codes(ONLINE).keys() == set()


def test_weak_colours_of_a_theme_have_a_code_by_where_they_are_seen() -> None:
    weak = theme("classic", {"mute": "#AAAAAA", "dark_mute": "#333333", "signal": "#777777"})
    told = {finding.code for finding in findings(weak)}
    assert told == {"contrast", "contrast-dark", "contrast-inverted"}
    assert all(finding.severity == CODES[finding.code].severity for finding in findings(weak))
