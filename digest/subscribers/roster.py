"""Reading a list from CSV: any usual encoding, separator and header; bad rows are told, good ones used."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import BinaryIO
from zoneinfo import available_timezones

from digest.dates import iso
from digest.errors import RosterError
from digest.model.mail import Format, Subscriber, SubscriberStatus
from digest.subscribers.addresses import is_role, key_of
from digest.subscribers.systems import YES, folded, recognised, status_of

COLUMNS = (
    "email", "name", "sections", "digests", "format", "language", "time_zone", "weekdays_only", "paused_until",
    "status", "status_reason", "status_since", "created",
)  # fmt: skip
# Headers of other systems and of people, compared without case, blanks and hyphens.
_SYNONYMS = {
    "email": "email", "emailaddress": "email", "mail": "email", "address": "email", "subscriberemail": "email",
    "name": "name", "fullname": "name", "subscribername": "name",
    "sections": "sections", "topics": "sections",
    "digests": "digests", "lists": "digests", "newsletters": "digests",
    "format": "format", "language": "language", "lang": "language", "locale": "language",
    "timezone": "time_zone", "zone": "time_zone", "status": "status", "state": "status",
    "firstname": "first_name", "lastname": "last_name", "weekdaysonly": "weekdays_only", "pauseduntil": "paused_until",
    "statusreason": "status_reason",
    # Of our own exports, for people to read: when a row came here is ours to say.
    "statussince": "status_since", "created": "created", "rejectedbecause": "rejected_because",
}  # fmt: skip
REASON = "rejected because"  # the column we add to rejected rows: no attribute of a person when they come back
_STATUSES = {
    "": "active", "active": "active", "subscribed": "active", "enabled": "active", "confirmed": "active",
    "pending": "pending", "unconfirmed": "pending",
    "unsubscribed": "unsubscribed", "bounced": "bounced", "cleaned": "bounced", "complained": "complained",
}  # fmt: skip
PIECE = 1_000_000  # bytes read at a time
MOST_WARNINGS = 1_000  # kept; of more only the number is told
LONGEST_CELL = 2_000  # characters; a longer one is a broken quote


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A row that was not used."""

    row: int  # as a spreadsheet counts: the header is row 1
    column: str
    reason: str
    cells: tuple[str, ...]  # as written, to be corrected and imported again

    def __str__(self) -> str:
        """Return "row 4, email: …"; of a whole row "row 4: …"."""
        place = f"row {self.row}, {self.column}" if self.column else f"row {self.row}"
        return f"{place}: {self.reason}"


@dataclass
class Roster:
    """A file being read: iterate over `people`; what was wrong is collected on the way."""

    header: tuple[str, ...]
    columns: frozenset[str]  # those of ours that the file has
    people: Iterator[Subscriber]
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    rows: int = 0
    system: str = ""  # "Ghost": whose export it is, "" where it is nobody's we know
    unsaid: int = 0  # warnings beyond those kept

    def warn(self, text: str) -> None:
        """Keep a warning, or count it where there are too many."""
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(text)
        else:
            self.unsaid += 1


def _encoding(stream: BinaryIO, name: str) -> str:
    """Return what a file is written in: UTF-8 with or without BOM, UTF-16 with one, else Windows-1252.

    Raises RosterError for what is no text. The stream is read once, a piece at a time, and set back.
    """
    head = stream.read(2_000)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        stream.seek(0)
        return "utf-16"
    if b"\x00" in head:
        raise RosterError("it holds NUL bytes, so it is no CSV file", where=name, fix="save it as CSV in UTF-8")
    decoder, found, piece = codecs.getincrementaldecoder("utf-8")(), "utf-8-sig", head
    try:
        while piece:
            decoder.decode(piece)
            piece = stream.read(PIECE)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        found = "cp1252"
    stream.seek(0)
    return found


def _lines(stream: BinaryIO, name: str) -> tuple[str, Iterator[str]]:
    """Return the separator and the lines of a file, without Excel's `sep=` line."""
    text = _text(stream, _encoding(stream, name))
    first = next(text, "")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4], text
    counts = {mark: first.count(mark) for mark in (",", ";", "\t")}
    best = max(counts, key=lambda mark: counts[mark])
    return (best if counts[best] else ","), chain([first], text)


