"""Whatever comes from outside: every parser returns, or raises what its docstring names. `make soak` tries many more."""

from __future__ import annotations

import asyncio
import gzip
import io
import ipaddress
import json
import mailbox
import tempfile
import unicodedata
import zlib
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from starlette.exceptions import HTTPException
from starlette.requests import Request

from digest.errors import FetchError, FileProblem, ParseError, UsageError
from digest.feeds.charset import decode
from digest.feeds.discover import named_feeds, usual_places
from digest.feeds.opml import read_opml, write_opml
from digest.feeds.parse import parse
from digest.feeds.schedule import LONGEST_WAIT, next_due
from digest.mail.mailboxes import letters
from digest.mail.replies import Reply, is_systemic, outcome
from digest.mail.via import parse_via
from digest.model.news import Feed
from digest.net.decompress import BROKEN, unpacked, unpackers
from digest.net.guard import check, is_public
from digest.net.limits import client_address, network_of, within
from digest.pipeline.stories_file import read_stories
from digest.public.forms import form_of, is_own
from digest.render.images import prepare
from digest.stories.normalize import stories_of
from digest.stories.page import metadata
from digest.subscribers.addresses import key_of

NOW = datetime(2026, 11, 23, 6, 40, tzinfo=UTC)
URL = "https://read.example/a/page?x=1"

# Mark-up that is nearly right finds more than noise does: known names, odd nesting, odd characters, cut anywhere.
NAMES = st.sampled_from(
    [
        "rss",
        "channel",
        "item",
        "title",
        "link",
        "guid",
        "pubDate",
        "description",
        "content:encoded",
        "media:content",
        "media:group",
        "enclosure",
        "feed",
        "entry",
        "id",
        "updated",
        "summary",
        "author",
        "name",
        "category",
        "urlset",
        "url",
        "loc",
        "news:news",
        "news:title",
        "news:publication_date",
        "sitemapindex",
        "opml",
        "body",
        "outline",
        "html",
        "head",
        "base",
        "meta",
        "a",
        "img",
        "script",
        "p",
        "div",
    ]
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["href", "src", "url", "type", "rel", "xmlUrl", "text", "title", "content", "property", "name", "length", "domain", "isPermaLink"]),
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(["alternate", "application/rss+xml", "https://e.example/f", "//e.example", "og:title", "http://[", "-1"]),
    ),
    max_size=3,
)  # fmt: skip
WORDS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["&amp;", "&#0;", "&#xD800;", "&bogus;", "<![CDATA[", "]]>", "<!--", "Mon, 31 Feb 2026", "\ufeff", "\x00"]),
)  # fmt: skip


@st.composite
def markup(draw: st.DrawFn) -> bytes:
    """Nearly XML or HTML: open tags may stay open, and the end may be missing."""
    parts = [
        draw(st.sampled_from(["", "<?xml version='1.0'?>", "<!DOCTYPE html>", '<?xml encoding="utf-16"?>', "\ufeff"]))
    ]
    for _ in range(draw(st.integers(0, 14))):
        name = draw(NAMES)
        given_ = "".join(f' {key}="{value}"' for key, value in draw(ATTRIBUTES).items())
        parts.append(draw(st.sampled_from([f"<{name}{given_}>", f"<{name}{given_}/>", f"</{name}>"])))
        parts.append(draw(WORDS))
    text = "".join(parts).encode(draw(st.sampled_from(["utf-8", "utf-16", "latin-1"])), "replace")
    return text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def of_keys(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(names), JSON_VALUES, max_size=len(names))


def is_web(address: str) -> bool:
    return urlsplit(address).scheme in ("http", "https")


