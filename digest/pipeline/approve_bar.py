"""How an edition stands for whoever decides on it: what is wrong, who gets it when, what happens without anyone.

Pure: the store is read by the wiring, and the words are those an editor reads (design §9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from digest.dates import at_local
from digest.editions.calendar import Schedule, closes, opening, opens, why_off
from digest.editions.edit_words import sentences
from digest.errors import StoreConflict
from digest.model.counting import count_of
from digest.model.editions import Edition, EditionRecord, EditionState, Finding
from digest.model.mail import Counts, EditionKey

_ONES = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
_LISTED = 3  # stories named that came or went
_MINUTE = timedelta(minutes=1)
NOBODY = Counts()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The draft an editor had before her eyes when she approved."""

    draft: int
    edits: int = 0  # how many edits it held
    leads: tuple[str, ...] = ()  # ids of its items' leads, in the order of the mail

    @classmethod
    def of(cls, record: EditionRecord, edition: Edition) -> Seen:
        """Return what somebody sees who looks at an edition now."""
        leads = tuple(item.cluster.lead.id for item in edition.items)
        return cls(draft=record.draft, edits=len(record.edits), leads=leads)


class StaleDraft(StoreConflict):
    """Somebody approves a draft that is another one by now; ``changes`` says what changed, a sentence each."""

    def __init__(self, key: EditionKey, seen: Seen, now: int, changes: Sequence[str]) -> None:
        """Name the draft that was looked at, the draft that stands, and what lies between."""
        super().__init__(f"draft {seen.draft} has become {now} since you looked", where=str(key.day), fix="look again")
        self.seen, self.now, self.changes = seen, now, tuple(changes)


def refuse_stale(key: EditionKey, seen: Seen, record: EditionRecord, edition: Edition) -> None:
    """Raise StaleDraft where an edition is another than the one somebody looked at."""
    if record.draft != seen.draft:
        raise StaleDraft(key, seen, record.draft, changes(seen, record, edition))


def changes(seen: Seen, record: EditionRecord, edition: Edition) -> tuple[str, ...]:
    """Return what happened to an edition since somebody looked at it, a sentence each."""
    made = record.edits[seen.edits :]
    told = list(sentences(made, edition, record.edits, record.base))
    now = {item.cluster.lead.id: item.headline for item in edition.items}
    came = [headline for lead, headline in now.items() if lead not in seen.leads]
    gone = sum(lead not in now for lead in seen.leads)
    if seen.leads and came:
        more = f" and {len(came) - _LISTED} more" if len(came) > _LISTED else ""
        told.append(f"In the mail now: {'; '.join(f'“{each}”' for each in came[:_LISTED])}{more}.")
    if seen.leads and gone:
        told.append(f"{_count(gone, 'story is', 'stories are')} out.")
    if not told:
        told.append("It was built again, and a word, a picture or the order differs.")
    return tuple(told)


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Who gets an edition, by the ledger and the list."""

    readers: int  # due, or on the ledger already
    zones: int = 1  # time zones they live in


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What stands in the way of a hand-over under way."""

    what: str  # "the relay does not answer"
    again: datetime | None = None  # when it is tried again


@dataclass(frozen=True, kw_only=True)
class ApproveBar:
    """Everything the bar under the desk says and offers."""

    key: EditionKey
    state: EditionState | None
    draft: int
    number: int | None
    title: str  # "Draft 14", "Approved", "Handing over, 8,112 of 12,480"
    says: str  # what happens without anyone, or what became of it
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    stories: int = 0
    size: int = 0  # bytes of the HTML part, encoded
    audience: Audience
    counts: Counts = NOBODY
    opens: datetime | None = None  # first hand-over; None = with the next run, or now
    closes: datetime | None = None  # too late from here on; None = never
    by_reader: bool = False  # each reader's own clock
    deferred_until: datetime | None = None
    held: bool = False
    verbs: frozenset[str] = frozenset()  # approve, hold, release, withdraw, schedule, send, stop, correct, test

    @property
    def handed(self) -> int:
        """How many have it: what nothing can call back."""
        return self.counts.accepted + self.counts.handed + self.counts.in_doubt

    @property
    def findings(self) -> str:
        """What is still wrong, in few words."""
        errors = _count(len(self.errors), "error", "errors", "No errors")
        return f"{errors}, {_count(len(self.warnings), 'warning', 'warnings', 'no warnings').lower()}"


