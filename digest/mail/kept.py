"""Connections that outlast a batch: the next one finds them open instead of greeting the relay anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from digest.mail.transport import Answered, Connection, Cut, Refusal, Transport
from digest.model.mail import Envelope, Message

IDLE_S = 20.0  # then a kept connection is closed: relays close them too, most after minutes


class KeptConnections:
    """A transport over another: what is closed in good order is kept for a while."""

    def __init__(self, transport: Transport, *, now: Callable[[], float] = time.monotonic) -> None:
        self.transport, self.now = transport, now
        self._idle: list[tuple[float, Connection]] = []  # when it was kept; the newest last
        self._guard = threading.Lock()

    def open(self) -> Connection:
        """Return a kept session, else a new one; raises RelayError or RelayUnreachable."""
        self._drop_old()
        with self._guard:
            found = self._idle.pop()[1] if self._idle else None
        return _Kept(found or self.transport.open(), self)

    def keep(self, connection: Connection) -> None:
        """Keep a session that nothing was announced on."""
        with self._guard:
            self._idle.append((self.now(), connection))

    def _drop_old(self) -> None:
        with self._guard:
            old = [each for each in self._idle if each[0] < self.now() - IDLE_S]
            self._idle = [each for each in self._idle if each not in old]
        for _, connection in old:
            connection.close()

    def close(self) -> None:
        """End every kept session in good order."""
        with self._guard:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()


class _Kept:
    """One session; closing it keeps it, unless it was cut."""

    def __init__(self, connection: Connection, home: KeptConnections) -> None:
        self.connection, self.home = connection, home
        self.announced = False  # an envelope waits for its body, so the session cannot be handed on
        self.cut = False

    def probe(self, sender: str, size: int) -> None:
        """As the connection kept."""
        self.connection.probe(sender, size)

    def announce(self, envelope: Envelope) -> Refusal | None:
        """As the connection kept."""
        try:
            refusal = self.connection.announce(envelope)
        except Cut:
            self.cut = True
            raise
        self.announced = refusal is None
        return refusal

    def deliver(self, message: Message, following: Envelope | None) -> Answered:
        """As the connection kept."""
        try:
            answered = self.connection.deliver(message, following)
        except BaseException:
            self.cut = True
            raise
        self.announced = following is not None and answered.following is None
        return answered

    def abandon(self) -> None:
        """Close without the final dot."""
        self.cut = True
        self.connection.abandon()

    def close(self) -> None:
        """Keep the session for the next batch; end it where it cannot be used again."""
        if self.cut or self.announced:
            self.connection.close()
        else:
            self.home.keep(self.connection)
