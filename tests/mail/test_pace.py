"""Rates, warm-up and messages a connection, over all connections."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mail.pace import Pace
from digest.model.mail import Rates
from digest.store.engine import Store
from tests.builders import DAY, KEY, NOW, approved, person
from tests.conftest import StandingClock
from tests.mail.hand_over import hand_over
from tests.smtpd import Script, scripted_server


def pace(**limits: object) -> Pace:
    return Pace(Rates(**limits), today=DAY)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=50)
@given(
    per_second=st.sampled_from([0, 0.5, 3, 50]),
    per_hour=st.sampled_from([0, 5, 40]),
    steps=st.lists(st.floats(0, 500), min_size=1, max_size=120),
)
def test_no_limit_is_ever_passed(per_second: float, per_hour: int, steps: list[float]) -> None:
    kept, now, left = pace(per_second=per_second, per_hour=per_hour), NOW, []
    for step in steps:
        now += timedelta(seconds=step)
        wait = kept.wait_s("a@example.org", now)
        if wait:
            now += timedelta(seconds=wait)
            wait = kept.wait_s("a@example.org", now)
        if not wait:
            left.append(now)
    if per_second:
        assert all((b - a).total_seconds() >= 1 / per_second - 1e-5 for a, b in pairwise(left))
    if per_hour:
        for first in left:
            assert sum(first <= at < first + timedelta(hours=1) for at in left) <= per_hour


def test_a_slow_domain_lets_others_pass(store: Store, clock: StandingClock) -> None:
    slow = [person(f"s{n}", email=f"s{n}@slow.example", email_key=f"s{n}@slow.example") for n in range(4)]
    ledger = approved(store, [*slow, *(person(f"t{n}") for n in range(6))])
    begun = clock.now()
    with scripted_server(Script()) as inbox:
        report = hand_over(
            ledger, f"smtp://127.0.0.1:{inbox.port}", clock, pace=pace(domains={"slow.example": 0.1}), connections=1
        )
    assert report.accepted == 10
    domains = [recipient.partition("@")[2] for recipient in inbox.recipients]
    assert domains.index("slow.example") < domains.index("example.org") + 7
    assert domains[-3:] == ["slow.example"] * 3, "the others did not wait for it"
    assert (clock.now() - begun).total_seconds() >= 30


def test_an_hours_limit_counts_what_an_earlier_process_handed_over() -> None:
    kept = Pace(Rates(per_hour=10), today=DAY, earlier=[NOW - timedelta(minutes=30)] * 8)
    assert [kept.wait_s("a@example.org", NOW) == 0 for _ in range(3)] == [True, True, False]
    assert 29 * 60 <= kept.wait_s("a@example.org", NOW) <= 31 * 60


def test_a_warm_up_ends_the_day_and_the_rest_stays_planned(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person(f"p{n}") for n in range(9)])
    rates = Rates(warm_up_from=DAY - timedelta(days=1), warm_up=(2, 5, 100))
    with scripted_server(Script()) as inbox:
        via = f"smtp://127.0.0.1:{inbox.port}"
        report = hand_over(ledger, via, clock, pace=Pace(rates, today=DAY))
        assert (report.accepted, report.stopped) == (5, "the warm-up's messages of today are used up")
        assert ledger.counts(KEY).planned == 4
        sent = len(ledger.handed_since(clock.now() - timedelta(hours=20)))
        again = hand_over(ledger, via, clock, pace=Pace(rates, today=DAY, sent_today=sent))
        assert again.accepted == 0, "another process of the same day"
        assert hand_over(ledger, via, clock, pace=Pace(rates, today=DAY + timedelta(days=1))).accepted == 4
    assert len(inbox.taken) == 9


def test_after_so_many_messages_a_new_connection_is_opened(store: Store, clock: StandingClock) -> None:
    ledger = approved(store, [person(f"p{n}") for n in range(10)])
    with scripted_server(Script()) as inbox:
        report = hand_over(ledger, f"smtp://127.0.0.1:{inbox.port}", clock, connections=1, per_connection=4)
    assert report.accepted == 10
    assert inbox.connections == 3
