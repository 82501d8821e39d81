"""What an editor decides, asked over ASGI: hours, holds, a relay that does not answer, a day without an edition."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from digest.config import load
from digest.errors import StoreConflict
from digest.model.editions import EditionState
from digest.wiring import Wiring
from tests.cli.conftest import change
from tests.conftest import StandingClock
from tests.desk.test_access import Browser, House, house_of
from tests.smtpd import aiosmtpd_server, free_port


def bar(ada: Browser, house: House) -> str:
    return " ".join(ada.get(f"/d/{house.day}/bar").text.split())


def until(ada: Browser, house: House, words: str) -> str:
    """Ask until the bar says something; a thread is at it."""
    for _ in range(2_000):
        if words in (said := bar(ada, house)):
            return said
        time.sleep(0.05)
    raise AssertionError(f"{words!r} is not said: {said}")


def at(publication: Path, hour: int, minute: int = 0) -> StandingClock:
    """Return a clock that stands at an hour of the draft's day."""
    wiring = Wiring(load(publication, {}))
    try:
        day = wiring.editions.recent("daily", limit=1)[0].day
    finally:
        wiring.close()
    return StandingClock(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC))


def test_hours_and_holds(publication: Path) -> None:
    change(publication, r"^\[digest\.daily\]$", '[digest.daily]\ntime = "10:30"\nnot_after = "12:00"')
    change(publication, r'^approval = "required"$', 'approval = "automatic"')
    with house_of(publication, clock=at(publication, 9, 30)) as house:
        ada = house.terminal(house.browser())
        path = f"/d/{house.day}"
        assert "Sends itself at 10:30 unless you stop it." in bar(ada, house)
        assert "Held until you approve it." in ada.change(f"{path}/withdraw").text
        assert "An editor said hold" in bar(ada, house)
        ada.change(f"{path}/release")
        assert "Sends itself at 10:30" in bar(ada, house)
        assert "10:30" in ada.get(f"{path}/ask/schedule").text
        late = ada.change(f"{path}/schedule", data={"at": "12:00"})
        assert (late.status_code, "12:00 is too late" in late.text) == (422, True)
        assert "has passed" in ada.change(f"{path}/schedule", data={"at": "09:00"}).text
        moved = ada.change(f"{path}/schedule", data={"at": "10:15"})
        assert "Hand-over begins at 10:15." in moved.text
        assert "Sends itself at 10:15" in bar(ada, house)
        assert "10:15 in Lisbon, 11:15 with you, in 45 minutes" in _zoned(ada, house)
        ada.change(f"{path}/schedule", data={"own": "1"})
        assert "Sends itself at 10:30" in bar(ada, house)
        seen = {"draft": "1", "edits": "0", "leads": ""}
        assert "Approved as No. 1." in ada.change(f"{path}/approve", data=seen).text
        assert "Approved by Ada at 09:30. First hand-over 10:30, 10 readers." in bar(ada, house)
        stale = ada.change(f"{path}/approve", data={**seen, "draft": "7"})
        assert (stale.status_code, "Draft 7 has become 1 since you looked" in stale.text) == (409, True)
        assert ada.change(f"{path}/approve", data={"draft": "one"}).status_code == 422


def _zoned(ada: Browser, house: House) -> str:
    ada.cookies.set("desk_zone", "Europe%2FParis", domain="127.0.0.1", path="/")
    said = bar(ada, house)
    ada.cookies.delete("desk_zone", domain="127.0.0.1", path="/")
    return said


def test_a_relay_that_does_not_answer_is_asked_again(publication: Path) -> None:
    change(publication, r"^via = .*$", f'via = "smtp://127.0.0.1:{free_port()}"')
    waits: list[float] = []
    go_on = Event()

    def pause(ended: Event, seconds: float) -> None:
        waits.append(seconds)
        assert go_on.wait(300)

    with house_of(publication, clock=at(publication, 10)) as house:
        ada, path = house.terminal(house.browser()), f"/d/{house.day}"
        ada.change(f"{path}/approve", data={"draft": "1"})
        deciding = house.app.live.deciding
        deciding.hand_overs.pause = pause
        assert "The hand-over has begun." in ada.change(f"{path}/send").text
        said = until(ada, house, "The relay does not answer. We try again at 10:01; nothing is lost.")
        assert "Send now" not in said
        with aiosmtpd_server() as relay:
            (begun,) = deciding.hand_overs._begun.values()
            begun.publisher.via = f"smtp://127.0.0.1:{relay.port}"
            go_on.set()
            until(ada, house, "No. 1 went to 10 readers.")
            assert len(relay.taken) == 10
        assert waits == [60]
        with pytest.raises(StoreConflict):
            deciding.withdraw(begun.key, "Ada")


def test_a_day_without_an_edition_says_why(publication: Path) -> None:
    with house_of(publication) as house:
        ada = house.terminal(house.browser())
        key = house.app.live.deciding.publisher.key()
        gone = key._replace(day=key.day - timedelta(days=1))
        now = house.wiring.clock.now()
        house.wiring.editions.set_state(gone, EditionState.SKIPPED, among=(), reason="empty: no feed had news", now=now)
        page = ada.get(f"/d/{gone.day}/").text
        assert f"No edition on {gone.day:%A} {gone.day.day} {gone.day:%B}: no feed had news." in page
        assert "Readers get nothing, and the calendar says why." in page
        assert "no feed had news" in ada.get("/calendar").text
        refused = ada.change(f"/d/{gone.day}/build")
        assert (refused.status_code, "is not today" in refused.text) == (422, True)
