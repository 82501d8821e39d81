"""Sending through real servers and the real ledger: nobody knowingly twice, nobody lost."""

from __future__ import annotations

import base64
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from digest.errors import RelayError, RelayUnreachable
from digest.model.mail import Suppression
from digest.store.engine import Store
from digest.store.subscribers import Subscribers
from tests.builders import KEY, NOW, approved, person
from tests.conftest import StandingClock
from tests.mail.hand_over import HELD, hand_over, writer
from tests.smtpd import Inbox, Script, aiosmtpd_server, scripted_server


def smtp(inbox: Inbox) -> str:
    return f"smtp://127.0.0.1:{inbox.port}"


def test_a_real_server_gets_each_message_once_and_whole(store: Store, clock: StandingClock) -> None:
    people = [
        person("ada"),
        person("bo", sections=("trade",)),
        person("cy", format="text", sections=("science", "trade")),
    ]
    ledger = approved(store, people)
    with aiosmtpd_server() as inbox:
        report = hand_over(ledger, smtp(inbox), clock)
        again = hand_over(ledger, smtp(inbox), clock)
    assert report.accepted == 3
    assert again.accepted == 0
    assert sorted(inbox.recipients) == ["ada@example.org", "bo@example.org", "cy@example.org"]
    ada, bo, cy = (inbox.message(f"{name}@example.org") for name in ("ada", "bo", "cy"))
    assert ada["Subject"] == "Headline of harbour"
    assert bo["Subject"] == "Headline of wheat", "nobody who asked only for Trade gets a subject about Foreign Affairs"
    assert ada["List-Unsubscribe"].startswith("<https://halyard.example/u/id-ada>")
    assert ada["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html, text = ada.get_body(("html",)), ada.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert "<h2>foreign</h2><h2>trade</h2>" in html.get_content()
    assert ".dots begin this line" in text.get_content()
    assert "3 stories, ünïcode" in text.get_content()
    assert "Nothing new in Science" not in text.get_content()
    trade_only = bo.get_body(("html",))
    assert trade_only is not None
    assert "foreign" not in trade_only.get_content()
    assert cy.get_content_type() == "text/plain"
    assert "Nothing new in Science." in cy.get_content(), "who asked for an empty section is told so"
    assert not [part.defects for part in ada.walk() if part.defects]


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()])
def test_with_and_without_pipelining_bodies_arrive_to_the_byte(
    store: Store, clock: StandingClock, extensions: tuple[str, ...]
) -> None:
    ledger = approved(store, [person(f"p{n}") for n in range(25)])
    with scripted_server(Script(extensions=extensions)) as inbox:
        assert hand_over(ledger, smtp(inbox), clock, connections=3).accepted == 25
    write = writer()
    assert Counter(inbox.recipients) == Counter(f"p{n}@example.org" for n in range(25))
    for recipient, body in inbox.taken:
        assert f"To: P{recipient[1:].partition('@')[0]} <{recipient}>".encode() in body.replace(b'"', b"")
        assert body.endswith(b"--\r\n")
    assert ledger.counts(KEY).accepted == 25
    assert write.message_id("id-p1") in inbox.message("p1@example.org")["Message-ID"]


def test_one_bad_recipient_harms_no_neighbour(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person(name) for name in ("ada", "bad", "cy", "later")])

    def on_rcpt(recipient: str) -> str:
        if recipient.startswith("bad"):
            return "550 5.1.1 no such user"
        return "450 4.2.1 busy" if recipient.startswith("later") else "250 ok"

    with scripted_server(Script(on_rcpt=on_rcpt)) as inbox:
        report = hand_over(ledger, smtp(inbox), clock, connections=1)
    assert sorted(inbox.recipients) == ["ada@example.org", "cy@example.org"]
    assert report.refused == ["bad@example.org: 550 5.1.1 no such user"]
    counts = ledger.counts(KEY)
    assert (counts.accepted, counts.refused, counts.deferred) == (2, 1, 1)


@pytest.mark.parametrize("phase", ["rcpt", "data", "dot"])
def test_a_relay_that_refuses_everybody_loses_nobody(store: Store, clock: StandingClock, phase: str) -> None:
    ledger = approved(store, [person(f"p{n}") for n in range(10)])
    script = Script()
    setattr(script, f"on_{phase}", lambda recipient: "554 5.7.1 relay access denied")
    with scripted_server(script) as inbox, pytest.raises(RelayError, match="one reader after the other") as caught:
        hand_over(ledger, smtp(inbox), clock, connections=1)
    assert not isinstance(caught.value, RelayUnreachable)
    assert caught.value.where == f"127.0.0.1:{inbox.port}"
    counts = ledger.counts(KEY)
    assert (counts.refused, counts.planned + counts.deferred) == (0, 10)
    assert counts.planned >= 5, "it was not asked for all of them"
    clock.advance(minutes=10)
    with scripted_server(Script()) as inbox:
        assert hand_over(ledger, smtp(inbox), clock).accepted == 10
    assert len(set(inbox.recipients)) == 10