@given(st.one_of(st.binary(max_size=200), markup()), st.sampled_from(["", "text/html", "application/json; charset=x"]))
@example(b"<_><title>&#xD800;", "")
@example(b"<_><title><_&#55296;", "")
def test_a_feed_is_read_or_refused_and_its_stories_are_clean(body: bytes, content_type: str) -> None:
    try:
        parsed = parse(body, url=URL, content_type=content_type, time_zone="UTC")
    except ParseError as error:
        assert error.what
        return
    for story in stories_of(parsed.entries, Feed(url=URL), feed_title=parsed.title, now=NOW):
        assert "\n" not in story.headline + story.byline + story.kicker + story.source
        assert not story.url or is_web(story.url)
        assert story.published is None or story.published.tzinfo is UTC


ITEM = of_keys("id", "url", "external_url", "title", "summary", "content_html", "content_text", "date_published",
               "date_modified", "author", "authors", "image", "banner_image", "tags", "attachments", "language")  # fmt: skip


@given(
    of_keys("version", "title", "feed_url", "home_page_url", "language", "authors"),
    st.lists(ITEM | JSON_VALUES, max_size=3),
)
def test_a_json_feed_of_any_types_is_read_or_refused(head: dict[str, Any], items: list[Any]) -> None:
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", **head, "items": items}).encode()
    try:
        parsed = parse(body, url=URL, content_type="application/feed+json", time_zone="UTC")
    except ParseError:
        return
    assert len(parsed.entries) <= len(items)
    stories_of(parsed.entries, Feed(url=URL), feed_title=parsed.title, now=NOW)


@given(st.binary(max_size=100), st.text(max_size=40))
@example(b"<?xml version='1.0' encoding='idna'?>", "")
@example(b"\xff\xfe\x00", "text/xml; charset=undefined")
def test_bytes_become_text_whatever_they_claim(body: bytes, content_type: str) -> None:
    assert "\ud800" not in decode(body, content_type)


@given(st.one_of(st.binary(max_size=200), markup()))
def test_a_page_tells_what_it_says_or_nothing(body: bytes) -> None:
    found = metadata(body, url=URL)
    for line in (found.title, found.byline, found.site):
        assert "\n" not in line
    assert found.image is None or is_web(found.image.url)


@given(of_keys("@type", "@graph", "headline", "author", "image", "datePublished", "publisher", "description"))
def test_linked_data_of_any_types_is_no_trouble(document: dict[str, Any]) -> None:
    document["@type"] = "NewsArticle"
    text = json.dumps(document).replace("</", "<\\/")
    metadata(f'<html><head><script type="application/ld+json">{text}</script></head></html>'.encode(), url=URL)


@given(st.one_of(st.binary(max_size=200), markup()))
def test_the_feeds_a_page_names_are_addresses_of_the_web(body: bytes) -> None:
    for each in named_feeds(body, url=URL):
        assert is_web(each.url)


@given(st.one_of(st.text(max_size=40), st.text(max_size=20).map(lambda text: f"https://{text}/")))
def test_usual_places_are_addresses_of_the_web(url: str) -> None:
    assert all(is_web(each) for each in usual_places(url))


@given(st.one_of(st.binary(max_size=200), markup()))
def test_opml_is_read_or_refused(body: bytes) -> None:
    try:
        feeds = read_opml(body)
    except ParseError:
        return
    assert feeds
    assert len({feed.url for feed in feeds}) == len(feeds)


NAMED = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=15).map(
    lambda text: " ".join(text.split()) or "x"
)


@given(st.dictionaries(st.integers(0, 99), st.tuples(NAMED, NAMED), min_size=1, max_size=6))
def test_opml_that_we_wrote_is_read_back(given_: dict[int, tuple[str, str]]) -> None:
    feeds = [
        Feed(url=f"https://e.example/{number}", name=name, section=section)
        for number, (name, section) in given_.items()
    ]
    back = {feed.url: (feed.name, feed.section) for feed in read_opml(write_opml(feeds, title="Ours"))}
    assert back == {feed.url: (feed.name, feed.section) for feed in feeds}


