from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import EmptyFeed, ParseError
from digest.feeds.parse import parse

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Calder Wire</title><link>https://calder.example/</link><language>en-gb</language>
<copyright>© Calder</copyright>
<item><title>Ferry &amp;amp; port reopen</title><link>/news/ferry</link><guid isPermaLink="false">f1</guid>
<description>&lt;p&gt;Boats sail.&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>Boats &nbsp; sail again.</p>]]></content:encoded>
<dc:creator>Tessaly Brandt</dc:creator><pubDate>Sat, 21 Nov 2026 07:05:00 GMT</pubDate><category>World</category>
<source url="https://wire.example/">North Wire</source>
<media:content url="https://img.example/a.jpg" medium="image" width="800" height="450">
<media:credit>J. Ode</media:credit></media:content>
<enclosure url="https://av.example/a.mp4" type="video/mp4" length="1234"/></item></channel></rss>"""


def test_rss_with_its_extensions() -> None:
    feed = parse(RSS.encode(), url="https://calder.example/rss.xml")
    [entry] = feed.entries
    assert (feed.title, feed.language, feed.rights) == ("Calder Wire", "en-gb", "© Calder")
    assert entry.title == "Ferry &amp; port reopen"
    assert entry.link == "https://calder.example/news/ferry"
    assert (entry.guid, entry.authors, entry.source, entry.categories) == (
        "f1",
        ("Tessaly Brandt",),
        "North Wire",
        ("World",),
    )
    assert entry.content == "<p>Boats &nbsp; sail again.</p>"
    assert (entry.images[0].width, entry.images[0].credit) == (800, "J. Ode")
    assert (entry.media[0].kind, entry.media[0].size) == ("video", 1234)
    assert entry.published_at is not None


def test_atom_with_xml_base_and_kinds_of_text() -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/blog/"><title>A</title>
    <author><name>Ines Oru</name></author>
    <entry xml:lang="de"><id>tag:1</id><title type="text">1 &lt; 2 &amp; 3</title>
    <link rel="enclosure" href="x.mp3" type="audio/mpeg"/>
    <link href="one"/><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Hi</p></div></content>
    <updated>2026-11-21T07:05:00Z</updated></entry></feed>"""
    [entry] = parse(atom.encode()).entries
    assert (entry.link, entry.language, entry.authors) == ("https://a.example/blog/one", "de", ("Ines Oru",))
    assert entry.title == "1 &lt; 2 &amp; 3"
    assert "<p>Hi</p>" in entry.content
    assert entry.media[0].url == "https://a.example/blog/x.mp3"


def test_json_feed() -> None:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "authors": [{"name": "Ada"}],
        "items": [
            {"id": 7, "url": "https://j.example/7", "title": "T", "content_html": "<b>x</b>", "date_published": "x"}
        ],
    }
    [entry] = parse(json.dumps(document).encode()).entries
    assert (entry.guid, entry.authors, entry.published_at, entry.date_note) == ("7", ("Ada",), None, "unknown")


def test_google_news_sitemap() -> None:
    sitemap = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
    xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://n.example/a</loc><news:news>
    <news:publication><news:name>The N</news:name><news:language>en</news:language></news:publication>
    <news:publication_date>2026-11-21</news:publication_date><news:title>Ferry sails</news:title></news:news></url>
    <url><loc>https://n.example/b</loc></url></urlset>"""
    feed = parse(sitemap.encode())
    assert [(entry.title, entry.link, entry.source) for entry in feed.entries] == [
        ("Ferry sails", "https://n.example/a", "The N")
    ]


def said(word: str, charset: str) -> str:
    return RSS.replace("Ferry", word).replace("utf-8", charset).replace("©", "")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (said("Fähre", "iso-8859-1").encode("latin-1"), "Fähre &amp; port reopen"),
        (said("Fähre", "iso-8859-1").encode("utf-8"), "Fähre &amp; port reopen"),
        (said("Fähre", "utf-8").encode("utf-16"), "Fähre &amp; port reopen"),
        (said("渡船", "gb2312").encode("gb2312"), "渡船 &amp; port reopen"),
        (b"\n  junk " + RSS.encode(), "Ferry &amp; port reopen"),
        (RSS.replace("Ferry", "F&eacute;rry & co").encode(), "Férry & co &amp; port reopen"),
        (RSS.replace("</item></channel></rss>", "").encode(), "Ferry &amp; port reopen"),
        (RSS.replace("Ferry", "Fer\x08ry").encode(), "Ferry &amp; port reopen"),
    ],
)  # fmt: skip
def test_wrong_charsets_and_broken_documents_are_read(body: bytes, title: str) -> None:
    assert parse(body).entries[0].title == title


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "the answer is empty"),
        (
            b"<!doctype html><html><head><title>Sign  in</title></head><body>x</body></html>",
            "an HTML page titled “Sign in”",
        ),
        (b"<opml version='2.0'><body/></opml>", "not a feed: XML that begins with <opml>"),
        (b"{]", "broken JSON"),
        (b"[" * 100_000, "not a feed: "),
        (b'{"a": 1}', "without the list of items"),
        (b"hello", "it begins with “hello”"),
    ],
)
def test_what_is_no_feed_is_said_in_one_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(ParseError, match=sentence.replace("(", r"\(")):
        parse(body)


def test_an_empty_feed_is_told_apart() -> None:
    with pytest.raises(EmptyFeed):
        parse(b"<rss><channel><title>x</title></channel></rss>")


def test_halves_of_characters_are_joined_and_lone_ones_shown_as_broken() -> None:
    title = "Tide &#xD83D;&#xDE00; &#55357;&#56832; &#xD83D; &#56832;&#55357; &#57344;&#8217;"
    body = f"<rss><channel><item><title>{title}</title><description><![CDATA[&#xd83d;&#xde00;]]></description></item>"
    (entry,) = parse(f"{body}</channel></rss>".encode(), url="https://a.example/").entries
    assert entry.title == "Tide 😀 😀 � �� \ue000’"
    assert entry.summary == "😀"


def test_entities_are_not_expanded_and_files_not_read() -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    document = f'<!DOCTYPE rss [<!ENTITY e0 "ha"><!ENTITY f SYSTEM "file:///etc/passwd">{bomb}]>' + (
        "<rss><channel><item><title>&e11;&f;|&e0;</title></item></channel></rss>"
    )
    title = parse(document.encode()).entries[0].title
    assert "root:" not in title
    assert len(title) < 100
    assert title.endswith("ha")


def test_a_feed_of_very_many_items_is_cut() -> None:
    items = "<item><title>x</title></item>" * 50_010
    assert len(parse(f"<rss><channel>{items}</channel></rss>".encode()).entries) == 50_000


def test_deep_nesting_loses_no_item_before_it() -> None:
    document = RSS.replace("</channel></rss>", "<item><title>" + "<b>" * 5_000)
    assert parse(document.encode()).entries[0].guid == "f1"


def outcome(body: bytes) -> int:
    try:
        return len(parse(body).entries)
    except ParseError:
        return 0


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_a_parse_error(body: bytes) -> None:
    assert outcome(body) >= 0


@given(st.data())
def test_damaged_feeds_are_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(RSS.encode())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    assert outcome(bytes(body)) >= 0
