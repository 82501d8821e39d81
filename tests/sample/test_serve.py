"""The sample's server and its pictures."""

from __future__ import annotations

import gzip
import http.client
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from digest.dates import edition_day
from digest.sample import feed_document, serve
from digest.sample.pictures import picture

NOW = datetime(2026, 11, 23, 6, 40, tzinfo=UTC)
LISBON = ZoneInfo("Europe/Lisbon")
FEED = "/calder-wire.rss"


@pytest.fixture
def connection() -> Iterator[http.client.HTTPConnection]:
    with serve(clock=lambda: NOW, zone=LISBON) as (address, port):
        client = http.client.HTTPConnection(address, port, timeout=120)
        yield client
        client.close()


def get(
    client: http.client.HTTPConnection, path: str, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    client.request("GET", path, headers=headers or {})
    answer = client.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def test_a_feed_is_served_as_written_for_the_day_in_the_zone(connection: http.client.HTTPConnection) -> None:
    status, headers, body = get(connection, FEED)
    expected, media_type = feed_document(FEED.lstrip("/"), day=edition_day(NOW, LISBON), now=NOW)
    assert (status, headers["content-type"], body) == (200, media_type, expected)
    assert headers["last-modified"] == "Mon, 23 Nov 2026 06:00:00 GMT"


def test_an_unchanged_feed_answers_304_without_a_body(connection: http.client.HTTPConnection) -> None:
    _, headers, _ = get(connection, FEED)
    status, again, body = get(connection, FEED, {"If-None-Match": headers["etag"]})
    assert (status, body, again["etag"]) == (304, b"", headers["etag"])
    assert get(connection, FEED, {"If-None-Match": '"another"'})[0] == 200


def test_gzip_is_sent_to_who_accepts_it(connection: http.client.HTTPConnection) -> None:
    _, plain_headers, plain = get(connection, FEED)
    status, headers, packed = get(connection, FEED, {"Accept-Encoding": "gzip, deflate"})
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain)
    assert "content-encoding" not in plain_headers


def test_pictures_are_served_as_jpeg(connection: http.client.HTTPConnection) -> None:
    status, headers, body = get(connection, "/pictures/a-ferry.jpg", {"Accept-Encoding": "gzip"})
    assert (status, headers["content-type"]) == (200, "image/jpeg")
    assert "content-encoding" not in headers
    assert body == picture("a-ferry.jpg")


def test_what_is_not_there_is_404_and_the_connection_goes_on(connection: http.client.HTTPConnection) -> None:
    assert get(connection, "/nowhere.rss")[0] == 404
    assert get(connection, FEED)[0] == 200


def test_the_day_follows_the_clock() -> None:
    moments = [datetime(2026, 11, 23, 6, 40, tzinfo=UTC), datetime(2026, 11, 24, 6, 40, tzinfo=UTC)]
    bodies: list[bytes] = []
    with serve(clock=lambda: moments[len(bodies)], zone=LISBON) as (address, port):
        for _ in moments:
            client = http.client.HTTPConnection(address, port, timeout=120)
            bodies.append(get(client, FEED)[2])
            client.close()
    assert b"/2026/11/23/" in bodies[0]
    assert b"/2026/11/24/" in bodies[1]


def test_the_port_is_free_again_at_the_end() -> None:
    with serve(clock=lambda: NOW, zone=LISBON) as (address, port):
        pass
    client = http.client.HTTPConnection(address, port, timeout=120)
    with pytest.raises(ConnectionRefusedError):
        client.request("GET", FEED)
    client.close()


def test_pictures_are_valid_jpegs_drawn_the_same_each_time() -> None:
    drawn = {}
    for number in range(8):
        name = f"landscape-{number}.jpg"
        image = Image.open(io.BytesIO(picture(name)))
        image.load()
        assert (image.format, image.size, image.mode) == ("JPEG", (1104, 622), "RGB")
        drawn[name] = picture(name)
        picture.cache_clear()
        assert picture(name) == drawn[name]
    assert len(set(drawn.values())) == len(drawn)
