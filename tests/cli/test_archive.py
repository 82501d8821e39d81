"""The archive through the commands: built step by step, corrected, retracted, and intact whatever goes wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import lxml.html
from lxml import etree

from tests.cli.conftest import Digest, change
from tests.conftest import UNMEASURED, StandingClock

EDITION = "daily/2026/11/23/index.html"


def site(publication: Path) -> Path:
    return publication.parent / "site"


def stamps(folder: Path) -> dict[str, tuple[bytes, int]]:
    """The bytes and times of every file a reader can see, but those of Pagefind, which are others each time."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    found = {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
    return {name: stamp for name, stamp in found.items() if not name.startswith("search/2")}


def read(path: Path) -> Any:
    return lxml.html.fromstring(path.read_bytes())


def words(path: Path) -> str:
    return " ".join(read(path).text_content().split())


def morning(digest: Digest, publication: Path) -> None:
    for step in (("fetch",), ("build",), ("approve",), ("send",)):
        assert digest(*step, "-c", publication).code in (0, 5), step


def story_of(publication: Path, place: int = 0) -> tuple[str, str]:
    """Id and headline of an item of the edition's page."""
    page = read(site(publication) / EDITION)
    article = page.xpath("//article[@id]")[place]
    return article.get("id").removeprefix("_"), " ".join(article.xpath(".//*[@class='head']")[0].text_content().split())


def test_every_address_of_the_design_is_there_and_every_link_leads_somewhere(
    digest: Digest, publication: Path, clock: StandingClock
) -> None:
    morning(digest, publication)
    clock.advance(days=1)
    morning(digest, publication)
    folder = site(publication)
    for path in (
        "index.html", "404.html", "robots.txt", "signup/index.html", "daily/index.html", "daily/about/index.html",
        "daily/2026/index.html", "daily/2026/11/index.html", "daily/2026/11/23/index.html", "daily/2026/11/24/index.html",
        "daily/2026/11/23/mail.html", "daily/section/foreign/index.html",
    ):  # fmt: skip
        assert (folder / path).is_file(), path
    for page in folder.rglob("*.html"):
        if page.name == "mail.html":
            continue
        document = read(page)
        assert len(page.read_bytes()) < 100_000
        blocking = document.xpath("//script[not(@type='application/ld+json') and not(@type='module')]")
        assert blocking == []
        assert all(image.get("width") and image.get("height") for image in document.xpath("//img"))
        ids = document.xpath("//*/@id")
        assert len(ids) == len(set(ids)), page
        assert "/u/" not in page.read_text(encoding="utf-8")
        (icon,) = document.xpath("//link[@rel='icon']/@href")  # comes with the page: nobody asks for /favicon.ico
        drawn = etree.fromstring(unquote(icon.removeprefix("data:image/svg+xml,")))
        assert drawn.xpath("string()") == "T"
        for link in document.xpath("//a/@href | //link[@rel!='canonical']/@href | //img/@src | //form/@action"):
            if "://" in link or link.startswith(("mailto:", "data:")) or page.name == "404.html":
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.is_relative_to(folder.resolve())
            dynamic = target.relative_to(folder.resolve()).as_posix() in ("signup", "signup/link")
            file = target / "index.html" if target.is_dir() else target
            assert dynamic or file.is_file(), (page, link)
            if anchor and file.suffix == ".html" and anchor != "_join":
                assert read(file).xpath(f"//*[@id='{anchor}']"), (page, link)
    first, second = (read(folder / f"daily/2026/11/{day}/index.html") for day in (23, 24))
    assert "24" in first.xpath("//link[@rel='next']/@href")[0]
    assert "23" in second.xpath("//link[@rel='prev']/@href")[0]
    mail = (folder / "daily/2026/11/23/mail.html").read_text(encoding="utf-8")
    assert "https://halyard.example/signup/link" in mail
    assert not re.search(r"/[upc]/[\w.-]{10}", mail)


