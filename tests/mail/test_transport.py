"""The SMTP client against servers of every kind: BDAT, TLS, LMTP, plain, and those that misbehave."""

from __future__ import annotations

import datetime
import quopri
import random
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller, UnixSocketController
from aiosmtpd.lmtp import LMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from digest.errors import RelayError, RelayUnreachable, StoreError
from digest.mail.smtp import Session
from digest.mail.via import parse_via, transport
from digest.model.mail import Envelope, Message, Planned, Suppression
from digest.pipeline import doctor
from digest.pipeline.sending import preflight
from digest.store import turns as turns_of_the_store
from digest.store.engine import Store
from digest.store.subscribers import Subscribers
from tests.builders import KEY, NOW, approved, person
from tests.conftest import StandingClock
from tests.mail.hand_over import hand_over, writer
from tests.smtpd import Inbox, Script, aiosmtpd_server, collecting, free_port, scripted_server

MESSAGE = Message(
    envelope=Envelope(sender="news@halyard.example", recipient="ada@example.org"),
    message_id="x@y",
    data=b"A: b\r\n\r\nc\r\n",
)


def smtp(inbox: Inbox) -> str:
    return f"smtp://127.0.0.1:{inbox.port}"


@pytest.mark.parametrize(
    "extensions",
    [
        (),
        ("PIPELINING",),
        ("CHUNKING",),
        ("PIPELINING", "CHUNKING", "8BITMIME", "SMTPUTF8", "SIZE 99999999"),
    ],
    ids=["plain", "pipelining", "bdat", "both"],
)
def test_every_server_gets_the_same_bytes(store: Store, clock: StandingClock, extensions: tuple[str, ...]) -> None:
    names = [f"p{n}" for n in range(12)]
    ledger = approved(store, [person(name, format="text" if name > "p5" else "html") for name in names])
    with scripted_server(Script(extensions=extensions)) as inbox:
        assert hand_over(ledger, smtp(inbox), clock).accepted == 12
    write = writer()
    written = {message.envelope.recipient: message.data for message in map(write, planned(names))}
    assert dict(inbox.taken) == written, "exact to the byte, leading dots too"


def planned(names: list[str]) -> list[Planned]:
    return [
        Planned(
            subscriber=f"id-{name}", email=f"{name}@example.org", name=name.title(), sections=None,
            format="text" if name > "p5" else "html", language="", attempts=0,
        )
        for name in names
    ]  # fmt: skip


@pytest.mark.parametrize("chunking", [False, True])
def test_one_bad_recipient_harms_no_neighbour(store: Store, clock: StandingClock, *, chunking: bool) -> None:
    ledger = approved(store, [person(name) for name in ("ada", "bad", "cy", "later", "mo")])

    def on_rcpt(recipient: str) -> str:
        if recipient.startswith("bad"):
            return "550 5.1.1 no such user"
        return "450 4.2.1 busy" if recipient.startswith("later") else "250 ok"

    extensions = ("PIPELINING", *(["CHUNKING"] if chunking else []))
    with scripted_server(Script(extensions=extensions, on_rcpt=on_rcpt)) as inbox:
        report = hand_over(ledger, smtp(inbox), clock, connections=1)
    assert sorted(inbox.recipients) == ["ada@example.org", "cy@example.org", "mo@example.org"]
    assert report.refused == ["bad@example.org: 550 5.1.1 no such user"]
    assert ledger.counts(KEY).deferred == 1


@pytest.mark.parametrize("chunking", [False, True])
def test_who_leaves_while_the_relay_waits_for_the_body_gets_none(
    store: Store, clock: StandingClock, *, chunking: bool
) -> None:
    ledger = approved(store, [person("ada"), person("bo"), person("cy")])

    def on_rcpt(recipient: str) -> str:
        if recipient.startswith("bo"):
            Subscribers(store).suppress(Suppression(email_key="bo@example.org", reason="unsubscribed", at=NOW))
        return "250 ok"

    extensions = ("PIPELINING", *(["CHUNKING"] if chunking else []))
    with scripted_server(Script(extensions=extensions, on_rcpt=on_rcpt)) as inbox:
        hand_over(ledger, smtp(inbox), clock, connections=1)
    assert inbox.recipients == ["ada@example.org", "cy@example.org"]
    assert ledger.counts(KEY).suppressed == 1


