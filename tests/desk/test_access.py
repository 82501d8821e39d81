"""Who may come to the desk, from where, and what a request must carry to change anything."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from digest.config import load
from digest.desk.app import application
from digest.desk.gate import Gate
from digest.errors import UsageError
from digest.wiring import Wiring
from digest.wiring.publisher import Publisher
from tests.cli.conftest import change
from tests.conftest import StandingClock

PASSWORD = "four ropes and a lantern"
OWN = {"sec-fetch-site": "same-origin"}


@dataclass
class Browser:
    """Keeps cookies, and follows nothing by itself."""

    app: Gate
    address: str = "127.0.0.1"
    base: str = "http://127.0.0.1:8026"
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    csrf: str = ""

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, client=(self.address, 5000))
            async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
                answer = await client.request(method, path, **how)
                self.cookies = client.cookies
                return answer

        how["headers"] = {"accept": "text/html", **how.get("headers", {})}
        return asyncio.run(go())

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self.ask("GET", path, **how)

    def log_in(self, name: str, password: str = PASSWORD, **how: Any) -> httpx.Response:
        form = self.get("/login", **how).text
        key = re.search(r'name="csrf" value="([^"]+)"', form)
        assert key is not None, form
        fields = {"name": name, "password": password, "csrf": key.group(1), "after": "/calendar"}
        return self.ask("POST", "/login", data=fields, **how)

    def change(self, path: str, *, token: str | None = None, **how: Any) -> httpx.Response:
        headers = {**OWN, "x-csrf-token": self.csrf if token is None else token, **how.pop("headers", {})}
        return self.ask("POST", path, headers=headers, **how)


@dataclass
class House:
    wiring: Wiring
    app: Gate
    day: str

    def browser(self, **how: Any) -> Browser:
        return Browser(self.app, **how)

    def terminal(self, browser: Browser, by: str = "Ada") -> Browser:
        """Let a browser in by a link, as whoever holds the terminal."""
        assert browser.get(f"/enter/{self.app.pages.door.link(by)}").status_code == 303
        return self.known(browser)

    def known(self, browser: Browser) -> Browser:
        found = re.search(
            r'X-CSRF-Token&#34;: &#34;([^&]+)|X-CSRF-Token": "([^"]+)"', browser.get(f"/d/{self.day}/").text
        )
        assert found is not None
        browser.csrf = found.group(1) or found.group(2)
        return browser


@pytest.fixture
def house(publication: Path) -> Iterator[House]:
    with house_of(publication) as opened:
        yield opened


@contextmanager
def house_of(publication: Path, host: str = "127.0.0.1", clock: StandingClock | None = None) -> Iterator[House]:
    wiring = Wiring(load(publication, {}), clock=clock)
    publisher = Publisher(wiring, wiring.settings.digests[0])
    try:
        day = publisher.wiring.editions.recent(publisher.digest.name, limit=1)[0].day
        yield House(wiring, application(publisher, host=host), day.isoformat())
    finally:
        wiring.close()


def test_a_link_lets_one_browser_in_once(house: House) -> None:
    link = f"/enter/{house.app.pages.door.link('Ada')}"
    first, second = house.browser(), house.browser()
    assert first.get("/").headers["location"] == "/login"
    assert "Open the desk from its link" in first.get("/login").text
    opened = first.get(link)
    assert (opened.status_code, opened.headers["location"]) == (303, "/")
    cookie = opened.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    again = second.get(link)
    assert again.status_code == 410
    assert "was used already" in again.text
    assert second.get(f"/d/{house.day}/").status_code == 303
    assert second.get(f"/d/{house.day}/bar", headers={"accept": "*/*"}).status_code == 401
    page = first.get(f"/d/{house.day}/")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    with house.wiring.database.read() as connection:
        kept = connection.exec_driver_sql("SELECT token FROM desk_sessions").scalars().all()
    assert len(kept) == 1
    assert kept[0] not in first.cookies.values()


def test_users_log_in_and_roles_hold(house: House) -> None:
    door = house.app.pages.door
    door.put_user("Bo", "viewer", PASSWORD)
    door.put_user("Ada Merrow", "editor", PASSWORD)
    bo, ada = house.browser(), house.browser()
    wrong = bo.log_in("Bo", "some other words here")
    assert wrong.status_code == 401
    assert "do not belong together" in wrong.text
    assert bo.log_in("Nobody").text.count("do not belong together") == 1
    let_in = bo.log_in("Bo")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/calendar")
    ada.log_in("Ada  Merrow")
    for each in (bo, ada):
        house.known(each)
    edit = {"kind": "subject", "text": "Hoisted", "seen": "0"}
    refused = bo.change(f"/d/{house.day}/edit", data=edit)
    assert (refused.status_code, refused.text) == (403, "You may look at the desk, and change nothing.\n")
    assert bo.change(f"/d/{house.day}/approve", data={"draft": "1"}).status_code == 403
    assert "You may look, and change nothing." in bo.get(f"/d/{house.day}/bar").text
    assert ada.change(f"/d/{house.day}/edit", data=edit).status_code == 200

    door.put_user("Ada Merrow", "viewer", PASSWORD)
    assert ada.get(f"/d/{house.day}/").status_code == 303, "another password or role ends every session"
    bo.change("/logout", token=bo.csrf)
    assert bo.get(f"/d/{house.day}/").status_code == 303
    did = [(deed.by, deed.did) for deed in door.deeds(50)]
    assert did[0] == ("Bo", "log-out")
    assert ("Ada Merrow", "edit") in did
    assert ("", "refused") in did


def test_a_change_must_come_from_a_page_of_this_session(house: House) -> None:
    ada = house.terminal(house.browser())
    path, edit = f"/d/{house.day}/edit", {"kind": "subject", "text": "Forged", "seen": "0"}
    other = house.terminal(house.browser(), "Bo")
    for how in (
        {"token": ""},
        {"token": "guessed"},
        {"token": other.csrf},
        {"headers": {"sec-fetch-site": "cross-site"}},
        {"headers": {"sec-fetch-site": "same-site"}},
        {"headers": {"sec-fetch-site": "", "origin": "https://evil.example"}},
    ):
        answer = ada.change(path, data=edit, **how)
        assert (answer.status_code, "Nothing was changed" in answer.text) == (403, True), how
    assert ada.change(path, data={**edit, "x": "y" * 600_000}).status_code == 413
    form = ada.ask("POST", "/login", data={"name": "Ada", "password": PASSWORD, "csrf": "made up"})
    assert form.status_code == 403
    editions = house.wiring.editions
    record = editions.recent("daily", limit=1)[0]
    assert record.edits == ()
    assert ada.change(path, data={**edit, "csrf": ada.csrf}, token="").status_code == 200, "a field is as good"


def test_who_guesses_waits(publication: Path, clock: StandingClock) -> None:
    clock.advance(days=900)
    with house_of(publication, clock=clock) as house:
        house.app.pages.door.put_user("Ada", "editor", PASSWORD)
        guesser = house.browser(address="127.0.0.1")
        answers = [guesser.log_in("Ada", f"guess number {number:04}").status_code for number in range(22)]
        assert answers == [401] * 20 + [429] * 2
        told = guesser.log_in("Ada")
        assert told.status_code == 429
        assert "The next one counts in 3 minutes" in told.text
        assert 100 < int(told.headers["retry-after"]) < 200
        clock.advance(minutes=4)
        assert guesser.log_in("Ada").status_code == 303


def test_from_outside_nobody_comes_without_users(publication: Path) -> None:
    with pytest.raises(UsageError, match="open on this machine only"):
        house_of(publication, host="0.0.0.0").__enter__()
    change(
        publication,
        r"^public_url = .*$",
        'public_url = "https://halyard.example"\ndesk_url = "https://desk.halyard.example"',
    )
    with house_of(publication) as house:
        proxied = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https"}
        outside = house.browser(base="https://desk.halyard.example")
        refused = outside.get("/login", headers=proxied)
        assert (refused.status_code, "digest desk users add" in refused.text) == (403, True)
        house.app.pages.door.put_user("Ada", "editor", PASSWORD)
        let_in = outside.log_in("Ada", headers=proxied)
        assert let_in.status_code == 303
        assert "secure" in let_in.headers["set-cookie"].lower()
        assert house.browser(base="http://evil.example:8026").get("/login").status_code == 421
        assert house.browser().get("/login").status_code == 200
        assert [deed.address for deed in house.app.pages.door.deeds(1)] == ["198.51.100.7"]
    with house_of(publication, host="0.0.0.0") as house:
        assert (
            house.browser(address="198.51.100.8", base="https://desk.halyard.example").get("/login").status_code == 200
        )


def test_below_a_path_of_a_site_every_address_is_ours(publication: Path) -> None:
    change(
        publication,
        r"^public_url = .*$",
        'public_url = "https://halyard.example"\ndesk_url = "https://halyard.example/desk"',
    )
    with house_of(publication) as house:
        ada = house.browser(base="https://halyard.example")
        ada.get(f"/desk/enter/{house.app.pages.door.link('Ada')}")
        assert ada.get("/desk/").headers["location"] == f"/desk/d/{house.day}/"
        page = ada.get(f"/desk/d/{house.day}/").text
        cookie = "; ".join(f"{each.name}={each.value}" for each in ada.cookies.jar)
        stripped = ada.get(f"/d/{house.day}/", headers={"cookie": cookie})
        assert page == stripped.text, "a proxy may take the path away"
        for name, address in re.findall(r'(href|src|action|data-base)="([^"#]+)"', page):
            assert address.startswith(("/desk/", "data:", "https://", "#")), (name, address)
        assert ada.get("/desk/calendar").status_code == 200


def test_after_logging_in_nobody_is_led_elsewhere(house: House) -> None:
    house.app.pages.door.put_user("Ada", "editor", PASSWORD)
    for after in ("https://evil.example/", "//evil.example", "/\\evil.example", "evil"):
        form = house.browser().get("/login", params={"after": after}).text
        assert 'name="after" value="/"' in form, after


def test_the_address_of_a_mail_to_editors_leads_on(house: House) -> None:
    ada = house.terminal(house.browser())
    assert ada.get(f"/daily/{house.day}").headers["location"] == f"/d/{house.day}/"
    assert ada.get(f"/weekly/{house.day}").status_code == 404
    calendar = ada.get("/calendar").text
    assert "waits for approval" in calendar
    empty = ada.get("/d/2024-02-29/")
    assert "Nothing was built that day." in empty.text
    assert "Nothing is built for that day yet." in ada.get("/d/2124-02-29/").text
    assert ada.get("/d/yesterday/").status_code == 404


def test_a_reader_is_shown_her_language_as_a_send_would_choose_it(publication: Path) -> None:
    change(publication, r"^language = .*$", 'language = "en"\nlanguages = ["de"]')
    with house_of(publication) as house:
        ada = house.terminal(house.browser())
        readers = house.wiring.readers.find("leserin", "daily", limit=1)
        house.wiring.readers.choose(readers[0].id, {"language": "de-AT"}, source="page", now=house.wiring.clock.now())
        mail = ada.get(f"/d/{house.day}/mail", params={"as": readers[0].id}).text
        assert '<html lang="de"' in mail, "the parts of de serve de-AT"


def test_editors_see_the_mail_of_a_reader_by_name_and_viewers_of_nobody(house: House) -> None:
    door, her = house.app.pages.door, "trader@example.com"
    for name, role in (("Ada", "editor"), ("Vi", "viewer")):
        door.put_user(name, role, PASSWORD)
    ada, vi = house.browser(), house.browser()
    for browser, name in ((ada, "Ada"), (vi, "Vi")):
        assert browser.log_in(name).status_code == 303
        house.known(browser)
    path = f"/d/{house.day}/reader"
    answer = ada.change(path, data={"who": "TRADER@"})
    assert her in answer.text
    assert answer.headers["cache-control"] == "no-store"
    found = re.search(r'data-reader="(~[^"]+)"', answer.text)
    assert found is not None
    mail = f"/d/{house.day}/mail"
    for look in ("light", "text"):
        shown = ada.get(mail, params={"as": found[1], "look": look})
        assert her in shown.text
        assert shown.headers["cache-control"] == "no-store"
        for browser in (ada, vi):
            choice = browser.get(mail, params={"as": found[1][1:], "look": look})
            assert choice.status_code == 200
            assert her not in choice.text, "a choice of sections is nobody's in particular"
    assert vi.change(path, data={"who": "trader"}).status_code == 403
    assert vi.get(mail, params={"as": found[1]}).status_code == 403
    assert "A reader by name" not in vi.get(f"/d/{house.day}/").text
    assert "Nobody who gets this digest" in ada.change(path, data={"who": "<b>nobody</b>"}).text
    assert "two characters" in ada.change(path, data={"who": " a "}).text
    log = "\n".join(f"{deed.did} {deed.about}" for deed in door.deeds(50))
    assert f"reader {house.day}: looked for a reader" in log
    assert "trader" not in log.lower()
