"""The open database and its slices, each made when it is first asked for."""

from __future__ import annotations

import os
import secrets
import socket
import time
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from digest.config import Settings
    from digest.ports import Clock
    from digest.store.alarms import Alarms
    from digest.store.archive import Archive
    from digest.store.calendar import CalendarStore
    from digest.store.deliveries import Deliveries
    from digest.store.desk import DeskStore
    from digest.store.editions import Editions
    from digest.store.engine import Store
    from digest.store.locks import Locks
    from digest.store.notices import Notices
    from digest.store.pacing import SharedPace
    from digest.store.pages import Pages
    from digest.store.pauses import Pauses
    from digest.store.persons import Persons
    from digest.store.pictures import Pictures
    from digest.store.readers import Readers
    from digest.store.runs import Runs
    from digest.store.search import Search
    from digest.store.signups import SignUps
    from digest.store.stories import Stories
    from digest.store.subscribers import Subscribers


class Stores:
    """What a publication keeps. `Wiring` adds the network, templates and keys."""

    settings: Settings
    clock: Clock
    _open: ExitStack

    def on_close(self, call: Callable[[], None]) -> None:
        """Have something let go of before the database is."""
        self._open.callback(call)

    def wait(self, seconds: float) -> None:
        """Wait; a test's clock is moved instead."""
        move = getattr(self.clock, "advance", None)
        if move is not None:
            move(seconds=seconds)
        else:
            time.sleep(seconds)

    @cached_property
    def database(self) -> Store:
        """The open database; raises StoreError."""
        from digest.store.engine import Store

        store = Store.open(self.settings.store_url)
        self._open.callback(store.close)
        return store

    @cached_property
    def stories(self) -> Stories:
        """Stories and feed states."""
        from digest.store.stories import Stories

        return Stories(self.database)

    @cached_property
    def archive(self) -> Archive:
        """What the archive shows."""
        from digest.store.archive import Archive

        return Archive(self.database)

    @cached_property
    def editions(self) -> Editions:
        """Editions, edits and parts."""
        from digest.store.editions import Editions

        return Editions(self.database)

    @cached_property
    def pictures(self) -> Pictures:
        """Prepared pictures."""
        from digest.store.pictures import Pictures

        return Pictures(self.database)

    @cached_property
    def subscribers(self) -> Subscribers:
        """The list."""
        from digest.store.subscribers import Subscribers

        return Subscribers(self.database)

    @cached_property
    def readers(self) -> Readers:
        """What readers do themselves."""
        from digest.store.readers import Readers

        return Readers(self.database)

    @cached_property
    def signups(self) -> SignUps:
        """Sign-ups that wait for their confirmation."""
        from digest.store.signups import SignUps

        return SignUps(self.database)

    @cached_property
    def desk(self) -> DeskStore:
        """The desk's people, sessions and log."""
        from digest.store.desk import DeskStore

        return DeskStore(self.database)

    @cached_property
    def persons(self) -> Persons:
        """All that is kept of one person."""
        from digest.store.persons import Persons

        return Persons(self.database)

    @cached_property
    def ledger(self) -> Deliveries:
        """The ledger of deliveries."""
        from digest.store.deliveries import Deliveries

        return Deliveries(self.database, on_doubt=self.settings.delivery.on_doubt, is_dead=is_dead)

    @cached_property
    def shared_pace(self) -> SharedPace:
        """The rates, kept by all processes at this database together."""
        from digest.store.pacing import SharedPace

        def midnight(now: datetime) -> datetime:
            return now.astimezone(self.settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)

        pace = SharedPace(
            self.database,
            self.settings.delivery.rates,
            today=lambda now: midnight(now).date(),
            midnight=midnight,
            handed_since=self.ledger.handed_since,
        )
        self.on_close(pace.close)
        return pace

    @cached_property
    def notices(self) -> Notices:
        """The outbox of mail that is no edition."""
        from digest.store.notices import Notices

        return Notices(self.database)

    @cached_property
    def locks(self) -> Locks:
        """One run a digest at a time."""
        from digest.store.locks import Locks

        return Locks(self.database, self.clock.now, self.wait)

    @cached_property
    def runs(self) -> Runs:
        """The log of runs."""
        from digest.store.runs import Runs

        return Runs(self.database)

    @cached_property
    def pauses(self) -> Pauses:
        """Digests that rest."""
        from digest.store.pauses import Pauses

        return Pauses(self.database)

    @cached_property
    def alarms(self) -> Alarms:
        """What operators were told last."""
        from digest.store.alarms import Alarms

        return Alarms(self.database)

    @cached_property
    def calendar(self) -> CalendarStore:
        """How the days of a digest stand, and whose hour came."""
        from digest.store.calendar import CalendarStore

        return CalendarStore(self.database, is_dead=is_dead)

    @cached_property
    def search(self) -> Search:
        """Every story of every listed edition, to be found."""
        from digest.store.search import Search

        return Search(self.database)

    @cached_property
    def pages(self) -> Pages:
        """What stories' pages say."""
        from digest.store.pages import Pages

        return Pages(self.database)


def owner_name() -> str:
    """Return what names this process in the ledger: host, pid, and a word of its own."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_dead(owner: str) -> bool:
    """Tell whether an owner of leases was a process of this host that is no more; others are waited for."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