def _text(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield the lines of a stream, their ends as written; the stream stays its owner's to close."""
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    try:
        yield from text
    finally:
        with suppress(ValueError):  # whoever opened it closed it before us
            text.detach()


def read_roster(
    data: bytes | BinaryIO, *, sections: Collection[str], digests: Collection[str], new_id: Callable[[], str], name: str
) -> Roster:
    """Return a file's roster; raise RosterError where it has no column of addresses.

    ``sections`` and ``digests`` are the known ones; an unknown one is a warning and left out. ``new_id`` gives random
    ids. A file is read as people are asked for; nothing but bad rows is kept.
    """
    separator, lines = _lines(io.BytesIO(data) if isinstance(data, bytes) else data, name)
    rows = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    try:
        header = tuple(_unguarded(cell.strip()) for cell in next(rows, []))
    except csv.Error as error:
        raise RosterError(
            f"its first line cannot be read ({error})", where=name, fix="save it as CSV in UTF-8"
        ) from None
    known = [_SYNONYMS.get(folded(cell), "") for cell in header]
    if "email" not in known:
        raise RosterError("it has no column called email", where=name, fix="name the columns in its first line")
    reading = _Reading(header, known, set(sections), tuple(digests), new_id)
    system = reading.system.name if reading.system else ""
    roster = Roster(header=header, columns=reading.columns, people=iter(()), system=system)
    roster.people = reading.people(rows, roster)
    return roster


class _Reading:
    def __init__(
        self,
        header: tuple[str, ...],
        known: list[str],
        sections: set[str],
        digests: tuple[str, ...],
        new_id: Callable[[], str],
    ) -> None:
        self.header, self.known, self.sections, self.digests, self.new_id = header, known, sections, digests, new_id
        extra = {"attributes"} if any(not name and head for name, head in zip(known, header, strict=True)) else set()
        extra |= {"name"} if {"first_name", "last_name"} & set(known) else set()
        self.columns = frozenset({*known, *extra} - {"", "email"})
        self.system, self.folded = recognised(header), tuple(map(folded, header))
        self.zones = available_timezones()

    def people(self, rows: Iterator[list[str]], roster: Roster) -> Iterator[Subscriber]:
        while True:
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:  # the reader goes on with the line after
                roster.rows += 1
                reason = f"it cannot be read ({error})"
                roster.rejected.append(Rejected(row=roster.rows + 1, column="", reason=reason, cells=()))
                continue
            roster.rows += 1
            number = roster.rows + 1
            if not any(cell.strip() for cell in cells):
                continue
            try:
                person = self._person(cells, number, roster)
            except _BadCell as bad:
                reject = Rejected(row=number, column=bad.column, reason=bad.reason, cells=tuple(cells))
                roster.rejected.append(reject)
                continue
            yield person

    def _person(self, cells: list[str], number: int, roster: Roster) -> Subscriber:
        if len(cells) > len(self.header):
            raise _BadCell("", f"it has {len(cells)} cells, the header has {len(self.header)}")
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise _BadCell("", "a cell is very long; a quote is probably not closed")
        values: dict[str, str] = {}
        attributes: dict[str, str] = {}
        for name, head, cell in zip(self.known, self.header, cells, strict=False):
            if name:
                values.setdefault(name, cell.strip())
            elif head and cell.strip():
                attributes[head] = _unguarded(cell.strip())
        email = _unguarded(values.get("email", ""))
        if not email:
            raise _BadCell("email", "it is empty")
        try:
            key = key_of(email)
        except ValueError as error:
            raise _BadCell("email", f"{email!r} is no address ({error})") from None
        own = dict(zip(self.folded, map(str.strip, cells), strict=False)) if self.system else {}
        name = values.get("name", "") or f"{values.get('first_name', '')} {values.get('last_name', '')}"
        if is_role(key):
            roster.warn(f"row {number}: {email} is an office, not a person")
        return Subscriber(
            id=self.new_id(),
            email=email,
            email_key=key,
            name=" ".join(_unguarded(name.strip()).split()),
            sections=self._sections(values.get("sections", ""), number, roster),
            digests=self._digests(values.get("digests", ""), number, roster),
            format=self._format(values.get("format", "")),
            language=values.get("language", "").replace("_", "-"),
            time_zone=self._zone(values.get("time_zone", "")),
            status=self._status(status_of(self.system, own) or values.get("status", "")),
            status_reason=_unguarded(values.get("status_reason", "")),
            paused_until=self._day(values.get("paused_until", "")),
            weekdays_only=self._yes(values.get("weekdays_only", "")),
            attributes=attributes,
        )

    def _sections(self, cell: str, number: int, roster: Roster) -> tuple[str, ...] | None:
        asked = [part.strip().lower() for part in cell.split("|") if part.strip()]
        for slug in asked:
            if slug not in self.sections:
                roster.warn(f"row {number}: there is no section {slug!r}; it is left out")
        chosen = tuple(dict.fromkeys(slug for slug in asked if slug in self.sections))
        if asked and not chosen:
            raise _BadCell("sections", f"none of {cell!r} is a section")
        return chosen or None

    def _digests(self, cell: str, number: int, roster: Roster) -> tuple[str, ...]:
        asked = [part.strip().lower() for part in cell.split("|") if part.strip()]
        for name in asked:
            if name not in self.digests:
                roster.warn(f"row {number}: there is no digest {name!r}; it is left out")
        chosen = tuple(dict.fromkeys(name for name in asked if name in self.digests))
        if asked and not chosen:
            raise _BadCell("digests", f"none of {cell!r} is a digest")
        return chosen or self.digests[:1]

    def _format(self, cell: str) -> Format:
        value = cell.lower() or "html"
        if value == "html":
            return "html"
        if value in ("text", "plain"):
            return "text"
        raise _BadCell("format", f"{cell!r} is neither html nor text")

    def _zone(self, cell: str) -> str:
        if cell and cell not in self.zones:
            raise _BadCell("time_zone", f"{cell!r} is no time zone; write one such as Europe/Lisbon")
        return cell

    def _day(self, cell: str) -> date | None:
        try:
            return date.fromisoformat(cell) if cell else None
        except ValueError:
            raise _BadCell("paused_until", f"{cell!r} is no day; write one such as 2026-12-01") from None

    def _yes(self, cell: str) -> bool:
        value = cell.lower()
        if value and value not in YES and value not in ("no", "false", "0", "n", "f"):
            raise _BadCell("weekdays_only", f"{cell!r} is neither yes nor no")
        return value in YES

    def _status(self, cell: str) -> SubscriberStatus:
        own = self.system.statuses.get(cell.lower(), "") if self.system else ""
        status = _STATUSES.get(own or cell.lower())
        if status is None:
            raise _BadCell("status", f"{cell!r} is none of {', '.join(each.value for each in SubscriberStatus)}")
        return SubscriberStatus(status)


class _BadCell(Exception):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def rejected_csv(roster: Roster) -> str:
    """Return the rejected rows as a CSV that can be corrected and imported again, the reason in a last column.

    Where a row has more cells than the header all are kept: which of them is one too many a person can tell.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    again = folded(roster.header[-1]) == folded(REASON)  # rows that were rejected before, with the reason of then
    header = roster.header[:-1] if again else roster.header
    writer.writerow([*header, REASON])
    for each in roster.rejected:
        cells = each.cells[:-1] if again else each.cells
        padded = [*cells, *[""] * (len(header) - len(cells))]
        writer.writerow([*padded, f"{each.column}: {each.reason}" if each.column else each.reason])
    return out.getvalue()


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula (OWASP: a leading apostrophe)."""
    return f"'{cell}" if cell.lstrip("'").startswith(_FORMULA) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A person of an export, with the dates that are ours."""

    person: Subscriber
    status_since: datetime | None = None
    created: datetime | None = None


def export_rows(people: Iterator[Listed], attributes: Sequence[str] = ()) -> Iterator[str]:
    """Yield the list as CSV, line by line; it imports again unchanged.

    ``attributes`` names the further columns to write. Dates and reasons are for people: an import leaves them alone.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *map(guarded, attributes)])
    for each in people:
        person = each.person
        writer.writerow(
            [
                guarded(person.email),
                guarded(person.name),
                "|".join(person.sections or ()),
                "|".join(person.digests),
                person.format,
                person.language,
                person.time_zone,
                "yes" if person.weekdays_only else "",
                person.paused_until.isoformat() if person.paused_until else "",
                person.status.value,
                guarded(person.status_reason),
                iso(each.status_since) if each.status_since else "",
                iso(each.created) if each.created else "",
                *(guarded(person.attributes.get(name, "")) for name in attributes),
            ]
        )
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    if out.getvalue():
        yield out.getvalue()