def test_a_stop_during_the_send_is_obeyed_from_the_next_hand_over_on(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person(f"p{n:02}") for n in range(30)])

    def on_dot(recipient: str) -> str:
        if len(inbox.taken) == 4:
            ledger.stop(KEY, reason="stopped by the desk", now=NOW)
        return "250 ok"

    with scripted_server(Script(on_dot=on_dot)) as inbox:
        hand_over(ledger, smtp(inbox), clock, connections=1)
    counts = ledger.counts(KEY)
    assert counts.accepted == len(inbox.taken) == 5
    assert (counts.expired, counts.open) == (25, 0)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (Script(on_mail=lambda sender: "250-" + "x" * 5_000), "a reply too long"),
        (Script(on_mail=lambda sender: "250-more\r\n" * 200 + "250 ok"), "a reply too long"),
        (Script(on_mail=lambda sender: "hello there"), "a reply that is none of SMTP"),
        (Script(on_rcpt=lambda recipient: "cut"), "the connection was closed"),
        (Script(on_rcpt=lambda recipient: "421 4.7.0 too many"), "421"),
        (Script(on_data=lambda recipient: ""), "no answer in time"),
    ],
    ids=["long line", "many lines", "no SMTP", "cut", "421", "silence"],
)
def test_a_server_that_misbehaves_leaves_everybody_planned(
    store: Store, clock: StandingClock, script: Script, words: str
) -> None:
    ledger = approved(store, [person("ada"), person("bo")])
    with scripted_server(script) as inbox, pytest.raises(RelayUnreachable, match=words):
        hand_over(ledger, smtp(inbox), clock, connections=1, timeout_s=0.3)
    counts = ledger.counts(KEY)
    assert (counts.planned, counts.handed, counts.in_doubt) == (2, 0, 0)
    assert inbox.taken == []


def test_a_421_after_some_messages_reconnects_and_goes_on(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person(f"p{n:02}") for n in range(20)])
    said = iter(["250 ok"] * 7 + ["421 4.3.2 restarting"] + ["250 ok"] * 40)
    with scripted_server(Script(on_rcpt=lambda recipient: next(said))) as inbox:
        report = hand_over(ledger, smtp(inbox), clock, connections=1)
    assert report.accepted == 20
    assert sorted(inbox.recipients) == [f"p{n:02}@example.org" for n in range(20)]
    assert inbox.connections >= 2


def test_connections_the_relay_does_not_take_retire_while_others_stand(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person(f"p{n:02}") for n in range(40)])
    ready = threading.Event()

    def on_dot(recipient: str) -> str:
        ready.wait(0.01)
        return "250 ok"

    with scripted_server(Script(on_dot=on_dot, most_connections=2)) as inbox:
        report = hand_over(ledger, smtp(inbox), clock, connections=8)
    assert report.accepted == 40
    assert inbox.connections >= 3


def test_smuggling_and_injection_reach_no_wire(store: Store, clock: StandingClock) -> None:
    """An address or name with line breaks, bare CR or LF ends no command and no header; a body holds no bare ones."""
    rows = [
        person("ada", name="Ada\r\nBcc: eve@evil.example\r\n\r\n<p>"),
        person("bo", name="Bo\n.\r\nMAIL FROM:<eve@evil.example>"),
        person("cy", email="cy@example.org>\r\nRCPT TO:<eve@evil.example", email_key="cy@example.org"),
        person("di", name="\r.\r\x0b\x85\u2028Di"),
    ]
    ledger = approved(store, rows)
    with scripted_server(Script()) as inbox:
        hand_over(ledger, smtp(inbox), clock, connections=1)
    assert not any(recipient == "eve@evil.example" for recipient in inbox.recipients)
    for _, body in inbox.taken:
        assert b"\nBcc:" not in body
        assert body.count(b"\n") == body.count(b"\r\n") == body.count(b"\r")
        assert b"\x00" not in body
        head = body.partition(b"\r\n\r\n")[0]
        assert all(len(line) <= 998 for line in body.split(b"\r\n"))
        assert head.count(b"\r\nTo: ") + head.startswith(b"To: ") == 1


# TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Self-signed certificates for two hosts; each folder holds cert.pem and key.pem."""
    folder = tmp_path_factory.mktemp("certificates")
    for host in ("localhost", "other.example"):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + datetime.timedelta(days=9))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        (folder / host).mkdir()
        (folder / host / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / host / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return folder


@contextmanager
def tls_server(folder: Path, *, implicit: bool = False) -> Iterator[Inbox]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    inbox = Inbox()
    words = {"ssl_context": context} if implicit else {"tls_context": context, "require_starttls": True}
    controller = Controller(collecting(inbox), hostname="127.0.0.1", port=free_port(), **words)
    controller.start()
    inbox.port = controller.port
    try:
        yield inbox
    finally:
        controller.stop()


@pytest.mark.parametrize("kind", ["smtp", "smtps"])
def test_over_tls_with_a_certificate_we_trust(
    store: Store, clock: StandingClock, certificates: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "localhost" / "cert.pem"))
    ledger = approved(store, [person(f"p{n}") for n in range(6)])
    with tls_server(certificates / "localhost", implicit=kind == "smtps") as inbox:
        via = f"{kind}://localhost:{inbox.port}?tls=required"
        session = transport(parse_via(via, certificates), password="", timeout_s=5, hostname="x.example").open()
        assert isinstance(session, Session)
        assert session.tls == "TLSv1.3"
        assert session.certified_until is not None, "what `doctor` looks at"
        soon = session.certified_until - datetime.timedelta(days=13)
        assert len(list(doctor.certificate("relay", session.certified_until, soon))) == 1
        assert not list(doctor.certificate("relay", session.certified_until, soon - datetime.timedelta(days=2)))
        session.close()
        assert hand_over(ledger, via, clock).accepted == 6
    assert len(inbox.taken) == 6


@pytest.mark.parametrize(("served", "trusted"), [("localhost", "other.example"), ("other.example", "other.example")])
def test_a_certificate_that_is_not_its_own_is_refused(
    store: Store, clock: StandingClock, certificates: Path, monkeypatch: pytest.MonkeyPatch, served: str, trusted: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / trusted / "cert.pem"))
    ledger = approved(store, [person("ada")])
    with tls_server(certificates / served) as inbox, pytest.raises(RelayError, match="certificate is not valid"):
        hand_over(ledger, f"smtp://localhost:{inbox.port}?tls=required", clock)
    assert inbox.taken == []
    assert ledger.counts(KEY).planned == 1


def test_without_tls_nothing_is_sent_unless_it_is_said_in_words() -> None:
    with scripted_server(Script()) as inbox:
        strict = parse_via(f"smtp://127.0.0.1:{inbox.port}?tls=required", Path.cwd())
        with pytest.raises(RelayError, match="offers no TLS"):
            preflight(transport(strict, password="", timeout_s=5, hostname="client.example"), MESSAGE)
    assert parse_via("smtp://mail.example.org", Path.cwd()).tls == "required"
    assert parse_via("smtp://mail.example.org?tls=none", Path.cwd()).tls == "none"
    assert parse_via("smtp://localhost", Path.cwd()).tls == "none"


@pytest.mark.parametrize(
    ("script", "via", "words", "passes"),
    [
        (Script(), "smtp://me@", "offers no login that we know", False),
        (Script(), "smtps://", "we agree on no TLS (wrong version number)", False),
        (Script(greeting="cut"), "smtps://", "cannot be reached", True),
        (
            Script(extensions=("AUTH PLAIN",), on_auth=lambda words: "454 4.7.0 not now"),
            "smtp://me@",
            "asks us to come back later (454 4.7.0 not now)",
            True,
        ),
    ],
)
def test_what_an_operator_has_to_mend_is_told_from_what_passes(
    script: Script, via: str, words: str, *, passes: bool
) -> None:
    with scripted_server(script) as inbox:
        way = parse_via(f"{via}127.0.0.1:{inbox.port}", Path.cwd())
        relay = transport(way, password="secret", timeout_s=5, hostname="client.example")
        with pytest.raises(RelayError) as caught:
            relay.open()
    assert words in str(caught.value)
    assert "_ssl.c" not in str(caught.value)
    assert isinstance(caught.value, RelayUnreachable) is passes