def test_a_relay_whose_quota_is_used_up_refuses_nobody_for_good(store: Store, clock: StandingClock) -> None:
    ledger, taken = approved(store, [person(f"p{n:02}") for n in range(60)]), Counter[str]()

    def on_rcpt(recipient: str) -> str:
        taken["rcpt"] += 1
        return "250 ok" if taken["rcpt"] <= 12 else "550 5.4.5 daily user sending limit exceeded"

    with scripted_server(Script(on_rcpt=on_rcpt)) as inbox, pytest.raises(RelayError, match=r"5\.4\.5 daily"):
        hand_over(ledger, smtp(inbox), clock)
    counts = ledger.counts(KEY)
    assert (counts.accepted, counts.refused) == (12, 0)
    assert counts.planned + counts.deferred == 48
    assert counts.planned > 20


def test_readers_whose_addresses_are_gone_are_refused_however_many(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person(f"p{n:02}") for n in range(25)])
    with scripted_server(Script(on_rcpt=lambda recipient: "550 5.1.1 no such user")) as inbox:
        report = hand_over(ledger, smtp(inbox), clock)
    assert len(report.refused) == ledger.counts(KEY).refused == 25


def test_a_354_after_a_refused_recipient_gets_a_lone_dot(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person("bad"), person("cy")])
    script = Script(on_rcpt=lambda recipient: "550 5.1.1 no" if recipient.startswith("bad") else "250 ok")
    with scripted_server(script) as inbox:
        hand_over(ledger, smtp(inbox), clock, connections=1)
    assert inbox.recipients == ["cy@example.org"]


def test_a_deferred_one_is_tried_again_within_the_linger(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person("ada")])
    replies = iter(["451 4.3.0 later", "250 ok"])
    with scripted_server(Script(on_dot=lambda recipient: next(replies))) as inbox:
        report = hand_over(ledger, smtp(inbox), clock, linger=timedelta(minutes=45))
    assert report.accepted == 1
    assert ledger.counts(KEY).accepted == 1
    assert [attempt.outcome.code for attempt in ledger.attempts(KEY, "id-ada")] == [451, 250]


def test_a_cut_before_the_dot_is_a_retry(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person("ada"), person("bo")])
    cuts = iter(["cut", "354 go", "354 go", "354 go"])
    with scripted_server(Script(extensions=(), on_data=lambda recipient: next(cuts))) as inbox:
        report = hand_over(ledger, smtp(inbox), clock, connections=1)
    assert report.accepted == 2
    assert report.in_doubt == []
    assert Counter(inbox.recipients) == Counter(["ada@example.org", "bo@example.org"])


def test_a_cut_after_the_dot_is_in_doubt_and_the_repeat_is_recognisable(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person("ada")])
    replies = iter(["cut", "250 ok"])
    with scripted_server(Script(on_dot=lambda recipient: next(replies))) as inbox:
        report = hand_over(ledger, smtp(inbox), clock, connections=1, linger=timedelta(minutes=45))
    assert report.in_doubt == ["ada@example.org: the connection was closed"]
    first, second = (body for _, body in inbox.taken)
    assert first == second, "the same Message-ID and the same bytes"
    assert ledger.counts(KEY).accepted == 1


def test_under_hold_a_doubtful_one_is_not_repeated(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person("ada")], on_doubt="hold")
    with scripted_server(Script(on_dot=lambda recipient: "cut")) as inbox:
        hand_over(ledger, smtp(inbox), clock, connections=1, linger=timedelta(minutes=45))
    assert len(inbox.taken) == 1
    assert ledger.counts(KEY).in_doubt == 1


def test_silence_before_the_answer_to_the_dot_is_in_doubt(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person("ada")], on_doubt="hold")
    with scripted_server(Script(on_dot=lambda recipient: "")) as inbox:
        report = hand_over(ledger, smtp(inbox), clock, connections=1, timeout_s=0.3)
    assert inbox.recipients == ["ada@example.org"]
    assert report.in_doubt == ["ada@example.org: no answer in time"]


