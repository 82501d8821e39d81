"""A disk that fills up and a database that is locked in the middle of a send: it stops cleanly, and goes on later."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from digest.store import engine
from tests.cli.conftest import Digest, change
from tests.conftest import UNMEASURED, StandingClock
from tests.smtpd import Inbox, Script, scripted_server

READERS, CONNECTIONS = 400, 4


@pytest.fixture
def approved_list(digest: Digest, publication: Path) -> Path:
    """An approved edition for four hundred readers; return its digest.toml."""
    rows = "\n".join(f"reader{number:03}@read.example" for number in range(READERS))
    (publication.parent / "subscribers.csv").write_text(f"email\n{rows}\n", encoding="utf-8")
    (publication.parent / "digest.db").unlink()
    change(publication, r"^\[delivery\]$", f"[delivery]\nconnections = {CONNECTIONS}")
    for words in (
        ("fetch",),
        ("build",),
        ("approve",),
        ("subscribers", "import", publication.parent / "subscribers.csv"),
    ):
        assert digest(*words, "-c", publication).code == 0
    return publication


def all_got_it(digest: Digest, publication: Path, inbox: Inbox) -> None:
    """Send on: everybody has the edition, and whoever was in doubt has it twice at most and is on record."""
    outcome = digest("send", "-c", publication, "--via", f"smtp://127.0.0.1:{inbox.port}")
    assert outcome.code == 0, outcome.err
    got = Counter(inbox.recipients)
    assert len(got) == READERS
    assert sum(got.values()) - READERS <= CONNECTIONS
    status = digest("status", "-c", publication, "--json").json
    assert (status["state"], status["counts"]["accepted"], status["counts"]["total"]) == ("finished", READERS, READERS)


def test_a_disk_that_fills_up_stops_the_send_and_the_next_goes_on(digest: Digest, approved_list: Path) -> None:
    largest = max(path.stat().st_size for path in approved_list.parent.glob("digest.db*"))
    with scripted_server(Script()) as inbox:
        done = subprocess.run(
            [
                sys.executable, "-m", "digest", "send", "-c", str(approved_list), "--edition", "2026-11-23",
                "--via", f"smtp://127.0.0.1:{inbox.port}",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={**os.environ, **UNMEASURED, "DIGEST_DEBUG": "", "PYTHONDONTWRITEBYTECODE": "1"},  # or a cut file stays
            # No file of that process grows beyond this: a write says so as on a full disk.
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 4, largest // 4)),
        )  # fmt: skip
        assert done.returncode in (1, 75), done.stderr
        assert "Traceback" not in done.stderr
        said = [line for line in done.stderr.splitlines() if line.startswith("digest: ")]
        assert len(said) == 1, done.stderr
        assert "disk" in said[0]
        assert len(inbox.taken) < READERS
        all_got_it(digest, approved_list, inbox)


def test_a_locked_database_stops_the_send_and_the_next_goes_on(
    digest: Digest, approved_list: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.3)
    blocker = sqlite3.connect(approved_list.parent / "digest.db", check_same_thread=False, isolation_level=None)
    taken = 0

    def on_dot(recipient: str) -> str:
        nonlocal taken
        taken += 1
        if taken == 50:
            blocker.execute("BEGIN IMMEDIATE")
        return "250 ok"

    with scripted_server(Script(on_dot=on_dot)) as inbox:
        outcome = digest("send", "-c", approved_list, "--via", f"smtp://127.0.0.1:{inbox.port}")
        assert outcome.code in (1, 75), outcome.err
        assert "lock" in outcome.err
        assert len([line for line in outcome.err.splitlines() if line.startswith("digest: ")]) == 1, outcome.err
        assert 50 <= len(inbox.taken) < READERS
        blocker.execute("ROLLBACK")
        blocker.close()
        clock.advance(minutes=20)  # what it had claimed and could not give back is free when the lease is over
        all_got_it(digest, approved_list, inbox)
