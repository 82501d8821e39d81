"""Pictures, films and sound of an entry, in the many ways feeds name them."""

from __future__ import annotations

import pytest

from digest.feeds.parse import parse
from digest.model.news import Entry

NAMES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)


def entry(inner: str) -> Entry:
    feed = f"<rss version='2.0' {NAMES}><channel><title>Calder</title><item><title>Ferry</title>{inner}</item></channel></rss>"
    [found] = parse(feed.encode(), url="https://calder.example/rss").entries
    return found


@pytest.mark.parametrize(
    ("inner", "pictures"),
    [
        ('<media:thumbnail url="/a.jpg" width="120px" height="80"/>', [("https://calder.example/a.jpg", 120, "", "")]),
        ("<media:thumbnail>https://i.example/b.jpg</media:thumbnail>", [("https://i.example/b.jpg", 0, "", "")]),
        (
            '<media:content url="/c.jpg" type="image/jpeg" width="no" ><media:title>A quay</media:title></media:content>'
            "<media:credit>J. Ode</media:credit>",
            [("https://calder.example/c.jpg", 0, "A quay", "J. Ode")],
        ),
        (
            '<media:group><media:content url="/d.webp"><media:text>A crew</media:text></media:content>'
            '<media:content url="/d.webp" width="9"/></media:group>',
            [("https://calder.example/d.webp", 0, "A crew", "")],
        ),
        ('<itunes:image href="/e.png"/>', [("https://calder.example/e.png", 0, "", "")]),
        ("<image><url>/f.png</url></image>", [("https://calder.example/f.png", 0, "", "")]),
        ("<image>/g.png</image>", [("https://calder.example/g.png", 0, "", "")]),
        ('<enclosure url="/h.jpeg" type="image/jpeg" length="10"/>', [("https://calder.example/h.jpeg", 0, "", "")]),
        ('<enclosure url="javascript:bad()" type="image/jpeg"/><media:thumbnail url="data:image/png,x"/>', []),
    ],
)
def test_pictures(inner: str, pictures: list[tuple[str, int, str, str]]) -> None:
    assert [(each.url, each.width, each.alt, each.credit) for each in entry(inner).images] == pictures


@pytest.mark.parametrize(
    ("inner", "media"),
    [
        ('<enclosure url="/a" type="audio/mpeg" length="12345"/>', [("https://calder.example/a", "audio", 12345)]),
        ('<enclosure url="/b.mp3" length="-1"/>', [("https://calder.example/b.mp3", "audio", 0)]),
        ('<media:content url="/c" medium="VIDEO" fileSize="9"/>', [("https://calder.example/c", "video", 9)]),
        (
            '<media:content url="/d" type="application/x-shockwave-flash"/>',
            [("https://calder.example/d", "video", 0)],
        ),
        ('<enclosure url="/e.mp4"/><enclosure url="/e.mp4"/>', [("https://calder.example/e.mp4", "video", 0)]),
        ('<enclosure url="/paper.pdf" type="application/pdf"/>', []),
    ],
)
def test_films_and_sound(inner: str, media: list[tuple[str, str, int]]) -> None:
    assert [(each.url, each.kind, each.size) for each in entry(inner).media] == media


def test_groups_within_groups_end() -> None:
    inner = "<media:group>" * 30 + '<media:content url="/deep.jpg"/>' + "</media:group>" * 30
    assert entry(inner + '<media:thumbnail url="/a.jpg"/>').images[0].url == "https://calder.example/a.jpg"