def test_an_lmtp_server_that_says_nothing_is_given_up_in_time(tmp_path: Path) -> None:
    path = tmp_path / "silent.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.bind(str(path))
        silent.listen()
        relay = transport(parse_via(f"lmtp://{path}", tmp_path), password="", timeout_s=0.3, hostname="x.example")
        with pytest.raises(RelayUnreachable, match=r"cannot be reached .*timed out"):
            relay.open()


def test_lmtp_over_a_socket(store: Store, clock: StandingClock, tmp_path: Path) -> None:
    class Server(UnixSocketController):
        def factory(self) -> LMTP:
            return LMTP(self.handler, **self.SMTP_kwargs)

    inbox, path = Inbox(), tmp_path / "lmtp.sock"
    server = Server(collecting(inbox), unix_socket=str(path))
    server.start()
    try:
        ledger = approved(store, [person(f"p{n}") for n in range(5)])
        assert hand_over(ledger, f"lmtp://{path}", clock).accepted == 5
    finally:
        server.stop()
    assert len(inbox.taken) == 5


# The store fails


def test_a_store_that_fails_in_mid_send_ends_it_and_the_next_goes_on(
    store: Store, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = approved(store, [person(f"p{n:02}") for n in range(30)])
    real, turns = turns_of_the_store.take_turns, 0

    def failing(*words: object) -> list[bool]:
        nonlocal turns
        turns += 1
        if turns > 5:
            raise StoreError("the disk is full", where="digest.db", fix="free some space")
        return real(*words)  # type: ignore[arg-type]

    with scripted_server(Script()) as inbox:
        monkeypatch.setattr("digest.store.deliveries.take_turns", failing)
        with pytest.raises(StoreError, match="the disk is full"):
            hand_over(ledger, smtp(inbox), clock, connections=2)
        first = len(inbox.taken)
        assert 0 < first < 30
        monkeypatch.undo()
        clock.advance(seconds=3600)  # past the leases
        hand_over(ledger, smtp(inbox), clock, connections=2)
    assert len(set(inbox.recipients)) == 30, "nobody is lost"
    assert len(inbox.recipients) - 30 <= 2, "at most one a connection twice"


def test_no_readers_token_is_in_anothers_mail() -> None:
    """Ten thousand messages of a thousand choices, searched."""
    write, rng = writer(), random.Random(3)
    found: set[str] = set()
    for number in range(10_000):
        person_ = Planned(
            subscriber=f"token{number:05}", email=f"p{number}@example.org", name=f"P{number}",
            sections=rng.choice([None, ("foreign",), ("trade",), ("foreign", "trade"), ("trade", f"x{number % 1000}")]),
            format=rng.choice(["html", "text"]), language="", attempts=0,
        )  # fmt: skip
        message = write(person_)
        data = message.data
        assert message.dotted or b"\n." not in data
        tokens = set(re.findall(rb"token\d{5}", quopri.decodestring(data) + data))
        assert tokens == {person_.subscriber.encode()}
        assert set(re.findall(rb"p\d+@example.org", data)) == {person_.email.encode()}
        found |= {token.decode() for token in tokens}
    assert len(found) == 10_000


def test_an_internationalised_address_needs_smtputf8(store: Store, clock: StandingClock) -> None:
    people = [
        person(name, email=f"{name}@bücher.example", email_key=f"{name}@bücher.example") for name in ("jörg", "zoë")
    ]
    ledger = approved(store, people)
    with scripted_server(Script(extensions=("PIPELINING",))) as inbox:
        report = hand_over(ledger, smtp(inbox), clock, limit=1)
    assert "5.6.7 the relay offers no SMTPUTF8" in report.refused[0]
    assert inbox.taken == []
    with aiosmtpd_server() as inbox:
        hand_over(ledger, smtp(inbox), clock)
    assert inbox.recipients == ["zoë@bücher.example"]