def approve_bar(
    key: EditionKey,
    record: EditionRecord | None,
    *,
    now: datetime,
    schedule: Schedule,
    audience: Audience,
    stories: int = 0,
    size: int = 0,
    findings: Sequence[Finding] = (),
    counts: Counts | None = None,
    deferred_until: datetime | None = None,
    trouble: Trouble | None = None,
    under_way: bool = False,
) -> ApproveBar:
    """Return how an edition stands. ``under_way`` tells whether somebody hands it over at this moment."""
    state = record.state if record is not None else None
    counts = counts or NOBODY
    errors = tuple(each for each in findings if each.severity == "error")
    begins, end = opens(key.day, schedule), closes(key.day, schedule)
    begun = ApproveBar(
        key=key,
        state=state,
        draft=record.draft if record is not None else 0,
        number=record.number if record is not None else None,
        title="",
        says="",
        errors=errors,
        warnings=tuple(each for each in findings if each.severity == "warning"),
        stories=stories,
        size=size,
        audience=audience,
        counts=counts,
        opens=begins if begins is not None and begins > now else None,
        closes=end,
        by_reader=schedule.by == "subscriber",
        deferred_until=deferred_until,
        held=record.held if record is not None else False,
    )
    title, says = _words(begun, record, schedule, now, trouble)
    return replace(begun, title=title, says=says, verbs=_verbs(begun, schedule, now, under_way))


def _verbs(bar: ApproveBar, schedule: Schedule, now: datetime, under_way: bool) -> frozenset[str]:
    late = bar.closes is not None and now >= bar.closes
    match bar.state:
        case EditionState.DRAFT:
            found = {"test", "schedule"} | (set() if bar.errors or not bar.stories else {"approve"})
            if schedule.approval != "required":  # else nothing approves itself, and there is nothing to hold
                found.add("release" if bar.held else "hold")
            return frozenset(found)
        case EditionState.APPROVED:
            return frozenset({"test", "withdraw", "stop"} | (set() if late or under_way else {"send", "schedule"}))
        case EditionState.SENDING:
            return frozenset({"stop", "correct"} | (set() if under_way else {"send"}))
        case EditionState.FINISHED | EditionState.STOPPED:
            return frozenset({"correct"})
        case _:
            return frozenset()


def _words(
    bar: ApproveBar, record: EditionRecord | None, schedule: Schedule, now: datetime, trouble: Trouble | None
) -> tuple[str, str]:
    if record is None:
        off = why_off(bar.key.day, schedule)
        today = now.astimezone(schedule.zone).date()
        nothing = "Nothing was built yet today." if bar.key.day == today else "Nothing was built that day."
        if bar.key.day > today:
            nothing = "Nothing is built for that day yet."
        return "No draft yet", no_edition(bar.key.day, off, now, schedule) if off else nothing
    match record.state:
        case EditionState.DRAFT:
            return f"Draft {bar.draft}", _of_draft(bar, schedule, now)
        case EditionState.APPROVED:
            says = _of_trouble(trouble, schedule) if trouble is not None else _of_approved(bar, record, schedule, now)
            return f"Approved, No. {record.number}", says
        case EditionState.SENDING:
            done = bar.counts.total - bar.counts.open
            return f"Handing over, {done:,} of {bar.counts.total:,}", _of_sending(bar, schedule, trouble)
        case EditionState.FINISHED:
            return "Sent", _of_finished(bar, record, schedule)
        case EditionState.STOPPED:
            left = bar.counts.expired
            return "Stopped", f"Stopped. {count_of(left, 'reader')} will not get this edition."
        case EditionState.SKIPPED:
            return "No edition", no_edition(bar.key.day, record.reason, now, schedule)


def no_edition(day: date, reason: str, now: datetime, schedule: Schedule) -> str:
    """Say why a day has no edition: "No edition today: no feed had news."."""
    said = reason.removeprefix("empty: ").rstrip(".") or "nobody said why"
    today = now.astimezone(schedule.zone).date()
    return f"No edition {'today' if day == today else f'on {day:%A %-d %B}'}: {said}."


def _of_draft(bar: ApproveBar, schedule: Schedule, now: datetime) -> str:
    end, without = bar.closes, ""
    if end is not None:
        if now >= end:
            return f"Too late to mail since {clock(end, schedule.zone)}; the next run skips it."
        without = f" Without it, no edition after {clock(end, schedule.zone)}."
    if bar.errors:
        blocked = f"{bar.errors[0].message[:1].upper()}{bar.errors[0].message[1:]}"
        return f"{blocked}. Nothing is mailed before this is right."
    if not bar.stories:
        return "It holds no story, so there is nothing to approve."
    if bar.held:
        return f"An editor said hold; nothing is mailed before it is approved.{without}"
    if schedule.approval == "required":
        return f"Waits for your approval; nothing is mailed before it.{without}"
    at = _itself(bar.key.day, schedule)
    if at > now:
        return f"Sends itself at {clock(at, schedule.zone)} unless you stop it."
    return "Sends itself with the next run unless you stop it."


