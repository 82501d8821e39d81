"""`digest preview`: every view of the edition, in a real browser; and `--watch`, which follows what changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from digest.cli.app import run
from digest.cli.session import Start
from tests.browser import browser, page
from tests.cli.conftest import Digest, change
from tests.conftest import StandingClock

DAY = "2026-11-23"
MASTHEAD = "The Morning Halyard"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's preview, with a subject too long for any list; return its index.html."""
    folder = tmp_path_factory.mktemp("shown")
    long = (
        "A subject far too long for the line of any inbox, so that each cuts it where its own list ends, and not before"
    )
    config = ["-c", str(folder / "digest.toml")]
    for words in (
        ["demo", str(folder)],
        ["edit", "subject", long, *config],
        ["preview", *config, "--out", str(folder / "out")],
    ):
        assert run(words, start=Start(clock=StandingClock(), environment={})) == 0
    return folder / "out" / "index.html"


def colours(opened: Page, label: str) -> tuple[str, str]:
    """Return the ground and the filter of the mail in a view, as the browser computes them."""
    frame = opened.frame_locator(f'iframe[title="{label}"]')
    ground = frame.locator("body").evaluate("each => getComputedStyle(each).backgroundColor")
    turned = frame.locator("html").evaluate("each => getComputedStyle(each).filter")
    return str(ground), str(turned)


@pytest.mark.parametrize("dark", [False, True])
def test_every_view_is_what_it_says_whatever_the_browsers_scheme(chromium: Browser, shown: Path, dark: bool) -> None:
    with page(chromium, width=1500, dark=dark) as opened:
        opened.goto(shown.as_uri())
        widths = {
            str(each.get_attribute("title")): each.evaluate("each => each.contentWindow.innerWidth")
            for each in opened.locator("iframe").all()
        }
        assert set(widths.values()) == {320, 375, 700}
        assert all(str(width) in label for label, width in widths.items())
        light, dark_ground = "rgb(247, 247, 245)", "rgb(21, 23, 26)"
        for label in ("Phone, 375", "Desktop, 700", "Small phone, 320"):
            assert colours(opened, label) == (light, "none")
        for label in ("Dark, 375", "Dark, 700"):
            assert colours(opened, label) == (dark_ground, "none")
        assert colours(opened, "Forced inversion, 375") == (light, "invert(1) hue-rotate(180deg)")


def test_pictures_stand_in_every_view_but_one_and_right_to_left_is_mirrored(chromium: Browser, shown: Path) -> None:
    seen = "each => each.complete && each.naturalWidth > 30"
    with page(chromium, width=1500) as opened:
        opened.goto(shown.as_uri())
        loaded, bare, turned = (
            opened.frame_locator(f'iframe[title="{label}"]')
            for label in ("Phone, 375", "Images off, 375", "Right to left, 375")
        )
        pictures = loaded.locator("img").all()
        assert len(pictures) > 5
        assert all(each.evaluate(seen) for each in pictures)
        gaps = bare.locator("img").all()
        assert len(gaps) == len(pictures)
        assert not any(each.evaluate(seen) for each in gaps)
        assert all(each.get_attribute("alt") for each in gaps)
        assert turned.locator("html").get_attribute("dir") == "rtl"
        assert "إلغاء الاشتراك" in turned.locator("body").inner_text()
        middle = "each => { const box = each.getBoundingClientRect(); return (box.left + box.right) / 2 }"
        first, mirrored = (each.locator('img[width="108"]').first.evaluate(middle) for each in (loaded, turned))
        assert first > 375 / 2 > mirrored
        assert opened.locator("pre").inner_text().startswith(MASTHEAD)


def test_lines_are_cut_as_the_lists_of_three_programs_cut_them(chromium: Browser, shown: Path) -> None:
    cut = "each => each.scrollWidth > each.clientWidth || each.scrollHeight > each.clientHeight + 1"
    with page(chromium, width=1500) as opened:
        opened.goto(shown.as_uri())
        for program in ("web", "app", "apple", "outlook"):
            row = opened.locator(f".row.{program}")
            assert MASTHEAD in row.inner_text()
            assert row.locator(".subject, .line").first.evaluate(cut), program
        assert opened.locator(".apple .line").evaluate("each => each.clientHeight") == 40, "two lines of 20"
        assert opened.locator(".outlook .line").evaluate("each => each.clientHeight") == 18, "one line of 18"


def test_no_view_runs_a_script_and_links_leave_the_frame_alone(chromium: Browser, shown: Path) -> None:
    with page(chromium) as opened:
        opened.goto(shown.as_uri())
        for each in opened.locator("iframe").all():
            assert "allow-scripts" not in str(each.get_attribute("sandbox"))
        frame = opened.frame_locator('iframe[title="Phone, 375"]')
        assert frame.locator("base").get_attribute("target") == "_blank"


