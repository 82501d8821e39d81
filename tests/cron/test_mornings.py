"""A month of mornings, a fortnight by readers' own clocks; a year of each with DIGEST_SOAK=1.

Feeds fail, processes are killed, clocks jump, disks fill. Faults are drawn from a seed, printed when a trial fails;
DIGEST_SEED=N plays it again. What must hold is asked of the relay and of the log: each due reader got each due edition
once, or the log says why not.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from digest.dates import at_local
from digest.model.mail import EditionKey
from digest.store.engine import Store
from tests.simulation import Fate, Town

SOAK = os.environ.get("DIGEST_SOAK") == "1"
MORNINGS = {"publication": 366, "subscriber": 366} if SOAK else {"publication": 30, "subscriber": 14}
# A fresh seed each time would make a red gate nobody's; the soak draws its own.
SEED = int(os.environ.get("DIGEST_SEED") or (random.SystemRandom().randrange(10**6) if SOAK else 20261012))
# The clocks of Lisbon go back on 25 October 2026: thirty mornings around it, or a whole year from there.
FIRST = date(2026, 10, 12)
DIGESTS = """\
[digest.daily]
days = ["mon", "tue", "wed", "thu", "fri", "sat"]
time = "07:00"
not_after = "12:00"
approval = "automatic-after 06:45"
skip = [2026-11-02, 2026-12-25]
by = "@BY@"
"""
DISK, RESTART = "the disk is full", "the database does not answer within 10 s"
# Feeds of a bad morning, and how often such a morning is.
TROUBLES: tuple[tuple[float, dict[str, str | int]], ...] = (
    (0.10, {"calder": 503}),
    (0.06, {"calder": "no answer within 20 s", "tarn": 500}),
    (0.05, {"calder": "no network", "tarn": "no network", "ledger": "no network"}),
)


@dataclass
class Played:
    """What was done to the town, to be asked about at the end."""

    days: list[date] = field(default_factory=list)
    killed: int = 0
    failed: int = 0
    astray: int = 0  # runs whose clock was a year off
    off: int = 0  # mornings without a run before noon


def play(town: Town, chance: random.Random, by: str) -> Played:
    """Play every morning: a run each half hour or so from 06:30 on, and what may come between.

    Where each reader has an hour of her own there are runs in the afternoon too: it is morning in New York.
    """
    played = Played()
    for offset in range(MORNINGS[by]):
        day = FIRST + timedelta(days=offset)
        played.days.append(day)
        town.feeds.down = next((down for odds, down in TROUBLES if chance.random() < odds), {})
        town.relay.down = chance.random() < 0.05
        late = chance.random() < 0.05
        played.off += late
        hours = [13.0] if late else [6.5, 7.0, 7.0, 9.0 + chance.random()]
        hours += [12.5, 14.0] if by == "subscriber" and not late else []
        for place, hour in enumerate(hours):
            moment = at_local(day, datetime.min.time(), town.settings.zone) + timedelta(hours=hour)
            if chance.random() < 0.05:
                moment += timedelta(minutes=chance.choice((-50, -20, 25, 55)))  # somebody set the clock
            elif chance.random() < 0.04:
                moment += timedelta(days=chance.choice((-400, 400)))  # the machine lost it: nothing may be done by it
            town.clock.instant = moment.astimezone(UTC)
            if place == len(hours) - 1:
                town.relay.down, town.feeds.down = False, {}
            outcome = town.run(draw_fate(chance))
            if abs(town.clock.now().date() - day) > timedelta(days=100):
                played.astray += 1
                assert outcome.code in (1, -9)
            played.killed += outcome.code == -9
            played.failed += outcome.code == 1
    town.relay.down, town.feeds.down = False, {}
    # The day after: whatever was left open is settled.
    for hour in (5.0, 6.0):
        town.clock.instant = at_local(day + timedelta(days=2), datetime.min.time(), town.settings.zone) + timedelta(
            hours=hour
        )
        assert town.run().code in (0, 4, 5)
    return played


def draw_fate(chance: random.Random) -> Fate:
    """Return what becomes of a process."""
    drawn = chance.random()
    if drawn < 0.12:
        return Fate(kill_at=chance.randrange(1, 90))
    if drawn < 0.17:
        return Fate(fails=chance.choice((DISK, RESTART)), fail_at=chance.randrange(1, 60))
    return Fate()


@pytest.mark.parametrize("by", ["publication", "subscriber"])
def test_mornings(tmp_path: Path, by: str) -> None:
    seed = SEED
    chance = random.Random(seed)
    town = Town(tmp_path, digests=DIGESTS.replace("@BY@", by), at=datetime(2026, 10, 11, 18, tzinfo=UTC), seed=seed)
    town.run()  # the evening before: the list is there
    played = play(town, chance, by)
    problems = list(broken(town, played))
    assert not problems, f"seed {seed} ({by}): DIGEST_SEED={seed} plays it again\n" + "\n".join(problems)
    # It was no quiet month.
    assert played.killed >= MORNINGS[by] // 10
    assert played.failed >= 1
    assert played.astray >= 1
    assert len(town.relay.editions()) > 5 * MORNINGS[by] * 0.35


def broken(town: Town, played: Played) -> list[str]:
    """Return what does not hold, a line each."""
    problems: list[str] = []
    taken = Counter(message_id for _, message_id in town.relay.editions())
    states = town.states()
    with town.process() as process:
        store = process.database
        readers = {row.id: row.email for row in process.subscribers.subscribers(digest="daily", status="active")}
        assert len(readers) == 5
        for day in played.days:
            key = EditionKey("daily", day)
            state, reason = states.get(day.isoformat(), ("nothing", ""))
            if day.weekday() == 6:
                if state != "nothing":
                    problems.append(f"{day}: a Sunday, and yet {state}")
                continue
            if state not in ("finished", "skipped"):
                problems.append(f"{day}: {state} ({reason}) is no end")
            if state == "skipped" and not reason:
                problems.append(f"{day}: skipped without a reason")
            if state == "finished" and not reason:
                problems += _deliveries(store, key, readers, taken)
    return problems


def _deliveries(store: Store, key: EditionKey, readers: dict[str, str], taken: Counter[str]) -> list[str]:
    problems = []
    where = f"digest = 'daily' AND day = '{key.day}'"
    with store.read() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT subscriber, state, reply FROM deliveries WHERE {where} UNION ALL"
            f" SELECT '', state, '' FROM delivery_counts WHERE {where}"
        ).all()
        doubts = Counter(
            row[0]
            for row in connection.exec_driver_sql(
                f"SELECT subscriber FROM attempts WHERE {where} AND outcome = 'in_doubt'"
            )
        )
    folded = any(not row[0] for row in rows)  # old ones are counts by now
    seen = {row[0] for row in rows}
    for subscriber, email in readers.items():
        if subscriber not in seen and not folded and email != "bram@read.example":
            problems.append(f"{key.day}: {email} is not in the ledger")
    for subscriber, state, reply in rows:
        if not subscriber:
            continue
        copies = sum(count for name, count in taken.items() if name in _ids(key, subscriber))
        if state == "accepted" and not copies:
            problems.append(f"{key.day}: {readers[subscriber]} is accepted, and the relay has nothing")
        if copies > 1 + doubts[subscriber]:
            problems.append(f"{key.day}: {readers[subscriber]} got {copies}, {doubts[subscriber]} doubts on record")
        if state == "expired" and not reply:
            problems.append(f"{key.day}: {readers[subscriber]} expired without a reason")
        if state not in ("accepted", "expired", "in_doubt"):
            problems.append(f"{key.day}: {readers[subscriber]} ends as {state}")
    return problems


def _ids(key: EditionKey, subscriber: str) -> set[str]:
    """Return the Message-ID of one person's copy: made as the program says it is."""
    import hashlib

    text = f"{key.digest}\n{key.day}\n{subscriber}"
    return {f"{key.digest}.{key.day}.{hashlib.sha256(text.encode()).hexdigest()[:24]}@tide.example"}
