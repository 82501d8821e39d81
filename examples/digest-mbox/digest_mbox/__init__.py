"""Deliver into one mbox file, which any mail program opens: `via = "mbox:outbox.mbox"`."""

from __future__ import annotations

import mailbox
import threading
from contextlib import closing
from pathlib import Path

from digest.errors import RelayError, RelayUnreachable
from digest.mail.replies import Reply
from digest.mail.transport import Answered, Refusal, Transport
from digest.model.mail import Envelope, Message


class Mbox:
    """Opens sessions that append to one file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._turn = threading.Lock()  # several sessions of this process write by turns

    def open(self) -> Session:
        """Return a session; the file is made when it is not there."""
        return Session(self.file, self._turn)


class Session:
    """One session: it holds the file's lock only while it writes a message."""

    def __init__(self, file: Path, turn: threading.Lock) -> None:
        self._file, self._turn = file, turn

    def probe(self, sender: str, size: int) -> None:
        """Try to open the file, so that a wrong path is told before anybody is planned."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab"):
                pass
        except OSError as error:
            raise RelayError(f"it cannot be written ({error.strerror})", where=str(self._file)) from None

    def announce(self, envelope: Envelope) -> Refusal | None:
        """Take every recipient."""
        return None

    def deliver(self, message: Message, following: Envelope | None) -> Answered:
        """Append a message; it is accepted once the file is closed."""
        with self._turn, closing(mailbox.mbox(self._file)) as box:
            try:
                box.lock()
            except mailbox.ExternalClashError:
                raise RelayUnreachable("another program holds it", where=str(self._file)) from None
            box.add(message.data.replace(b"\r\n", b"\n"))
            box.flush()
        return Answered(reply=Reply(code=250, text="2.0.0 appended"))

    def abandon(self) -> None:
        """Nothing is open between messages."""

    def close(self) -> None:
        """Nothing is open between messages."""


def make(rest: str, folder: Path) -> Transport:
    """Return the transport of `mbox:FILE`; a relative file starts from the publication's folder."""
    return Mbox((folder / rest).absolute())
