"""Processes that die, sleep or run at once: nobody lost, repeats within the one rule, each on record.

`DIGEST_SOAK=1` kills a hundred times instead of fifteen.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from digest.store.deliveries import Deliveries
from digest.store.engine import Store
from tests.builders import KEY, NOW, approved, person
from tests.conftest import StandingClock
from tests.forks import Forks, forks
from tests.mail.hand_over import HELD, hand_over
from tests.scale.conftest import wait_for
from tests.smtpd import Gate, Script, scripted_server

CONNECTIONS = 4


@pytest.fixture(scope="module")
def senders() -> Iterator[Forks]:
    """Begins processes that hand over."""
    with forks("tests.mail.hand_over:main") as made:
        yield made


def slowly(recipient: str) -> str:
    time.sleep(0.003)
    return "250 ok"


def doubtful(ledger: Deliveries, names: set[str]) -> set[str]:
    return {
        name
        for name in names
        if any(attempt.outcome.kind == "in_doubt" for attempt in ledger.attempts(KEY, f"id-{name.partition('@')[0]}"))
    }


def test_killed_at_any_moment_nobody_is_lost_and_every_repeat_is_on_record(store_url: str, senders: Forks) -> None:
    sqlite = store_url.startswith("sqlite")
    people, kills = (1_000, 15) if sqlite else (400, 8)
    if os.environ.get("DIGEST_SOAK"):
        people, kills = 8_000 if sqlite else 1_600, 100 if sqlite else 30
    store = Store.open(store_url)
    ledger = approved(store, [person(f"p{n:04}") for n in range(people)])
    pause, rng = threading.Event(), random.Random(20261124)

    def on_dot(recipient: str) -> str:
        pause.wait(0.003)
        return "250 ok"

    with scripted_server(Script(on_dot=on_dot)) as inbox:
        for _ in range(kills):
            aim = len(inbox.taken) + rng.randint(1, people // kills)
            process = senders.start(store_url, str(inbox.port))
            while len(inbox.taken) < aim and process.poll() is None:
                pause.wait(rng.random() * 0.004)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert senders.start(store_url, str(inbox.port)).wait() == 0
    got = Counter(inbox.recipients)
    assert len(got) == people, "nobody is lost"
    repeated = {address for address, count in got.items() if count > 1}
    assert sum(got.values()) - people <= kills * CONNECTIONS
    assert repeated <= doubtful(ledger, repeated), "each repeat is on record"
    counts = ledger.counts(KEY)
    assert (counts.accepted, counts.total) == (people, people)
    store.close()


def test_a_sender_paused_past_its_lease_hands_over_nothing_that_another_took(store_url: str, senders: Forks) -> None:
    """SIGSTOP in mid-send, another sender finishes, SIGCONT: the sleeper's next turn is refused."""
    people = 60
    store = Store.open(store_url)
    ledger = approved(store, [person(f"p{n:02}") for n in range(people)])
    gate = Gate()

    def waits() -> bool:
        """Whether each of its connections waits for the relay: asleep in a transaction it would hold up SQLite."""
        counts = ledger.counts(KEY)
        return (counts.accepted, counts.handed) == (8, CONNECTIONS)

    with scripted_server(gate.script) as inbox:
        sleeper = senders.start(store_url, str(inbox.port))
        gate.allow(8)
        wait_for(waits, else_say=lambda: str(ledger.counts(KEY)))
        sleeper.send_signal(signal.SIGSTOP)
        gate.open()
        late = StandingClock(NOW + timedelta(days=400))  # long after every lease
        hand_over(ledger, f"smtp://127.0.0.1:{inbox.port}", late, connections=CONNECTIONS, owner="awake")
        before = Counter(inbox.recipients)
        sleeper.send_signal(signal.SIGCONT)
        assert sleeper.wait() == 0
    got = Counter(inbox.recipients)
    assert len(got) == people
    repeats = {address for address, count in got.items() if count > 1}
    assert len(repeats) <= CONNECTIONS, "only what the sleeper had handed over"
    assert repeats <= doubtful(ledger, repeats)
    assert sum((got - before).values()) <= CONNECTIONS
    assert ledger.counts(KEY).accepted == people
    store.close()


def test_two_processes_at_once_share_the_rows(store_url: str, senders: Forks) -> None:
    people = 300
    store = Store.open(store_url)
    ledger = approved(store, [person(f"p{n:03}") for n in range(people)])
    ledger.plan(KEY, sections=HELD, now=NOW)
    with scripted_server(Script(on_dot=slowly)) as inbox:
        both = [senders.start(store_url, str(inbox.port)) for _ in range(2)]
        assert [process.wait() for process in both] == [0, 0]
    assert Counter(inbox.recipients) == Counter(f"p{n:03}@example.org" for n in range(people))
    store.close()
