"""Double opt-in, and one's own links by mail: nobody is on the list by another's hand, nobody learns who is."""

from __future__ import annotations

import pytest

from digest.subscribers.roster import Listed, export_rows
from tests.conftest import StandingClock
from tests.public.conftest import Client, House, Opened


def asks(house: House, **fields: str) -> str:
    """Sign up and return the mail that came."""
    answer = house.client.post("/signup", data={"email": "dora@example.org", **fields})
    assert answer.status_code == 200, answer.text
    mails = house.mails()
    assert mails, answer.text
    return mails[-1]


def test_who_signs_up_is_on_the_list_after_her_own_click(house: House) -> None:
    mail = asks(house, name="Dora Vey", digests="daily")
    assert mail.startswith("To: dora@example.org\nSubject: Confirm that you want The Morning Halyard\n")
    link = house.link(mail, "c")
    for method in ("GET", "HEAD"):
        assert house.client.request(method, link).status_code == 200
    assert house.wiring.subscribers.subscriber(email_key="dora@example.org") is None
    done = house.client.post(link, data={"action": "confirm"})
    assert "You are on the list" in done.text
    found = house.wiring.subscribers.subscriber(email_key="dora@example.org")
    assert found is not None
    assert (found.name, found.digests, found.status) == ("Dora Vey", ("daily",), "active")
    assert found.consent == {
        "asked_at": "2026-11-23T06:40:00Z",
        "confirmed_at": "2026-11-23T06:40:00Z",
        "language": "en",
        "source": "https://halyard.example/signup",
        "text": "I want The Morning Halyard by mail, and may leave at any time with one click.",
    }
    again = house.client.post(link, data={"action": "confirm"}).text
    assert "This link was already used" in again
    assert "You are on the list." in again
    preferences = house.client.get(f"/p/{house.wiring.tokens.sign('p', found.id, 'daily')}").text
    assert "<dd>23 November 2026</dd>" in preferences
    assert "(23 November 2026, 06:40, https://halyard.example/signup)" in preferences


def test_a_replayed_confirmation_brings_nobody_back(house: House) -> None:
    link = house.link(asks(house), "c")
    house.client.post(link)
    found = house.wiring.subscribers.subscriber(email_key="dora@example.org")
    assert found is not None
    house.client.post(f"/u/{house.wiring.tokens.sign('u', found.id, 'daily')}", data={"List-Unsubscribe": "One-Click"})
    again = house.client.post(link).text
    assert "already used" in again
    assert "sign up once more" in again
    found = house.wiring.subscribers.subscriber(email_key="dora@example.org")
    assert found is not None
    assert found.status == "unsubscribed"


def test_a_confirmation_expires(house: House, clock: StandingClock) -> None:
    link = house.link(asks(house), "c")
    clock.advance(days=8)
    for method in ("GET", "POST"):
        answer = house.client.request(method, link)
        assert (answer.status_code, "This link is too old" in answer.text) == (410, True)
    assert house.wiring.subscribers.subscriber(email_key="dora@example.org") is None


def test_a_confirmation_of_another_purpose_is_none(house: House) -> None:
    assert house.client.post(f"/c/{house.token('u')}").status_code == 404


def test_known_and_unknown_addresses_get_the_same_answer(house: House) -> None:
    for path in ("/signup", "/signup/link"):
        known = house.client.post(path, data={"email": "ada@example.org", "digests": "daily"})
        unknown = house.client.post(path, data={"email": "nobody@example.org", "digests": "daily"})
        assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
        assert {name: known.headers[name] for name in known.headers} == dict(unknown.headers)


def test_who_is_on_the_list_gets_her_links_and_a_stranger_nothing(house: House) -> None:
    house.client.post("/signup/link", data={"email": "Ada@Example.org"})
    house.client.post("/signup/link", data={"email": "nobody@example.org"})
    (mail,) = house.mails()
    assert mail.startswith("To: ada@example.org\nSubject: Your links for The Morning Halyard\n")
    assert house.client.get(house.link(mail, "p")).status_code == 200
    assert house.client.post(house.link(mail, "u"), data={"action": "leave"}).status_code == 200
    assert not house.gets()


def test_who_left_gets_no_mail_by_asking_for_links(house: House) -> None:
    house.client.post(f"/u/{house.token()}", data={"action": "leave-all"})
    house.client.post("/signup/link", data={"email": "ada@example.org"})
    assert house.mails() == []


