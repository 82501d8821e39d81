"""`digest desk users`: passwords come from standard input, and are kept as argon2 hashes only."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.conftest import Digest, Outcome

PASSWORD = "four ropes and a lantern"


def test_users_are_added_listed_changed_and_removed(
    digest: Digest, publication: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def users(*words: str, typed: str = PASSWORD + "\n") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        return digest("desk", "users", *words, "-c", publication)

    assert "open on this machine only" in users("list").out
    assert users("add", "Ada  Merrow").out == "Ada Merrow may log in as editor.\n"
    assert users("add", "Bo", "--role", "viewer").code == 0
    assert users("list").out == "editor   Ada Merrow\nviewer   Bo\n"
    assert "is viewer now" in users("add", "Ada Merrow", "--role", "viewer").out
    assert [each["role"] for each in digest("desk", "users", "list", "--json", "-c", publication).json] == [
        "viewer", "viewer",
    ]  # fmt: skip

    for words, typed, said in (
        (("add", "Cid"), "short\n", "has 5 characters; choose one of 12 to 128"),
        (("add", "Cid"), "", "no password was given"),
        (("add", "Cid Cidson"), "it is cid cidson, I say\n", "holds the name"),
        (("add", "<b>"), PASSWORD + "\n", "is no name for the desk"),
        (("add", "Cid", "--role", "king"), "", "choose editor or viewer"),
        (("remove", "Cid"), "", "nobody is called 'Cid'"),
    ):
        refused = users(*words, typed=typed)
        assert (refused.code, said in refused.err) == (2, True), refused.err

    engine = sa.create_engine(f"sqlite:///{publication.parent / 'digest.db'}")
    with engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT password FROM desk_users")).scalars().all()
    engine.dispose()
    assert all(each.startswith("$argon2id$") and PASSWORD not in each for each in kept)
    assert len(set(kept)) == 2
    assert users("remove", "Bo").out == "Bo may not log in any more.\n"
    assert digest("desk", "log", "-c", publication).out == ""