@given(st.lists(st.one_of(st.text(max_size=30), JSON_VALUES.map(json.dumps), of_keys(
    "id", "title", "url", "teaser", "source", "feed", "published", "section", "hints", "position", "language"
).map(json.dumps)), max_size=3))  # fmt: skip
def test_lines_of_stories_are_read_or_refused_with_their_number(lines: list[str]) -> None:
    try:
        stories = read_stories(lines)
    except UsageError as error:
        assert error.where.startswith("line ")
        return
    assert all(story.id and isinstance(story.title, str) for story in stories)


@given(
    st.text(max_size=30) | st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", "x-gzip"]),
    st.binary(max_size=200),
)
def test_whatever_is_packed_is_unpacked_or_broken(coding: str, body: bytes) -> None:
    try:
        list(unpacked(body, unpackers(coding)))
    except BROKEN:
        return


@given(st.binary(max_size=3000), st.integers(1, 50))
def test_what_was_packed_comes_out_whole_however_it_is_cut(body: bytes, size: int) -> None:
    for coding, packed in (("gzip", gzip.compress(body) + gzip.compress(body)), ("deflate", zlib.compress(body))):
        chain = unpackers(coding)
        pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
        out = b"".join(piece for part in pieces for piece in unpacked(part, chain))
        assert out == (body * 2 if coding == "gzip" else body)


@given(st.binary(max_size=300))
def test_a_mailbox_of_any_bytes_yields_letters(body: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "box"
        for content in (body, b"From " + body):
            file.write_bytes(content)
            try:
                found = list(letters(file, io.BytesIO()))
            except FileProblem:
                continue
            assert all(isinstance(each.raw, bytes) for each in found)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30), min_size=1, max_size=4))
def test_every_message_of_an_mbox_is_read(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        box = mailbox.mbox(f"{folder}/box")
        for text in texts:
            box.add(f"Subject: x\n\nFrom the quay\n{text}\n".encode())
        box.close()
        assert len(list(letters(Path(folder) / "box", io.BytesIO()))) == len(texts)


def _request(body: bytes, headers: dict[str, str]) -> Request:
    pieces = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return pieces.pop() if pieces else {"type": "http.disconnect"}

    raw = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    scope = {"type": "http", "app": None, "method": "POST", "path": "/", "query_string": b"", "headers": raw}
    return Request(scope, receive)


@given(st.binary(max_size=300), st.sampled_from(
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", ""]
))  # fmt: skip
@example(b"--x\r\nContent-Disposition: form-data\r\n\r\n", "multipart/form-data; boundary=x")
def test_any_body_is_a_form_or_refused(body: bytes, kind: str) -> None:
    try:
        form = asyncio.run(form_of(_request(body, {"content-type": kind})))
        form.one("email")
        form.all("sections")
    except HTTPException as error:
        assert 400 <= error.status_code < 500


@given(st.text(max_size=200))
def test_a_field_is_one_line_without_controls(value: str) -> None:
    body = urlencode({"name": value}, errors="replace").encode()
    try:
        form = asyncio.run(form_of(_request(body, {"content-type": "application/x-www-form-urlencoded"})))
        line = form.one("name", 300)
        assert not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in line)
        assert not any(unicodedata.bidirectional(each) in ("LRO", "RLO", "LRE", "RLE", "LRI", "RLI") for each in line)
    except HTTPException as error:
        assert error.status_code == 413


@given(st.dictionaries(st.sampled_from(["origin", "sec-fetch-site", "host"]), st.text(max_size=30), max_size=3))
@example({"origin": "http://["})
def test_where_a_post_comes_from_is_yes_or_no(headers: dict[str, str]) -> None:
    assert is_own(_request(b"", headers), "https://paper.example") in (True, False)


@given(st.ip_addresses(v=4), st.sampled_from(["{}", "::ffff:{}", "64:ff9b::{}", "::{}"]))
def test_an_inner_address_is_never_public_in_whatever_spelling(address: ipaddress.IPv4Address, spelling: str) -> None:
    if not address.is_global:
        assert not is_public(spelling.format(address))


