"""`digest worker`: one of any number of processes that do a publication's work together."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from digest.cli.delivery import ViaOption, stop_on_signals
from digest.cli.session import Session, command
from digest.errors import EXIT_DONE, UsageError


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    command(app, "worker", example="digest worker --queue send --jobs 4", exits=(0, 1, 2, 75))(worker)


def worker(
    session: Session,
    queue: Annotated[
        list[str] | None,
        typer.Option("--queue", metavar="NAME", envvar="DIGEST_QUEUE", help="send or morning; both without it."),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", metavar="N", min=1, envvar="DIGEST_JOBS", help="Batches at once; they share connections."
        ),
    ] = 2,
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", min=1, envvar="DIGEST_BATCH", help="Deliveries of a batch, at most.")
    ] = 500,
    lease: Annotated[
        float,
        typer.Option(
            "--lease", metavar="SECONDS", min=1, envvar="DIGEST_LEASE", help="Then others take what it claimed."
        ),
    ] = 600.0,
    periodic: Annotated[
        bool, typer.Option("--periodic/--no-periodic", envvar="DIGEST_PERIODIC", help="Start the morning's jobs too.")
    ] = True,
    via: ViaOption = "",
) -> int:
    """Do a publication's work until told to stop. With any number of others on any machines; needs PostgreSQL."""
    from digest.wiring.workers import QUEUES, Offer, Worker

    unknown = [name for name in queue or () if name not in QUEUES]
    if unknown:
        raise UsageError(f"{unknown[0]!r} is no queue", where="--queue", fix=f"choose {' or '.join(QUEUES)}")
    offer = Offer(queues=tuple(dict.fromkeys(queue or QUEUES)), jobs=jobs, rows=batch, lease_s=lease, periodic=periodic)
    made = Worker(session.wiring, offer, via=via, stop=stop_on_signals(), say=session.detail, warn=session.warn)

    def ready() -> None:
        sys.stdout.write(f"worker {made.name} takes jobs of {', '.join(offer.queues)}\n")
        sys.stdout.flush()

    made.run(ready)
    session.say(f"worker {made.name} ends: {made.accepted} accepted")
    return EXIT_DONE