def test_pressing_twice_is_one_mail_and_an_hour_later_another(house: House, clock: StandingClock) -> None:
    for _ in range(3):
        asks(house)
    assert len(house.mails()) == 1
    clock.advance(hours=1)
    asks(house)
    assert len(house.mails()) == 2


def test_a_program_that_fills_everything_is_answered_and_forgotten(house: House) -> None:
    answer = house.client.post("/signup", data={"email": "dora@example.org", "website": "https://spam.example"})
    assert "Look into your mailbox" in answer.text
    assert house.mails() == []


@pytest.mark.parametrize("address", ["", "dora", "dora@", "dora@example.org, eve@example.org", "<script>@x.y"])
def test_what_is_no_address_is_said_beside_the_field(house: House, address: str) -> None:
    answer = house.client.post("/signup", data={"email": address})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "<script>" not in answer.text
    assert house.mails() == []


@pytest.mark.parametrize(
    "name", ["Dora\r\nBcc: eve@example.org", "Dora\x00\x1b[31m", "Dora\u202egnp.exe", "=cmd|' /C calc'!A0"]
)
def test_a_name_is_a_name_and_nothing_else(house: House, name: str) -> None:
    mail = asks(house, name=name)
    assert "eve@" not in mail
    house.client.post(house.link(mail, "c"))
    found = house.wiring.subscribers.subscriber(email_key="dora@example.org")
    assert found is not None
    assert found.name.isprintable()
    (row,) = [line for line in export_rows(iter([Listed(person=found)])) if "dora" in line]
    assert ",=" not in row


def test_who_asks_too_often_waits_and_her_neighbour_does_not(opened: Opened, clock: StandingClock) -> None:
    house = opened("[serve]\nrequests_per_hour = 3\n")
    form = {"email": "dora@example.org"}
    assert [house.client.post("/signup", data=form).status_code for _ in range(4)] == [200, 200, 200, 429]
    slow = house.client.post("/signup/link", data=form)
    assert (slow.status_code, int(slow.headers["Retry-After"]) > 600) == (429, True)
    assert Client(house.client.app, "198.51.100.8").post("/signup", data=form).status_code == 200
    clock.advance(hours=1)
    assert house.client.post("/signup", data=form).status_code == 200


def test_a_network_has_its_limit_too_and_a_proxy_is_believed_only_if_trusted(opened: Opened) -> None:
    house = opened("[serve]\nrequests_per_hour = 1\n")
    form = {"email": "dora@example.org"}
    many = [Client(house.client.app, f"198.51.100.{last}").post("/signup", data=form).status_code for last in range(7)]
    assert many == [200] * 5 + [429] * 2
    lying = {"X-Forwarded-For": "203.0.113.1"}
    assert house.client.post("/signup", data=form, headers=lying).status_code == 429
    proxy = Client(house.client.app, "127.0.0.1")
    assert proxy.post("/signup", data=form, headers={"X-Forwarded-For": "1.2.3.4, 203.0.113.1"}).status_code == 200
    assert proxy.post("/signup", data=form, headers={"X-Forwarded-For": "9.9.9.9, 203.0.113.1"}).status_code == 429


def test_sign_up_may_be_closed(opened: Opened) -> None:
    house = opened("[serve]\nsignup = false\n")
    assert house.client.get("/signup").status_code == 404
    assert house.client.post("/signup", data={"email": "dora@example.org"}).status_code == 404
    assert house.mails() == []


def test_the_form_may_be_framed_and_the_other_pages_not(house: House) -> None:
    assert "frame-ancestors *" in house.client.get("/signup/form").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in house.client.get("/signup").headers["Content-Security-Policy"]


def test_a_further_digest_is_added_to_those_she_has(house: House) -> None:
    house.wiring.readers.choose(
        "id-ada", {"digests": ("daily",), "sections": ("trade",)}, source="t", now=house.wiring.clock.now()
    )
    house.client.post("/signup", data={"email": "ada@example.org", "digests": "weekly"})
    house.client.post(house.link(house.mails()[-1], "c"))
    assert (house.gets(digest="daily"), house.gets(digest="weekly")) == (True, True)
    assert house.reader().sections == ("trade",)