@given(st.one_of(st.text(max_size=40), st.ip_addresses().map(str)))
def test_any_text_is_an_address_or_not(text: str) -> None:
    assert is_public(text) in (True, False)
    assert within(text, ["10.0.0.0/8", "::1"]) in (True, False)
    assert isinstance(network_of(text), str)


@given(st.text(max_size=40), st.text(max_size=80))
def test_whoever_forwards_somebody_asks(peer: str, forwarded: str) -> None:
    assert isinstance(client_address(peer, forwarded, ["127.0.0.1"]), str)


@given(st.one_of(st.text(max_size=40), st.text(max_size=30).map(lambda text: f"http://{text}")))
@example("http://[::1")
@example("http://e.example:99999/")
def test_any_address_may_be_asked_or_is_refused(url: str) -> None:
    try:
        check(url, trusted=False)
    except FetchError as error:
        assert error.kind == "blocked"
        return
    assert is_web(url)


def _jpeg() -> bytes:
    body = io.BytesIO()
    Image.effect_mandelbrot((64, 48), (-2, -1, 1, 1), 20).convert("RGB").save(body, "JPEG")
    return body.getvalue()


JPEG = _jpeg()


@given(st.one_of(
    st.binary(max_size=200),
    st.tuples(st.integers(0, len(JPEG) - 1), st.binary(min_size=1, max_size=8)).map(
        lambda change: JPEG[: change[0]] + change[1] + JPEG[change[0] + len(change[1]) :]
    ),
    st.integers(0, len(JPEG)).map(lambda end: JPEG[:end]),
))  # fmt: skip
def test_a_picture_is_prepared_or_refused(body: bytes) -> None:
    try:
        picture, data, media_type = prepare(body, style="cards")
    except FileProblem as error:
        assert error.what
        return
    assert picture.width > 0
    assert media_type == "image/jpeg"
    assert data


@given(st.integers(200, 599), st.text(max_size=80), st.sampled_from(["mail", "rcpt", "data"]), st.integers(0, 50))
def test_any_reply_has_an_outcome_of_one_line(code: int, text: str, phase: str, attempts: int) -> None:
    reply = Reply(code=code, text=text)
    found = outcome("a", reply, phase=phase, at=NOW, attempts=attempts, random=Random(1))
    assert found.reply.isprintable()
    assert (found.next_attempt is not None) == (400 <= code < 500 or not (reply.ok or code >= 500))
    assert is_systemic(reply, phase) in (True, False)


@given(st.integers(200, 599), st.text(max_size=40) | st.integers().map(str), st.integers(0, 10_000))
def test_patience_ends(status: int, said: str, failures: int) -> None:
    due = next_due(URL, status, {"retry-after": said}, failures=failures, now=NOW)
    assert due is None or NOW < due <= NOW + LONGEST_WAIT


@given(st.one_of(st.text(max_size=40), st.tuples(st.text(max_size=12), st.text(max_size=5)).map("@".join)))
def test_an_address_of_mail_has_one_key_or_is_refused(written: str) -> None:
    try:
        key = key_of(written)
    except ValueError as error:
        assert str(error)
        return
    assert key_of(key) == key
    assert key.isprintable()


@given(st.one_of(
    st.text(max_size=40),
    st.tuples(st.sampled_from(["smtp", "smtps", "lmtp", "eml", "maildir", "sendmail"]), st.text(max_size=20)).map(
        "://".join
    ),
))  # fmt: skip
@example("smtp://[::1")
@example("smtp://h:99999")
def test_via_is_understood_or_refused(text: str) -> None:
    try:
        via = parse_via(text, Path("/srv/paper"))
    except UsageError as error:
        assert error.where == "via"
        return
    assert via.kind in text


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_nothing_packed_is_nothing(coding: str) -> None:
    assert b"".join(unpacked(b"", unpackers(coding))) == b""
