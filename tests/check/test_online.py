"""`--online`: links and pictures are tried by HEAD, then by GET, at a server of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digest.check import online
from digest.model.editions import Finding
from digest.pipeline.checking import Helpers, check_message
from digest.wiring import link_fetcher
from tests.check.mails import eml, with_body
from tests.webd import Web, web_server


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as server:
        yield server


def tried(*urls: str, picture: str = "") -> list[Finding]:
    links = "".join(f'<a href="{url}" style="color:#1D3F72">Place number {place}</a>' for place, url in enumerate(urls))
    html = with_body(links + (f'<img src="{picture}" alt="" width="9">' if picture else ""))
    html = html.replace("https://tide.example/a", urls[0]).replace("https://tide.example/u", urls[0])
    fetcher = link_fetcher(allowed_hosts=frozenset({"127.0.0.1"}))
    report = check_message(eml(html=html), "mail", Helpers(fetcher=fetcher))
    return [each for each in report.findings if each.code in ("link-broken", "link-moved", "link-untried")]


def test_what_answers_is_well_and_asked_once(web: Web) -> None:
    page, picture = web.put("/page", "here"), web.put("/i.png", b"png")
    assert tried(page, f"{page}#part", picture=picture) == []
    assert sorted(web.heads) == ["/i.png", "/page"]
    assert web.asked == [], "HEAD was answer enough"


def test_a_server_that_knows_no_head_is_asked_again(web: Web) -> None:
    web.knows_head = False
    assert tried(web.put("/page", "here")) == []
    assert web.times("/page") == 1


def test_what_is_broken_is_a_warning_with_its_status(web: Web) -> None:
    good = web.put("/good", "here")
    found = tried(
        good, f"{web.base}/gone", web.put("/down", "", 503), web.put("/shy", "", 403), picture=f"{web.base}/no.png"
    )
    assert {each.severity for each in found} == {"warning"}
    said = " ".join(each.message for each in found)
    for path, status in (("/gone", 404), ("/down", 503), ("/shy", 403), ("/no.png", 404)):
        assert f"{path} answers {status}" in said
    assert len(found) == 4


def test_what_moved_for_good_is_a_note(web: Web) -> None:
    new = web.put("/new", "here")
    (moved,) = tried(web.put("/old", "", 301, Location=new))
    assert (moved.code, moved.severity) == ("link-moved", "note")
    assert new in moved.message
    assert tried(web.put("/for-now", "", 302, Location=new)) == []


def test_what_cannot_be_reached_is_named_with_the_reason(web: Web) -> None:
    good = web.put("/good", "here")
    found = tried(good, "http://no-such-host.invalid/", "http://127.0.0.2/")
    assert [each.code for each in found] == ["link-broken", "link-broken"]
    assert any("private or reserved" in each.message for each in found), "the network's guard stands"


def test_so_many_and_no_more(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online, "MOST", 2)
    found = tried(*(web.put(f"/{number}", "here") for number in range(5)))
    assert [each.message for each in found if each.code == "link-untried"] == ["3 addresses were not tried"]
    assert len(web.heads) == 2