def test_an_edition_is_unlisted_until_its_send_is_over(digest: Digest, publication: Path) -> None:
    folder = site(publication)
    assert digest("approve", "-c", publication).code == 0
    assert digest("send", "--test", "ada@halyard.example", "-c", publication).code == 0
    assert not (folder / "daily").exists(), "a test copy is no edition"
    assert digest("send", "--limit", "1", "-c", publication).code in (0, 5, 75)
    page = (folder / EDITION).read_text(encoding="utf-8")
    assert '<meta name="robots" content="noindex">' in page
    assert digest("archive", "build", "-c", publication).code == 0
    assert (folder / EDITION).read_text(encoding="utf-8") == page
    assert "2026/11/23" not in (folder / "daily/index.html").read_text(encoding="utf-8")
    assert digest("send", "-c", publication).code in (0, 5)
    page = (folder / EDITION).read_text(encoding="utf-8")
    assert "noindex" not in page
    assert '<link rel="canonical" href="https://halyard.example/daily/2026/11/23/">' in page
    assert 'property="og:image" content="https://halyard.example/img/' in page
    assert "2026/11/23" in (folder / "daily/index.html").read_text(encoding="utf-8")


def test_a_build_without_news_touches_nothing_and_a_fresh_one_makes_the_same(
    digest: Digest, publication: Path, tmp_path: Path
) -> None:
    morning(digest, publication)
    before = stamps(site(publication))
    outcome = digest("archive", "build", "--json", "-c", publication)
    assert outcome.json == {"editions": 1, "made": 0, "written": 0, "removed": 0}
    outcome = digest("archive", "build", "--fresh", "--json", "-c", publication)
    assert outcome.json == {"editions": 1, "made": 1, "written": 0, "removed": 0}
    assert stamps(site(publication)) == before
    (site(publication) / EDITION).unlink()
    assert digest("archive", "build", "-c", publication).code == 0
    assert stamps(site(publication)).keys() == before.keys()
    elsewhere = tmp_path / "elsewhere"
    assert digest("archive", "build", "--out", elsewhere, "-c", publication).code == 0
    assert {name: body for name, (body, _) in stamps(elsewhere).items()} == {
        name: body for name, (body, _) in stamps(site(publication)).items()
    }


def test_a_new_edition_changes_only_what_leads_to_it(digest: Digest, publication: Path, clock: StandingClock) -> None:
    for _ in range(3):
        morning(digest, publication)
        clock.advance(days=1)
    before = stamps(site(publication))
    morning(digest, publication)
    after = stamps(site(publication))
    changed = {name for name in before if after[name] != before[name]}
    assert "daily/2026/11/23/index.html" not in changed
    assert "daily/2026/11/24/index.html" not in changed
    assert "daily/2026/11/25/index.html" in changed, "it has a next one now"
    assert {"daily/index.html", "daily/2026/11/index.html", "daily/section/trade/index.html"} <= changed
    assert not {name for name in changed if name.startswith(("img/", "assets/", "signup/"))}


def test_a_correction_changes_the_page_and_the_next_edition_and_not_the_mail(
    digest: Digest, publication: Path, clock: StandingClock
) -> None:
    morning(digest, publication)
    story, headline = story_of(publication)
    other, gone = story_of(publication, 1)
    mail = (site(publication) / "daily/2026/11/23/mail.html").read_bytes()
    clock.advance(hours=3)
    correct = ("edit", "correct", story, "--text", "The pier is the north pier.", "-c", publication)
    assert digest(*correct, "--headline", "A north pier opens").code == 0
    withdraw = ("edit", "correct", other, "--withdraw", "--text", "It never happened.", "-c", publication)
    assert digest(*withdraw).code == 0
    page = words(site(publication) / EDITION)
    assert "Corrected at 09:40. The pier is the north pier." in page
    assert "A north pier opens" in page
    assert headline not in page
    assert "Withdrawn at 09:40. It never happened." in page
    assert gone not in page
    feed = (site(publication) / "daily/section/foreign/feed.atom").read_text(encoding="utf-8")
    assert "The pier is the north pier." in feed
    assert "<updated>2026-11-23T09:40:00Z</updated>" in feed
    for path in ("daily/index.html", "daily/section/foreign/index.html", "daily/feed.rss"):
        listed = words(site(publication) / path)
        assert "A north pier opens" in listed
        assert gone not in listed
    assert (site(publication) / "daily/2026/11/23/mail.html").read_bytes() == mail
    clock.advance(hours=21)
    morning(digest, publication)
    following = words(site(publication) / "daily/2026/11/24/index.html")
    assert "Correction of the edition of Monday 23 November 2026: The pier is the north pier." in following
    assert "Withdrawn from the edition of Monday 23 November 2026: It never happened." in following
    clock.advance(days=1)
    morning(digest, publication)
    assert "Correction of" not in words(site(publication) / "daily/2026/11/25/index.html"), "it is told once"


