"""`digest feeds …` and `digest fetch` over real HTTP, with a real digest.toml."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.cli.app import run
from digest.cli.session import Start
from digest.store.engine import Store
from tests.cli.conftest import Digest, change
from tests.conftest import StandingClock
from tests.webd import Web, rss, web_server

TODAY = "Mon, 23 Nov 2026 05:10:00 GMT"
CONFIG = """\
# our paper
[publication]
name = "The Slack Tide"            # at low water
from = "The Slack Tide <news@tide.example>"
postal_address = "2 Causeway, Port Iselin"
operators = ["ops@tide.example"]

[[sections]]
slug = "foreign"
title = "Foreign Affairs"
feeds = ["Calder"]

[[sections]]
slug = "other"
title = "Other news"

[[feeds]]
url = "@BASE@/calder.rss"   # the wire
name = "Calder"

# how we read
[fetch]
allowed_hosts = ["127.0.0.1"]
timeout = "5s"
"""


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as server:
        server.put("/calder.rss", rss("Calder Wire", ("Ferry talks resume", "https://read.example/ferry", TODAY)))
        yield server


@pytest.fixture
def config(tmp_path: Path, web: Web) -> Path:
    file = tmp_path / "digest.toml"
    file.write_text(CONFIG.replace("@BASE@", web.base), encoding="utf-8")
    return file


def feeds_of(config: Path) -> list[dict[str, object]]:
    feeds = tomllib.loads(config.read_text(encoding="utf-8"))["feeds"]
    assert isinstance(feeds, list)
    return feeds


def headlines(digest: Digest, config: Path) -> set[str]:
    picked = digest("pick", "--json", "-c", config)
    assert picked.code == 0, picked.err
    return {item["headline"] for section in picked.json["sections"] for item in section["items"]}


def tidings(web: Web) -> str:
    items = [(f"Tiding {n}", f"https://read.example/{n}", f"Mon, 23 Nov 2026 0{n}:00:00 GMT") for n in range(1, 5)]
    return web.put("/notes/feed.xml", rss("Harbour Notes", *items))


def test_a_pages_feed_is_found_shown_and_added_with_comments_kept(digest: Digest, config: Path, web: Web) -> None:
    url = tidings(web)
    web.put("/comments.xml", rss("Comments on Harbour Notes", ("First!", "https://read.example/c")))
    page = web.put(
        "/notes/",
        '<html><head><link rel="alternate" type="application/rss+xml" href="/comments.xml">'
        '<link rel="alternate" type="application/rss+xml" href="feed.xml" title="Notes"></head></html>',
    )
    added = digest("feeds", "add", page, "--section", "other", "--weight", "1.5", "-c", config)
    assert added.code == 0, added.err
    shown = [line.split()[-2:] for line in added.out.splitlines() if line.startswith("  ")]
    assert shown == [["Tiding", "4"], ["Tiding", "3"], ["Tiding", "2"]]
    assert "/comments.xml" in added.out
    assert feeds_of(config)[1] == {"url": url, "name": "Harbour Notes", "section": "other", "weight": 1.5}
    text = config.read_text(encoding="utf-8")
    assert all(comment in text for comment in ("# our paper", "# at low water", "# the wire"))
    assert "# how we read\n[fetch]" in text
    assert digest("fetch", "-c", config).code == 0
    assert {"Tiding 1", "Ferry talks resume"} <= headlines(digest, config)


def test_what_counts_as_seen_is_never_news_and_the_next_story_is(digest: Digest, config: Path, web: Web) -> None:
    url = tidings(web)
    added = digest("feeds", "add", url, "--seen", "-c", config)
    assert "4 stories counted as seen" in added.out
    assert digest("fetch", "-c", config).code == 0
    assert headlines(digest, config) == {"Ferry talks resume"}
    more = ("Tiding 9", "https://read.example/9", "Mon, 23 Nov 2026 06:20:00 GMT")
    web.put("/notes/feed.xml", rss("Harbour Notes", more, ("Tiding 1", "https://read.example/1", TODAY)))
    assert digest("fetch", "-c", config).code == 0
    assert headlines(digest, config) == {"Ferry talks resume", "Tiding 9"}


@pytest.mark.parametrize(("answer", "count"), [(True, 0), (False, 4)])
def test_a_person_is_asked_what_counts_as_seen(
    config: Path, web: Web, clock: StandingClock, answer: bool, count: int
) -> None:
    questions: list[str] = []

    def ask(question: str) -> bool:
        questions.append(question)
        return answer

    start = Start(clock=clock, environment={}, ask=ask)
    assert run(["feeds", "add", tidings(web), "-c", str(config)], start=start) == 0
    assert run(["fetch", "-c", str(config)], start=start) == 0
    assert questions == ["Count the 4 stories in it as seen?"]
    store = Store.open(f"sqlite:///{config.parent / 'digest.db'}")
    with store.read() as connection:
        fresh = connection.exec_driver_sql("SELECT count(*) FROM stories WHERE seen > 0 AND body LIKE '%Tiding%'")
        assert fresh.scalar() == count
    store.close()


def test_the_usual_places_are_tried_where_a_page_names_none(digest: Digest, config: Path, web: Web) -> None:
    web.put("/town/", "<html><title>Town</title><body>News</body></html>")
    url = web.put("/town/feed", rss("Town", ("Bridge opens", "https://read.example/b", TODAY)))
    added = digest("feeds", "add", f"{web.base}/town/", "-c", config)
    assert added.code == 0, added.err
    assert feeds_of(config)[1]["url"] == url


@pytest.mark.parametrize(
    ("address", "said", "code"),
    [
        ("@/calder.rss", "is among the feeds already as Calder", 2),
        ("@/page", "an HTML page titled “Nothing”, and no feed is named by it", 1),
        ("@/gone", "the server answered 404", 1),
        ("http://[::ffff:10.0.0.1]/feed", "private or reserved address", 1),
        ("ftp://feeds.example/a", "only http and https", 1),
    ],
)
def test_an_address_without_a_new_feed_is_one_sentence(
    digest: Digest, config: Path, web: Web, address: str, said: str, code: int
) -> None:
    web.put("/page", "<html><title>Nothing</title></html>")
    before = config.read_text(encoding="utf-8")
    outcome = digest("feeds", "add", address.replace("@", web.base), "-c", config)
    assert outcome.code == code
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
    assert config.read_text(encoding="utf-8") == before


def test_an_unknown_section_is_told_before_anything_is_fetched(digest: Digest, config: Path, web: Web) -> None:
    outcome = digest("feeds", "add", f"{web.base}/notes/", "--section", "sport", "-c", config)
    assert outcome.code == 2
    assert "choose one of foreign, other" in outcome.err
    assert web.asked == []


def test_a_feed_removed_gives_no_candidates_any_more(digest: Digest, config: Path) -> None:
    digest("fetch", "-c", config)
    assert headlines(digest, config) == {"Ferry talks resume"}
    assert digest("feeds", "remove", "calder", "-c", config).code == 0
    assert "feeds" not in tomllib.loads(config.read_text(encoding="utf-8"))
    assert "# how we read" in config.read_text(encoding="utf-8")
    assert headlines(digest, config) == set()
    unknown = digest("feeds", "remove", "calder", "-c", config)
    assert unknown.code == 2
    assert "no feed is called 'calder'" in unknown.err


def test_a_feed_moved_takes_the_stories_read_before_along(digest: Digest, config: Path) -> None:
    def where() -> list[str]:
        sections = digest("pick", "--json", "-c", config).json["sections"]
        return [section["slug"] for section in sections if section["items"]]

    digest("fetch", "-c", config)
    assert where() == ["foreign"]
    assert digest("feeds", "move", "Calder", "Other news", "-c", config).code == 0
    assert where() == ["other"]
    assert feeds_of(config)[0]["section"] == "other"
    assert digest("feeds", "move", "Calder", "-", "-c", config).code == 0
    assert "section" not in feeds_of(config)[0]
    nothing = digest("feeds", "move", "Calder", "-c", config)
    assert nothing.code == 2


def test_a_retired_feed_begins_anew_at_its_new_address(digest: Digest, config: Path, web: Web) -> None:
    web.put("/calder.rss", status=410)
    gone = digest("fetch", "-c", config)
    assert gone.code == 5
    assert "Calder is retired" in gone.out
    url = web.put("/new.rss", rss("Calder Wire", ("Ferry sails", "https://read.example/sails", TODAY)))
    assert digest("feeds", "move", "Calder", "--url", url, "-c", config).code == 0
    assert digest("fetch", "-c", config).code == 0
    assert headlines(digest, config) == {"Ferry sails"}


def test_opml_goes_out_and_comes_in_again_with_folders_as_sections(
    digest: Digest, config: Path, web: Web, tmp_path: Path
) -> None:
    tidings(web)
    digest("feeds", "add", f"{web.base}/notes/feed.xml", "--section", "other", "-c", config)
    exported = digest("feeds", "export", "-c", config)
    opml = tmp_path / "feeds.opml"
    opml.write_text(exported.out, encoding="utf-8")
    change(config, r'url = ".*calder.rss"', 'url = "https://elsewhere.example/feed"')
    change(config, r'name = "Calder"', 'name = "Elsewhere"')
    change(config, r'feeds = \["Calder"\]', "")
    again = digest("feeds", "import", opml, "-c", config)
    assert again.code == 0, again.err
    assert "1 feed added, 1 there already." in again.out
    assert feeds_of(config)[-1] == {"url": f"{web.base}/calder.rss", "name": "Calder", "section": "foreign"}


def test_folders_without_a_section_become_sections(digest: Digest, config: Path, tmp_path: Path) -> None:
    opml = tmp_path / "list.opml"
    opml.write_text(
        '<opml version="2.0"><body><outline text="Foreign affairs"><outline xmlUrl="https://a.example/f"/></outline>'
        '<outline text="Wissenschaft &amp; Technik"><outline xmlUrl="https://b.example/f" text="B"/></outline>'
        '<outline text="文化"><outline xmlUrl="https://c.example/f"/></outline></body></opml>',
        encoding="utf-8",
    )
    assert digest("feeds", "import", opml, "-c", config).code == 0
    assert [feed.get("section") for feed in feeds_of(config)] == [None, "foreign", "wissenschaft-technik", "section"]
    sections = tomllib.loads(config.read_text(encoding="utf-8"))["sections"]
    assert [section["title"] for section in sections][2:] == ["Wissenschaft & Technik", "文化"]
    assert digest("config", "check", "-c", config).code == 0
    wrong = digest("feeds", "import", config, "-c", config)
    assert wrong.code == 2
    assert "not an OPML file" in wrong.err


def test_a_feed_that_dies_and_comes_back_is_told_once_each(
    digest: Digest, config: Path, web: Web, clock: StandingClock
) -> None:
    def notices() -> list[str]:
        store = Store.open(f"sqlite:///{config.parent / 'digest.db'}")
        with store.read() as connection:
            bodies = [json.loads(row[0]) for row in connection.exec_driver_sql("SELECT body FROM notices")]
        store.close()
        assert {body["recipient"] for body in bodies} <= {"ops@tide.example"}
        return sorted(body["subject"] for body in bodies)

    told: list[str] = []
    good = web.pages["/calder.rss"]
    web.put("/calder.rss", status=500)
    for _ in range(5):
        outcome = digest("fetch", "-c", config)
        assert outcome.code == 5
        told += [line for line in outcome.out.splitlines() if line.startswith("Calder")]
        clock.advance(hours=2)
    assert told == ["Calder has failed 3 times in a row: the server answered 500 (Internal Server Error)"]
    assert notices() == [f"The Slack Tide: {told[0]}"]
    web.pages["/calder.rss"] = good
    back = digest("fetch", "-c", config)
    assert back.code == 0
    assert "Calder is back after 5 failures in a row" in back.out
    assert "Calder" not in digest("fetch", "-c", config).out
    assert len(notices()) == 2


def test_a_feed_refused_again_and_again_is_left_alone_for_a_while(
    digest: Digest, config: Path, web: Web, clock: StandingClock
) -> None:
    web.put("/calder.rss", status=403)
    for _ in range(3):
        digest("fetch", "-c", config)
    assert web.times("/calder.rss") == 3
    waiting = digest("fetch", "-c", config)
    assert waiting.code == 5  # it is failing, asked or not
    assert "403 (Forbidden); not asked again before 2026-11-23 06:4" in waiting.err
    assert web.times("/calder.rss") == 3
    clock.advance(hours=1)
    digest("fetch", "-c", config)
    assert web.times("/calder.rss") == 4


def test_health_is_shown_as_table_and_json(digest: Digest, config: Path, web: Web, clock: StandingClock) -> None:
    assert digest("feeds", "check", "-c", config).out.split()[1] == "new"
    digest("fetch", "-c", config)
    web.put("/calder.rss", "<html><title>Oops</title></html>")
    clock.advance(hours=1)
    digest("fetch", "-c", config)
    table = digest("feeds", "check", "-c", config)
    assert table.code == 5
    assert "not a feed: an HTML page titled “Oops” (1 in a row)" in table.out
    (row,) = digest("feeds", "check", "--json", "-c", config).json
    assert (row["health"], row["failures"], row["stories"]) == ("failing", 1, 1)
    assert row["last_success"] == "2026-11-23T06:40:00Z"


PAGE = """<html><head><script type="application/ld+json">{"@type": "NewsArticle", "description": "@SAID@",
"datePublished": "@DATE@", "image": "https://pictures.example/ferry.jpg"}</script></head></html>"""


def test_what_a_feed_leaves_out_is_read_on_the_storys_page_once(digest: Digest, config: Path, web: Web) -> None:
    said = "Crews of both coasts sat at one table for the first time since the spring storms."
    page = web.put("/ferry", PAGE.replace("@SAID@", said).replace("@DATE@", "2026-11-23T05:00:00Z"))
    old = web.put("/about", PAGE.replace("@SAID@", "Who we are.").replace("@DATE@", "2019-03-01T00:00:00Z"))
    missing = f"{web.base}/missing"
    web.put("/calder.rss", rss("Calder", ("Ferry talks", page, TODAY), ("About us", old), ("Lost", missing, TODAY)))
    change(config, 'title = "Foreign Affairs"', 'title = "Foreign Affairs"\nstyle = "cards"\nper_source = 5')
    digest("fetch", "-c", config)
    built = digest("build", "--json", "-c", config)
    (items,) = (section["items"] for section in built.json["sections"] if section["items"])
    assert {item["headline"]: item["teaser"] for item in items} == {"Ferry talks": said, "Lost": None}
    assert [web.times(path) for path in ("/ferry", "/about", "/missing")] == [1, 1, 1]
    digest("fetch", "-c", config)
    digest("build", "-c", config)
    assert [web.times(path) for path in ("/ferry", "/about", "/missing")] == [1, 1, 1]
    change(config, 'timeout = "5s"', "pages = 0")
    web.put("/calder.rss", rss("Calder", ("New", f"{web.base}/new", TODAY)))
    digest("fetch", "-c", config)
    digest("build", "-c", config)
    assert web.times("/new") == 0


@pytest.mark.parametrize(
    ("status", "body", "code", "reason"),
    [
        (200, "<rss><channel><title>Quiet</title></channel></rss>", 0, "empty: no feed had news"),
        (503, "", 5, "empty: every feed failed"),
    ],
)
def test_an_empty_day_is_skipped_with_the_reason(
    digest: Digest, config: Path, web: Web, status: int, body: str, code: int, reason: str
) -> None:
    web.put("/calder.rss", body, status=status)
    outcome = digest("run", "-c", config)
    assert outcome.code == code
    assert reason in outcome.out
    stands = digest("status", "--json", "-c", config).json
    assert (stands["state"], stands["reason"]) == ("skipped", reason)
