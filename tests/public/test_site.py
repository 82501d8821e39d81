"""What surrounds the pages: bounds, headers, the prefix, the archive's files, health and counts."""

from __future__ import annotations

import re

import pytest

from digest.net.limits import client_address, network_of, within
from tests.public.conftest import Client, House, Opened


@pytest.mark.parametrize("path", ["/signup", "/u/{u}", "/p/{p}", "/nothing"])
def test_no_page_asks_another_host_or_lets_one_in(house: House, path: str) -> None:
    answer = house.client.get(path.format(u=house.token("u"), p=house.token("p")))
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script" not in answer.text
    assert re.findall(r'(?:src|href|action)="((?:https?:)?//[^"]*)"', answer.text) == []
    assert "set-cookie" not in answer.headers


def test_the_style_is_kept_for_good_under_its_hash(house: House) -> None:
    (css,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', house.client.get("/signup").text)
    style = house.client.get(css)
    assert (style.status_code, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in style.headers["Cache-Control"]
    assert "--accent:#1D3F72" in style.text
    assert house.client.get("/assets/pages.0.css").status_code == 404


@pytest.mark.parametrize("path", ["/signup", "/signup/link", "/u/{u}", "/p/{p}"])
def test_an_oversized_body_is_refused_declared_or_not(house: House, path: str) -> None:
    address = path.format(u=house.token("u"), p=house.token("p"))
    assert house.client.post(address, data={"email": "a" * 70_000}).status_code == 413

    async def drip() -> object:
        for _ in range(20):
            yield b"a" * 10_000

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert house.client.post(address, content=drip(), headers=kind).status_code == 413
    assert house.gets()


def test_a_form_of_very_many_fields_or_a_broken_one_is_refused(house: House) -> None:
    many = house.client.post("/signup", data={f"f{number}": "1" for number in range(2_000)})
    assert many.status_code in (400, 413)
    broken = house.client.post(
        "/signup", content=b"--x\r\nnonsense", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert broken.status_code in (400, 422)
    assert house.mails() == []


@pytest.mark.parametrize("asked", ["/news", ""])
def test_under_a_prefix_whether_the_proxy_strips_it_or_not(opened: Opened, asked: str) -> None:
    house = opened('[serve]\npath_prefix = "/news"\n')
    page = house.client.get(f"{asked}/signup")
    assert page.status_code == 200
    (css,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    assert css.startswith("/news/assets/")
    assert 'action="/news/signup"' in page.text
    assert house.client.get(css).status_code == 200
    assert house.client.get(f"{asked}/").headers["Location"] == "/news/daily/"


def test_published_files_are_served_and_nothing_beside_them(house: House) -> None:
    site = house.folder / "site"
    (site / "daily" / "2026").mkdir(parents=True)
    (site / "daily" / "index.html").write_text("<h1>Home</h1>", encoding="utf-8")
    (site / "img").mkdir()
    (site / "img" / "a.jpg").write_bytes(b"jpeg")
    assert house.client.get("/").headers["Location"] == "/daily/"
    assert house.client.get("/daily").headers["Location"] == "/daily/"
    home = house.client.get("/daily/")
    assert (home.text, home.headers["Cache-Control"]) == ("<h1>Home</h1>", "no-cache")
    assert "default-src 'self'" in home.headers["Content-Security-Policy"]
    assert "immutable" in house.client.get("/img/a.jpg").headers["Cache-Control"]
    for path in (
        "/../digest.toml",
        "/%2e%2e/digest.toml",
        "/..%2fdigest.toml",
        "/keys/tokens",
        "/.git/config",
        "/daily/%00",
    ):
        assert house.client.get(path).status_code == 404
    assert house.client.post("/daily/").status_code == 405


def test_before_the_first_edition_its_home_says_so_and_where_to_sign_up(house: House) -> None:
    home = house.client.get("/daily/")
    assert home.status_code == 404
    assert "No edition yet" in home.text
    assert 'href="/signup"' in home.text
    assert "There is no such page" in house.client.get("/daily/2026/").text


def test_health_and_counts(house: House) -> None:
    assert house.client.get("/health").json()["status"] == "ok"
    assert house.client.get("/metrics").status_code == 404
    house.client.post(f"/u/{house.token()}", data={"action": "leave-all"})
    counts = Client(house.client.app, "127.0.0.1").get("/metrics")
    assert counts.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = counts.text.splitlines()
    assert 'digest_subscribers{status="active"} 2' in lines
    assert 'digest_subscribers{status="unsubscribed"} 1' in lines
    assert 'digest_http_answers_total{page="u",status="200"} 1' in lines
    assert any(line.startswith("digest_feeds ") for line in lines), "and what `run` writes into a textfile"
    names = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    assert len(names) == len(set(names))
    assert "@" not in counts.text
    through = {"X-Forwarded-For": "203.0.113.9"}
    assert Client(house.client.app, "127.0.0.1").get("/metrics", headers=through).status_code == 404


def test_health_says_when_the_database_is_gone(house: House) -> None:
    house.wiring.database.close()
    (house.folder / "digest.db").unlink()
    (house.folder / "digest.db").mkdir()
    answer = house.client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")
    page = house.client.get(f"/u/{house.token()}")
    assert (page.status_code, "Nothing is lost" in page.text) == (503, True)
    assert house.client.post(f"/u/{house.token()}", data={"List-Unsubscribe": "One-Click"}).status_code == 503


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.5", "1.1.1.1", "203.0.113.5"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "1.1.1.1, 203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", "203.0.113.5, 10.0.0.1", "203.0.113.5"),
        ("", "203.0.113.5", "203.0.113.5"),
        ("", "", ""),
        ("127.0.0.1", "nonsense", "nonsense"),
    ],
)
def test_who_asks(peer: str, forwarded: str, found: str) -> None:
    assert client_address(peer, forwarded, ("127.0.0.1", "10.0.0.0/8")) == found


def test_networks() -> None:
    assert network_of("203.0.113.5") == network_of("::ffff:203.0.113.99") == "203.0.113.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network_of("nonsense") == ""
    assert within("::ffff:127.0.0.1", ["127.0.0.1"])
    assert not within("nonsense", ["0.0.0.0/0"])
