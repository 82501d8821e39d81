"""An editor's morning in a real browser: the draft is opened, pinned, dropped, rewritten, reordered, merged, looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser import browser, page
from tests.desk.desk_process import desk


@pytest.fixture
def opened(publication: Path) -> Iterator[Page]:
    with desk(publication) as link, browser() as started, page(started, width=1440) as shown:
        shown.goto(link)
        yield shown


class Desk:
    """What an editor sees and does."""

    def __init__(self, opened: Page) -> None:
        self.page = opened

    def headlines(self, section: str) -> list[str]:
        found: list[str] = self.page.locator(f"#sec-{section} .items > .it .h").all_text_contents()
        return found

    def item(self, section: str, place: int) -> Locator:
        return self.page.locator(f"#sec-{section} .items > [data-place='{place}']")

    def at(self, section: str, place: int) -> None:
        self.item(section, place).locator("button.t").focus()

    @property
    def mail(self) -> FrameLocator:
        return self.page.frame_locator("#mail")

    def in_mail(self, words: str) -> None:
        expect(self.mail.locator("body")).to_contain_text(words)

    def not_in_mail(self, words: str) -> None:
        expect(self.mail.locator("body")).not_to_contain_text(words)

    def order_in_mail(self, first: str, second: str) -> None:
        script = "([a, b]) => { const t = document.getElementById('mail').contentDocument.body.innerText; return t.indexOf(a) >= 0 && t.indexOf(a) < t.indexOf(b); }"
        self.page.wait_for_function(script, arg=[first, second])

    def says(self, section: str, place: int, word: str) -> None:
        expect(self.item(section, place).locator(".tag").filter(has_text=word)).to_be_visible()


def wipe(opened: Page, item: Locator, *, by: int) -> None:
    """Move a finger over an item, from where it is up or down, without resting first."""
    item.evaluate("each => each.scrollIntoView({ block: 'center' })")
    opened.locator(".plan").evaluate("each => { each.dataset.from = each.scrollTop; }")
    box = item.bounding_box()
    assert box is not None
    x, y = box["x"] + 150, box["y"] + box["height"] / 2
    finger = opened.context.new_cdp_session(opened)
    finger.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        point = {"x": x, "y": y + by * step / 8}
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    finger.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    finger.detach()


def test_an_editors_morning(opened: Page) -> None:
    at = Desk(opened)
    press = opened.keyboard.press
    expect(opened.locator("#bar")).to_contain_text("No errors")

    # Keys of one letter can be switched off, and on.
    opened.get_by_role("button", name="Keyboard map").click()
    switch = opened.get_by_label("Keys without Ctrl or Alt")
    switch.uncheck()
    press("Escape")
    press("a")
    expect(opened.locator("dialog[open]")).to_have_count(0)
    opened.get_by_role("button", name="Keyboard map").click()
    switch.check()
    press("Escape")

    # Pin the second of a section where it stands, by keyboard.
    first, second, *_ = at.headlines("trade")
    at.at("trade", 2)
    press("p")
    at.says("trade", 2, "Pinned")

    # Drop the first: it is struck, the mail loses it, and its place is free; one click fills it, another takes it back.
    at.at("trade", 1)
    press("d")
    expect(opened.locator("#sec-trade .gone")).to_contain_text(first)
    at.not_in_mail(first)
    expect(opened.locator("#sec-trade .quota b")).to_have_text("3 of 4")
    assert opened.evaluate("document.activeElement.closest('[data-id]')?.innerText || ''").find(second) >= 0
    opened.get_by_role("button", name="Fill the free place").click()
    expect(opened.locator("#sec-trade .quota b")).to_have_text("4 of 4")
    opened.get_by_role("button", name=f"Undo dropping {first}").click()
    at.in_mail(first)
    expect(opened.locator(":focus")).to_contain_text(first)

    # Rewrite: the mail follows, the received words stay one click away.
    at.at("defence", 1)
    received = at.headlines("defence")[0]
    press("Enter")
    field = opened.locator(".open textarea[name=headline]")
    expect(field).to_have_value(received)
    expect(field).to_be_in_viewport()
    field.fill("A headline that says it better")
    expect(opened.locator(".open [data-count=headline]")).to_have_text("30 characters")
    press("Enter")
    at.in_mail("A headline that says it better")
    expect(opened.locator(".open .was")).to_contain_text(received)
    opened.get_by_role("button", name="Undo the last edit").click()
    expect(opened.locator(".open .was")).to_have_count(0)

    # From field to field by Tab, writing on before the answer is there: nothing comes in between, nothing is lost.
    opened.locator(".open input[name=kicker]").focus()
    opened.keyboard.type("One. ")
    press("Tab")
    press("ControlOrMeta+A")
    opened.keyboard.type("A headline that says it better")
    press("Tab")
    press("ControlOrMeta+A")
    opened.keyboard.type("Two")
    expect(opened.locator(".open .was")).to_contain_text(received)
    at.in_mail("A headline that says it better")
    opened.keyboard.type(" and three.")
    expect(opened.locator(".open textarea[name=teaser]")).to_be_focused()
    press("Tab")
    at.in_mail("Two and three.")
    press("Escape")
    at.says("defence", 1, "Rewritten by you")

    # Promote: the last of a section becomes its top item, in the mail too.
    top, *_, last = at.headlines("foreign")
    at.at("foreign", len(at.headlines("foreign")))
    press("Enter")
    opened.get_by_role("button", name="To the top of Foreign Affairs").click()
    at.order_in_mail(last, top)
    press("Escape")
    expect(at.item("foreign", 1).locator("button.t")).to_be_focused()
    assert at.headlines("foreign")[:2] == [last, top]

    # Reorder by keyboard, then by drag, also into another section.
    a, b, c = at.headlines("science")
    at.at("science", 3)
    press("Alt+ArrowUp")
    at.order_in_mail(c, b)
    assert at.headlines("science") == [a, c, b]
    assert c in opened.evaluate("document.activeElement.innerText"), "the focus stays on what was moved"
    at.item("science", 3).drag_to(at.item("science", 1), target_position={"x": 60, "y": 4})
    at.order_in_mail(b, a)
    moved = at.headlines("culture")[0]
    at.item("culture", 1).drag_to(at.item("science", 2), target_position={"x": 60, "y": 4})
    expect(opened.locator("#sec-science")).to_contain_text(moved)
    at.order_in_mail("Science", moved)

    # A finger that wipes over the items scrolls, and moves none of them.
    expect(opened.locator("#sec-science .items > .it")).to_have_count(3)
    before, draft = at.headlines("science"), opened.locator(".state").inner_text()
    wipe(opened, at.item("science", 2), by=-120)
    # A function, not an expression: the page's policy lets nobody evaluate a text.
    opened.wait_for_function(
        "() => { const each = document.querySelector('.plan'); return each.scrollTop > +each.dataset.from; }"
    )
    assert (at.headlines("science"), opened.locator(".state").inner_text()) == (before, draft)

    # Put in a candidate, by its button and by dragging it.
    candidate = opened.locator("#candidates .ca").first
    name = candidate.locator(".h").inner_text()
    following = opened.locator("#candidates .ca").nth(1).get_attribute("id")
    candidate.get_by_role("button", name="Put in").press("Enter")
    at.in_mail(name)
    expect(opened.locator(f"#{following} [data-do=putin]")).to_be_focused()

    # Merge: two events become one with its sources listed; then the other leads.
    at.at("natural", 1)
    kept, gone = at.headlines("natural")[:2]
    press("m")
    expect(opened.locator(".open [data-pick=join]")).to_be_focused()
    opened.locator(".open [data-pick=join]").select_option(at.item("natural", 2).get_attribute("data-id"))
    expect(opened.locator(".open .srcs")).to_contain_text(gone)
    expect(opened.locator("#sec-natural .items > .it", has_text=gone)).to_have_count(0)
    at.in_mail(kept)
    press("Escape")
    # Closing asks the desk, whose answer takes the focus back to the item: not after the next one has it.
    expect(opened.locator(".plan .open")).to_have_count(0)
    expect(at.item("natural", 1).locator("button.t")).to_be_focused()

    # The event of an item: a line under it off, one by hand, another lead, a story split off; up and down the scores.
    opened.locator(".plan .it", has_text=re.compile(r"[3-9] sources")).first.locator("button.t").focus()
    press("r")
    line = opened.locator(".open [data-line]").first
    expect(line).to_be_focused()
    words = str(line.get_attribute("data-headline"))
    at.in_mail(words)
    line.uncheck()
    at.not_in_mail(words)
    opened.get_by_label("Line by hand").fill("How it all began")
    opened.get_by_role("textbox", name="Its address").fill("https://read.example/began")
    opened.get_by_role("button", name="Add line").click()
    at.in_mail("How it all began")
    other = opened.locator(".open .srcs input[type=radio]:not(:checked):not(:disabled)").last
    leads = other.locator("xpath=following-sibling::label/a").inner_text()
    other.check()
    expect(opened.locator(".open textarea[name=headline]")).to_have_value(leads)
    at.in_mail(leads)
    split = opened.locator(".open [data-do=split]").first
    apart = str(split.get_attribute("aria-label")).removeprefix("Split off: ")
    split.click()
    expect(opened.locator("#candidates")).to_contain_text(apart)
    score = opened.locator(".open .v.tot").inner_text()
    opened.get_by_role("button", name="Raise its score by 0.5").click()
    expect(opened.locator(".open .v.tot")).to_have_text(f"{float(score) + 0.5:.2f}")
    expect(opened.get_by_role("button", name="Raise its score by 0.5")).to_be_focused()
    press("Escape")
    expect(opened.locator("#sec-trade .locked")).to_contain_text("Tidewell Charts")

    # An intro in Markdown, a note, and a story by its address, whose page is read; nobody reaches into our own network.
    intro = opened.get_by_role("textbox", name="Intro")
    intro.fill("Good *morning*, and [see the log](https://log.example/today).")
    intro.blur()
    expect(at.mail.locator("em")).to_have_text("morning")
    expect(at.mail.get_by_role("link", name="see the log")).to_have_attribute("href", "https://log.example/today")
    opened.get_by_role("button", name="Add a note").click()
    opened.locator("#dialog-note textarea").fill("We are **off** on Monday.")
    opened.locator("#dialog-note").get_by_role("button", name="Add it").click()
    expect(at.mail.locator("strong")).to_have_text("off")
    opened.get_by_role("button", name="Take out the note: We are").click()
    at.not_in_mail("on Monday.")
    for address, headline, answer in (
        ("http://127.0.0.1:9/inside", "", "tells no headline"),
        ("https://read.halyard.example/by-hand", "The bakery that never closed", ""),
    ):
        opened.get_by_role("button", name="Add a story by its address").click()
        dialog = opened.locator("#dialog-add")
        dialog.get_by_label("Address").fill(address)
        dialog.get_by_label("Section").select_option("culture")
        dialog.get_by_label("Headline", exact=False).fill(headline)
        dialog.get_by_role("button", name="Add it").click()
        if answer:
            # What was typed stays, with what was wrong with it.
            expect(dialog.locator(".told")).to_contain_text(answer)
            expect(dialog.get_by_label("Address")).to_have_value(address)
            press("Escape")
        else:
            expect(dialog).to_be_hidden()
            at.in_mail(headline)

    # The preview: phone, dark, text, pictures off, the other direction; and as a reader of one section.
    frame = opened.locator("#mail")
    opened.locator("input[name=width][value='320']").check()
    expect(opened.locator(".stage")).to_have_attribute("data-width", "320")
    assert frame.evaluate("each => each.clientWidth") == 320
    opened.get_by_label("Dark", exact=True).check()
    opened.wait_for_function(
        "() => getComputedStyle(document.getElementById('mail').contentDocument.body).backgroundColor === 'rgb(21, 23, 26)'"
    )
    opened.get_by_label("Text", exact=True).check()
    expect(at.mail.locator("pre")).to_contain_text("Unsubscribe")
    opened.get_by_label("No pictures").check()
    expect(at.mail.locator("img").first).to_have_attribute("src", re.compile("^data:,"))
    opened.locator("#as").select_option("rtl")
    expect(at.mail.locator("html")).to_have_attribute("dir", "rtl")
    opened.get_by_label("Light", exact=True).check()
    only = opened.locator("#as option", has_text="only").first
    opened.locator("#as").select_option(only.get_attribute("value"))
    expect(at.mail.locator("h2").first).to_be_visible()
    at.not_in_mail(moved)

    # And as somebody in particular: her sections, her address in the imprint, and in no address.
    opened.locator("#as").select_option("?")
    dialog = opened.locator("#dialog-reader")
    dialog.get_by_label("Name, or part of the address").fill("leserin@")
    press("Enter")
    dialog.get_by_role("button", name="Petra Vogt").click()
    expect(dialog).to_be_hidden()
    at.in_mail("leserin@example.org")
    expect(at.mail.locator("h2")).to_have_text(["Foreign Affairs", "Culture"])
    expect(opened.locator("#as option:checked")).to_have_text("Petra Vogt")
    assert "leserin" not in str(frame.get_attribute("src"))

    # Everything is on record, and can be taken back and brought back.
    opened.get_by_role("tab", name="Candidates").press("ArrowRight")
    expect(opened.get_by_role("tab", name="History")).to_be_focused()
    expect(opened.locator("#history")).to_contain_text(f"You dropped “{first[:40]}")
    expect(opened.locator("#history")).to_contain_text("to place 2 of Science")
    # What stands behind one's initials lies over the page, which does not move.
    lies = opened.locator(".cols").bounding_box()
    opened.locator(".me summary").click()
    expect(opened.get_by_role("link", name="Calendar of editions")).to_be_visible()
    assert opened.locator(".cols").bounding_box() == lies
    press("Escape")
    expect(opened.get_by_role("link", name="Calendar of editions")).to_be_hidden()
    opened.locator("#as").select_option("")
    at.in_mail("The bakery that never closed")
    draft = opened.locator(".state").inner_text()
    opened.get_by_role("button", name="Undo the last edit").click()
    at.not_in_mail("The bakery that never closed")
    expect(opened.locator(".state")).not_to_have_text(draft)
    opened.get_by_role("button", name="Redo", exact=True).click()
    at.in_mail("The bakery that never closed")
