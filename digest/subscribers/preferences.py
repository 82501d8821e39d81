"""Who is due an edition. The ledger plans by the same rule in SQL; a test holds both against each other."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from digest.model.mail import Subscriber, SubscriberStatus

SATURDAY = 5  # as date.weekday() counts


def due(person: Subscriber, digest: str, day: date, sections: Collection[str]) -> bool:
    """Tell whether a person is to get the edition of ``day``; suppressions apart, which only the store knows.

    ``sections`` are the slugs of the edition that hold items: who chose none of them gets no empty mail.
    """
    if person.status is not SubscriberStatus.ACTIVE or digest not in person.digests:
        return False
    if person.paused_until is not None and day < person.paused_until:
        return False
    if person.weekdays_only and day.weekday() >= SATURDAY:
        return False
    return person.sections is None or not frozenset(person.sections).isdisjoint(sections)
