"""A file → the list: rows read, merged in one transaction, and what was not used said row by row."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from digest.errors import FileProblem
from digest.model.counting import count_of
from digest.ports import Clock, SubscriberStore
from digest.subscribers.roster import read_roster, rejected_csv


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did."""

    rows: int  # rows of the file, the header apart
    added: int
    updated: int
    unchanged: int
    left: int  # rows of people who left; they stay away
    revived: int  # people who left and were brought back, for a reason
    rejected: tuple[str, ...]  # "row 4, email: …"
    warnings: tuple[str, ...]
    rejected_file: Path | None  # the rejected rows, to be corrected; None where there are none
    dry_run: bool
    name: str = ""  # of the file
    system: str = ""  # "Ghost": whose export it was
    lost: str = ""  # said where the file has far fewer rows than last time

    @property
    def line(self) -> str:
        """One sentence for people."""
        begin = "Would be: " if self.dry_run else ""
        begin += f"An export of {self.system}. " if self.system else ""
        begin += f"{count_of(self.rows, 'row')}: "
        text = f"{begin}{self.added} added, {self.updated} updated, {self.unchanged} unchanged"
        if self.revived:
            text += f", {self.revived} brought back"
        if self.left:
            text += f", {self.left} left earlier and stay away"
        return text + (f", {len(self.rejected)} rejected." if self.rejected else ".")


def import_roster(
    data: bytes | BinaryIO,
    *,
    name: str,
    rejected_to: Path | None,
    sections: Collection[str],
    digests: Collection[str],
    store: SubscriberStore,
    new_id: Callable[[], str],
    overwrite: bool,
    dry_run: bool,
    revive: str = "",
    hash_of: Callable[[str], str] | None = None,
    clock: Clock,
) -> ImportReport:
    """Merge a CSV file into the list; nobody is removed or revived. Raises RosterError, StoreError, FileProblem.

    Of two rows with one address the later counts. Rejected rows are written to ``rejected_to``. With a reason in
    ``revive`` people who left come back, but those erased, whom ``hash_of`` recognises.
    """
    roster = read_roster(data, sections=sections, digests=digests, new_id=new_id, name=name)
    merged = store.merge(
        roster.people,
        columns=roster.columns,
        overwrite=overwrite,
        dry_run=dry_run,
        revive=revive,
        hash_of=hash_of,
        now=clock.now(),
    )
    written = None
    if roster.rejected and rejected_to is not None and not dry_run:
        written = rejected_to
        try:
            written.write_text(rejected_csv(roster), encoding="utf-8-sig", newline="")
        except OSError as error:
            raise FileProblem.unwritten(error, written) from None
    twice = (f"{email} stands in several rows; the last one counts" for email in merged.doubled)
    more = (f"and {roster.unsaid} more warnings",) if roster.unsaid else ()
    warnings = (*roster.warnings, *more, *twice)
    return ImportReport(
        rows=roster.rows,
        added=merged.added,
        updated=merged.updated,
        unchanged=merged.unchanged,
        left=merged.left,
        revived=merged.revived,
        rejected=tuple(str(each) for each in roster.rejected),
        warnings=warnings,
        rejected_file=written,
        dry_run=dry_run,
        name=name,
        system=roster.system,
    )


SHRUNK = 0.5  # a file with fewer rows than this share of last time's is told of


def shrunken(report: ImportReport, before: int) -> ImportReport:
    """Return the report, saying so where the file lost most of its rows: it removes nobody, but nobody meant it."""
    if report.rows >= before * SHRUNK or not before:
        return report
    lost = (
        f"the file has {count_of(report.rows, 'row')}, it had {before} when it was merged last; nobody was removed"
        " (`digest subscribers remove` does that)"
    )
    return replace(report, lost=lost)
