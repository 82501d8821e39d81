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
from tests.builders import bounce_of
from tests.cli.conftest import Digest, digest
from tests.scale.conftest import PATIENCE_S, OwnServer, Team, team, wait_for
from tests.smtpd import Gate, Inbox, Script, scripted_server

__all__ = ["digest"]
CONNECTIONS = 4  # of a worker, shared by its batches


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
    people, gate = 160, Gate()
    made = make_team(people, planned=False)
    with scripted_server(gate.script) as inbox:
        made.configure(inbox.port)
        both = made.start_all(2, "--batch", "20")
        made.begin(batches=8)
        wait_for(lambda: all(made.holds(each) for each in both), else_say=made.standing, meanwhile=made.look)
        gate.open()
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
    assert min(shares) > 0, "both had a share"
    assert made.errors() == ""
    assert Workers(made.store).all() == (), "who ends in good order leaves no trace"
    assert (made.folder / "site" / "daily" / "index.html").is_file(), "the edition is listed when all is sent"


def test_killed_in_mid_batch_its_rows_are_put_right_at_once(make_team: Callable[..., Team]) -> None:
    people, gate = 210, Gate()
    made = make_team(people, planned=False)
    with scripted_server(gate.script) as inbox:
        made.configure(inbox.port)
        survivor, *victims = made.start_all(4, "--batch", "10")
        made.begin(batches=21)
        for number, victim in enumerate(victims, 1):
            wait_for(lambda victim=victim: made.holds(victim), else_say=made.standing, meanwhile=made.look)  # type: ignore[misc]  # bound at once
            victim.kill()
            victim.wait()
            gate.allow(25)
            wait_for(lambda aim=number * 25: len(inbox.taken) >= aim, else_say=made.standing, meanwhile=made.look)  # type: ignore[misc]  # bound at once
        gate.open()
        check(made, inbox, people, most_repeats=len(victims) * CONNECTIONS)
        assert len(inbox.taken) > people, "what they had handed over is sent again"
        assert survivor.poll() is None


def test_a_worker_told_to_stop_gives_back_what_it_holds(make_team: Callable[..., Team]) -> None:
    people, gate, pause = 180, Gate(), threading.Event()
    made = make_team(people)
    with scripted_server(gate.script) as inbox:
        made.configure(inbox.port)
        first = made.start("--batch", "120")
        gate.allow(30)
        wait_for(lambda: len(inbox.taken) >= 30 and made.holds(first), else_say=made.errors)
        first.send_signal(signal.SIGTERM)
        for _ in range(people):  # what it waits for is taken, slowly enough for the signal to arrive
            if first.poll() is not None:
                break
            gate.allow(1)
            pause.wait(0.05)
        assert first.wait(timeout=PATIENCE_S) == 0
        counts = made.ledger.counts(made.key)
        assert (counts.claimed, counts.handed, counts.in_doubt) == (0, 0, 0)
        assert 30 <= counts.accepted < people
        gate.open()
        made.start("--batch", "120")
        check(made, inbox, people, most_repeats=0)


def test_a_worker_paused_past_its_lease_hands_over_nothing_that_another_took(make_team: Callable[..., Team]) -> None:
    people, gate = 120, Gate()
    made = make_team(people)
    with scripted_server(gate.script) as inbox:
        made.configure(inbox.port)
        zombie = made.start("--batch", "60", "--lease", "4")
        gate.allow(20)
        wait_for(lambda: len(inbox.taken) >= 20 and made.holds(zombie), else_say=made.standing)
        zombie.send_signal(signal.SIGSTOP)
        wait_for(lambda: not made.leased(), else_say=made.standing)
        again = made.start("--batch", "60", "--lease", "60")
        gate.open()
        # Stopped inside a transaction it would hold a row for half a minute more.
        wait_for(lambda: made.accepted() == people, else_say=made.standing, meanwhile=made.look)
        before = Counter(inbox.recipients)
        zombie.send_signal(signal.SIGCONT)
        threading.Event().wait(1)  # it has the time to do harm
        zombie.send_signal(signal.SIGTERM)
        assert zombie.wait(timeout=PATIENCE_S) == 0, made.errors()
        # Not waited for: whoever looks in the next minute finds the edition finished.
        check_mails(made, inbox, people, most_repeats=CONNECTIONS)
        assert sum((Counter(inbox.recipients) - before).values()) <= CONNECTIONS, "only what it had handed over"
        assert again.poll() is None


def test_a_database_restarted_in_mid_send_loses_nobody(own_server: OwnServer, tmp_path: Path) -> None:
    people, gate, taken = 200, Gate(), 0
    own_server.sql("CREATE DATABASE publication")
    made = team(tmp_path, own_server.url("publication"), people)
    try:
        with scripted_server(gate.script) as inbox:
            made.configure(inbox.port)
            workers = made.start_all(2, "--batch", "30")
            for count, manner in ((50, "fast"), (60, "immediate")):
                gate.allow(count)
                taken += count
                wait_for(lambda aim=taken: len(inbox.taken) >= aim, else_say=made.errors, meanwhile=made.look)  # type: ignore[misc]  # bound at once
                own_server.control("-m", manner, "restart")
            gate.open()
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
    with scripted_server(Script()) as inbox:
        made.configure(inbox.port)
        made.start()
        wait_for(is_done, else_say=made.errors)


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
        box.add(bounce_of(path.of(made.key, "id-p0001")))
        worker = Worker(wiring, Offer(), via="", stop=threading.Event(), say=lambda line: None, warn=lambda line: None)
        every = {each.name: each for each in periodic(made, worker.tasks())}
        wiring.close()
        nudge(made.url, "digest.bounces", "morning", [{}])  # not to wait for the quarter of an hour
        made.start()
        people = Subscribers(made.store)
        wait_for(lambda: [each.reason for each in people.suppressions()] == ["bounced"], else_say=made.errors)
        # Seen by its name alone: to read a message while the worker renames it would find nothing.
        wait_for(lambda: len(list((made.folder / "back" / "cur").glob("*:2,S"))) == 1, else_say=made.errors)
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
