"""A backup holds the publication as it was at one instant, from either database, whatever is written meanwhile."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from digest.errors import FileProblem, StoreError
from digest.store import migrations, upgrading
from digest.store.backups import backup, look_into, rotate
from digest.store.copying import tables_copied
from digest.store.engine import Store
from digest.store.house_tables import pauses
from digest.store.tables import REVISION, notices
from tests.store import test_copying, test_migrations

OLDEST = test_migrations.OLD[-1]


def test_every_row_is_in_it(store_url: str, tmp_path: Path) -> None:
    with contextlib.closing(Store.open(store_url)) as store:
        test_copying.fill(store, 130)
    made = backup(store_url, tmp_path / "backup.db")
    assert test_copying.hashes(f"sqlite:///{made.file}") == test_copying.hashes(store_url)
    assert made.rows == 130 * len(tables_copied())
    assert made.revision == REVISION
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600, "it holds addresses"
    assert look_into(made.file).rows == made.rows


def test_it_is_of_one_instant_while_others_write(store_url: str, tmp_path: Path) -> None:
    """Two tables get a row each in one transaction, again and again: no backup has one without the other."""
    with contextlib.closing(Store.open(store_url)) as store:
        ended, written = threading.Event(), 0

        def write() -> None:
            nonlocal written
            while not ended.is_set():
                written += 1
                with store.write() as connection:
                    row = {"digest": f"d{written}", "until": "2026-12-01", "by": "Ada", "at": written}
                    connection.execute(sa.insert(pauses).values(**row))
                    row = {"key": f"k{written}", "kind": "alert", "recipient": "a@b.example", "body": "x" * 3_000}
                    connection.execute(sa.insert(notices).values(**row, state="planned", created=1, changed=1))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            seen = []
            for number in range(6):
                made = backup(store_url, tmp_path / f"{number}.db")
                with contextlib.closing(sqlite3.connect(made.file)) as connection:
                    counts = [
                        connection.execute(f"SELECT count(*) FROM {n}").fetchone()[0] for n in ("pauses", "notices")
                    ]
                assert counts[0] == counts[1]
                seen.append(counts[0])
        finally:
            ended.set()
            writer.join()
        assert seen[-1] > seen[0], "somebody wrote meanwhile"
        assert written > seen[-1] - 1


def test_older_tables_are_backed_up_as_they_are(store_url: str, tmp_path: Path) -> None:
    with contextlib.closing(test_migrations.empty(store_url)) as old:
        migrations.make(old, OLDEST)
        with old.write() as connection:
            test_migrations.fill(connection)
    made = backup(store_url, tmp_path / "backup.db")
    assert made.revision == OLDEST
    assert upgrading.upgrade(f"sqlite:///{made.file}") == (OLDEST, REVISION)
    assert upgrading.check(f"sqlite:///{made.file}").problems == ()


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path / 'digest.db'}", tmp_path / "backup.db"
    Store.open(url).close()
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(FileProblem, match="never overwritten"):
        backup(url, file)
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_damaged_database_leaves_no_backup_behind(tmp_path: Path) -> None:
    path = tmp_path / "digest.db"
    store = Store.open(f"sqlite:///{path}")
    test_copying.fill(store, 300)
    store.close()
    body = bytearray(path.read_bytes())
    body[40_000:60_000] = b"\xff" * 20_000
    path.write_bytes(bytes(body))
    with pytest.raises(StoreError, match=r"damaged|cannot be read|no backup"):
        backup(f"sqlite:///{path}", tmp_path / "backups" / "one.db")
    assert list((tmp_path / "backups").iterdir()) == []


@pytest.mark.parametrize("body", [b"", b"no database at all" * 100])
def test_what_is_no_backup_is_told(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "x.db").write_bytes(body)
    with pytest.raises(StoreError, match="it is no backup of a publication"):
        look_into(tmp_path / "x.db")
    with pytest.raises(FileProblem, match="there is no such file"):
        look_into(tmp_path / "y.db")


def test_a_folder_keeps_the_newest(tmp_path: Path) -> None:
    for day in range(1, 6):
        (tmp_path / f"digest-2026110{day}T060000Z.db").touch()
    (tmp_path / "other.db").touch()
    assert [path.name[7:15] for path in rotate(tmp_path, "digest-*.db", 2)] == ["20261101", "20261102", "20261103"]
    assert rotate(tmp_path, "digest-*.db", 0) == []
    assert len(list(tmp_path.iterdir())) == 3
