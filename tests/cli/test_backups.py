"""`digest db backup`, `restore`, `check`, `upgrade`: an old backup mails nobody again, and nobody who left."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from digest.store import migrations
from digest.store.engine import Store
from digest.store.locks import Locks
from digest.store.tables import REVISION
from tests.cli.conftest import Digest, Outcome, change
from tests.conftest import StandingClock, fresh_postgres
from tests.smtpd import aiosmtpd_server
from tests.store import test_migrations


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_old_backup_mails_nobody_again_and_nobody_who_left(
    digest: Digest, publication: Path, clock: StandingClock, kind: str, request: pytest.FixtureRequest
) -> None:
    change(publication, '^approval = "required"', 'approval = "automatic"')
    environment: dict[str, str] = {}
    if kind == "postgresql":
        environment = {"DIGEST_STORE_URL": fresh_postgres(request.getfixturevalue("postgres"))}

    def call(*words: object) -> Outcome:
        return digest(*words, "-c", publication, environment=environment)

    file = publication.parent / "old.db"
    with aiosmtpd_server() as inbox:
        via = ("--via", f"smtp://127.0.0.1:{inbox.port}")
        assert call("run", *via).code == 0
        clock.advance(days=1)
        assert call("fetch").code == 0
        assert call("build").code == 0
        made = call("db", "backup", file, "--json")
        assert made.code == 0, made.err
        assert json.loads(made.out)["file"] == str(file)
        # What the backup does not know: this morning's edition, who left, who was erased, who came.
        assert call("run", *via).code == 0
        before = len(inbox.recipients)
        assert call("subscribers", "remove", "trader@example.com").code == 0
        assert call("subscribers", "erase", "reader@example.org", "--yes").code == 0
        assert call("subscribers", "add", "late@example.org").code == 0
        restored = call("db", "restore", file)
        assert restored.code == 0, restored.err
        assert "1 person erased since the backup: erased again" in restored.out
        assert "1 reader not in the backup, joined after it" in restored.err
        assert "the edition of 2026-11-24 is set aside" in restored.err
        kept = restored.out.rpartition("The replaced database: ")[2].strip()
        known = digest(
            "subscribers", "export", "-c", publication, environment={"DIGEST_STORE_URL": f"sqlite:///{kept}"}
        )
        assert "late@example.org" in known.out, "nobody is lost"
        quiet = call("run", *via)
        assert quiet.code == 0
        assert "skipped (restored); nothing to do" in quiet.out
        assert len(inbox.recipients) == before, "nothing is sent again"
        assert call("approve", "--by", "Ada").code == 0
        assert call("send", *via).code == 0
        again = inbox.recipients[before:]
        assert len(again) == len(set(again)) >= 7
        assert not {"trader@example.com", "reader@example.org", "late@example.org"} & set(again)
    people = call("subscribers", "list").out
    assert "trader@example.com" in people
    assert "unsubscribed" in next(line for line in people.splitlines() if line.startswith("trader@"))
    assert "reader@example.org" not in people
    assert call("db", "check").code == 0


def test_days_that_the_backup_does_not_know_are_set_aside_too(
    digest: Digest, publication: Path, clock: StandingClock
) -> None:
    """A backup of Monday, restored on Thursday: nothing of Tuesday to Thursday goes out by itself."""
    change(publication, '^approval = "required"', 'approval = "automatic"')
    assert digest("run", "-c", publication).code == 0
    file = publication.parent / "old.db"
    assert digest("db", "backup", file, "-c", publication).code == 0
    clock.advance(days=3)
    told = digest("db", "restore", file, "-c", publication)
    assert [line.split(" is set aside")[0][-10:] for line in told.err.splitlines()] == [
        "2026-11-24", "2026-11-25", "2026-11-26",
    ]  # fmt: skip
    assert "set aside by a restore" in digest("calendar", "-c", publication).out
    run = digest("run", "-c", publication)
    assert (run.code, "nothing to do" in run.out) == (0, True)
    # Today's was never built in what was restored: confirming it takes a build.
    first = digest("approve", "-c", publication)
    assert first.code == 2
    assert "set aside by a restore; it is a draft again" in first.err
    for words in (("fetch",), ("build",), ("approve",)):
        assert digest(*words, "-c", publication).code == 0
    assert digest("status", "-c", publication, "--json").json["state"] == "approved"


def test_unsubscribes_are_not_lost_unasked(digest: Digest, publication: Path) -> None:
    file, database = publication.parent / "old.db", publication.parent / "digest.db"
    assert digest("db", "backup", file, "-c", publication).code == 0
    for make, words in (
        (lambda: database.unlink(), "there is no database at"),
        (lambda: database.write_bytes(b"\xffgarbage" * 4_000), "cannot be read"),
        (lambda: Store.open(f"sqlite:///{database}").close(), "is empty"),
    ):
        for ending in ("", "-wal", "-shm"):
            database.with_name(database.name + ending).unlink(missing_ok=True)
        database.touch()
        make()
        refused = digest("db", "restore", file, "-c", publication)
        assert refused.code == 2, refused.err
        assert words in refused.err
        assert "would be mailed again" in refused.err
        assert refused.err.count("\n") == 1
        accepted = digest("db", "restore", file, "--accept-lost-unsubscribes", "-c", publication)
        assert accepted.code == 0, accepted.err
        assert "12 subscribers" in digest("subscribers", "list", "-c", publication).out
    replaced = list(publication.parent.glob("digest.db.replaced-*"))
    assert any(path.read_bytes().startswith(b"\xffgarbage") for path in replaced), "what was there is kept"


def test_nothing_is_restored_under_a_run_or_a_send(digest: Digest, publication: Path, clock: StandingClock) -> None:
    file = publication.parent / "old.db"
    assert digest("db", "backup", file, "-c", publication).code == 0
    with contextlib.closing(Store.open(f"sqlite:///{publication.parent / 'digest.db'}")) as store:
        with Locks(store, clock.now).hold("daily", wait_s=0):
            assert digest("db", "restore", file, "-c", publication).code == 3
        digest("approve", "-c", publication)
        digest("send", "--limit", "3", "-c", publication)
        with store.write() as connection:
            connection.exec_driver_sql(
                "UPDATE deliveries SET state = 'claimed', owner = 'elsewhere:1:aa', lease_until = 9e15"
                " WHERE state = 'planned'"
            )
        busy = digest("db", "restore", file, "-c", publication)
        assert busy.code == 1
        assert "an edition is being handed over by elsewhere:1:aa" in busy.err
        with store.read() as connection:
            held = connection.exec_driver_sql("SELECT count(*) FROM deliveries WHERE owner <> ''").scalar()
        assert held == 7, "and nothing changed"


def test_an_upgrade_is_backed_up_first(digest: Digest, publication: Path) -> None:
    database = publication.parent / "digest.db"
    for ending in ("", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    url = f"sqlite:///{database}"
    with contextlib.closing(test_migrations.empty(url)) as old:
        migrations.make(old, test_migrations.OLD[-1])
    assert "run `digest db upgrade`" in digest("status", "-c", publication).err
    done = digest("db", "upgrade", "-c", publication)
    assert done.code == 0
    (kept,) = publication.parent.glob("digest-before-*.db")
    assert f"Before the upgrade: {kept}" in done.out
    assert digest("db", "check", kept, "-c", publication).code == 0
    assert digest("db", "upgrade", "-c", publication).out == f"The database is at {REVISION}.\n"
    assert len(list(publication.parent.glob("digest-before-*.db"))) == 1, "nothing to do, nothing to back up"


def test_a_damaged_database_is_found_by_check_and_restored(digest: Digest, publication: Path) -> None:
    database, file = publication.parent / "digest.db", publication.parent / "old.db"
    assert digest("db", "backup", file, "-c", publication).code == 0
    assert digest("subscribers", "remove", "trader@example.com", "-c", publication).code == 0
    with contextlib.closing(Store.open(f"sqlite:///{database}")) as store, store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        root = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'pictures'").scalar_one()
    body = bytearray(database.read_bytes())
    body[(root - 1) * 4096 + 100 : root * 4096] = b"\xee" * (4096 - 100)
    database.write_bytes(bytes(body))
    found = digest("db", "check", "-c", publication)
    assert found.code == 1
    assert "damaged" in found.err
    # What can still be read of it keeps who left away; the file itself is put aside.
    restored = digest("db", "restore", file, "-c", publication)
    assert restored.code == 0, restored.err
    assert "1 suppression came from what it replaces" in restored.out
    assert "unsubscribed" in digest("subscribers", "list", "-c", publication).out.partition("trader@")[2][:60]
    assert digest("db", "check", "-c", publication).code == 0
    (aside,) = publication.parent.glob("digest.db.replaced-*Z")
    assert f"The replaced database: {aside}" in restored.out
    assert aside.read_bytes()[(root - 1) * 4096 + 100 : root * 4096] == b"\xee" * (4096 - 100)


def test_a_folder_of_backups_keeps_the_newest(digest: Digest, publication: Path, clock: StandingClock) -> None:
    folder = publication.parent / "backups"
    for _ in range(4):
        outcome = digest("db", "backup", f"{folder}/", "--keep", "2", "-c", publication)
        assert outcome.code == 0
        clock.advance(days=1)
    assert [path.name for path in sorted(folder.iterdir())] == [
        "digest-20261125T064000Z.db", "digest-20261126T064000Z.db",
    ]  # fmt: skip
    assert outcome.out.count("Removed") == 1
    assert folder.stat().st_mode & 0o777 == 0o700, "backups hold addresses"
    assert digest("db", "backup", folder / "one.db", "--keep", "2", "-c", publication).code == 2
    in_the_way = digest("db", "backup", f"{publication}/", "-c", publication)
    assert (in_the_way.code, in_the_way.err.count("\n")) == (1, 1)
    assert "the folder cannot be made" in in_the_way.err
