"""`digest db copy` from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Digest
from tests.conftest import fresh_postgres


def test_the_command_says_what_was_verified(digest: Digest, publication: Path, tmp_path: Path, postgres: str) -> None:
    target = fresh_postgres(postgres)
    done = digest("db", "copy", "--to", target, "-c", publication)
    assert done.code == 0, done.err
    assert "are the same on both sides by count and hash" in done.out
    again = digest("db", "copy", "--to", target, "-c", publication)
    assert "nothing was done" in again.out
    moved = {"DIGEST_STORE_URL": target}
    assert digest("approve", "-c", publication, environment=moved).code == 0
    assert digest("status", "--json", "-c", publication, environment=moved).json["state"] == "approved"
    assert digest("status", "--json", "-c", publication).json["state"] == "draft", "the old one was not changed"
    other = digest("db", "copy", "--from", f"sqlite:///{tmp_path}/none.db", "--to", target, "-c", publication)
    assert (other.code, other.err.count("\n")) == (1, 1)
    assert "no such file" in other.err