def test_findings_name_severity_place_fix_and_code(chromium: Browser, digest: Digest, publication: Path) -> None:
    change(publication, r"^postal_address = .*$", 'postal_address = ""')
    out = publication.parent / "out"
    assert digest("preview", "-c", publication, "--out", out).code == 0
    with page(chromium) as opened:
        opened.goto((out / "index.html").as_uri())
        found = opened.locator(".findings .warning", has_text="postal").inner_text()
    assert "warning: imprint: the publication has no postal address" in found
    assert "set publication.postal_address" in found
    assert "postal-address" in found


class Watched:
    """A `digest preview --watch` of its own process, and the browser that shows it."""

    def __init__(self, process: subprocess.Popen[str], address: str, opened: Page, said: Path) -> None:
        self.process, self.address, self.opened, self.said = process, address, opened, said

    def told(self) -> str:
        return self.said.read_text(encoding="utf-8")


@contextmanager
def watching(chromium: Browser, publication: Path) -> Iterator[Watched]:
    out, said = publication.parent / "live", publication.parent / "told.txt"
    command = [sys.executable, "-m", "digest", "preview", "--watch", "-c", str(publication), "--edition", DAY]
    with said.open("w", encoding="utf-8") as told:
        process = subprocess.Popen(
            [*command, "--out", str(out)], stdout=subprocess.PIPE, stderr=told, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"}, start_new_session=True,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        address = next(line.strip() for line in process.stdout if line.startswith("http://127.0.0.1:"))
        with page(chromium) as opened:
            opened.goto(address)
            yield Watched(process, address, opened, said)
    finally:
        process.kill()
        process.wait(60)
        process.stdout.close()


def test_watch_follows_a_template_its_breaking_and_its_mending(chromium: Browser, publication: Path) -> None:
    words = publication.parent / "templates" / "mail" / "words.mjml"
    words.parent.mkdir(parents=True)
    packaged = (Path(__file__).parent.parent.parent / "templates" / "mail" / "words.mjml").read_text(encoding="utf-8")
    with watching(chromium, publication) as watched:
        seen = watched.opened.frame_locator('iframe[title="Phone, 375"]').locator("body")
        alert = watched.opened.get_by_role("alert")
        expect(seen).to_contain_text(MASTHEAD)
        expect(alert).to_have_count(0)
        words.write_text(packaged.replace("Forward to a friend", "Send it on"), encoding="utf-8")
        expect(seen).to_contain_text("Send it on")
        words.write_text(packaged.replace("{% if home %}<p", "{% iff home %}<p"), encoding="utf-8")
        expect(alert).to_contain_text("words.mjml:")
        expect(alert).to_contain_text("iff")
        expect(seen).to_contain_text("Send it on")
        assert "words.mjml:" in watched.told()
        assert "Traceback" not in watched.told()
        words.write_text(packaged.replace("Forward to a friend", "Hand it on"), encoding="utf-8")
        expect(seen).to_contain_text("Hand it on")
        expect(alert).to_have_count(0)
        watched.process.send_signal(signal.SIGINT)
        assert watched.process.wait(120) == 0
        assert "Traceback" not in watched.told()
        found = [line for line in watched.told().splitlines() if line.startswith(("note: ", "warning: "))]
        assert len(found) == len(set(found)), "what still stands is told once"


def test_watch_follows_configuration_and_edition(chromium: Browser, digest: Digest, publication: Path) -> None:
    with watching(chromium, publication) as watched:
        seen = watched.opened.frame_locator('iframe[title="Phone, 375"]').locator("body")
        alert = watched.opened.get_by_role("alert")
        expect(seen).to_contain_text(MASTHEAD)
        change(publication, r"^tagline = .*$", 'tagline = "Hoisted before noon"')
        expect(seen).to_contain_text("Hoisted before noon")
        change(publication, r"^tagline = .*$", 'taglin = "Hoisted before noon"')
        expect(alert).to_contain_text("did you mean 'tagline'?")
        change(publication, r"^taglin = .*$", 'tagline = "Hoisted at dusk"')
        expect(seen).to_contain_text("Hoisted at dusk")
        assert digest("edit", "intro", "Words of the editor.", "-c", publication).code == 0
        expect(seen).to_contain_text("Words of the editor.")
        # Another name that leads here is refused: it would be a page of the web that looks in.
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(watched.address, headers={"Host": "attacker.example"}))
        assert refused.value.code == 421
        with pytest.raises(HTTPError) as outside:
            urlopen(f"{watched.address}../digest.toml")
        assert outside.value.code == 404
        refused.value.close()
        outside.value.close()
        watched.process.send_signal(signal.SIGTERM)
        assert watched.process.wait(120) == 0


def test_a_port_that_is_taken_is_told(digest: Digest, publication: Path) -> None:
    outcome = digest("preview", "--watch", "--port", "99999", "-c", publication)
    assert outcome.code == 2
    assert "--port: port 99999 cannot be listened on" in outcome.err
