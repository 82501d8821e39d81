"""Workers that are real processes share an edition, die, sleep, lose their database: nobody lost, repeats on record."""

from __future__ import annotations

import mailbox
import signal
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digest.config import load
from digest.model.editions import EditionState
from digest.store.editions import Editions
from digest.store.queue import QueueWorker, nudge
from digest.store.subscribers import Subscribers
from digest.store.workers import Workers
from digest.wiring import Wiring
from digest.wiring.bounces import return_path
from digest.wiring.workers import Offer, Worker
from tests.cli.conftest import Digest, digest
from tests.scale.conftest import PATIENCE_S, OwnServer, Team, team, wait_for
from tests.smtpd import Inbox, Script, scripted_server

__all__ = ["digest"]
CONNECTIONS = 4  # of a worker, shared by its batches


def slow(seconds: float = 0.004) -> Script:
    pause = threading.Event()

    def on_dot(recipient: str) -> str:
        pause.wait(seconds)
        return "250 ok"

    return Script(on_dot=on_dot)


def doubtful(of: Team, names: set[str]) -> set[str]:
    return {
        name
        for name in names
        if any(
            attempt.outcome.kind == "in_doubt" for attempt in of.ledger.attempts(of.key, f"id-{name.partition('@')[0]}")
        )
    }


def finished(of: Team) -> bool:
    record = Editions(of.store).edition(of.key)
    return record is not None and record.state is EditionState.FINISHED


def check(of: Team, inbox: Inbox, people: int, *, most_repeats: int) -> None:
    """Nobody is lost, repeats are few, and each is on record."""
    # What a worker that ended left unfinished is finished by the job of every minute, for which nobody waits here.
    wait_for(lambda: finished(of), else_say=of.standing, meanwhile=of.look)
    check_mails(of, inbox, people, most_repeats=most_repeats)


def check_mails(of: Team, inbox: Inbox, people: int, *, most_repeats: int) -> None:
    got = Counter(inbox.recipients)
    assert len(got) == people, "nobody is lost"
    repeated = {address for address, count in got.items() if count > 1}
    assert sum(got.values()) - people <= most_repeats
    assert repeated <= doubtful(of, repeated), "each repeat is on record"
    counts = of.ledger.counts(of.key)
    assert (counts.accepted, counts.total) == (people, people)


def test_two_workers_share_an_edition_and_status_shows_them(make_team: Callable[..., Team], digest: Digest) -> None:
    people = 400
    made = make_team(people, planned=False)
    with scripted_server(slow()) as inbox:
        made.configure(inbox.port)
        both = [made.start("--batch", "20") for _ in range(2)]
        made.begin(batches=20)
        check(made, inbox, people, most_repeats=0)
        document = digest("status", "--json", "--edition", made.key.day, "-c", made.folder / "digest.toml").json
        wait_for(lambda: len(Workers(made.store).all()) == 2)
        assert set(document["queue"]) == {"todo", "doing", "failed"}
        told = digest("status", "--edition", made.key.day, "-c", made.folder / "digest.toml").out
        assert "Queue:" in told
        assert told.count("\nWorker ") == 2
        for process in both:
            process.send_signal(signal.SIGTERM)
        outs = [process.communicate(timeout=PATIENCE_S)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    shares = [int(out.split(": ")[-1].split()[0]) for out in outs]
    assert sum(shares) == people
    assert min(shares) > people / 10, "both had a share"
    assert made.errors() == ""
    assert Workers(made.store).all() == (), "who ends in good order leaves no trace"
    assert (made.folder / "site" / "daily" / "index.html").is_file(), "the edition is listed when all is sent"


def test_killed_in_mid_batch_its_rows_are_put_right_at_once(make_team: Callable[..., Team]) -> None:
    people, kills = 500, 3
    made = make_team(people)
    with scripted_server(slow()) as inbox:
        made.configure(inbox.port)
        survivor = made.start("--batch", "25")
        for number in range(kills):
            victim = made.start("--batch", "25")
            aim = (number + 1) * 100
            wait_for(lambda aim=aim: len(inbox.taken) > aim, else_say=made.errors)  # type: ignore[misc]  # bound at once
            victim.kill()
            victim.wait()
        check(made, inbox, people, most_repeats=kills * CONNECTIONS)
        assert survivor.poll() is None


def test_a_worker_told_to_stop_gives_back_what_it_holds(make_team: Callable[..., Team]) -> None:
    people = 300
    made = make_team(people)
    with scripted_server(slow(0.01)) as inbox:
        made.configure(inbox.port)
        first = made.start("--batch", "200")
        wait_for(lambda: len(inbox.taken) > 30, else_say=made.errors)
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=PATIENCE_S) == 0
        counts = made.ledger.counts(made.key)
        assert (counts.claimed, counts.handed, counts.in_doubt) == (0, 0, 0)
        assert 30 < counts.accepted < people
        made.start("--batch", "200")
        check(made, inbox, people, most_repeats=0)


