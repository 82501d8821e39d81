"""Rates that all processes keep together: each takes a few turns at a time from the database.

Limits a second are spaced (GCRA): the row says when the next message may leave, and a process that takes turns moves
it on by as many. An hour and a day are counted. Turns taken and not used are lost, so a crash makes us slower, never
faster. Processes whose clocks differ by a second may be a second of messages ahead at most, once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import to_micros
from digest.model.mail import Rates
from digest.store.engine import Store
from digest.store.house_tables import paces
from digest.store.stories import insert

SLICE_S = 0.25  # turns of a limit a second are taken for so long
PARTS = 20  # of what an hour or a day has left, a process takes a part at a time …
MOST = 50  # … and at most so many turns
SECOND, MINUTE, HOUR = 1_000_000, 60_000_000, 3_600_000_000  # microseconds
SHORTEST_WAIT_S = 0.01


@dataclass
class _Slice:
    """Turns of a limit a second that are ours."""

    at: int  # microseconds: the next one
    left: int


@dataclass
class _Share:
    """Turns of an hour or a day that are ours."""

    name: str
    left: int


class SharedPace:
    """Gives out turns to hand over, as `digest.mail.pace.Pace` does, over all processes at one database."""

    def __init__(
        self,
        store: Store,
        rates: Rates,
        *,
        today: Callable[[datetime], date],
        midnight: Callable[[datetime], datetime],
        handed_since: Callable[[datetime], Sequence[datetime]],
    ) -> None:
        """``today`` and ``midnight`` tell the publication's day; ``handed_since`` what the ledger knows already."""
        self.store, self.rates = store, rates
        self.today, self.midnight, self.handed_since = today, midnight, handed_since
        self._guard = threading.Lock()
        self._slices: dict[str, _Slice] = {}
        self._shares: dict[str, _Share] = {}  # "hour", "day"

    def wait_s(self, recipient: str, now: datetime) -> float:
        """Take a turn for a recipient and return 0, or take none and return the seconds until one may be free.

        Infinite where the day's share of a warm-up is used up. Raises StoreError.
        """
        with self._guard:
            moment, spaced = to_micros(now), self._spaced(recipient.rpartition("@")[2].lower())
            waits = [self._wait_of_day(now), self._wait_of_hour(now)]
            waits += [self._wait_of(name, every, moment) for name, every in spaced.items() if max(waits) == 0]
            if max(waits) > 0:
                return max(waits)
            for name, every in spaced.items():
                mine = self._slices[name]
                mine.at, mine.left = max(mine.at, moment) + every, mine.left - 1
            for share in self._shares.values():
                share.left -= 1
            return 0.0

    def give_back(self) -> None:
        """Return a day's turn that was not used: its envelope was not taken."""
        with self._guard:
            if "day" in self._shares:
                self._shares["day"].left += 1

    def close(self) -> None:
        """Give back the turns of the day and the hour that were taken and not used."""
        with self._guard, self.store.write() as connection:
            for share in self._shares.values():
                connection.execute(
                    sa.update(paces).where(paces.c.name == share.name).values(used=paces.c.used - share.left)
                )
            self._shares.clear()

    # Limits a second

    def _spaced(self, domain: str) -> dict[str, int]:
        """Return the limits a second that hold: their name, and the microseconds between two messages."""
        of_domain = self.rates.domains.get(domain, self.rates.per_domain)
        limits = {"second:": self.rates.per_second, f"second:@{domain}": of_domain}
        return {name: int(SECOND / rate) for name, rate in limits.items() if rate}

    def _wait_of(self, name: str, every: int, moment: int) -> float:
        mine = self._slices.get(name)
        stale = mine is not None and moment > mine.at + mine.left * every + SLICE_S * SECOND
        if mine is None or mine.left == 0 or stale:
            begins = self._take_slice(name, every, moment, count=max(1, int(SLICE_S * SECOND / every)))
            if begins is None:
                self._slices.pop(name, None)
                return max(SHORTEST_WAIT_S, min(every / SECOND, 1.0))
            mine = self._slices[name] = begins
        return max(0.0, (mine.at - moment) / SECOND)

    def _take_slice(self, name: str, every: int, moment: int, *, count: int) -> _Slice | None:
        """Take the next turns of a limit; None where they are more than a second (or one turn) ahead."""
        with self.store.write() as connection:
            begins = max(self._row(connection, name)[0], moment)
            if begins - moment > max(SECOND, every):
                return None
            connection.execute(sa.update(paces).where(paces.c.name == name).values(due=begins + count * every))
        return _Slice(at=begins, left=count)

    def _row(self, connection: Connection, name: str) -> tuple[int, int, bool]:
        """Return (due, used, whether it is new) of a row, made where it is missing, and locked until the commit."""
        new = insert(self.store, paces).values(name=name).on_conflict_do_nothing(index_elements=["name"])
        made = connection.execute(new.returning(paces.c.name)).first() is not None
        query = sa.select(paces.c.due, paces.c.used).where(paces.c.name == name)
        row = connection.execute(query if self.store.is_sqlite else query.with_for_update()).one()
        return int(row.due), int(row.used), made

    # An hour and a day

    def _wait_of_day(self, now: datetime) -> float:
        day = self.today(now)
        most, name = self.rates.daily(day), f"day:{day.isoformat()}"
        if not most:
            self._shares.pop("day", None)
            return 0.0
        mine = self._shares.get("day")
        if mine is not None and mine.name == name and mine.left > 0:
            return 0.0
        with self.store.write() as connection:
            _, used, is_new = self._row(connection, name)
            if is_new:
                used = len(self.handed_since(self.midnight(now)))
            count = _part(most - used)
            due = to_micros(self.midnight(now) + timedelta(days=3))
            connection.execute(sa.update(paces).where(paces.c.name == name).values(used=used + count, due=due))
            connection.execute(sa.delete(paces).where(paces.c.name < name, paces.c.name.startswith("day:")))
        self._shares["day"] = _Share(name=name, left=count)
        return 0.0 if count else float("inf")

    def _wait_of_hour(self, now: datetime) -> float:
        if not self.rates.per_hour:
            return 0.0
        moment = to_micros(now)
        minute = moment - moment % MINUTE + MINUTE  # its end: an hour later it is past for certain
        mine = self._shares.get("hour")
        if mine is not None and mine.name == _minute(minute) and mine.left > 0:
            return 0.0
        with self.store.write() as connection:
            _, _, is_new = self._row(connection, "hour")  # the lock of all its minutes
            if is_new:
                for at in self.handed_since(now - timedelta(hours=1)):
                    self._count(connection, to_micros(at) - to_micros(at) % MINUTE + MINUTE, 1)
            minutes = paces.c.name.startswith("minute:")
            connection.execute(sa.delete(paces).where(minutes, paces.c.due <= moment))
            used, first = connection.execute(
                sa.select(sa.func.coalesce(sa.func.sum(paces.c.used), 0), sa.func.min(paces.c.due)).where(
                    minutes, paces.c.used > 0
                )
            ).one()
            count = _part(self.rates.per_hour - int(used))
            if count:
                self._count(connection, minute, count)
        self._shares["hour"] = _Share(name=_minute(minute), left=count)
        return 0.0 if count else max(SHORTEST_WAIT_S, (int(first) - moment) / SECOND)

    def _count(self, connection: Connection, minute: int, count: int) -> None:
        new = insert(self.store, paces).values(name=_minute(minute), due=minute + HOUR, used=count)
        more = {"used": paces.c.used + count}
        connection.execute(new.on_conflict_do_update(index_elements=["name"], set_=more))


def _minute(end: int) -> str:
    return f"minute:{end // MINUTE}"


def _part(left: int) -> int:
    return max(0, min(left, MOST, max(1, left // PARTS)))
