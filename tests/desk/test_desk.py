"""The desk in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser import browser, page
from tests.desk.desk_process import desk


def test_the_link_opens_the_desk_once_and_an_edit_shows_in_the_mail(publication: Path) -> None:
    with desk(publication) as link, browser() as started:
        with page(started, width=1440) as opened:
            opened.goto(link)
            first = opened.locator(".plan [data-id]").first
            opened.keyboard.press("j")
            opened.keyboard.press("Enter")
            headline = opened.locator(".open textarea[name=headline]")
            before = headline.input_value()
            headline.fill("Words of our own")
            headline.press("Enter")
            expect(opened.frame_locator("#mail").locator("h3").first).to_have_text("Words of our own")
            opened.get_by_role("button", name="Put back").click()
            expect(opened.frame_locator("#mail").locator("h3").first).to_have_text(before)
            expect(first).to_contain_text("Close")
        with page(started) as stranger:
            answer = stranger.goto(link.split("/enter/")[0] + "/static/desk.css")
            assert answer is not None
            assert answer.status == 200
