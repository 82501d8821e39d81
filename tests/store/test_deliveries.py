"""The ledger keeps the one rule of sending, on both databases."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from digest.errors import StoreConflict
from digest.model.editions import EditionState
from digest.model.mail import Outcome, OutcomeKind, SubscriberStatus, Suppression
from digest.store.deliveries import Deliveries
from digest.store.editions import Editions
from digest.store.engine import Store
from digest.store.subscribers import Subscribers
from tests.builders import DAY, KEY, NOW, approved, person

HELD = ("foreign", "trade")
LEASE = 600.0


def accepted(name: str) -> Outcome:
    return Outcome(subscriber=f"id-{name}", kind=OutcomeKind.ACCEPTED, at=NOW, code=250, reply="250 ok", phase="dot")


def test_only_those_who_are_due_are_planned(store: Store) -> None:
    people = [
        person("all"),
        person("trade", sections=("trade",)),
        person("science", sections=("science",)),  # its section is empty today
        person("weekly", digests=("weekly",)),
        person("pending", status=SubscriberStatus.PENDING),
        person("paused", paused_until=date(2026, 11, 24)),
        person("back", paused_until=DAY),
        person("left"),
        person("leftdaily"),
        person("leftother"),
    ]
    ledger = approved(store, people)
    everyone = Subscribers(store)
    everyone.suppress(Suppression(email_key="left@example.org", reason="unsubscribed", at=NOW))
    everyone.suppress(Suppression(email_key="leftdaily@example.org", digest="daily", reason="unsubscribed", at=NOW))
    everyone.suppress(Suppression(email_key="leftother@example.org", digest="weekly", reason="unsubscribed", at=NOW))
    assert ledger.due_count(KEY, sections=HELD) == 4
    assert ledger.plan(KEY, sections=HELD, now=NOW) == 4
    assert ledger.plan(KEY, sections=HELD, now=NOW) == 0, "planning twice adds nobody"
    names = {each.email for each in ledger.claim(KEY, owner="a", limit=100, lease_s=LEASE, now=NOW)}
    assert names == {f"{name}@example.org" for name in ("all", "trade", "back", "leftother")}


def test_two_who_plan_at_once_plan_each_reader_once(store: Store) -> None:
    ledger = approved(store, [person(f"p{n}") for n in range(5_000)])
    together = threading.Barrier(3)

    def plan() -> int:
        with contextlib.closing(Store.open(store.url)) as own:
            together.wait()
            return Deliveries(own).plan(KEY, sections=HELD, now=NOW)

    with ThreadPoolExecutor(3) as pool:
        planned = [each.result() for each in [pool.submit(plan) for _ in range(3)]]
    assert sum(planned) == ledger.counts(KEY).planned == 5_000


def test_a_draft_cannot_be_planned(store: Store) -> None:
    ledger = approved(store, [])
    Editions(store).withdraw(KEY, now=NOW)
    with pytest.raises(StoreConflict, match="not approved"):
        ledger.plan(KEY, sections=HELD, now=NOW)


def test_two_senders_never_claim_the_same_row(store: Store) -> None:
    ledger = approved(store, [person(f"p{n}") for n in range(10)])
    ledger.plan(KEY, sections=HELD, now=NOW)
    first = ledger.claim(KEY, owner="a", limit=6, lease_s=LEASE, now=NOW)
    second = ledger.claim(KEY, owner="b", limit=6, lease_s=LEASE, now=NOW)
    assert len(first) == 6
    assert len(second) == 4
    assert not {each.subscriber for each in first} & {each.subscriber for each in second}


def test_a_turn_records_what_was_and_hands_what_comes(store: Store) -> None:
    ledger = approved(store, [person("ada"), person("bo")])
    ledger.plan(KEY, sections=HELD, now=NOW)
    ledger.claim(KEY, owner="a", limit=9, lease_s=LEASE, now=NOW)
    assert ledger.turn(KEY, owner="a", done=None, following="id-ada", lease_s=LEASE, now=NOW)
    assert ledger.counts(KEY).handed == 1
    assert ledger.turn(KEY, owner="a", done=accepted("ada"), following="id-bo", lease_s=LEASE, now=NOW)
    counts = ledger.counts(KEY)
    assert (counts.accepted, counts.handed, counts.total) == (1, 1, 2)
    assert not ledger.turn(KEY, owner="a", done=accepted("bo"), following=None, lease_s=LEASE, now=NOW)
    assert ledger.counts(KEY).accepted == 2
    (attempt,) = ledger.attempts(KEY, "id-ada")
    assert attempt.outcome.reply == "250 ok"


def test_nobody_is_handed_over_by_a_sender_that_lost_its_lease(store: Store) -> None:
    ledger = approved(store, [person("ada")])
    ledger.plan(KEY, sections=HELD, now=NOW)
    ledger.claim(KEY, owner="slow", limit=9, lease_s=LEASE, now=NOW)
    later = NOW + timedelta(seconds=LEASE + 1)
    assert len(ledger.claim(KEY, owner="quick", limit=9, lease_s=LEASE, now=later)) == 1
    assert not ledger.turn(KEY, owner="slow", done=None, following="id-ada", lease_s=LEASE, now=later)
    assert ledger.turn(KEY, owner="quick", done=None, following="id-ada", lease_s=LEASE, now=later)


def test_an_unsubscribe_during_the_send_is_obeyed_and_recorded(store: Store) -> None:
    ledger = approved(store, [person("ada")])
    ledger.plan(KEY, sections=HELD, now=NOW)
    ledger.claim(KEY, owner="a", limit=9, lease_s=LEASE, now=NOW)
    Subscribers(store).suppress(Suppression(email_key="ada@example.org", reason="unsubscribed", at=NOW))
    assert not ledger.turn(KEY, owner="a", done=None, following="id-ada", lease_s=LEASE, now=NOW)
    assert ledger.counts(KEY).suppressed == 1


def test_a_stopped_edition_hands_nobody_over(store: Store) -> None:
    ledger = approved(store, [person("ada")])
    ledger.plan(KEY, sections=HELD, now=NOW)
    ledger.claim(KEY, owner="a", limit=9, lease_s=LEASE, now=NOW)
    Editions(store).set_state(KEY, EditionState.STOPPED, among=[EditionState.SENDING], reason="wrong day", now=NOW)
    assert not ledger.turn(KEY, owner="a", done=None, following="id-ada", lease_s=LEASE, now=NOW)
    assert ledger.claim(KEY, owner="b", limit=9, lease_s=LEASE, now=NOW) == ()


@pytest.mark.parametrize(("on_doubt", "again"), [("resend", 1), ("hold", 0)])
def test_what_a_dead_sender_held_is_in_doubt_by_name(store: Store, on_doubt: str, again: int) -> None:
    ledger = approved(store, [person("handed"), person("claimed")], on_doubt=on_doubt)
    ledger.plan(KEY, sections=HELD, now=NOW)
    ledger.claim(KEY, owner="dead", limit=9, lease_s=LEASE, now=NOW)
    ledger.turn(KEY, owner="dead", done=None, following="id-handed", lease_s=LEASE, now=NOW)
    later = NOW + timedelta(seconds=LEASE + 1)
    claimed = ledger.claim(KEY, owner="next", limit=9, lease_s=LEASE, now=later)
    assert len(claimed) == 1 + again
    (attempt,) = ledger.attempts(KEY, "id-handed")
    assert attempt.outcome.kind is OutcomeKind.IN_DOUBT
    if on_doubt == "hold":
        ((row, email),) = ledger.in_state(KEY, "in_doubt", limit=9)
        assert (email, row.attempts) == ("handed@example.org", 1)


def test_a_doubtful_one_is_not_repeated_for_ever(store: Store) -> None:
    ledger = approved(store, [person("ada")])
    ledger.plan(KEY, sections=HELD, now=NOW)
    moment, rounds = NOW, 0
    while ledger.claim(KEY, owner="dead", limit=9, lease_s=LEASE, now=moment):
        ledger.turn(KEY, owner="dead", done=None, following="id-ada", lease_s=LEASE, now=moment)
        moment += timedelta(seconds=LEASE + 1)
        rounds += 1
        assert rounds < 9
    assert rounds == 4
    assert ledger.counts(KEY).in_doubt == 1


def test_deferred_ones_wait_and_expire(store: Store) -> None:
    ledger = approved(store, [person("ada")])
    ledger.plan(KEY, sections=HELD, now=NOW)
    ledger.claim(KEY, owner="a", limit=9, lease_s=LEASE, now=NOW)
    ledger.turn(KEY, owner="a", done=None, following="id-ada", lease_s=LEASE, now=NOW)
    later = NOW + timedelta(minutes=5)
    deferred = Outcome(
        subscriber="id-ada", kind=OutcomeKind.DEFERRED, at=NOW, code=451, reply="451 later", next_attempt=later
    )
    ledger.turn(KEY, owner="a", done=deferred, following=None, lease_s=LEASE, now=NOW)
    assert ledger.claim(KEY, owner="a", limit=9, lease_s=LEASE, now=NOW) == ()
    assert ledger.next_due(KEY) == later
    (row,) = ledger.claim(KEY, owner="a", limit=9, lease_s=LEASE, now=later)
    assert row.attempts == 1
    ledger.turn(KEY, owner="a", done=None, following="id-ada", lease_s=LEASE, now=later)
    ledger.turn(KEY, owner="a", done=deferred, following=None, lease_s=LEASE, now=later)
    counts = ledger.close(KEY, reason="gave up", give_up_before=NOW + timedelta(hours=1), now=later)
    assert counts.expired == 1
    record = Editions(store).edition(KEY)
    assert record is not None
    assert record.state is EditionState.FINISHED


def test_released_rows_are_planned_again(store: Store) -> None:
    ledger = approved(store, [person("ada"), person("bo")])
    ledger.plan(KEY, sections=HELD, now=NOW)
    ledger.claim(KEY, owner="a", limit=9, lease_s=LEASE, now=NOW)
    ledger.turn(KEY, owner="a", done=None, following="id-ada", lease_s=LEASE, now=NOW)
    assert ledger.release(KEY, owner="a", now=NOW) == 1
    counts = ledger.counts(KEY)
    assert (counts.planned, counts.handed) == (1, 1)


def test_planning_goes_in_steps_and_misses_nobody(store: Store) -> None:
    ledger = approved(store, [person(f"p{n:05}") for n in range(4_300)])
    assert ledger.plan(KEY, sections=HELD, now=NOW) == 4_300
    assert ledger.counts(KEY).planned == 4_300