def _itself(day: date, schedule: Schedule) -> datetime:
    first = opening(day, schedule)
    if schedule.approval == "automatic-after" and schedule.approval_after is not None:
        return max(first, at_local(day, schedule.approval_after, schedule.zone))
    return first


def _of_approved(bar: ApproveBar, record: EditionRecord, schedule: Schedule, now: datetime) -> str:
    at = f" at {clock(record.approved_at, schedule.zone)}" if record.approved_at is not None else ""
    approved = f"Approved by {record.approved_by or 'nobody named'}{at}."
    if bar.closes is not None and now >= bar.closes:
        return f"{approved} Too late to mail since {clock(bar.closes, schedule.zone)}."
    first = f"at {clock(bar.opens, schedule.zone)}" if bar.opens is not None else "with the next run"
    first = first.removeprefix("at ")
    own = ", their own time" if bar.by_reader else ""
    return f"{approved} First hand-over {first}{own}, {count_of(bar.audience.readers, 'reader')}."


def _of_sending(bar: ApproveBar, schedule: Schedule, trouble: Trouble | None) -> str:
    if trouble is not None:
        return _of_trouble(trouble, schedule)
    if bar.counts.planned and bar.opens is not None:
        return f"Goes on at {clock(bar.opens, schedule.zone)}, or when you send now."
    if bar.deferred_until is not None and not (bar.counts.planned or bar.counts.claimed or bar.counts.handed):
        again = clock(bar.deferred_until, schedule.zone)
        return f"The relay asked to wait with {bar.counts.deferred:,}; again at {again}."
    return "What is handed over cannot be called back."


def _of_trouble(trouble: Trouble, schedule: Schedule) -> str:
    again = (
        f"We try again at {clock(trouble.again, schedule.zone)}" if trouble.again is not None else "Send again later"
    )
    return f"{trouble.what[:1].upper()}{trouble.what[1:]}. {again}; nothing is lost."


def _of_finished(bar: ApproveBar, record: EditionRecord, schedule: Schedule) -> str:
    told = [f"No. {record.number} went to {count_of(bar.counts.accepted, 'reader')}."]
    if bar.counts.refused:
        told.append(f"{_count(bar.counts.refused, 'address was', 'addresses were')} refused.")
    if bar.counts.in_doubt:
        told.append(f"{_count(bar.counts.in_doubt, 'is', 'are')} in doubt.")
    if bar.counts.expired:
        told.append(f"{count_of(bar.counts.expired, 'reader')} did not get it.")
    if record.listed_at is not None:
        told.append(f"The page is listed since {clock(record.listed_at, schedule.zone)}.")
    return " ".join(told)


# Words and hours


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant as the clock of a zone shows it: "07:00"."""
    return f"{instant.astimezone(zone):%H:%M}"


def place_of(zone: ZoneInfo) -> str:
    """Return what a zone is called after: "Lisbon" of Europe/Lisbon."""
    return zone.key.rpartition("/")[2].replace("_", " ")


def hours(instant: datetime, *, zone: ZoneInfo, own: ZoneInfo | None, now: datetime) -> str:
    """Return an instant in the edition's zone, in the editor's where its clock differs, and how far off it is.

    "07:00 in Lisbon, 08:00 with you, in 16 minutes".
    """
    told = f"{clock(instant, zone)} in {place_of(zone)}"
    if instant.astimezone(zone).date() != now.astimezone(zone).date():
        told = f"{instant.astimezone(zone):%A} {told}"
    if own is not None and instant.astimezone(own).utcoffset() != instant.astimezone(zone).utcoffset():
        told += f", {clock(instant, own)} with you"
    minutes = (instant.replace(second=0, microsecond=0) - now.replace(second=0, microsecond=0)) // _MINUTE
    if 0 < minutes < 120:
        told += f", in {count_of(minutes, 'minute')}"
    return told


def _count(number: int, one: str, many: str, none: str = "") -> str:
    if number == 0 and none:
        return none
    figure = _ONES[number] if number < len(_ONES) else f"{number:,}"
    return f"{figure} {one if number == 1 else many}"


def zones_of(zones: Mapping[str, object] | Sequence[str], own: ZoneInfo) -> int:
    """Return in how many time zones readers live; "" is the publication's."""
    return len({zone or own.key for zone in zones})
