"""How fast to hand over: limits a second, an hour, a day and a recipient domain, held over all connections.

Limits a second space messages evenly (GCRA, ITU-T I.371, without bursts); an hour's and a day's are counted, with what
earlier processes handed over.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Protocol

from digest.model.mail import Rates

HOUR = timedelta(hours=1)


class Pacing(Protocol):
    """Gives out turns to hand over: `Pace` within one process, the store's `SharedPace` over all of them."""

    def wait_s(self, recipient: str, now: datetime) -> float:
        """Take a turn for a recipient and return 0, or take none and return the seconds until one may be free."""

    def give_back(self) -> None:
        """Return a day's turn that was not used."""


class Pace:
    """Gives out turns to hand over; shared by all connections of a process."""

    def __init__(self, rates: Rates, *, today: date, sent_today: int = 0, earlier: Iterable[datetime] = ()) -> None:
        """``today`` is the day in the publication's zone; ``earlier`` are the last hour's hand-overs."""
        self.rates, self._guard = rates, threading.Lock()
        most = rates.daily(today)
        self.left_today = max(most - sent_today, 0) if most else -1
        self._due: dict[str, datetime] = {}  # limit -> when its next message may leave
        self._minutes = Counter(map(_minute, earlier))

    def wait_s(self, recipient: str, now: datetime) -> float:
        """Take a turn for a recipient and return 0, or take none and return the seconds until one may be free.

        Infinite where the day's share of a warm-up is used up.
        """
        with self._guard:
            if self.left_today == 0:
                return float("inf")
            spaced = self._spaced(recipient.rpartition("@")[2].lower())
            due = max((self._due.get(name, now) for name in spaced), default=now)
            wait = max((due - now).total_seconds(), self._wait_of_hour(now))
            if wait > 0:
                return wait
            for name, every in spaced.items():
                self._due[name] = now + timedelta(seconds=every)
            if self.rates.per_hour:
                self._minutes[_minute(now)] += 1
            self.left_today -= self.left_today > 0
            return 0.0

    def give_back(self) -> None:
        """Return a day's turn that was not used: its envelope was not taken."""
        with self._guard:
            self.left_today += self.left_today >= 0

    def _spaced(self, domain: str) -> dict[str, float]:
        """Return the limits a second that hold: their name, and the seconds between two messages."""
        of_domain = self.rates.domains.get(domain, self.rates.per_domain)
        limits = {"": self.rates.per_second, f"@{domain}": of_domain}
        return {name: 1 / rate for name, rate in limits.items() if rate}

    def _wait_of_hour(self, now: datetime) -> float:
        if not self.rates.per_hour:
            return 0.0
        for minute in [minute for minute in self._minutes if minute <= now - HOUR]:
            del self._minutes[minute]
        if self._minutes.total() < self.rates.per_hour:
            return 0.0
        return (min(self._minutes) + HOUR - now).total_seconds()


def _minute(instant: datetime) -> datetime:
    """Return the end of an instant's minute: an hour after it, the minute is past for certain."""
    return instant.replace(second=0, microsecond=0) + timedelta(minutes=1)
