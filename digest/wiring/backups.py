"""`digest db backup`, `restore` and `upgrade` bound to a publication: where files go, and which days are set aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from digest.dates import edition_day
from digest.editions.calendar import why_off
from digest.errors import FileProblem, UsageError
from digest.model.mail import EditionKey
from digest.pipeline.days import missed
from digest.wiring import Wiring
from digest.wiring.stores import is_dead

if TYPE_CHECKING:
    from digest.store.backups import Backup
    from digest.store.engine import Store
    from digest.store.restoring import Restored

PATTERN = "digest-*.db"  # of backups that are named by us


class Backups:
    """The backups of a publication's database."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring, self.settings, self.clock = wiring, wiring.settings, wiring.clock

    def make(self, where: Path, *, keep: int = 0, in_folder: bool = False) -> tuple[Backup, Sequence[Path]]:
        """Write a backup into a file, or into a folder under a name of ours; return it, and which old ones went.

        ``keep`` is how many of a folder stay, 0 = all; with ``in_folder`` the folder is made where it is not there.
        Raises FileProblem, StoreError, UsageError.
        """
        from digest.store.backups import backup, rotate

        if in_folder:
            _make_folder(where)
        folder = where.is_dir()
        if keep and not folder:
            raise UsageError("a single file is no row of backups", where="--keep", fix="name a folder: backups/")
        file = where / f"digest-{_stamp(self.clock.now())}.db" if folder else where
        made = backup(self.settings.store_url, file)
        return made, rotate(where, PATTERN, keep) if folder else ()

    def before_upgrade(self) -> Path | None:
        """Back up a database whose tables are older than this program; return the file, None where none is needed."""
        from digest.store import upgrading
        from digest.store.backups import backup

        current, head = upgrading.standing(self.settings.store_url)
        if not current or current == head:
            return None
        file = self.settings.folder / f"digest-before-{head}-{_stamp(self.clock.now())}.db"
        return backup(self.settings.store_url, file).file

    def restore(self, file: Path, *, accept_lost: bool) -> Restored:
        """Put a backup in the place of the database. Raises what `store.restoring.restore` raises."""
        from digest.store.restoring import Plan, restore

        plan = Plan(
            folder=self.settings.folder,
            digests=tuple(digest.name for digest in self.settings.digests),
            until=self.today,
            due=self._due,
            hash_of=self.wiring.address_hash,
            is_dead=is_dead,
            accept_lost=accept_lost,
        )
        return restore(self.settings.store_url, file, plan, now=self.clock.now)

    @property
    def today(self) -> date:
        """The day in the publication's zone."""
        return edition_day(self.clock.now(), self.settings.zone)

    def _due(self, store: Store) -> Sequence[EditionKey]:
        """Return the days up to today that are not on record in a backup: their editions may have gone out since."""
        from digest.store.calendar import CalendarStore

        found = []
        for digest in self.settings.digests:
            schedule = self.wiring.schedule_of(digest)
            days = [day.day for day in missed(CalendarStore(store), digest.name, schedule, before=self.today)]
            found += [EditionKey(digest.name, day) for day in (*days, self.today) if not why_off(day, schedule)]
        return found


def _make_folder(where: Path) -> None:
    """Make a folder that nobody else looks into: backups hold addresses."""
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FileProblem(
            f"the folder cannot be made ({error.strerror or error})",
            where=str(where),
            fix="choose a place you may write to",
        ) from None


def _stamp(now: datetime) -> str:
    return f"{now:%Y%m%dT%H%M%SZ}"
