"""Real SMTP servers for tests: aiosmtpd for content, and a scripted one for faults, each on a loopback port."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session


@dataclass
class Inbox:
    """What a server took, in order."""

    port: int = 0
    taken: list[tuple[str, bytes]] = field(default_factory=list)  # (recipient, body)
    connections: int = 0  # opened so far
    senders: list[str] = field(default_factory=list)  # envelope senders, of aiosmtpd alone

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.taken]

    def message(self, recipient: str) -> EmailMessage:
        (body,) = [body for to, body in self.taken if to == recipient]
        return email.message_from_bytes(body, policy=email.policy.default)


class _Handler:
    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        body = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        for recipient in envelope.rcpt_tos:
            self.inbox.taken.append((recipient, body))
            self.inbox.senders.append(str(envelope.mail_from))
        return "250 2.0.0 taken"


def collecting(inbox: Inbox) -> _Handler:
    """A handler of aiosmtpd that fills an inbox."""
    return _Handler(inbox)


@contextmanager
def aiosmtpd_server() -> Iterator[Inbox]:
    """A server that takes everything."""
    inbox = Inbox()
    controller = Controller(_Handler(inbox), hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True)
    controller.start()
    inbox.port = controller.port
    try:
        yield inbox
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Script:
    """How a scripted server answers; each hook returns a reply, "" to say nothing, or "cut" to hang up."""

    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8")
    on_mail: Callable[[str], str] = lambda sender: "250 2.1.0 ok"
    on_rcpt: Callable[[str], str] = lambda recipient: "250 2.1.5 ok"
    on_data: Callable[[str], str] = lambda recipient: "354 go on"
    on_dot: Callable[[str], str] = lambda recipient: "250 2.0.0 taken"
    on_auth: Callable[[str], str] = lambda words: "535 5.7.8 wrong"
    greeting: str = "220 scripted ready"
    most_connections: int = 0  # at once; more are greeted with 421


class Gate:
    """A relay that takes as many messages as it is allowed to; who hands over more waits for the reply."""

    def __init__(self) -> None:
        self._permits = threading.Semaphore(0)
        self.script = Script(on_dot=self._on_dot)

    def _on_dot(self, recipient: str) -> str:
        self._permits.acquire(timeout=300)
        return "250 ok"

    def allow(self, count: int) -> None:
        self._permits.release(count)

    def open(self) -> None:
        self.allow(1_000_000)


class _Cut(Exception):
    pass


class _Talk(threading.Thread):
    """One connection: strict about order, so that a client that writes too early is found out."""

    def __init__(self, connection: socket.socket, script: Script, inbox: Inbox) -> None:
        super().__init__(daemon=True)
        self.connection, self.script, self.inbox = connection, script, inbox
        self.file = connection.makefile("rb")
        self.recipients: list[str] = []
        self.has_sender = False

    def say(self, reply: str) -> None:
        if reply == "cut":
            raise _Cut
        if reply:
            self.connection.sendall(reply.encode() + b"\r\n")

    def run(self) -> None:
        try:
            self.say(self.script.greeting)
            for line in self.file:
                self.command(line.decode("utf-8", "replace").rstrip("\r\n"))
        except (OSError, _Cut, ValueError):
            pass
        finally:
            self.file.close()
            self.connection.close()

    def command(self, line: str) -> None:
        verb = line.split(" ", 1)[0].upper()
        if verb in ("EHLO", "LHLO"):
            lines = ["scripted", *self.script.extensions]
            for place, each in enumerate(lines):
                self.say(f"250{' ' if place == len(lines) - 1 else '-'}{each}")
        elif verb == "AUTH":
            self.say(self.script.on_auth(line))
        elif verb == "MAIL":
            reply = self.script.on_mail(_address(line))
            self.has_sender, self.recipients = reply.startswith("2"), []
            self.say(reply)
        elif verb == "RCPT":
            reply = self.script.on_rcpt(_address(line)) if self.has_sender else "503 5.5.1 MAIL first"
            if reply.startswith("2"):
                self.recipients.append(_address(line))
            self.say(reply)
        elif verb == "DATA":
            self.data()
        elif verb == "BDAT" and "CHUNKING" in self.script.extensions:
            self.chunk(int(line.split()[1]))
        elif verb == "RSET":
            self.has_sender, self.recipients = False, []
            self.say("250 2.0.0 ok")
        elif verb == "QUIT":
            self.say("221 2.0.0 bye")
            raise _Cut
        else:
            self.say("500 5.5.2 what?")

    def chunk(self, size: int) -> None:
        body = self.file.read(size)
        if len(body) < size:
            raise _Cut
        if not self.recipients:
            self.say("503 5.5.1 RCPT first")
            return
        self.taken(body)

    def data(self) -> None:
        if not self.recipients:
            self.say("503 5.5.1 RCPT first")
            return
        recipient = self.recipients[0]
        reply = self.script.on_data(recipient)
        self.say(reply)
        if not reply.startswith("3"):
            return
        body = b""
        for line in self.file:
            if line == b".\r\n":
                break
            body += line[1:] if line.startswith(b".") else line
        else:
            raise _Cut
        self.taken(body)

    def taken(self, body: bytes) -> None:
        recipient = self.recipients[0]
        reply = self.script.on_dot(recipient)
        if reply.startswith("2") or reply in ("cut", ""):
            # A server that hangs up after the dot may have taken it: that is what "in doubt" means.
            self.inbox.taken.append((recipient, body))
        self.say(reply)
        self.recipients = []


def _address(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]


@contextmanager
def scripted_server(script: Script) -> Iterator[Inbox]:
    """A server that answers by a script."""
    inbox = Inbox()
    listener = socket.create_server(("127.0.0.1", 0))
    inbox.port = listener.getsockname()[1]
    talks: list[_Talk] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            inbox.connections += 1
            talks[:] = [talk for talk in talks if talk.is_alive()]
            if script.most_connections and len(talks) >= script.most_connections:
                connection.sendall(b"421 4.7.0 too many connections\r\n")
                connection.close()
                continue
            talks.append(_Talk(connection, script, inbox))
            talks[-1].start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
