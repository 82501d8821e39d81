"""Rates and warm-up over processes: two that take their turns from one database never pass a limit together."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta

import pytest

from digest.model.mail import Rates
from digest.store.engine import Store
from digest.store.pacing import SLICE_S, SharedPace
from tests.builders import DAY, NOW


def two(store: Store, rates: Rates, earlier: list[datetime] | None = None) -> tuple[SharedPace, SharedPace]:
    """The paces of two processes."""

    def one() -> SharedPace:
        return SharedPace(
            store, rates, today=datetime.date,
            midnight=lambda now: datetime.combine(now.date(), time(), now.tzinfo),
            handed_since=lambda since: [at for at in earlier or () if at >= since],
        )  # fmt: skip

    return one(), one()


def left(paces: tuple[SharedPace, ...], until: timedelta, seed: int, address: str = "a@example.org") -> list[datetime]:
    """Ask both as often as they allow, one or the other by chance; return when messages left."""
    rng, now, at = random.Random(seed), NOW, []
    while now < NOW + until:
        wait = rng.choice(paces).wait_s(address, now)
        if wait == 0:
            at.append(now)
        now += timedelta(seconds=min(wait, 60.0) if wait else rng.random() * 0.01)
    return at


@pytest.mark.parametrize("rates", [Rates(per_second=20), Rates(domains={"example.org": 20})])
def test_a_rate_a_second_is_kept_together(store: Store, rates: Rates) -> None:
    at = left(two(store, rates), timedelta(seconds=6), seed=12)
    assert 100 <= len(at) <= 6 * 20 + 2 * 20 * SLICE_S, "neither slower nor faster"
    for first in at:
        second = sum(first <= each < first + timedelta(seconds=1) for each in at)
        assert second <= 20 + 2 * 20 * SLICE_S, "a late slice of one beside one of the other, at most"


def test_an_hour_is_shared_and_knows_what_went_before(store: Store) -> None:
    earlier = [NOW - timedelta(minutes=20)] * 30
    at = left(two(store, Rates(per_hour=100), earlier), timedelta(minutes=100), seed=3)
    assert len([each for each in at if each < NOW + timedelta(minutes=39)]) <= 70
    for first in at:
        assert sum(first <= each < first + timedelta(hours=1) for each in at) <= 100
    assert len(at) >= 100, "what one took and did not use is no more than a little"


def test_a_warm_up_ends_the_day_for_all(store: Store) -> None:
    rates = Rates(warm_up_from=DAY - timedelta(days=1), warm_up=(10, 50, 1000))
    one, other = two(store, rates)
    taken = 0
    for pace in (one, other) * 40:
        taken += pace.wait_s("a@example.org", NOW) == 0
    assert taken == 50
    assert (one.wait_s("a@example.org", NOW), other.wait_s("a@example.org", NOW)) == (float("inf"), float("inf"))
    assert date(2026, 11, 24) == (NOW + timedelta(days=1)).date()
    assert other.wait_s("a@example.org", NOW + timedelta(days=1)) == 0
