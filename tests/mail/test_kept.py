"""A session of the relay outlasts its batch, unless it was cut or an envelope still waits on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from digest.mail.kept import IDLE_S, KeptConnections
from digest.mail.transport import Connection, Cut
from digest.mail.via import parse_via, transport
from digest.model.mail import Envelope, Message
from tests.smtpd import Inbox, Script, scripted_server


class Seconds:
    """A clock of seconds that a test moves."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


@contextmanager
def kept(script: Script, now: Seconds) -> Iterator[tuple[KeptConnections, Inbox]]:
    with scripted_server(script) as inbox:
        via = parse_via(f"smtp://127.0.0.1:{inbox.port}", Path())
        home = KeptConnections(transport(via, password="", timeout_s=60, hostname="client.example"), now=now)
        try:
            yield home, inbox
        finally:
            home.close()


def message(name: str) -> Message:
    return Message(
        envelope=Envelope(sender="news@halyard.example", recipient=f"{name}@example.org"),
        message_id=f"{name}@halyard.example",
        data=b"Subject: Tides\r\n\r\nHigh at noon.\r\n",
    )


def mail(connection: Connection, *names: str) -> None:
    """Hand over a batch as a sender does, then close in good order."""
    batch = [message(name) for name in names]
    assert connection.announce(batch[0].envelope) is None
    for place, each in enumerate(batch):
        following = batch[place + 1].envelope if place + 1 < len(batch) else None
        assert connection.deliver(each, following).reply.code == 250
    connection.close()


def test_the_next_batch_goes_over_the_same_session() -> None:
    with kept(Script(), Seconds()) as (home, inbox):
        mail(home.open(), "ada", "bea")
        again = home.open()
        again.probe("news@halyard.example", 2_000)
        mail(again, "cid")
        assert inbox.recipients == ["ada@example.org", "bea@example.org", "cid@example.org"]
        assert inbox.connections == 1
        mail(home.open(), "dora")
        mail(home.open(), "eve")
        assert inbox.connections == 1
        both = home.open(), home.open()  # at the same time there are two
        assert inbox.connections == 2
        for name, each in zip(("finn", "gus"), both, strict=True):
            mail(each, name)
        assert len(inbox.taken) == 7


def test_an_idle_session_is_not_used_after_its_time() -> None:
    now = Seconds()
    with kept(Script(), now) as (home, inbox):
        mail(home.open(), "ada")
        now.at += IDLE_S
        mail(home.open(), "bea")
        assert inbox.connections == 1
        now.at += IDLE_S + 1
        mail(home.open(), "cid")
        assert inbox.connections == 2


def test_what_was_closed_by_the_house_is_opened_anew() -> None:
    with kept(Script(), Seconds()) as (home, inbox):
        mail(home.open(), "ada")
        home.close()
        mail(home.open(), "bea")
        assert inbox.connections == 2


def test_a_refused_envelope_leaves_the_session_usable() -> None:
    refuse_bea = Script(on_rcpt=lambda who: "550 5.1.1 nobody" if who.startswith("bea") else "250 ok")
    with kept(refuse_bea, Seconds()) as (home, inbox):
        first = home.open()
        refusal = first.announce(message("bea").envelope)
        assert refusal is not None
        assert refusal.reply.code == 550
        first.close()
        second = home.open()
        assert second.announce(message("ada").envelope) is None
        delivered = second.deliver(message("ada"), message("bea").envelope)
        assert delivered.following is not None  # nothing waits on it then
        second.close()
        mail(home.open(), "cid")
        assert inbox.connections == 1


def test_a_session_with_an_envelope_waiting_is_ended() -> None:
    """The next batch would write its MAIL behind a DATA that was accepted: it would be read as a body."""
    with kept(Script(), Seconds()) as (home, inbox):
        waiting = home.open()
        assert waiting.announce(message("ada").envelope) is None
        waiting.close()
        mail(home.open(), "bea")
        again = home.open()
        assert again.announce(message("cid").envelope) is None
        again.deliver(message("cid"), message("dora").envelope)
        again.close()
        mail(home.open(), "eve")
        assert inbox.recipients == ["bea@example.org", "cid@example.org", "eve@example.org"]
        assert inbox.connections == 3


def test_a_session_that_was_abandoned_or_cut_is_ended() -> None:
    said = {"on": iter(["250 ok", "cut", "250 ok", "250 ok"]), "dot": iter(["cut", "250 ok"])}
    script = Script(on_mail=lambda sender: next(said["on"]), on_dot=lambda who: next(said["dot"]))
    with kept(script, Seconds()) as (home, inbox):
        abandoned = home.open()
        assert abandoned.announce(message("ada").envelope) is None
        abandoned.abandon()
        abandoned.close()
        cut = home.open()
        with pytest.raises(Cut) as before:
            cut.announce(message("ada").envelope)
        assert not before.value.after_dot
        cut.close()
        doubtful = home.open()
        assert doubtful.announce(message("ada").envelope) is None
        with pytest.raises(Cut) as after:
            doubtful.deliver(message("ada"), None)
        assert after.value.after_dot
        doubtful.close()
        mail(home.open(), "bea")
        assert inbox.connections == 4
        assert inbox.recipients == ["ada@example.org", "bea@example.org"]
