"""Files and a local program instead of a relay: `eml:DIR`, `maildir:DIR`, `sendmail:`. Each hand-over is one step."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path

from digest.errors import RelayError
from digest.mail.replies import Reply
from digest.mail.transport import Answered, Refusal
from digest.model.mail import Envelope, Message

_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]")
DONE = Reply(code=250, text="2.0.0 written")
EX_TEMPFAIL = 75  # sysexits.h


class _Folder:
    """What folders share: there is no envelope to announce, and nothing to close."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def probe(self, sender: str, size: int) -> None:
        """There is nobody to ask."""

    def announce(self, envelope: Envelope) -> Refusal | None:
        return None

    def deliver(self, message: Message, following: Envelope | None) -> Answered:
        try:
            return Answered(reply=self.write(message))
        except OSError as error:
            raise RelayError(
                f"it cannot be written ({error.strerror or error})",
                where=str(self.path),
                fix="make room, or choose another",
            ) from None

    def write(self, message: Message) -> Reply:
        raise NotImplementedError

    def abandon(self) -> None:
        """Nothing was begun."""

    def close(self) -> None:
        """Nothing is open."""


def _made(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RelayError(
            f"the folder cannot be made ({error.strerror or error})", where=str(path), fix="choose one you may write to"
        ) from None


def _in_one_step(path: Path, body: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with beside.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


class EmlFolder(_Folder):
    """One `.eml` file a recipient, named from a safe form of the address; a repeat replaces it.

    With ``each`` it is one file a message: of notices a person may get several.
    """

    def __init__(self, path: Path, *, each: bool = False) -> None:
        super().__init__(path)
        self.each = each

    def open(self) -> EmlFolder:
        """Make the folder; raises RelayError where it cannot."""
        _made(self.path)
        return self

    def write(self, message: Message) -> Reply:
        """Write one file."""
        address = message.envelope.recipient
        safe = _UNSAFE.sub("_", address)[:80]
        if safe != address or self.each:
            told = address + message.message_id if self.each else address
            safe += "." + hashlib.sha256(told.encode("utf-8")).hexdigest()[:8]
        _in_one_step(self.path / f"{safe}.eml", message.data)
        return DONE


class Maildir(_Folder):
    """A maildir: written in `tmp`, moved to `new`, named by the Message-ID so that a repeat is one file."""

    def open(self) -> Maildir:
        """Make the folders; raises RelayError where it cannot."""
        for name in ("tmp", "new", "cur"):
            _made(self.path / name)
        return self

    def write(self, message: Message) -> Reply:
        """Write one file with Unix line ends, as maildirs hold."""
        name = hashlib.sha256(f"{message.message_id}{message.envelope.recipient}".encode()).hexdigest()[:32]
        early = self.path / "tmp" / f"{name}.digest"
        _in_one_step(early, message.data.replace(b"\r\n", b"\n"))
        early.replace(self.path / "new" / f"{name}.digest")
        return DONE


class Sendmail(_Folder):
    """A local `sendmail` program: its exit code is its reply."""

    def open(self) -> Sendmail:
        """Check that the program is there; raises RelayError."""
        if not os.access(self.path, os.X_OK):
            raise RelayError(
                "there is no such program", where=str(self.path), fix="name it: sendmail:/usr/sbin/sendmail"
            )
        return self

    def write(self, message: Message) -> Reply:
        """Hand one message to the program."""
        call = [str(self.path), "-i", "-f", message.envelope.sender, "--", message.envelope.recipient]
        body = message.data.replace(b"\r\n", b"\n")
        try:
            done = subprocess.run(call, input=body, capture_output=True, timeout=120, check=False)  # noqa: S603  # no shell
        except subprocess.TimeoutExpired:
            return Reply(code=451, text="4.4.2 the program did not end within 120 s")
        words = done.stderr.decode("utf-8", "replace").strip()
        if done.returncode == 0:
            return Reply(code=250, text="2.0.0 taken")
        return Reply(code=451 if done.returncode == EX_TEMPFAIL else 550, text=words or f"exit {done.returncode}")
