"""What `digest run` makes of days, hours, zones, pauses, thresholds and policies."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.errors import StoreConflict, UsageError
from digest.model.editions import EditionState
from digest.model.mail import EditionKey
from digest.wiring import cron
from tests.conftest import fresh_postgres
from tests.simulation import Fate, Process, Town
from tests.webd import web_server

AUTOMATIC = '[digest.daily]\ntime = "07:00"\nnot_after = "12:00"\napproval = "automatic"\n'
REQUIRED = AUTOMATIC.replace('"automatic"', '"required"')


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def town(folder: Path, digests: str = AUTOMATIC, when: str = "2026-11-23T07:05", **more: Any) -> Town:
    return Town(folder, digests=digests, at=at(when), **more)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_run_repeated_sends_nothing_twice(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    url = fresh_postgres(request.getfixturevalue("postgres")) if kind == "postgresql" else ""
    place = town(tmp_path, url=url)
    assert place.run().code == 0
    assert len(place.relay.editions()) == 5
    again = place.run()
    assert again.code == 0
    assert "nothing to do" in again.text
    assert len(place.relay.editions()) == 5
    assert place.states() == {"2026-11-23": ("finished", "")}


def test_missed_days_are_on_record_and_only_one_edition_goes_out(tmp_path: Path) -> None:
    place = town(tmp_path)
    place.run()
    place.clock.instant = at("2026-11-27T07:10")
    back = place.run()
    assert back.code == 5
    assert len(place.relay.editions()) == 10
    states = place.states()
    assert [states[f"2026-11-{day}"] for day in (24, 25, 26)] == [("skipped", "too late")] * 3
    assert states["2026-11-27"] == ("finished", "")
    assert back.text.count("it was too late to mail one (no run came while it was due)") == 3
    assert place.run().code == 0, "told once"


def test_weekdays_holidays_and_pauses_are_told_apart(tmp_path: Path) -> None:
    days = AUTOMATIC + 'days = ["mon", "tue", "wed", "fri", "sat"]\nskip = [2026-11-24]\n'
    place = town(tmp_path, days)
    place.run()
    place.clock.instant = at("2026-11-24T06:00")
    assert "a holiday" in place.run().text
    assert "2026-11-24" not in place.states(), "its hour has not come"
    place.clock.instant = at("2026-11-24T08:00")
    assert place.run().code == 0
    assert place.states()["2026-11-24"] == ("skipped", "a holiday")
    place.ask(lambda process: process.pauses.set("daily", date(2026, 11, 27), by="Ada", now=place.clock.now()))
    place.clock.instant = at("2026-11-25T07:30")
    rest = place.run()
    assert "paused until 2026-11-27; the next is due Fri 2026-11-27 07:00 WET" in rest.text
    place.clock.instant = at("2026-11-26T07:30")
    assert "none on Thursdays" in place.run().text
    assert "2026-11-26" not in place.states(), "no day of this digest"
    place.clock.instant = at("2026-11-27T07:30")
    assert place.run().code == 0
    assert place.states()["2026-11-25"] == ("skipped", "paused until 2026-11-27")
    assert len(place.relay.editions()) == 10


def test_a_pause_lifted_before_the_hour_changes_nothing(tmp_path: Path) -> None:
    place = town(tmp_path, when="2026-11-23T06:00")
    place.ask(lambda process: process.pauses.set("daily", date(2026, 12, 1), by="Ada", now=place.clock.now()))
    place.run()
    place.ask(lambda process: process.pauses.set("daily", None, by="Ada", now=place.clock.now()))
    place.clock.instant = at("2026-11-23T07:00")
    assert place.run().code == 0
    assert len(place.relay.editions()) == 5


def test_a_weekly_digest_goes_beside_the_daily_one(tmp_path: Path) -> None:
    weekly = '[digest.weekly]\ndays = ["mon"]\ntime = "07:00"\napproval = "automatic"\n'
    place = town(tmp_path, AUTOMATIC + weekly)
    assert place.run().code == 0
    place.clock.instant = at("2026-11-24T07:05")
    place.run()
    assert len(place.relay.editions()) == 5 + 2 + 5
    assert place.states("weekly") == {"2026-11-23": ("finished", "")}


def test_readers_get_it_by_their_own_clocks(tmp_path: Path) -> None:
    place = town(tmp_path, AUTOMATIC + 'by = "subscriber"\n', when="2026-11-23T07:00")
    first = place.run()
    assert first.code == 0, first.text
    assert "2 wait for their reader's hour, the first at 12:00 UTC" in first.text
    assert {to for to, _ in place.relay.editions()} == {"ada@read.example", "bram@read.example", "edda@read.example"}
    place.clock.instant = at("2026-11-23T12:00")  # 07:00 in New York, and too late in Lisbon
    assert place.run().code == 0
    assert place.relay.editions()[-1][0] == "cora@read.example"
    place.clock.instant = at("2026-11-23T22:00")  # 07:00 of the 24th in Tokyo
    assert place.run().code == 0
    assert place.relay.editions()[-1][0] == "dion@read.example"
    assert place.states()["2026-11-23"] == ("finished", "")
    assert len(place.relay.editions()) == 5


@pytest.mark.parametrize(
    ("night", "moments"),
    [
        # 02:30 does not exist in Berlin on 29 March: it is read as 03:30 summer time, 01:30 UTC.
        ("2026-03-29", [("00:00", 0), ("01:29", 0), ("01:30", 5), ("01:45", 5)]),
        # On 25 October 02:30 comes twice: the first is meant, 00:30 UTC, and the second sends nothing again.
        ("2026-10-25", [("00:29", 0), ("00:30", 5), ("01:30", 5), ("02:30", 5)]),
    ],
)
def test_gaps_and_overlaps_of_the_clock(tmp_path: Path, night: str, moments: list[tuple[str, int]]) -> None:
    place = town(tmp_path, AUTOMATIC.replace("07:00", "02:30"), when=f"{night}T00:00", zone="Europe/Berlin")
    for moment, sent in moments:
        place.clock.instant = at(f"{night}T{moment}")
        assert place.run().code == 0
        assert len(place.relay.editions()) == sent, moment


def test_editors_are_asked_in_time_and_reminded_once(tmp_path: Path) -> None:
    place = town(tmp_path, REQUIRED, when="2026-11-23T04:00", extra="")
    assert place.run().code == 0
    assert place.relay.notices() == [], "two hours before it begins is soon enough"
    for moment, code, told in (("05:15", 0, 1), ("07:00", 4, 1), ("10:59", 4, 1), ("11:00", 4, 2), ("11:45", 4, 2)):
        place.clock.instant = at(f"2026-11-23T{moment}")
        assert place.run().code == code, moment
        assert place.relay.notices().count("ada@tide.example") == told, moment
    place.clock.instant = at("2026-11-23T12:00")
    late = place.run()
    assert late.code == 5
    assert "too late to mail one (nobody approved it in time)" in late.text
    assert place.states()["2026-11-23"] == ("skipped", "too late")
    assert place.relay.editions() == []
    assert place.relay.notices().count("ops@tide.example") == 1
    place.run()
    assert place.relay.notices().count("ops@tide.example") == 2, "all is well again"


def test_an_approved_edition_that_comes_too_late_is_published_not_mailed(tmp_path: Path) -> None:
    place = town(tmp_path, REQUIRED, when="2026-11-23T07:00")
    place.run()
    from digest.wiring.publisher import Publisher

    key = EditionKey("daily", date(2026, 11, 23))
    place.ask(lambda process: Publisher(process, process.settings.digests[0]).approve(key, "Ada"))
    place.clock.instant = at("2026-11-23T12:00")
    late = place.run()
    assert late.code == 5
    assert "it is published, not mailed" in late.text
    assert (tmp_path / "site" / "daily" / "2026" / "11" / "23" / "index.html").is_file()
    assert place.run().code == 0, "told once"
    place.clock.instant = at("2026-11-24T07:00")
    place.run()
    assert place.states()["2026-11-23"] == ("finished", "too late: published, not mailed")
    assert place.relay.editions() == []


def test_automatic_after_waits_unless_held(tmp_path: Path) -> None:
    place = town(tmp_path, AUTOMATIC.replace('"automatic"', '"automatic-after 08:00"'))
    waiting = place.run()
    assert waiting.code == 4
    assert "it approves itself at 08:00" in waiting.text
    key = EditionKey("daily", date(2026, 11, 23))
    place.ask(lambda process: process.editions.hold(key, held=True, now=place.clock.now()))
    place.clock.instant = at("2026-11-23T08:00")
    held = place.run()
    assert (held.code, "an editor said hold" in held.text) == (4, True)
    place.ask(lambda process: process.editions.hold(key, held=False, now=place.clock.now()))
    assert place.run().code == 0
    assert len(place.relay.editions()) == 5


@pytest.mark.parametrize(
    ("few", "code", "state", "mails"),
    [("skip", 5, "skipped", 0), ("hold", 4, "draft", 0), ("shorten", 5, "finished", 4)],
)
def test_too_few_stories(tmp_path: Path, few: str, code: int, state: str, mails: int) -> None:
    place = town(tmp_path, AUTOMATIC + f'minimum_stories = 9\nfew_stories = "{few}"\nmaximum_failed_feeds = 1\n')
    place.feeds.down = {"ledger": "no answer within 20 s"}
    outcome = place.run()
    assert outcome.code == code
    assert "too few stories" in outcome.text
    assert place.states()["2026-11-23"][0] == state
    assert len(place.relay.editions()) == mails, "nobody gets an empty mail: Bram wants only Trade"


@pytest.mark.parametrize(
    ("action", "code", "state"), [("hold", 4, "draft"), ("shorten", 5, "finished"), ("skip", 5, "skipped")]
)
def test_too_many_failed_feeds(tmp_path: Path, action: str, code: int, state: str) -> None:
    place = town(tmp_path, AUTOMATIC + f'maximum_failed_feeds = 0.5\nfailed_feeds = "{action}"\n')
    place.feeds.down = {"tarn": 503, "ledger": "no answer within 20 s"}
    outcome = place.run()
    assert outcome.code == code
    assert "2 of 3 feeds failed" in outcome.text
    assert place.states()["2026-11-23"][0] == state


def test_no_feed_at_all_is_tried_again_until_it_is_too_late(tmp_path: Path) -> None:
    place = town(tmp_path)
    place.feeds.down = dict.fromkeys(("calder", "tarn", "ledger"), "no network")
    assert place.run().code == 75
    place.feeds.down = {}
    place.clock.advance(minutes=15)
    assert place.run().code == 0
    assert len(place.relay.editions()) == 5


def test_operators_are_told_once_a_change_of_state(tmp_path: Path) -> None:
    place = town(tmp_path)
    place.relay.down = True
    for _ in range(3):
        assert place.run().code == 75
        place.clock.advance(minutes=15)
    place.relay.down = False
    assert place.run().code == 0
    assert place.relay.notices().count("ops@tide.example") == 2, "that it began, and that it is over"
    with place.process() as process, process.database.read() as connection:
        query = "SELECT body FROM notices WHERE kind = 'alert' ORDER BY created"
        began, over = (json.loads(row[0]) for row in connection.exec_driver_sql(query))
    assert began["subject"] == "The Slack Tide (daily): the relay cannot be reached"
    assert "The last lines of the run:" in began["text"]
    assert "approved as No. 1" in began["text"]
    assert "relay.example:587: the relay cannot be reached" in began["text"]
    assert "Look first: `digest status --digest daily`" in began["text"]
    assert over["subject"] == "The Slack Tide (daily): all is well again"
    assert len(place.relay.editions()) == 5


def test_a_run_told_to_stop_saves_and_the_next_goes_on(tmp_path: Path) -> None:
    place, stop = town(tmp_path), threading.Event()
    stop.set()
    stopped = place.run(stop=stop)
    assert stopped.code == 75
    assert "told to stop; the next run goes on" in stopped.text
    assert place.run().code == 0
    assert len(place.relay.editions()) == 5


def test_a_half_sent_edition_ends_at_its_deadline(tmp_path: Path) -> None:
    """Killed half-way, and no run until the afternoon: who did not get it is on record, and nobody gets it late."""
    place = town(tmp_path)
    twin = town(tmp_path / "twin")
    twin.run()
    for kill_at in range(max(twin.relay.steps), 0, -1):
        place = town(tmp_path / str(kill_at))
        place.run(Fate(kill_at=kill_at))
        # Of two connections two may be in doubt, and are offered again: three others are left to be late.
        if 0 < len(place.relay.editions()) <= 2:
            break
    got = len(place.relay.editions())
    assert 0 < got <= 2
    place.clock.instant = at("2026-11-23T15:00")
    late = place.run()
    assert "too late to hand over" in late.text
    assert late.code == 5
    assert place.states()["2026-11-23"][0] == EditionState.FINISHED
    counts = place.ask(lambda process: process.ledger.counts(EditionKey("daily", date(2026, 11, 23))))
    assert counts.total == 5
    assert counts.accepted + counts.expired + counts.in_doubt == 5
    assert counts.expired >= 1


def test_a_clock_a_year_off_sends_nothing(tmp_path: Path) -> None:
    place = town(tmp_path)
    assert place.run().code == 0
    for wrong in ("2027-11-24T07:10", "2025-11-24T07:10"):
        place.clock.instant = at(wrong)
        outcome = place.run()
        assert outcome.code == 1
        assert "--clock-is-right" in outcome.text
    assert len(place.relay.editions()) == 5
    place.clock.instant = at("2026-11-24T07:10")
    assert place.run().code == 0, "the refused runs left no trace"


def test_an_hour_an_editor_moved_is_kept_by_the_run(tmp_path: Path) -> None:
    from digest.wiring.deciding import Deciding
    from digest.wiring.publisher import Publisher

    place = town(tmp_path, REQUIRED, when="2026-11-23T06:30")
    place.run()
    key = EditionKey("daily", date(2026, 11, 23))

    def decided(what: str, *words: Any) -> Any:
        return place.ask(
            lambda process: getattr(Deciding(Publisher(process, process.settings.digests[0])), what)(key, *words)
        )

    for wrong, said in (("06:00", "has passed"), ("12:00", "is too late"), ("soon", "is no hour")):
        with pytest.raises(UsageError, match=said):
            decided("move", wrong)
    decided("move", "08:15")
    place.ask(lambda process: Publisher(process, process.settings.digests[0]).approve(key, "Ada"))
    place.clock.instant = at("2026-11-23T08:10")
    assert place.run().code == 0
    assert place.relay.editions() == []
    place.clock.instant = at("2026-11-23T08:15")
    place.run()
    assert len(place.relay.editions()) == 5
    with pytest.raises(StoreConflict, match="cannot be moved any more"):
        decided("move", "09:00")


def test_monitoring_is_told_and_a_monitor_that_is_down_changes_nothing(tmp_path: Path) -> None:
    with web_server() as web:
        table = "\n".join(f'heartbeat_{name} = "{web.put(f"/{name}")}"' for name in ("start", "success", "failure"))
        file = tmp_path / "metrics" / "digest.prom"
        file.parent.mkdir()
        place = town(tmp_path, extra=f'\n[monitoring]\ntextfile = "{file}"\n{table}\n')
        asked: list[str] = []

        def outcome() -> int:
            before = len(web.asked)
            code = place.run().code
            asked[:] = [path for path, _ in web.asked[before:]]
            return code

        place.relay.down = True
        assert outcome() == 75
        assert asked == ["/start", "/failure"]
        assert 'digest_last_run_exit_code{digest="daily"} 75' in file.read_text(encoding="utf-8")
        assert 'digest_trouble{digest="daily",kind="relay"} 1' in file.read_text(encoding="utf-8")
        place.relay.down = False
        assert outcome() == 0
        assert asked == ["/start", "/success"]
        web.put("/start", status=500)
        del web.pages["/success"]
        assert outcome() == 0
        text = file.read_text(encoding="utf-8")
    assert place.run().code == 0, "nobody answers there any more"
    assert "@" not in text
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert samples['digest_last_run_exit_code{digest="daily"}'] == "0"
    assert samples['digest_deliveries{digest="daily",state="accepted"}'] == "5"
    assert samples['digest_edition_state{digest="daily",state="finished"}'] == "1"
    assert float(samples['digest_next_run_timestamp_seconds{digest="daily"}']) == at("2026-11-24T07:00").timestamp()
    assert list(file.parent.iterdir()) == [file], "written in one step"


def test_what_is_not_needed_any_more_is_forgotten_by_config(tmp_path: Path) -> None:
    kept = '\n[retention]\ndeliveries = "2d"\nstories = "3d"\nruns = "2d"\nnotices = "1d"\n'
    place = town(tmp_path, extra=kept)
    told = []
    for _ in range(5):
        told.append(place.run().text)
        place.clock.advance(days=1)
    assert "forgotten by [retention]" not in "".join(told[:2])
    assert "5 deliveries" in told[-1]
    assert "runs" in told[-1]
    again = place.run()
    place.clock.advance(minutes=15)
    assert "forgotten" not in place.run().text, "once a day"
    assert again.code == 0

    def left(process: Process) -> tuple[int, int, int]:
        with process.database.read() as connection:
            queries = ("deliveries", "runs", "editions")
            return tuple(connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in queries)

    rows, runs, editions = place.ask(left)
    assert rows == 15, "of today, yesterday, and the day before"
    assert runs <= 4
    assert editions == 6, "what was sent is remembered"
    first = place.ask(lambda process: process.ledger.counts(EditionKey("daily", date(2026, 11, 23))))
    assert (first.total, first.accepted) == (5, 5), "as counts"


def test_a_run_that_does_not_end_is_told_to_stop_and_then_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A feed that hangs for ever, past every limit of its own."""
    monkeypatch.setattr(cron, "GRACE_S", 0.3)
    place = town(tmp_path, extra='\n[monitoring]\nlongest_run = "1s"\n')
    ended, stop = threading.Event(), threading.Event()
    body = place.feeds.body
    monkeypatch.setattr(place.feeds, "body", lambda host, now: (ended.wait(300), body(host, now))[1])
    with place.process() as process:
        run = cron.Cron(
            process,
            place.settings.digests,
            via="",
            wait_s=0.0,
            stop=stop,
            tell=lambda event, digest, day: None,
            warn=lambda line: None,
            give_up=ended.set,
        )
        assert run.run(clock_is_right=False) == 75
    assert stop.is_set()
    assert ended.is_set(), "the process would have been ended here"
    assert place.relay.editions() == []
