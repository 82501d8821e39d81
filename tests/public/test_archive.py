"""The archive as `digest serve` answers: entity tags, retracted editions, and a private archive's signed links."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from digest.mail.parts import encode
from digest.model.mail import EditionKey
from digest.wiring.archive import ArchiveKeeper
from digest.wiring.publisher import Publisher
from tests.builders import DAY, edition, rendered
from tests.public.conftest import House, Opened

PAGE = "/daily/2026/11/23/"
PRIVATE = '[archive]\nvisibility = "private"\n'


def put(house: House, days: int = 1) -> EditionKey:
    """Put listed editions into the store, the first on the usual day."""
    editions, now = house.wiring.editions, house.wiring.clock.now()
    for number in range(days):
        made = replace(edition(), day=DAY + timedelta(days=number))
        editions.save_base(made, now=now)
        mail = replace(encode(rendered(), made, number=number + 1, language="en"), number=number + 1)
        key = EditionKey("daily", made.day)
        editions.approve(key, [mail], [], edits=0, by="test", now=now)
        for step in ("published", "listed"):
            editions.mark(key, step, now=now)
    ArchiveKeeper(house.wiring).build()
    return EditionKey("daily", DAY)


def test_a_page_that_did_not_change_is_not_sent_again(house: House) -> None:
    put(house)
    first = house.client.get(PAGE)
    assert first.status_code == 200
    assert "Headline of harbour" in first.text
    again = house.client.get(PAGE, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    house.wiring.clock.advance(hours=1)  # type: ignore[attr-defined]  # a test's clock
    key = EditionKey("daily", DAY + timedelta(days=1))
    made = replace(edition(), day=key.day)
    house.wiring.editions.save_base(made, now=house.wiring.clock.now())
    mail = replace(encode(rendered(), made, number=2, language="en"), number=2)
    house.wiring.editions.approve(key, [mail], [], edits=0, by="test", now=house.wiring.clock.now())
    house.wiring.editions.mark(key, "published", now=house.wiring.clock.now())
    ArchiveKeeper(house.wiring).list(key)
    changed = house.client.get(PAGE, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200, "it has a next edition now"
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_style_sheet_and_mail_are_served_as_what_they_are(house: House) -> None:
    put(house)
    (css,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', house.client.get(PAGE).text)
    style = house.client.get(PAGE + css)
    assert style.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in style.headers["Cache-Control"]
    mail = house.client.get(f"{PAGE}mail.html")
    assert mail.headers["X-Robots-Tag"] == "noindex"
    assert "https://halyard.example/signup/link" in mail.text
    assert "Disallow: /u/" in house.client.get("/robots.txt").text
    assert house.client.get("/.archive.json").status_code == 404


def test_a_retracted_edition_is_gone(house: House) -> None:
    key = put(house, days=2)
    ArchiveKeeper(house.wiring).retract(key, "It was yesterday's draft.")
    answer = house.client.get(PAGE)
    assert (answer.status_code, answer.headers["X-Robots-Tag"]) == (410, "noindex")
    assert "It was yesterday&#39;s draft." in answer.text
    assert house.client.get(f"{PAGE}mail.html").status_code == 410
    assert house.client.get("/daily/2026/11/24/").status_code == 200
    assert PAGE not in house.client.get("/daily/").text


def test_in_a_private_archive_only_the_signed_link_of_an_edition_opens_it(opened: Opened) -> None:
    house = opened(PRIVATE)
    key = put(house, days=2)
    publisher = Publisher(house.wiring, house.wiring.settings.digests[0])
    link = publisher.private_page(key)
    assert link is not None
    path = link.removeprefix("https://halyard.example")
    assert path.startswith(f"{PAGE}?key=")
    page = house.client.get(path)
    assert page.status_code == 200
    assert "Headline of harbour" in page.text
    assert '<meta name="robots" content="noindex">' in page.text
    assert page.headers["Cache-Control"] == "private, no-cache"
    token = path.partition("=")[2]
    for wrong in (
        PAGE, f"{PAGE}?key=", f"{PAGE}?key={token[:-1]}", f"/daily/2026/11/24/?key={token}", "/daily/", "/daily/2026/",
        f"/weekly/2026/11/23/?key={token}", "/daily/section/foreign/", f"{PAGE}mail.html", f"/daily/2026/13/99/?key={token}",
        f"{PAGE}?key={house.token('u')}",
    ):  # fmt: skip
        answer = house.client.get(wrong)
        assert answer.status_code in (302, 404), wrong
        assert "Headline of harbour" not in answer.text
    assert house.client.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    assert not list((house.folder / "site").rglob("daily/**/*.html"))
    # Nothing on it leads to what nobody can open.
    links = re.findall(r'href="([^"#]+)"', page.text)
    assert not [each for each in links if "daily" in each or "search" in each]
    ArchiveKeeper(house.wiring).retract(key, "It was a draft.")
    assert house.client.get(path).status_code == 410


def test_the_mail_of_a_private_archive_links_the_signed_page_and_no_list(opened: Opened) -> None:
    house = opened(PRIVATE)
    publisher = Publisher(house.wiring, house.wiring.settings.digests[0])
    made = publisher.render(edition(), 1, "en")
    assert made.html.count(f"https://halyard.example{PAGE}?key=") >= 2
    for nowhere in ("https://halyard.example/daily/", "/search/", "feed."):
        assert not re.search(rf'href="[^"]*{re.escape(nowhere)}(?!2026/11/23/\?key=)', made.html)


def test_what_was_public_goes_when_the_archive_becomes_private(opened: Opened) -> None:
    house = opened()
    put(house)
    assert (house.folder / "site/daily/index.html").is_file()
    hidden = opened(PRIVATE)
    ArchiveKeeper(hidden.wiring).build()
    left = {path.relative_to(house.folder / "site").parts[0] for path in (house.folder / "site").rglob("*.*")}
    assert left <= {"assets", "img", "robots.txt", "404.html", "signup"}
    assert hidden.client.get("/daily/").status_code == 404


@pytest.mark.parametrize("path", ["/daily/2026/11/23", "/daily"])
def test_an_address_without_its_slash_leads_to_it(house: House, path: str) -> None:
    put(house)
    assert house.client.get(path).headers["Location"] == f"{path}/"