def test_a_retracted_edition_says_so_and_nothing_names_it(
    digest: Digest, publication: Path, clock: StandingClock
) -> None:
    morning(digest, publication)
    clock.advance(days=1)
    morning(digest, publication)
    missing = digest("archive", "retract", "2026-11-20", "--reason", "x", "-c", publication)
    assert (missing.code, "never published" in missing.err) == (1, True)
    assert digest("archive", "retract", "2026-11-23", "-c", publication).code == 2
    _, headline = story_of(publication)
    assert digest("archive", "retract", "2026-11-23", "--reason", "It was a draft.", "-c", publication).code == 0
    page = (site(publication) / EDITION).read_text(encoding="utf-8")
    assert "It was a draft." in page
    assert '<meta name="robots" content="noindex">' in page
    assert headline not in page
    assert not (site(publication) / "daily/2026/11/23/mail.html").exists()
    told = [path for path in site(publication).rglob("*") if path.suffix in (".html", ".atom", ".rss", ".json", ".xml")]
    assert len({path.suffix for path in told}) == 5
    for file in told:
        assert headline not in file.read_text(encoding="utf-8")
        if file.relative_to(site(publication)).as_posix() != EDITION:
            assert "2026/11/23/" not in file.read_text(encoding="utf-8"), file
            assert 'href="../23/"' not in file.read_text(encoding="utf-8"), file
    assert "No edition: retracted" in words(site(publication) / "daily/2026/11/index.html")


# The page of an edition grows beyond what the system lets the process write; the database's own files do not.
LONG = "Every page is another one now. " * 50 + "So it is."
FULL = """
import resource, sys
from datetime import UTC, datetime
from digest.cli.app import run
from digest.cli.session import Start
class Clock:
    def now(self): return datetime(2026, 11, 24, 7, tzinfo=UTC)
resource.setrlimit(resource.RLIMIT_FSIZE, (34_000, 34_000))
sys.exit(run(["archive", "build", "--fresh", "--out", sys.argv[2], "-c", sys.argv[1]], start=Start(clock=Clock())))
"""


def test_a_disk_that_fills_half_way_leaves_the_old_site(
    digest: Digest, publication: Path, clock: StandingClock
) -> None:
    """The system refuses to write on: what was there stays, byte for byte."""
    morning(digest, publication)
    before = stamps(site(publication))
    change(publication, r'^tagline = ".*"$', f'tagline = "{LONG}"')
    full = subprocess.run(
        [sys.executable, "-c", FULL, str(publication), str(site(publication))], capture_output=True, text=True,
        env={**os.environ, **UNMEASURED, "PYTHONDONTWRITEBYTECODE": "1"},  # or a cut file of it stays
    )  # fmt: skip
    assert full.returncode == 1, full.stderr
    assert "it cannot be written (File too large)" in full.stderr
    assert "the site is as it was" in full.stderr
    assert "Traceback" not in full.stderr
    assert stamps(site(publication)) == before
    assert not (site(publication) / ".staging").exists()
    assert digest("archive", "build", "-c", publication).code == 0
    assert LONG in words(site(publication) / "daily/index.html")


def test_skipped_days_are_told_with_their_reason(digest: Digest, publication: Path, clock: StandingClock) -> None:
    from digest.config import load
    from digest.model.editions import EditionState
    from digest.wiring import Wiring

    morning(digest, publication)
    wiring = Wiring(load(publication, {}), clock=clock)
    key = wiring.key(wiring.settings.digests[0])
    day = key.day - timedelta(days=3)
    wiring.editions.set_state(key._replace(day=day), EditionState.SKIPPED, among=(), reason="paused", now=clock.now())
    wiring.close()
    assert digest("archive", "build", "-c", publication).code == 0
    assert "Fri 20 NovNo edition: paused" in words(site(publication) / "daily/2026/11/index.html")
    home = (site(publication) / "daily/index.html").read_text(encoding="utf-8")
    assert '<span class="out" title="No edition: paused">20</span>' in home
