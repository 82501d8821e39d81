"""`/u/TOKEN` and RFC 8058: nobody leaves by a GET, everybody by a POST, and only the link's owner."""

from __future__ import annotations

import pytest

from digest.subscribers.tokens import Tokens
from tests.conftest import StandingClock
from tests.public.conftest import House, Opened

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_follows_every_link_changes_nothing(house: House, method: str) -> None:
    for path in (f"/u/{house.token()}", f"/u/{house.token()}?List-Unsubscribe=One-Click&action=leave"):
        answer = house.client.request(method, path)
        assert answer.status_code == 200
    assert house.gets()


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_one_click_is_one_post_and_a_repeat_is_as_good(house: House, kind: str) -> None:
    for _ in range(3):
        if kind == "urlencoded":
            answer = house.client.post(f"/u/{house.token()}", data=ONE_CLICK)
        else:
            answer = house.client.post(f"/u/{house.token()}", files={"List-Unsubscribe": (None, "One-Click")})
        assert (answer.status_code, answer.text) == (200, "You are unsubscribed.\n")
    assert not house.gets()
    assert house.gets(digest="weekly")
    assert house.gets("bea")


def test_one_click_is_never_limited_and_nobody_is_lost(opened: Opened) -> None:
    house = opened("[serve]\nrequests_per_hour = 1\n")
    path = f"/u/{house.token()}"
    assert {house.client.post(path, data=ONE_CLICK).status_code for _ in range(60)} == {200}


def test_the_page_asks_offers_less_and_does_it_on_a_post(house: House) -> None:
    path = f"/u/{house.token()}"
    page = house.client.get(path)
    assert "Stop <bdi>The Morning Halyard</bdi>?" in page.text
    assert "ada@example.org" in page.text
    house.client.post(path, data={"action": "sections", "sections": "trade"})
    assert house.reader().sections == ("trade",)
    house.client.post(path, data={"action": "pause"})
    assert str(house.reader().paused_until) == "2026-12-21"
    assert "Paused until <bdi>21 December 2026</bdi>" in house.client.get(path).text
    done = house.client.post(path, data={"action": "leave"})
    assert "You are unsubscribed." in done.text
    assert "The Halyard Weekly" in done.text
    assert not house.gets()
    again = house.client.post(path, data={"action": "stay"})
    assert house.gets()
    assert "You are on the list." in again.text
    none = house.client.post(path, data={"action": "sections"})
    assert "Choose at least one section, or unsubscribe." in none.text
    assert house.reader().sections == ("trade",)


def test_weekly_instead_of_daily(opened: Opened) -> None:
    house = opened()
    house.wiring.readers.choose("id-ada", {"digests": ("daily",)}, source="test", now=house.wiring.clock.now())
    path = f"/u/{house.token()}"
    assert "Get <bdi>The Halyard Weekly</bdi> instead" in house.client.get(path).text
    house.client.post(path, data={"action": "weekly"})
    assert (house.gets(digest="daily"), house.gets(digest="weekly")) == (False, True)


def test_leaving_everything(house: House) -> None:
    house.client.post(f"/u/{house.token()}", data={"action": "leave-all"})
    assert house.reader().status == "unsubscribed"
    assert not house.gets(digest="weekly")


def test_taking_back_ends_after_a_day(house: House, clock: StandingClock) -> None:
    path = f"/u/{house.token()}"
    house.client.post(path, data={"action": "leave"})
    clock.advance(hours=25)
    page = house.client.post(path, data={"action": "stay"})
    assert "Undo" not in page.text
    assert not house.gets()


@pytest.mark.parametrize(
    "spoil",
    [lambda token: token[:-1], lambda token: token + "x", lambda token: "x", lambda token: token.upper(),
     lambda token: "%00", lambda token: "A" * 5000],
)  # fmt: skip
def test_forged_and_truncated_links_do_nothing(house: House, spoil: object) -> None:
    token = spoil(house.token())  # type: ignore[operator]
    answer = house.client.post(f"/u/{token}", data=ONE_CLICK)
    assert answer.status_code == 404
    assert "This link is not complete" in answer.text
    assert house.gets()


def test_links_of_other_purposes_and_publications_do_nothing(house: House) -> None:
    foreign = Tokens(["another publication's key, just as long"]).sign("u", "id-ada", "daily")
    for token in (foreign, house.token("p"), house.token("c")):
        assert house.client.post(f"/u/{token}", data=ONE_CLICK).status_code == 404
    assert house.gets()


def test_old_links_work_after_the_keys_rotated(house: House, opened: Opened) -> None:
    old = house.token()
    keys = house.folder / "keys" / "tokens"
    keys.write_text(
        "a new key of more than 32 characters".replace(" ", "-") + "\n" + keys.read_text(), encoding="utf-8"
    )
    later = opened()
    assert later.token() != old
    assert later.client.post(f"/u/{old}", data=ONE_CLICK).status_code == 200
    assert not later.gets()


def test_a_form_of_another_site_is_refused(house: House) -> None:
    path, form = f"/u/{house.token()}", {"action": "leave"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert house.client.post(path, data=form, headers=headers).status_code == 403
    assert house.gets()
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "https://halyard.example"}
    assert house.client.post(path, data=form, headers=own).status_code == 200
    assert not house.gets()


def test_somebody_unknown_to_us_is_told_so(house: House) -> None:
    token = house.token(name="nobody")
    assert "You are not on the list" in house.client.get(f"/u/{token}").text
    assert house.client.post(f"/u/{token}", data=ONE_CLICK).status_code == 200


@pytest.mark.parametrize(
    ("language", "said", "turned"), [("de", "Abbestellen", "ltr"), ("ar", "إلغاء الاشتراك", "rtl")]
)
def test_the_page_speaks_the_readers_language(house: House, language: str, said: str, turned: str) -> None:
    house.wiring.readers.choose("id-ada", {"language": language}, source="test", now=house.wiring.clock.now())
    page = house.client.get(f"/u/{house.token()}")
    assert said in page.text
    assert f'<html lang="{language}" dir="{turned}">' in page.text
    assert (
        "Abbestellen"
        in house.client.get(f"/u/{house.token(name='bea')}", headers={"Accept-Language": "fi, de;q=.5"}).text
    )
