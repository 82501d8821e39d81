"""`digest db copy`: a publication into another database."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from digest.cli.session import Session, command
from digest.cli.setup import db_group
from digest.errors import EXIT_DONE


def register(app: typer.Typer) -> None:
    """Add this command to the group of `digest db`."""
    command(
        db_group,
        "copy",
        example="digest db copy --to postgresql+psycopg://digest@db.example/digest",
        exits=(0, 1, 2, 3),
    )(copy)


def copy(
    session: Session,
    to: Annotated[
        str, typer.Option("--to", metavar="URL", envvar="DIGEST_COPY_TO", help="An empty database, or a copy begun.")
    ],
    source: Annotated[
        str, typer.Option("--from", metavar="URL", envvar="DIGEST_COPY_FROM", help="[store] url without it.")
    ] = "",
) -> int:
    """Copy a publication into another database and verify it by counts and hashes; called again, it goes on."""
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
        session.say(f"This copy was finished at {iso(report.finished)}; nothing was done.")
        return EXIT_DONE
    for table in report.tables:
        session.detail(f"{table.name}: {table.rows:,} rows, {table.hash}")
    session.say(
        f"{report.rows:,} rows of {len(report.tables)} tables are the same on both sides by count and hash;"
        f" {report.copied:,} were copied now in {time.monotonic() - began:.1f} s."
    )
    session.say("Now set [store] url, or DIGEST_STORE_URL, to the new database; the old one was not changed.")
    return EXIT_DONE
