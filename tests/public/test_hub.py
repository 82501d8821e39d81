"""A WebSub hub is told of feeds that changed, and a broken one stops nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from digest.wiring.archive import ArchiveKeeper
from tests.builders import DAY, item
from tests.public.conftest import Opened
from tests.public.test_search import publish


@contextmanager
def hub(status: int) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    asked: list[dict[str, list[str]]] = []

    class Hub(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append({"type": [self.headers["Content-Type"]], **parse_qs(body)})
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()


def test_a_hub_is_told_once_of_each_feed_that_changed(opened: Opened) -> None:
    with hub(204) as (address, asked):
        house = opened(f'[archive]\nhub = "{address}"\n[fetch]\nallowed_hosts = ["127.0.0.1"]\n')
        publish(house.wiring, DAY, 1, [item("harbour")], [item("wheat")])
        keeper = ArchiveKeeper(house.wiring)
        keeper.build()
        told = {each["hub.url"][0] for each in asked}
        assert {f"https://halyard.example/daily/{path}feed.{kind}" for path in ("", "section/trade/")
                for kind in ("rss", "atom", "json")} <= told  # fmt: skip
        assert {(each["hub.mode"][0], each["type"][0]) for each in asked} == {
            ("publish", "application/x-www-form-urlencoded")
        }
        asked.clear()
        keeper.build()
        assert asked == []
    assert f'rel="hub" href="{address}"' in (house.folder / "site/daily/feed.rss").read_text(encoding="utf-8")


def test_a_hub_that_refuses_costs_a_line(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    with hub(500) as (address, asked), caplog.at_level(logging.WARNING, "digest.archive"):
        house = opened(f'[archive]\nhub = "{address}"\n[fetch]\nallowed_hosts = ["127.0.0.1"]\n')
        publish(house.wiring, DAY, 1, [item("harbour")], [])
        report = ArchiveKeeper(house.wiring).build()
    assert report.editions == 1
    assert asked
    assert "was not told of https://halyard.example/daily/feed.rss: 500" in caplog.text
