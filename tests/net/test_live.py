"""A folder on loopback whose pages load again when told (`digest preview --watch`), asked as a browser asks."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from digest.errors import UsageError
from digest.net import live
from digest.net.live import CHANGES, LiveFolder

PAGE = '<!DOCTYPE html><html><body><iframe srcdoc="&lt;/body&gt;"></iframe><p>Tides</p></body></html>'


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[LiveFolder]:
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "tide.txt").write_text("high at noon", encoding="utf-8")
    made = LiveFolder(tmp_path)
    yield made
    made.close()


@contextmanager
def asked(
    of: LiveFolder, path: str, *, method: str = "GET", host: str = "127.0.0.1:1"
) -> Iterator[http.client.HTTPResponse]:
    client = http.client.HTTPConnection("127.0.0.1", of.port, timeout=180)
    try:
        client.request(method, path, headers={"Host": host})
        yield client.getresponse()
    finally:
        client.close()


def text(of: LiveFolder, path: str, **how: str) -> str:
    with asked(of, path, **how) as answer:
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.read().decode()


def test_the_page_carries_what_reloads_it_and_files_stay_as_they_are(folder: LiveFolder) -> None:
    page = text(folder, "/")
    assert f'new EventSource("{CHANGES}?seen={folder.version}")' in page
    assert page.endswith("</script></body></html>")
    assert page == text(folder, "/index.html")
    assert text(folder, "/pictures/tide.txt") == "high at noon"
    with asked(folder, "/pictures/tide.txt", method="HEAD") as answer:
        assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, "12", b"")


@pytest.mark.parametrize(
    ("path", "method", "host", "status"),
    [
        ("/", "GET", "attacker.example:80", 421),
        ("/", "HEAD", "attacker.example", 421),
        (CHANGES, "GET", "127.0.0.1.attacker.example:80", 421),
        ("/", "GET", "localhost:8080", 200),
        ("/pictures/", "GET", "127.0.0.1:1", 404),
        ("/../pyproject.toml", "GET", "127.0.0.1:1", 404),
        ("/nothing", "GET", "127.0.0.1:1", 404),
    ],
)
def test_only_this_machine_sees_it_and_no_folder_is_listed(
    folder: LiveFolder, path: str, method: str, host: str, status: int
) -> None:
    with asked(folder, path, method=method, host=host) as answer:
        assert answer.status == status
        assert b"tide.txt" not in answer.read()


def test_a_change_is_told_to_who_listens_and_its_trouble_stands_above_the_page(folder: LiveFolder) -> None:
    with asked(folder, f"{CHANGES}?seen={folder.version}") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        folder.changed("words.mjml:3: <iff> is unknown\nmend it")
        assert stream.readline() == f"data: {folder.version}\n".encode()
    page = text(folder, "/")
    assert 'role="alert"' in page
    assert "words.mjml:3: &lt;iff&gt; is unknown<br>mend it" in page
    folder.changed()
    assert "alert" not in text(folder, "/")


def test_who_looked_at_an_older_page_is_told_at_once(folder: LiveFolder) -> None:
    seen = folder.version
    folder.changed()
    with asked(folder, f"{CHANGES}?seen={seen}") as stream:
        assert stream.readline() == f"data: {folder.version}\n".encode()


def test_without_news_the_stream_says_so_and_it_ends_when_the_folder_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "WAKE_S", 0.01)
    made = LiveFolder(tmp_path)
    with asked(made, f"{CHANGES}?seen={made.version}") as stream:
        assert stream.readline() == b": nothing new\n"
        made.close()
        assert b"data:" not in stream.read()


def test_before_the_first_page_there_is_an_empty_one_that_reloads(tmp_path: Path) -> None:
    made = LiveFolder(tmp_path)
    try:
        assert "EventSource" in text(made, "/")
        with pytest.raises(UsageError, match=f"port {made.port} cannot be listened on") as taken:
            LiveFolder(tmp_path, made.port)
        assert taken.value.fix
    finally:
        made.close()