def test_a_relay_that_is_not_there_leaves_everybody_planned(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person("ada"), person("bo")])
    with pytest.raises(RelayUnreachable, match="cannot be reached"):
        hand_over(ledger, "smtp://127.0.0.1:1", clock)
    assert ledger.counts(KEY).planned == 2


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (Script(on_mail=lambda sender: "550 5.7.1 not from you"), RelayError),
        (Script(greeting="554 no service"), RelayError),
        (Script(greeting="421 4.3.2 later"), RelayUnreachable),
        (Script(on_mail=lambda sender: "cut"), RelayUnreachable),
        (Script(on_mail=lambda sender: "421 4.3.2 closing"), RelayUnreachable),
    ],
)
def test_a_relay_that_refuses_us_ends_the_process_with_rows_planned(
    store: Store, clock: StandingClock, script: Script, error: type[RelayError]
) -> None:
    ledger = approved(store, [person("ada"), person("bo"), person("cy")])
    with scripted_server(script) as inbox, pytest.raises(error):
        hand_over(ledger, smtp(inbox), clock)
    counts = ledger.counts(KEY)
    assert counts.planned == 3
    assert counts.handed == 0


def test_a_wrong_password_is_said_once_without_it(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person("ada")])
    script = Script(extensions=("PIPELINING", "AUTH PLAIN"))
    with scripted_server(script) as inbox, pytest.raises(RelayError, match="refuses our login") as caught:
        hand_over(ledger, f"smtp://user@127.0.0.1:{inbox.port}", clock, password="hunter2")
    assert "hunter2" not in str(caught.value)
    assert not isinstance(caught.value, RelayUnreachable)
    assert ledger.counts(KEY).planned == 1


def test_a_relay_that_wants_an_access_token_gets_it(store: Store, clock: StandingClock) -> None:
    ledger, heard = approved(store, [person("ada")]), []

    def on_auth(line: str) -> str:
        heard.append(line)
        return "235 2.7.0 welcome"

    script = Script(extensions=("PIPELINING", "AUTH PLAIN XOAUTH2"), on_auth=on_auth)
    with scripted_server(script) as inbox:
        via = f"smtp://news%40halyard.example@127.0.0.1:{inbox.port}?auth=xoauth2"
        assert hand_over(ledger, via, clock, password="ya29.token", connections=1).accepted == 1
    (line,) = heard
    words = base64.b64decode(line.removeprefix("AUTH XOAUTH2 ")).decode("ascii")
    assert words == "user=news@halyard.example\x01auth=Bearer ya29.token\x01\x01"


def test_who_leaves_between_planning_and_hand_over_gets_none(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person("ada"), person("bo"), person("cy")])

    def on_dot(recipient: str) -> str:
        Subscribers(store).suppress(Suppression(email_key="bo@example.org", reason="unsubscribed", at=NOW))
        return "250 ok"

    with scripted_server(Script(on_dot=on_dot)) as inbox:
        hand_over(ledger, smtp(inbox), clock, connections=1)
    assert inbox.recipients == ["ada@example.org", "cy@example.org"]
    assert ledger.counts(KEY).suppressed == 1


def test_told_to_stop_it_finishes_the_hand_over_and_plans_the_rest(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person(f"p{n}") for n in range(9)])
    stop = threading.Event()

    def on_dot(recipient: str) -> str:
        stop.set()
        return "250 ok"

    with scripted_server(Script(on_dot=on_dot)) as inbox:
        report = hand_over(ledger, smtp(inbox), clock, connections=1, stop=stop)
    assert report.stopped
    counts = ledger.counts(KEY)
    assert counts.accepted == len(inbox.taken)
    assert counts.accepted + counts.planned == 9
    assert counts.planned >= 7


def test_two_senders_at_once_hand_nobody_over_twice(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person(f"p{n:03}") for n in range(120)])
    ledger.plan(KEY, sections=HELD, now=NOW)
    with scripted_server(Script()) as inbox:
        threads = [
            threading.Thread(target=hand_over, args=(ledger, smtp(inbox), clock), kwargs={"owner": name})
            for name in "ab"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert Counter(inbox.recipients) == Counter(f"p{n:03}@example.org" for n in range(120))


def test_a_limit_is_kept(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person(f"p{n}") for n in range(9)])
    with scripted_server(Script()) as inbox:
        assert hand_over(ledger, smtp(inbox), clock, limit=4).accepted == 4
    assert ledger.counts(KEY).planned == 5


def test_files_are_written_one_a_recipient(store: Store, clock: StandingClock, tmp_path: Path) -> None:
    ledger = approved(store, [person("ada"), person("bo", email="b/../o@example.org", email_key="b/../o@example.org")])
    assert hand_over(ledger, f"eml:{tmp_path / 'outbox'}", clock).accepted == 2
    names = sorted(path.name for path in (tmp_path / "outbox").iterdir())
    assert names[0] == "ada@example.org.eml"
    assert len(names) == 2
    assert not any("/" in name for name in names)


def test_a_maildir_holds_unix_lines(store: Store, clock: StandingClock, tmp_path: Path) -> None:
    ledger = approved(store, [person("ada")])
    hand_over(ledger, f"maildir:{tmp_path / 'box'}", clock)
    (path,) = (tmp_path / "box" / "new").iterdir()
    assert b"\r\n" not in path.read_bytes()