def test_a_worker_paused_past_its_lease_hands_over_nothing_that_another_took(make_team: Callable[..., Team]) -> None:
    people = 240
    made = make_team(people)
    with scripted_server(slow(0.01)) as inbox:
        made.configure(inbox.port)
        zombie = made.start("--batch", "60", "--lease", "4")
        wait_for(lambda: len(inbox.taken) > 20, else_say=made.errors)
        zombie.send_signal(signal.SIGSTOP)
        threading.Event().wait(4)  # its lease ends
        again = made.start("--batch", "60", "--lease", "60")
        # Stopped inside a transaction it holds a row for half a minute more.
        wait_for(lambda: made.accepted() == people, else_say=made.standing, meanwhile=made.look)
        before = Counter(inbox.recipients)
        zombie.send_signal(signal.SIGCONT)
        threading.Event().wait(1)
        zombie.send_signal(signal.SIGTERM)
        assert zombie.wait(timeout=PATIENCE_S) == 0, made.errors()
        # Not waited for: whoever looks in the next minute finds the edition finished.
        check_mails(made, inbox, people, most_repeats=CONNECTIONS)
        assert sum((Counter(inbox.recipients) - before).values()) <= CONNECTIONS, "only what it had handed over"
        assert again.poll() is None


def test_a_database_restarted_in_mid_send_loses_nobody(own_server: OwnServer, tmp_path: Path) -> None:
    people = 500
    own_server.sql("CREATE DATABASE publication")
    made = team(tmp_path, own_server.url("publication"), people)
    try:
        with scripted_server(slow()) as inbox:
            made.configure(inbox.port)
            workers = [made.start("--batch", "50") for _ in range(2)]
            for aim, manner in ((100, "fast"), (250, "immediate")):
                wait_for(lambda aim=aim: len(inbox.taken) > aim, else_say=made.errors)  # type: ignore[misc]  # bound at once
                own_server.control("-m", manner, "restart")
            check(made, inbox, people, most_repeats=2 * 2 * CONNECTIONS)
            assert [worker.poll() for worker in workers] == [None, None], made.errors()
    finally:
        made.close()


def test_a_job_that_a_dead_worker_had_in_hand_is_queued_again(make_team: Callable[..., Team]) -> None:
    made = make_team(2)
    with made.store.write() as connection:
        dead = connection.exec_driver_sql(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') RETURNING id"
        ).scalar_one()
        job = connection.exec_driver_sql(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, worker_id)"
            f" VALUES ('send', 'digest.batch', '{{\"digest\": \"none\", \"day\": \"2026-11-24\"}}', 'doing', {dead})"
            " RETURNING id"
        ).scalar_one()

    def is_done() -> bool:
        with made.store.read() as connection:
            found = connection.exec_driver_sql(f"SELECT status FROM procrastinate_jobs WHERE id = {job}")
            return found.scalar() is None  # what was done is deleted

    every = {task.name: (task.cron, task.task.queue) for task in periodic(made)}
    assert every["digest.retry_stalled"] == ("* * * * *", "send")
    nudge(made.url, "digest.retry_stalled", "send", [{"timestamp": 0}])  # not to wait for the minute
    with scripted_server(slow()) as inbox:
        made.configure(inbox.port)
        made.start()
        wait_for(is_done, else_say=made.errors)


BOUNCE = """\
From: mailer-daemon@mx.example.org
To: {path}
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; p0001@example.org
Action: failed
Status: 5.1.1

--b--
"""


def test_a_worker_reads_what_came_back_and_jobs_that_come_by_themselves_run_one_at_a_time(
    make_team: Callable[..., Team],
) -> None:
    made, delivery = make_team(2), 'return_path = "b@halyard.example"\n[delivery.bounces]\nmailbox = "back"'
    box = mailbox.Maildir(made.folder / "back")
    with scripted_server(Script()) as inbox:
        made.configure(inbox.port, delivery=delivery)
        wiring = Wiring(load(made.folder / "digest.toml", {}))
        path = return_path(wiring)
        assert path is not None
        box.add(BOUNCE.format(path=path.of(made.key, "id-p0001")))
        worker = Worker(wiring, Offer(), via="", stop=threading.Event(), say=lambda line: None, warn=lambda line: None)
        every = {each.name: each for each in periodic(made, worker.tasks())}
        wiring.close()
        nudge(made.url, "digest.bounces", "morning", [{}])  # not to wait for the quarter of an hour
        made.start()
        people = Subscribers(made.store)
        wait_for(lambda: [each.reason for each in people.suppressions()] == ["bounced"], else_say=made.errors)
        wait_for(lambda: all("S" in each.get_flags() for each in box), else_say=made.errors)
    own = {"fetch", "bounces", "notices", "house", "run", "nudge", "retry_stalled"}
    assert set(every) == {f"digest.{name}" for name in own}
    assert every["digest.bounces"].cron == "*/15 * * * *"
    for name, each in every.items():
        assert each.lock, f"{name}: one at a time, over all workers"


@dataclass
class Periodic:
    name: str
    cron: str
    lock: str | None
    task: Any


def periodic(of: Team, tasks: Sequence[Any] = ()) -> list[Periodic]:
    """The jobs that come by themselves, as a worker registers them."""
    worker = QueueWorker(
        of.url, tasks, name="w", concurrency={"send": 1}, stop=threading.Event(), warn=lambda line: None
    )
    return [
        Periodic(
            each.task.name, each.cron, each.configure_kwargs.get("queueing_lock") or each.task.queueing_lock, each.task
        )
        for each in worker._app().periodic_registry.periodic_tasks.values()
    ]
