"""What an editor decides of a whole edition: approve, hold, move its hour, test, send, stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from datetime import time as ClockTime
from typing import TYPE_CHECKING

from digest.dates import at_local
from digest.editions.calendar import closes
from digest.errors import UsageError
from digest.model.editions import EditionRecord, EditionState
from digest.model.mail import Counts, EditionKey
from digest.pipeline.approve_bar import ApproveBar, Audience, Seen, approve_bar, clock, zones_of
from digest.pipeline.sending import SendingReport
from digest.wiring.editing import Editing
from digest.wiring.handing import HandOvers

if TYPE_CHECKING:
    from digest.pipeline.approving import Proof
    from digest.wiring.publisher import Publisher

# Counting who is due reads the whole list: a figure so old still serves the bar.
COUNTED_S = 30.0
_NOT_MOVED = "its hand-over cannot be moved there"


class Deciding:
    """The bar of an edition, and what its buttons do."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher, self.wiring, self.digest = publisher, publisher.wiring, publisher.digest
        self.hand_overs = HandOvers(publisher)
        self._counted: dict[tuple[EditionKey, Sequence[str]], tuple[datetime, Audience]] = {}
        self._guard = threading.Lock()

    # Asking

    def bar(self, key: EditionKey, proof: Callable[[], Proof]) -> ApproveBar:
        """Return how an edition stands; ``proof`` is asked for while it is a draft with a story in it."""
        record, now = self.wiring.editions.edition(key), self.wiring.clock.now()
        schedule, ledger = self.wiring.schedule(self.digest), self.wiring.ledger
        counts, under_way = ledger.counts(key), self.hand_overs.running(key)
        if record is None or record.base is None:
            return approve_bar(key, record, now=now, schedule=schedule, audience=Audience(readers=0), counts=counts)
        checked = proof() if record.state is EditionState.DRAFT else None
        sending = record.state in (EditionState.SENDING, EditionState.FINISHED, EditionState.STOPPED)
        return approve_bar(
            key,
            record,
            now=now,
            schedule=schedule,
            audience=Audience(readers=counts.total) if sending else self._audience(key, record),
            stories=len(checked.edition.items) if checked is not None else 0,
            size=checked.size if checked is not None else 0,
            findings=checked.findings if checked is not None else (),
            counts=counts,
            deferred_until=ledger.next_due(key) if counts.deferred else None,
            trouble=self.hand_overs.trouble(key),
            under_way=under_way or bool(counts.claimed or counts.handed),
        )

    def _audience(self, key: EditionKey, record: EditionRecord) -> Audience:
        assert record.base is not None
        sections = tuple(filled.section.slug for filled in record.base.sections if filled.items)
        name, now = (key, sections), self.wiring.clock.now()
        with self._guard:
            at, found = self._counted.get(name, (None, None))
        if found is not None and at is not None and (now - at).total_seconds() < COUNTED_S:
            return found
        due = sum(self.wiring.ledger.choices(key, sections=sections).values()) + self.wiring.ledger.counts(key).total
        zones = zones_of(self.wiring.calendar.zones(key.digest), self.wiring.settings.zone)
        audience = Audience(readers=due, zones=zones)
        with self._guard:
            self._counted = {name: (now, audience)}
        return audience

    def counts(self, key: EditionKey) -> Counts:
        """Return how the ledger of an edition stands."""
        return self.wiring.ledger.counts(key)

    # Deciding

    def approve(self, key: EditionKey, seen: Seen, by: str) -> EditionRecord:
        """Freeze the draft an editor looked at; raises StaleDraft with what changed, and what `approve` raises."""
        return self.publisher.approve(key, by, seen=seen)

    def withdraw(self, key: EditionKey, by: str) -> EditionState:
        """Take an approval back, or hold a draft; return where it stood. Raises StoreConflict once sending began.

        A hand-over that waits for the relay to answer ends.
        """
        self.hand_overs.end(key)
        return Editing(self.publisher, key.day, by=by).withdraw()

    def release(self, key: EditionKey) -> None:
        """End a hold: the edition goes by its digest's rules again."""
        self.wiring.editions.hold(key, held=False, now=self.wiring.clock.now())

    def move(self, key: EditionKey, text: str) -> ClockTime | None:
        """Let the hand-over begin at "07:30" of the edition's zone; "" is the digest's own hour again.

        Raises UsageError for an hour that has passed or is too late, StoreConflict once sending began.
        """
        schedule, now = self.wiring.schedule(self.digest), self.wiring.clock.now()
        wanted = _clock_time(text) if text else None
        if wanted is not None:
            at, end = at_local(key.day, wanted, schedule.zone), closes(key.day, schedule)
            if at <= now:
                raise UsageError(f"{wanted:%H:%M} has passed", where=_NOT_MOVED, fix="choose a later hour, or send now")
            if end is not None and at >= end:
                raise UsageError(
                    f"{wanted:%H:%M} is too late",
                    where=_NOT_MOVED,
                    fix=f"choose one before {clock(end, schedule.zone)}",
                )
        self.wiring.editions.move_opening(key, wanted, now=now)
        return wanted

    def test(self, key: EditionKey, address: str) -> str:
        """Send one copy to an address and return what the relay said; raises UsageError, RelayError."""
        return self.publisher.send_test(key, address)

    def send(self, key: EditionKey) -> None:
        """Begin to hand over now, whatever the hour; what follows is told by `bar`. Raises what `sendable` raises."""
        self.hand_overs.begin(key)

    def stop(self, key: EditionKey, by: str) -> SendingReport:
        """Stop an edition for good: who did not get it yet never will. Raises UsageError."""
        self.hand_overs.end(key)
        return self.publisher.stop_edition(key, by)


def _clock_time(text: str) -> ClockTime:
    try:
        return ClockTime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{text!r} is no hour", where=_NOT_MOVED, fix="write it as 07:30") from None
