"""`digest bounces read`: from a real edition handed over to a bounce of it, through the command line."""

from __future__ import annotations

import io
import mailbox
import sys
from pathlib import Path

import pytest

from digest.config import load
from digest.wiring import Wiring
from digest.wiring.bounces import return_path
from tests.builders import bounce_of
from tests.cli.conftest import Digest, change
from tests.smtpd import aiosmtpd_server


def test_a_copy_that_comes_back_suppresses_its_reader(
    digest: Digest, publication: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = digest("bounces", "read", publication.parent, "-c", publication)
    assert outcome.code == 2
    assert "there is no [delivery.bounces]" in outcome.err
    text = publication.read_text(encoding="utf-8")
    assert "[delivery]" in text
    change(
        publication,
        r"^\[delivery\]$",
        '[delivery.bounces]\ntransient = 4\n\n[delivery]\nreturn_path = "b@halyard.example"',
    )
    with aiosmtpd_server() as inbox:
        for words in (("build",), ("approve",), ("send", "--via", f"smtp://127.0.0.1:{inbox.port}")):
            assert digest(*words, "-c", publication).code == 0, words
    paths = {sender for sender in inbox.senders if "+" in sender}
    assert len(paths) == len(inbox.taken) > 1, "each copy has a return path of its own"
    letter = publication.parent / "letter.eml"
    letter.write_text(bounce_of(sorted(paths)[0]), encoding="utf-8")
    read = digest("bounces", "read", letter, "-c", publication, "--json")
    assert read.code == 0, read.err
    assert (read.json["read"], read.json["permanent"]) == (1, 1)
    listed = digest("subscribers", "list", "--status", "bounced", "-c", publication)
    assert len(listed.out.splitlines()) >= 1

    class Pipe:
        buffer = io.BytesIO(b"From: x@y.example\nSubject: hello\n\nhello\n")

    monkeypatch.setattr(sys, "stdin", Pipe)
    piped = digest("bounces", "read", "-", "-c", publication)
    assert piped.code == 0
    assert "1 not understood and kept" in piped.out
    assert len(list((publication.parent / "bounces").iterdir())) == 1


def test_each_run_reads_the_mailbox_first_and_goes_on_without_it(digest: Digest, publication: Path) -> None:
    change(
        publication,
        r"^\[delivery\]$",
        '[delivery.bounces]\nmailbox = "back"\n\n[delivery]\nreturn_path = "b@halyard.example"',
    )
    folder, here = publication.parent, ("-c", publication)
    missing = digest("bounces", "read", *here)
    assert (missing.code, missing.err.count("\n")) == (1, 1)
    assert f"{folder / 'back'}: there is no such mailbox; name a maildir" in missing.err
    looked = digest("doctor", "--offline", *here)
    assert "there is no such mailbox" in looked.err
    assert digest("approve", *here).code == 0
    sent = digest("run", *here)
    assert sent.code == 5
    assert "bounces: " in sent.err
    assert "there is no such mailbox" in sent.err
    assert "accepted" in sent.out, "the edition goes out all the same"

    wiring = Wiring(load(publication, {}))
    path, box = return_path(wiring), mailbox.Maildir(folder / "back")
    people = list(wiring.subscribers.subscribers())[:2]
    key = wiring.key(wiring.settings.digests[0])
    wiring.close()
    assert path is not None
    for each in people:
        box.add(bounce_of(path.of(key, each.id)))
    assert "a maildir with 2 messages to read" in digest("doctor", "--offline", *here).out
    again = digest("run", *here)
    assert again.code == 0, again.err
    assert "bounces: 2 messages read: 2 suppressed for a permanent bounce" in again.out
    assert all("S" in each.get_flags() for each in box)
    quiet = digest("run", *here)
    assert "bounces" not in quiet.out + quiet.err
    assert digest("bounces", "read", *here).out.startswith("0 messages read")
