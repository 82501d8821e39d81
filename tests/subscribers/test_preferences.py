"""Who is due an edition: the rule in words and the ledger's in SQL are one."""

from __future__ import annotations

import itertools
from datetime import timedelta

from digest.model.mail import SubscriberStatus
from digest.store.engine import Store
from digest.subscribers.preferences import due
from tests.builders import DAY, KEY, NOW, approved, person

HELD = ("foreign", "trade")


def test_the_ledger_plans_exactly_those_who_are_due(store: Store) -> None:
    choices = itertools.product(
        SubscriberStatus,
        [("daily",), ("weekly",), ("weekly", "daily"), ("daily-brief",)],
        [None, ("trade",), ("science",), ("science", "foreign")],
        [None, DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)],
    )
    people = [
        person(f"p{number:03}", status=status, digests=digests, sections=sections, paused_until=paused)
        for number, (status, digests, sections, paused) in enumerate(choices)
    ]
    ledger = approved(store, people)
    ledger.plan(KEY, sections=HELD, now=NOW)
    planned = {delivery.subscriber for delivery, _ in ledger.in_state(KEY, "planned", limit=1_000)}
    assert planned == {each.id for each in people if due(each, "daily", DAY, HELD)}
    assert 0 < len(planned) < len(people)
