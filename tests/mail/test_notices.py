"""Mail that is no edition: written safely, handed over once, tried again later, given up in the end."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from digest.mail.notices import NoticeWriter
from digest.mail.transport import Transport
from digest.mail.via import parse_via, transport
from digest.model.mail import Notice, NoticeKind
from digest.pipeline.notifying import NoticesReport, deliver_notices
from digest.render.notice import notice_html
from digest.render.theme import theme
from digest.store.engine import Store
from digest.store.notices import Notices
from digest.templating import environment
from tests.builders import NOW, PUBLICATION
from tests.conftest import StandingClock
from tests.smtpd import Script, aiosmtpd_server, scripted_server

THEME, ENVIRONMENT = theme("classic", {}), environment()


def notice(key: str = "k", **changes: object) -> Notice:
    values: dict[str, object] = {
        "kind": NoticeKind.CONFIRM, "recipient": "ada@example.org", "subject": "Confirm that you want it",
        "text": "Hello & welcome <you>\n\nhttps://halyard.example/c/TOKEN\n", "key": key, "at": NOW,
    }  # fmt: skip
    return Notice(**{**values, **changes})  # type: ignore[arg-type]


WRITE = NoticeWriter(
    publication=PUBLICATION,
    return_path="news@halyard.example",
    html_of=lambda each: notice_html(each, publication=PUBLICATION, theme=THEME, environment=ENVIRONMENT),
)


def relay(port: int) -> Callable[[], Transport]:
    from pathlib import Path

    via = parse_via(f"smtp://127.0.0.1:{port}", Path("/"))
    return lambda: transport(via, password="", timeout_s=5, hostname="[127.0.0.1]")


def deliver(store: Store, to: Callable[[], Transport], clock: StandingClock) -> NoticesReport:
    return deliver_notices(
        notices=Notices(store),
        transport=to,
        write=WRITE,
        clock=clock,
        random=Random(1),
        give_up_after=timedelta(hours=24),
    )


def test_a_notice_reaches_a_real_server_once(store: Store, clock: StandingClock) -> None:
    outbox = Notices(store)
    for key in ("a", "b", "a"):
        outbox.queue(notice(key), now=clock.now())
    with aiosmtpd_server() as inbox:
        assert deliver(store, relay(inbox.port), clock).accepted == 2
        assert deliver(store, relay(inbox.port), clock).accepted == 0
        assert len(inbox.taken) == 2
        message = email.message_from_bytes(inbox.taken[0][1], policy=email.policy.default)
    assert message["Subject"] == "Confirm that you want it"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = (part.get_content() for part in message.iter_parts())
    assert "https://halyard.example/c/TOKEN" in text.splitlines()
    assert text.rstrip().endswith("4 Ropewalk Steps, Port Iselin")
    assert "Hello &amp; welcome &lt;you&gt;" in html
    assert 'href="https://halyard.example/c/TOKEN"' in html


@pytest.mark.parametrize("field", ["subject", "recipient"])
def test_nothing_breaks_out_of_a_header(field: str) -> None:
    message = WRITE(notice(**{field: "ada@example.org\r\nBcc: eve@example.org\r\n\r\nbody"}))
    read = email.message_from_bytes(message.data, policy=email.policy.default)
    assert read["Bcc"] is None
    assert read.is_multipart()
    assert "\n" not in message.message_id


def test_a_relay_that_says_later_is_asked_again_and_given_up_after_a_day(store: Store, clock: StandingClock) -> None:
    Notices(store).queue(notice(), now=clock.now())
    with scripted_server(Script(on_rcpt=lambda recipient: "450 4.2.0 later")) as inbox:
        assert deliver(store, relay(inbox.port), clock).deferred == 1
        assert deliver(store, relay(inbox.port), clock).line == ""
        for _ in range(8):
            clock.advance(hours=5)
            report = deliver(store, relay(inbox.port), clock)
            if report.given_up:
                break
        assert report.given_up == 1
        assert report.exit_code in (5, 75)
        assert inbox.taken == []
    assert Notices(store).counts() == {"expired": 1}


def test_a_relay_that_is_not_there_loses_nothing(store: Store, clock: StandingClock) -> None:
    outbox = Notices(store)
    for number in range(25):
        outbox.queue(notice(f"k{number}"), now=clock.now())
    report = deliver(store, relay(1), clock)
    assert (report.exit_code, report.accepted) == (75, 0)
    assert "notices wait" in report.trouble[0]
    clock.advance(hours=1)
    with aiosmtpd_server() as inbox:
        assert deliver(store, relay(inbox.port), clock).accepted == 25
        assert len(inbox.taken) == 25


def test_what_a_relay_may_have_is_never_repeated(store: Store, clock: StandingClock) -> None:
    Notices(store).queue(notice(), now=clock.now())
    with scripted_server(Script(on_dot=lambda recipient: "cut")) as inbox:
        deliver(store, relay(inbox.port), clock)
        clock.advance(hours=20)
        deliver(store, relay(inbox.port), clock)
        assert len(inbox.taken) == 1
    assert Notices(store).counts() == {"in_doubt": 1}


def test_a_refused_address_needs_a_person_and_the_others_go_on(store: Store, clock: StandingClock) -> None:
    outbox = Notices(store)
    outbox.queue(notice("a", recipient="gone@example.org"), now=clock.now())
    outbox.queue(notice("b"), now=clock.now())
    script = Script(on_rcpt=lambda to: "550 5.1.1 nobody" if to.startswith("gone") else "250 2.1.5 ok")
    with scripted_server(script) as inbox:
        report = deliver(store, relay(inbox.port), clock)
        assert inbox.recipients == ["ada@example.org"]
    assert report.refused == ["gone@example.org: 550 5.1.1 nobody"]
    assert report.exit_code == 5
