"""`digest db …`: the database brought up to date, checked, backed up, restored, copied."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.session import JsonOption, Session, command, to_second
from digest.errors import EXIT_DONE, EXIT_FAILED
from digest.model.counting import count_of

if TYPE_CHECKING:
    from digest.store.backups import Backup

group = typer.Typer(help="Look after the database.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the group of `digest db`."""
    app.add_typer(group, name="db")


@command(group, "upgrade", example="digest db upgrade", exits=(0, 1, 2))
def upgrade(
    session: Session,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Do not write a backup first: you have one.")] = False,
) -> int:
    """Bring the database to this version's tables. After a backup of it beside digest.toml; there is no way back."""
    from digest.store.upgrading import upgrade as upgrade_store
    from digest.wiring.backups import Backups

    kept = None if no_backup else Backups(session.wiring).before_upgrade()
    if kept is not None:
        session.say(f"Before the upgrade: {kept}")
    before, after = upgrade_store(session.settings.store_url)
    queue = _upgrade_queue(session)
    session.say(
        f"The database is at {after}."
        if before == after
        else f"The database went from {before or 'nothing'} to {after}."
    )
    if queue:
        session.say(f"Its queue's tables are up to date: {', '.join(queue)}.")
    return EXIT_DONE


def _upgrade_queue(session: Session) -> Sequence[str]:
    """Make or bring up the queue's tables where workers can run: on PostgreSQL, with the extra installed."""
    from digest.dates import to_micros
    from digest.store import queue_schema

    if session.settings.store_url.startswith("sqlite") or not queue_schema.is_installed():
        return ()
    return queue_schema.upgrade(session.wiring.database, moment=to_micros(session.clock.now()))


@command(group, "check", example="digest db check backups/digest-20261125T060000Z.db", exits=(0, 1, 2))
def check(
    session: Session,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A backup; the database without it.")] = None,
) -> int:
    """Check that the database, or a backup, is whole. It answers and has this version's tables."""
    from digest.store.backups import look_into
    from digest.store.upgrading import check as check_store

    if file is not None:
        session.say(_line(look_into(file)))
        return EXIT_DONE
    state = check_store(session.settings.store_url)
    for problem in state.problems:
        session.warn(problem)
    if state.problems:
        return EXIT_FAILED
    session.say(f"The database is at {state.current}, as it should be.")
    return EXIT_DONE


@command(group, "backup", example="digest db backup backups/ --keep 14", exits=(0, 1, 2))
def backup(
    session: Session,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A new file, or a folder to make one in; FOLDER/ is made.")
    ],
    keep: Annotated[
        int, typer.Option("--keep", metavar="N", min=0, help="Of a folder: remove all but the newest N; 0 = none.")
    ] = 0,
    as_json: JsonOption = False,
) -> int:
    """Write the database into one SQLite file, checked. Runs, sends and pages go on meanwhile."""
    from digest.wiring.backups import Backups

    made, gone = Backups(session.wiring).make(Path(file).absolute(), keep=keep, in_folder=file.endswith("/"))
    if as_json:
        session.emit(_document(made) | {"removed": [str(path) for path in gone]})
        return EXIT_DONE
    session.say(_line(made))
    for path in gone:
        session.say(f"Removed {path}")
    return EXIT_DONE


@command(group, "restore", example="digest db restore backups/digest-20261125T060000Z.db", exits=(0, 1, 2, 3))
def restore(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `digest db backup` wrote.")],
    accept_lost: Annotated[
        bool,
        typer.Option(
            "--accept-lost-unsubscribes", help="There is no database to take over from who left since the backup."
        ),
    ] = False,
) -> int:
    """Put a backup in the database's place. Who left since stays away, and no edition up to today is sent unasked."""
    from digest.wiring.backups import Backups

    done = Backups(session.wiring).restore(file.absolute(), accept_lost=accept_lost)
    newest = f" of {done.newest:%Y-%m-%d %H:%M} UTC" if done.newest else ""
    session.say(
        f"Restored {done.rows:,} rows{newest}; {count_of(done.stayed_away, 'suppression')} came from what it replaces."
    )
    if done.erased:
        session.say(f"{count_of(done.erased, 'person', 'people')} erased since the backup: erased again.")
    if done.missing:
        session.warn(f"{count_of(done.missing, 'reader')} not in the backup, joined after it; {_find_them(done.kept)}")
    if done.kept is not None:
        session.say(f"The replaced database: {done.kept}")
    for key in done.set_aside:
        session.warn(
            f"{key.digest}: the edition of {key.day} is set aside, as it may have been sent;"
            f" to send it: digest approve --digest {key.digest} --edition {key.day}"
        )
    return EXIT_DONE


def _find_them(kept: Path | None) -> str:
    return f"DIGEST_STORE_URL=sqlite:///{kept} digest subscribers export" if kept else "nobody knows them any more"


def _line(made: Backup) -> str:
    newest = f", its newest change of {made.newest:%Y-%m-%d %H:%M} UTC" if made.newest else ""
    return f"{made.file}: {made.size / 1e6:.1f} MB, {made.rows:,} rows at {made.revision}{newest}; nothing is wrong."


def _document(made: Backup) -> dict[str, object]:
    from digest.dates import iso

    return {
        "file": str(made.file),
        "bytes": made.size,
        "rows": made.rows,
        "revision": made.revision,
        "newest": iso(made.newest) if made.newest else None,
    }


@command(group, "copy", example="digest db copy --to postgresql+psycopg://digest@db.example/digest", exits=(0, 1, 2, 3))
def copy(
    session: Session,
    to: Annotated[
        str, typer.Option("--to", metavar="URL", envvar="DIGEST_COPY_TO", help="An empty database, or a copy begun.")
    ],
    source: Annotated[
        str, typer.Option("--from", metavar="URL", envvar="DIGEST_COPY_FROM", help="[store] url without it.")
    ] = "",
) -> int:
    """Copy a publication into another database. Verified by counts and hashes; called again, it goes on."""
    from digest.dates import iso
    from digest.store.copying import copy as copy_store

    shown, began = sys.stderr.isatty() and not session.quiet, time.monotonic()

    def tell(name: str, done: int, total: int) -> None:
        if shown:
            session.warn(f"{name}: {done:,} of {total:,}")
        else:
            session.detail(f"{name}: {done:,} of {total:,}")

    report = copy_store(source or session.settings.store_url, to, now=session.clock.now, tell=tell)
    if report.finished is not None:
        session.say(f"This copy was finished at {to_second(iso(report.finished))}; nothing was done.")
        return EXIT_DONE
    for table in report.tables:
        session.detail(f"{table.name}: {table.rows:,} rows, {table.hash}")
    session.say(
        f"{report.rows:,} rows of {len(report.tables)} tables are the same on both sides by count and hash;"
        f" {report.copied:,} were copied now in {time.monotonic() - began:.1f} s."
    )
    session.say("Now set [store] url, or DIGEST_STORE_URL, to the new database; the old one was not changed.")
    return EXIT_DONE
