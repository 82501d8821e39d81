"""Where messages go that no relay takes: a program of this machine, a maildir, a folder of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from digest.errors import RelayError
from digest.mail.transport import Transport
from digest.mail.via import parse_via, transport
from digest.model.mail import Envelope, Message

DATA = b"Subject: Tides\r\n\r\n.A line that begins with a dot.\r\n"


def message(recipient: str = "ada@example.org") -> Message:
    return Message(
        envelope=Envelope(sender="news@halyard.example", recipient=recipient),
        message_id="tides@halyard.example",
        data=DATA,
    )


def to(via: str, base: Path) -> Transport:
    return transport(parse_via(via, base), password="", timeout_s=60, hostname="client.example")


def program(folder: Path, script: str) -> Path:
    file = folder / "sendmail"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_a_program_gets_the_message_and_who_it_is_for(tmp_path: Path) -> None:
    script = f"printf '%s|' \"$@\" > {tmp_path}/words; cat > {tmp_path}/mail"
    connection = to(f"sendmail:{program(tmp_path, script)}", tmp_path).open()
    connection.probe("news@halyard.example", 1_000)
    assert connection.announce(message().envelope) is None
    assert connection.deliver(message(), None).reply.code == 250
    connection.close()
    # "--" ends its options: an address that begins with a dash is none.
    assert (tmp_path / "words").read_text() == "-i|-f|news@halyard.example|--|ada@example.org|"
    assert (tmp_path / "mail").read_bytes() == DATA.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("cat > /dev/null; echo 'no such user here' >&2; exit 67", 550, "no such user here"),
        ("cat > /dev/null; exit 1", 550, "exit 1"),
        ("cat > /dev/null; echo 'the queue is full' >&2; exit 75", 451, "the queue is full"),
    ],
)
def test_what_a_program_says_is_its_reply(tmp_path: Path, script: str, code: int, words: str) -> None:
    connection = to(f"sendmail:{program(tmp_path, script)}", tmp_path).open()
    reply = connection.deliver(message(), None).reply
    assert (reply.code, reply.text) == (code, words)
    connection.abandon()


def test_a_program_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="there is no such program") as missing:
        to(f"sendmail:{tmp_path / 'none'}", tmp_path).open()
    assert missing.value.where == str(tmp_path / "none")


@pytest.mark.parametrize(("via", "kept"), [("maildir:mails", "new/*.digest"), ("eml:mails", "*.eml")])
def test_folders_hold_one_file_a_message_and_the_same_again_is_no_second(tmp_path: Path, via: str, kept: str) -> None:
    connection = to(via, tmp_path).open()
    for recipient in ("ada@example.org", "bea@example.org", "ada@example.org"):
        assert connection.deliver(message(recipient), None).reply.code == 250
    files = sorted((tmp_path / "mails").glob(kept))
    assert len(files) == 2
    assert all(b"Subject: Tides" in file.read_bytes() for file in files)
    assert sorted(each for each in (tmp_path / "mails").rglob("*") if each.is_file()) == files, "nothing half-written"


@pytest.mark.parametrize("via", ["maildir:mails", "eml:mails"])
def test_a_folder_that_cannot_be_made_or_written_is_one_sentence(tmp_path: Path, via: str) -> None:
    (tmp_path / "mails").write_text("a file stands there", encoding="utf-8")
    with pytest.raises(RelayError) as refused:
        to(via, tmp_path).open()
    assert str(tmp_path / "mails") in str(refused.value)
    (tmp_path / "mails").unlink()
    connection = to(via, tmp_path).open()
    for folder, _, _ in os.walk(tmp_path / "mails", topdown=False):
        Path(folder).rmdir()
    with pytest.raises(RelayError, match="it cannot be written"):
        connection.deliver(message(), None)
