"""The second half of the morning, two editors at once, and a connection that breaks, in a real browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import browser, page
from tests.cli.conftest import change
from tests.desk.desk_process import desk
from tests.desk.test_editing import came_in
from tests.smtpd import Script, aiosmtpd_server, free_port, scripted_server

PASSWORD = "four ropes and a lantern"
LATE_WITHDRAWAL = """() => {
    const ask = window.fetch;
    window.fetch = async (...words) => {
        const answer = await ask(...words);
        if (String(words[0]).endsWith("/withdraw")) await new Promise((go) => { window.answer = go; });
        return answer;
    };
}"""


def user(publication: Path, name: str, role: str = "editor") -> None:
    words = ["desk", "users", "add", name, "--role", role, "-c", str(publication)]
    done = subprocess.run(
        [sys.executable, "-m", "digest", *words], input=f"{PASSWORD}\n", text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr


def log_in(opened: Page, link: str, name: str) -> None:
    opened.goto(link.split("/enter/")[0] + "/")
    opened.get_by_label("Name").fill(name)
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Log in").click()
    expect(opened.locator("#bar")).to_have_attribute("data-state", "draft")


def nothing_found(opened: Page, what: str, *schemes: Literal["light", "dark"]) -> None:
    """Fail on anything axe finds, in the light unless said otherwise. The mail in its frame is checked elsewhere."""
    wanted: tuple[Literal["light", "dark"], ...] = schemes or ("light",)
    for scheme in wanted:
        opened.emulate_media(color_scheme=scheme)
        found = Axe().run(opened, context={"exclude": [["iframe"]]})
        assert found.response["violations"] == [], f"{what}, {scheme}: {found.generate_report()}"
    opened.emulate_media(color_scheme="light")


def edits_of(publication: Path) -> list[dict[str, object]]:
    words = [sys.executable, "-m", "digest", "edit", "list", "--json", "-c", str(publication)]
    found: list[dict[str, object]] = json.loads(
        subprocess.run(words, capture_output=True, text=True, check=True).stdout
    )
    return found


def first_headline(opened: Page) -> None:
    """Open the first item; its headline can be typed in then."""
    opened.locator(".plan [data-id] [data-do=open]").first.click()
    expect(opened.locator(".open textarea[name=headline]")).to_be_visible()


def test_the_second_half_of_the_morning(publication: Path) -> None:
    with aiosmtpd_server() as relay, ExitStack() as open_:
        change(publication, r"^via = .*$", f'via = "smtp://127.0.0.1:{relay.port}"')
        link = open_.enter_context(desk(publication))
        started = open_.enter_context(browser())
        opened = open_.enter_context(page(started, width=1440))
        opened.goto(link)
        bar, dialog, said = opened.locator("#bar"), opened.locator("#decide"), opened.locator("#said")
        expect(bar).to_contain_text("Waits for your approval; nothing is mailed before it.")
        expect(bar).to_contain_text("10 readers")
        expect(opened.locator("#morning svg")).to_have_attribute("aria-label", re.compile("^It is "))

        opened.keyboard.press("t")
        dialog.get_by_label("Address").fill("no address")
        dialog.get_by_label("Address").evaluate("field => { field.type = 'text' }")
        dialog.get_by_role("button", name="Send it").click()
        expect(dialog.get_by_role("alert")).to_contain_text("is no address")
        dialog.get_by_label("Address").fill("ada@halyard.example")
        dialog.get_by_role("button", name="Send it").click()
        expect(said).to_contain_text("was accepted")
        assert relay.recipients == ["ada@halyard.example"]
        assert "/u/EXAMPLE" in str(relay.message("ada@halyard.example"))

        # Approved from within a field: what was just typed there is part of it.
        opened.locator("[data-whole=subject]").fill("Ferries, pilots and a bell")
        opened.keyboard.press("Control+Enter")
        expect(dialog.get_by_role("heading")).to_have_text("Approve draft 2?")
        expect(dialog).to_contain_text("10 in 4 time zones")
        nothing_found(opened, "the approval", "light", "dark")
        dialog.get_by_role("button", name="Approve draft 2").click()
        expect(bar).to_contain_text(
            re.compile(r"Approved by Ada at \d\d:\d\d\. First hand-over with the next run, 10 readers\.")
        )
        # The answer to the withdrawal comes last, when the stream has told of it and the next question is open.
        opened.evaluate(LATE_WITHDRAWAL)
        bar.get_by_role("button", name="Withdraw; nothing has been handed over yet").click()
        expect(bar).to_contain_text("An editor said hold")
        opened.keyboard.press("Control+Enter")
        expect(dialog).to_contain_text("10 in 4 time zones")
        opened.wait_for_function("() => window.answer !== undefined")
        opened.evaluate("window.answer()")
        expect(said).to_contain_text("Withdrawn; it is a draft again.")
        dialog.get_by_role("button", name="Approve draft 2").click()

        bar.get_by_role("button", name="Send now").click()
        dialog.get_by_role("button", name="Send now").click()
        expect(bar).to_contain_text(re.compile(r"No\. 1 went to 10 readers\. The page is listed since \d\d:\d\d\."))
        assert len(relay.taken) == 11

        # The story that is open is the one to be corrected, and stays chosen when something was wrong.
        story = opened.locator("#sec-defence .it").nth(1)
        wanted = str(story.get_attribute("data-id"))
        story.locator("button.t").click()
        expect(opened.locator(f"#it-{wanted}.open")).to_be_visible()
        bar.get_by_role("button", name="Correct this edition").click()
        expect(dialog.locator("[name=target]")).to_have_value(wanted)
        nothing_found(opened, "the correction")
        dialog.get_by_label("What was wrong").fill(" ")
        dialog.get_by_role("button", name="Correct it").click()
        expect(dialog.get_by_role("alert")).to_be_visible()
        expect(dialog.locator("[name=target]")).to_have_value(wanted)
        dialog.get_by_label("What was wrong").fill("The harbour is in Caldhaven, not in Iselin.")
        dialog.get_by_label("New headline, if it changes").fill("Caldhaven opens its harbour")
        dialog.get_by_role("button", name="Correct it").click()
        expect(said).to_contain_text("Corrected; the page says so.")
        (found,) = (publication.parent / "site" / "daily").glob("*/*/*/index.html")
        assert "The harbour is in Caldhaven, not in Iselin." in found.read_text(encoding="utf-8")
        nothing_found(opened, "the desk after sending")
        opened.goto(link.split("/enter/")[0] + "/calendar")
        expect(opened.get_by_role("table").first).to_contain_text("10 readers have it.")
        nothing_found(opened, "the calendar", "light", "dark")
        opened.goto(link.split("/enter/")[0] + "/d/2024-02-29/")
        expect(opened.get_by_role("heading", level=1)).to_have_text("Nothing was built that day.")
        nothing_found(opened, "a day without an edition")
    log = subprocess.run(
        [sys.executable, "-m", "digest", "desk", "log", "-c", str(publication)], capture_output=True, text=True
    ).stdout
    for deed in ("log-in", "test", "approve", "withdraw", "send", "correct"):
        assert re.search(rf"Ada +{deed} ", log), log


def test_a_send_under_way_is_stopped(publication: Path) -> None:
    """One reader has it when the relay falls silent; whoever is left when an editor stops it never gets it."""
    go_on = threading.Event()
    answered: list[str] = []

    def slow(recipient: str) -> str:
        if answered:
            go_on.wait(1_000)
        answered.append(recipient)
        return "250 2.0.0 taken"

    # Its silence is ours to end: a relay that says nothing for `timeout` would be cut off, and its messages in doubt.
    change(publication, r"^\[delivery\]$", '[delivery]\nconnections = 2\ntimeout = "20m"')
    with (
        scripted_server(Script(on_dot=slow)) as relay,
        desk(publication, words=("--via", f"smtp://127.0.0.1:{relay.port}")) as link,
        browser() as started,
        page(started, width=1440) as opened,
    ):
        opened.goto(link)
        bar, dialog = opened.locator("#bar"), opened.locator("#decide")
        for name in ("Approve draft 1", "Send now"):
            bar.get_by_role("button", name=name).click()
            dialog.get_by_role("button", name=name).click()
        expect(bar).to_contain_text(re.compile("Handing over, [12] of 10"))
        expect(bar.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile("^[12]$"))
        bar.get_by_role("button", name=re.compile(r"Stop sending; \d already have it")).click()
        dialog.get_by_role("button", name=re.compile("Stop sending")).click()
        expect(bar).to_contain_text(re.compile(r"Stopped\. [678] readers will not get this edition\."))
        go_on.set()
    assert len(relay.taken) <= 4


def test_two_editors_see_each_other_and_neither_overwrites(publication: Path) -> None:
    user(publication, "Jonne")
    user(publication, "Vi", "viewer")
    with desk(publication) as link, browser() as started, page(started, width=1440) as ada:
        ada.goto(link)
        with page(started, width=1440) as jonne:
            jonne.goto(link.split("/enter/")[0] + "/")
            nothing_found(jonne, "the log-in page", "light", "dark")
            log_in(jonne, link, "Jonne")
            expect(jonne.locator("#people")).to_have_text("Ada is here too")
            expect(ada.locator("#people")).to_have_text("Jonne is here too")

            for each in (ada, jonne):
                first_headline(each)
            mine = ada.locator(".open textarea[name=headline]")
            mine.fill("What Ada makes of it")
            theirs = jonne.locator(".open textarea[name=headline]")
            theirs.focus()
            theirs.fill("What Jonne makes of it")
            mine.press("Enter")
            expect(jonne.frame_locator("#mail").locator("h3").first).to_have_text("What Ada makes of it")
            expect(theirs).to_have_value("What Jonne makes of it")
            theirs.press("Enter")
            said = jonne.locator(".clash")
            expect(said).to_contain_text("Ada changed this headline while you were typing. Both versions are kept.")
            expect(said).to_be_in_viewport()
            said.get_by_role("button", name="Show both").click()
            expect(said).to_contain_text("What Jonne makes of it")
            expect(said).to_contain_text("What Ada makes of it")
            nothing_found(jonne, "a conflict", "light", "dark")
            expect(ada.frame_locator("#mail").locator("h3").first).to_have_text("What Ada makes of it")
            said.get_by_role("button", name="Keep mine").click()
            expect(ada.frame_locator("#mail").locator("h3").first).to_have_text("What Jonne makes of it")
            # Ada stands in the field and types nothing: she sees what it says now, and writes over it knowing so.
            expect(mine).to_be_focused()
            expect(mine).to_have_value("What Jonne makes of it")

            ada.keyboard.press("Escape")
            ada.keyboard.press("Escape")
            ada.keyboard.press("Control+Enter")
            expect(ada.locator("#decide")).to_contain_text("Approve draft 3?")
            jonne.locator("[data-whole=subject]").fill("Jonne's own subject")
            jonne.locator("[data-whole=subject]").press("Enter")
            expect(ada.locator("#top")).to_contain_text("Draft 4")
            ada.locator("#decide").get_by_role("button", name="Approve draft 3").click()
            refused = ada.locator("#decide")
            expect(refused).to_contain_text("Draft 3 has become 4 since you looked")
            expect(refused).to_contain_text("Jonne wrote the subject.")
            nothing_found(ada, "a stale approval")
            refused.get_by_role("button", name="See what changed").click()
            expect(ada.locator("#pane-history")).to_be_visible()
        with page(started, width=390) as looker:
            log_in(looker, link, "Vi")
            expect(looker.locator("#bar")).to_contain_text("You may look, and change nothing.")
            expect(looker.get_by_role("button", name="Approve draft 4")).to_have_count(0)


def test_what_was_typed_survives_a_lost_connection_and_a_reload(publication: Path) -> None:
    port = str(free_port())
    with browser() as started, page(started, width=1440) as opened:
        with desk(publication, words=("--port", port)) as link:
            opened.goto(link)
            first_headline(opened)
            opened.locator(".open textarea[name=headline]").fill("Typed while nobody answers")
        lost = opened.locator("#lost")
        expect(lost).to_have_text(
            re.compile("The connection is gone. What you type is kept here and sent when it is back.")
        )
        nothing_found(opened, "a lost connection", "dark")
        opened.locator(".open textarea[name=headline]").press("Enter")
        again = opened.locator("#lost [data-now]")
        expect(again).to_have_text("Try now")
        expect(again).to_be_visible()
        with desk(publication, words=("--port", port)):
            # The page comes back by itself, too: where it was quicker, the button is hidden by now.
            again.evaluate("button => button.click()")
            expect(lost).to_be_hidden()
            expect(opened.frame_locator("#mail").locator("h3").first).to_have_text("Typed while nobody answers")
            # One request alone may be lost: the stream is still there, and nobody has to press anything.
            opened.route("**/edit", lambda route: route.abort())
            opened.locator(".open input[name=kicker]").fill("Lanterns")
            opened.locator(".open input[name=kicker]").press("Enter")
            expect(lost).to_be_visible()
            opened.unroute("**/edit")
            expect(lost).to_be_hidden()
            expect(opened.frame_locator("#mail").locator("body")).to_contain_text("Lanterns")
            opened.locator(".open textarea[name=teaser]").fill("Begun, and not finished")
            opened.reload()
            teaser = opened.locator(".open textarea[name=teaser]")
            expect(teaser).to_have_value("Begun, and not finished")
            expect(opened.locator(".open textarea[name=headline]")).to_have_value("Typed while nobody answers")
            assert [edit["kind"] for edit in edits_of(publication)] == ["rewrite"] * 2, (
                "each once, and nothing unfinished"
            )


def test_new_candidates_come_without_touching_what_is_typed(publication: Path) -> None:
    with desk(publication) as link, browser() as started, page(started, width=1440) as opened:
        opened.goto(link)
        first_headline(opened)
        field = opened.locator(".open textarea[name=headline]")
        field.fill("Half a headl")
        built = opened.locator("#top .sub").inner_text()
        story = opened.locator("#candidates .ca").first.get_attribute("data-id")
        done = subprocess.run(
            [sys.executable, "-m", "digest", "edit", "drop", str(story), "--by", "Jonne", "-c", str(publication)],
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        expect(opened.locator(f"#candidates [data-id='{story}']")).to_have_count(0)
        expect(opened.locator("#top .sub")).not_to_have_text(built)
        expect(field).to_have_value("Half a headl")
        expect(field).to_be_focused()
        came = came_in(publication, "Lanterns of the outer mole are lit by hand again")
        expect(opened.locator(f"[data-id='{came.id}'] .tag.new")).to_have_text(re.compile(r"^New, \d\d:\d\d$"))
        expect(field).to_have_value("Half a headl")
        expect(field).to_be_focused()
