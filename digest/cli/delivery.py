"""`digest send`, `run` and `status`: handing over, and how it stands."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.editions import EditionOption
from digest.cli.session import JsonOption, Session, command, parse_day, to_second
from digest.errors import EXIT_DONE, EXIT_TEMPORARY, UsageError

if TYPE_CHECKING:
    from digest.mail.shared import SendReport
    from digest.pipeline.journal import Event

# Readers that `status` names of one state; the deferred are many at times, and go on by themselves.
NAMED, NAMED_DEFERRED = 50, 5

ViaOption = Annotated[
    str,
    typer.Option("--via", metavar="URL", envvar="DIGEST_VIA", help="smtp://user@host:587, smtps://…, eml:DIR, …"),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    command(app, "send", example="digest send --via smtp://relay.example:587", exits=(0, 1, 2, 3, 4, 5, 75))(send)
    command(app, "run", example="digest run --quiet", exits=(0, 1, 2, 3, 4, 5, 75))(run)
    command(app, "status", example="digest status --json", exits=(0, 1, 2))(status)


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set: the hand-over under way is finished, then all is saved."""
    stop = threading.Event()

    def stopped(number: int, frame: FrameType | None) -> None:
        stop.set()

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stopped)
    return stop


def send(
    session: Session,
    edition: EditionOption = "",
    via: ViaOption = "",
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            envvar="DIGEST_DRY_RUN",
            help="Say what would be sent, and to how many; send and change nothing.",
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="With --dry-run: write the first message there.")
    ] = None,
    halt: Annotated[
        bool, typer.Option("--stop", help="Stop this edition for good: who did not get it yet never will.")
    ] = False,
    test: Annotated[
        str, typer.Option("--test", metavar="ADDRESS", help="Send one copy to this address; the ledger is not touched.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=0, help="Hand over at most so many; 0 = all.")] = 0,
    as_json: JsonOption = False,
) -> int:
    """Deliver an approved edition. Called again, it resumes where it was and sends nothing twice."""
    if as_json and (test or dry_run):
        raise UsageError("a trial prints lines, no JSON", where="--json", fix="leave it out")
    from digest.pipeline.notifying import NoticesReport

    publisher = session.publisher
    publisher.via, publisher.stop = via, stop_on_signals()
    key = publisher.key(parse_day(edition, "--edition") if edition else None)
    if test:
        session.say(publisher.send_test(key, test))
        return EXIT_DONE
    if dry_run:
        for line in publisher.dry_run(key, out):
            session.say(line)
        return EXIT_DONE
    if halt:
        report = publisher.stop_edition(key, session.who())
        if as_json:
            session.emit(report.document())
        else:
            session.say(report.line)
        return EXIT_DONE
    with _meter(session, lambda: publisher.open_rows(key)) as publisher.meter:
        report = publisher.send_all(key, limit=limit)
    # A relay that refuses us is not asked again at once for the outbox.
    notices = NoticesReport() if report.failure is not None else publisher.deliver_notices()
    if as_json:
        session.emit(report.document())
    else:
        session.say(report.line)
        if report.accepted and (line := publisher.nothing_new(key)):
            session.say(line)
        if notices.line:
            session.say(notices.line)
    for line in (*report.trouble, *notices.trouble):
        session.warn(line)
    if report.failure is not None:
        raise report.failure
    return max(report.exit_code, notices.exit_code)


@contextmanager
def _meter(session: Session, open_rows: Callable[[], int]) -> Iterator[Callable[[SendReport], None] | None]:
    """Show how many are handed over, the rate and the time left, where somebody looks on."""
    if session.quiet or not sys.stderr.isatty():
        yield None
        return
    total = 0

    def tell(report: SendReport) -> None:
        nonlocal total
        total = total or open_rows() + report.accepted
        bar.length = max(total, 1)
        rate = report.accepted / report.seconds if report.seconds else 0.0
        bar.label = f"{report.accepted:,} of {total:,} accepted, {rate:,.0f}/s"
        bar.update(report.accepted - bar.pos)

    with typer.progressbar(length=1, label="asking the relay", file=sys.stderr) as bar:
        yield tell


def run(
    session: Session,
    via: ViaOption = "",
    wait: Annotated[
        float,
        typer.Option("--wait", metavar="SECONDS", min=0, envvar="DIGEST_WAIT", help="Wait for another run's lock."),
    ] = 0.0,
    log_format: Annotated[
        str,
        typer.Option(
            "--log-format", metavar="FORMAT", envvar="DIGEST_LOG_FORMAT", help="text, or json: a line an event."
        ),
    ] = "text",
    clock_is_right: Annotated[
        bool, typer.Option("--clock-is-right", help="Run although the clock is far from the last run's.")
    ] = False,
) -> int:
    """Do whatever is due now: cron's one line. Fetch to send, safe to call at any time, twice, or late."""
    from digest.wiring.cron import Cron, log_line

    if log_format not in ("text", "json"):
        raise UsageError(f"{log_format!r} is no format", where="--log-format", fix="choose text or json")
    chosen = [session.digest()] if session.digest_name else list(session.settings.digests)
    name = secrets.token_hex(4)

    def tell(event: Event, digest: str, day: str) -> None:
        text = log_line(event, digest, day, name) if log_format == "json" else event.text
        if event.trouble:
            session.warn(text)
        elif not event.detail:
            session.say(text)
        else:
            session.detail(text)

    def give_up() -> None:
        session.warn("digest: the run did not end although it was told to; it is ended here, and the next one goes on")
        os._exit(EXIT_TEMPORARY)

    stop = stop_on_signals()
    cron = Cron(session.wiring, chosen, via=via, wait_s=wait, stop=stop, tell=tell, warn=session.warn, give_up=give_up)
    return cron.run(clock_is_right=clock_is_right)


def status(session: Session, edition: EditionOption = "", as_json: JsonOption = False) -> int:
    """Show how an edition stands. Its state, its deliveries, by name where they are in doubt, and the next run."""
    publisher = session.publisher
    from digest.wiring.workforce import workers_document, workers_lines

    document = publisher.status(publisher.key(parse_day(edition, "--edition") if edition else None))
    document |= workers_document(session.wiring)
    if as_json:
        session.emit(document)
        return EXIT_DONE
    for line in (*_status_lines(document), *workers_lines(document)):
        session.say(line)
    return EXIT_DONE


def _named(document: dict[str, Any], state: str, called: str, *, most: int) -> list[str]:
    """Return a line for each reader in a state, up to ``most``, and how many more there are."""
    shown = document[state][:most]
    lines = [f"{called}: {each['email']} ({each['reply'] or 'the sender died'})" for each in shown]
    more = document["counts"][state] - len(shown)
    return [*lines, f"{called}: {more:,} more"] if shown and more > 0 else lines


def _status_lines(document: dict[str, Any]) -> list[str]:
    reason = f" ({document['reason']})" if document["reason"] else ""
    number = f", No. {document['number']}" if document["number"] else ""
    lines = [f"Edition of {document['edition']}{number}: {document['state']}{reason}"]
    if document["approved_by"]:
        lines.append(f"Approved by {document['approved_by']} at {to_second(document['approved_at'])}")
    counts = document["counts"]
    if counts["total"]:
        told = ", ".join(
            f"{count} {state.replace('_', ' ')}" for state, count in counts.items() if count and state != "total"
        )
        lines.append(f"Deliveries: {counts['total']} in all: {told}")
    lines += [f"Handed over, no answer yet: {each['email']}" for each in document["handed"]]
    for state, called in (("in_doubt", "In doubt"), ("refused", "Refused"), ("expired", "Given up")):
        lines += _named(document, state, called, most=NAMED)
    lines += _named(document, "deferred", "Deferred", most=NAMED_DEFERRED)
    if document["retry_at"]:
        lines.append(f"Tried again from {to_second(document['retry_at'])} on")
    feeds = document["feeds"]
    lines.append(f"Feeds: {feeds['total']}, {len(feeds['failing'])} failing")
    lines += [f"  {line}" for line in feeds["failing"]]
    lines += [f"No edition on {each['edition']}: {each['reason']}" for each in document["skipped"]]
    last = document["last_run"]
    if last is not None:
        ended = f"exit {last['exit_code']}" if last["finished"] else "which did not end"
        lines.append(f"Last run: {to_second(last['started'])}, {ended}")
    if document["paused_until"]:
        lines.append(f"Paused until {document['paused_until']}")
    lines.append(f"Next edition: {to_second(document['next_run']) or 'none is due'}")
    return lines
