"""Reading what came back: who is not mailed any more, and what nobody understood."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from digest.errors import FileProblem
from digest.mail.bounces import understood
from digest.mail.mailboxes import Letter
from digest.model.counting import count_of
from digest.model.mail import Bounce, Subscriber, Suppression
from digest.model.return_path import ReturnPath
from digest.model.returned import Origin, Recorded, Returned, ReturnKind
from digest.ports import Clock, ReturnStore, SubscriberStore

MONTHS = timedelta(days=90)  # a bounce older than that counts no more


@dataclass(frozen=True, kw_only=True)
class BounceRule:
    """When transient bounces end in a suppression: so many editions in a row, over at least so long."""

    transient: int
    over: timedelta


Leave = Callable[[str, str], bool]
"""Have a person leave a digest; tells whether there is such a person."""
Keep = Callable[[bytes, str], None]
"""Keep a message nobody understood, under a name."""
KeyOf = Callable[[str], str]
"""The normalised form of an address; raises ValueError for none."""


@dataclass
class ReturnsReport:
    """What a mailbox held."""

    read: int = 0
    known: int = 0  # read before
    permanent: int = 0  # people suppressed for a permanent bounce
    transient: int = 0  # transient bounces
    worn_out: int = 0  # people suppressed for transient bounces in a row
    complaints: int = 0
    left: int = 0
    automatic: int = 0
    forged: int = 0  # claimed to be ours, and are not
    kept: int = 0  # not understood
    lines: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """One line of counts; those that are none are left out."""
        named = (
            (self.known, "read before"), (self.permanent, "suppressed for a permanent bounce"),
            (self.transient, "transient"), (self.worn_out, "suppressed for bouncing again and again"),
            (self.complaints, "complaints"), (self.left, "left"), (self.automatic, "automatic replies"),
            (self.forged, "forged"), (self.kept, "not understood and kept"),
        )  # fmt: skip
        told = ", ".join(f"{count} {what}" for count, what in named if count)
        return f"{count_of(self.read, 'message')} read" + (f": {told}" if told else "")


@dataclass
class ReturnReader:
    """Reads messages and does what follows from each; doing it twice changes nothing."""

    path: ReturnPath
    rule: BounceRule
    people: SubscriberStore
    returns: ReturnStore
    leave: Leave
    keep: Keep
    key_of: KeyOf
    clock: Clock
    zone_day: Callable[[], date]
    report: ReturnsReport = field(default_factory=ReturnsReport)

    def read(self, letters: Iterable[Letter]) -> ReturnsReport:
        """Read every message; each is marked as done only after what it asks for is kept.

        Raises StoreError, and FileProblem: for one that cannot be marked only once all others were read.
        """
        problem: FileProblem | None = None
        for letter in letters:
            self.report.read += 1
            fingerprint = hashlib.sha256(letter.raw).hexdigest()
            if self.returns.is_known(fingerprint):
                self.report.known += 1
            else:
                self._one(letter, fingerprint)
            try:
                letter.done()
            except FileProblem as unmarked:
                problem = problem or unmarked
        if problem is not None:
            raise problem
        return self.report

    def _one(self, letter: Letter, fingerprint: str) -> None:
        found = understood(letter.raw)
        if found.kind is ReturnKind.AUTOMATIC:
            self.report.automatic += 1
            self._record(fingerprint, found.kind)
        elif found.kind is ReturnKind.LEAVE:
            self._leave(letter, fingerprint, found)
        elif found.kind is ReturnKind.COMPLAINT:
            self._complaint(letter, fingerprint, found)
        elif found.kind is ReturnKind.BOUNCE:
            self._bounced(letter, fingerprint, found)
        else:
            self._kept(letter, fingerprint, "nothing we understand")

    def _leave(self, letter: Letter, fingerprint: str, found: Returned) -> None:
        origins = [origin for request in found.requests if (origin := self.path.read_request(request))]
        if not origins:
            self.report.forged += 1
            self._kept(letter, fingerprint, "a request to leave that is not signed by us")
            return
        for origin in origins:
            if self.leave(origin.subscriber, origin.digest):
                self.report.left += 1
            self._record(fingerprint, found.kind, subscriber=origin.subscriber)

    def _complaint(self, letter: Letter, fingerprint: str, found: Returned) -> None:
        people = self._people(found)
        if not people:
            self._kept(letter, fingerprint, "a complaint about nobody we know")
        for person, origin in people:
            if self._suppress(person, "complained", "complaint by mail"):
                self.report.complaints += 1
                self.report.lines.append(f"{person.email} complained and is suppressed")
            self._record(fingerprint, found.kind, subscriber=person.id, origin=origin)

    def _bounced(self, letter: Letter, fingerprint: str, found: Returned) -> None:
        people = self._people(found)
        if not people:
            self._kept(letter, fingerprint, "a bounce of nobody we know")
        for person, origin in people:
            bounce = _of(found.bounces, person)
            day = origin.edition.day if origin is not None and origin.edition is not None else self.zone_day()
            if bounce.permanent:
                if self._suppress(person, "bounced", _said(bounce)):
                    self.report.permanent += 1
                    self.report.lines.append(f"{person.email} is suppressed: {_said(bounce)}")
            else:
                self.report.transient += 1
                self._count(person, day)
            self._record(fingerprint, found.kind, subscriber=person.id, origin=origin, day=day, bounce=bounce)

    def _count(self, person: Subscriber, day: date) -> None:
        """Suppress whom editions in a row came back from; this one is not on record yet."""
        days = sorted(self.returns.bounced_in_a_row(person.id, day, since=day - MONTHS))
        if len(days) < self.rule.transient or days[-1] - days[0] < self.rule.over:
            return
        said = f"{len(days)} transient bounces in a row since {days[0]}"
        if self._suppress(person, "bounced", said):
            self.report.worn_out += 1
            self.report.lines.append(f"{person.email} is suppressed: {said}")

    def _people(self, found: Returned) -> list[tuple[Subscriber, Origin | None]]:
        """Return whom it is about: proved by a signature, or without signed return paths by the address it names."""
        proved = [self.path.read(address) for address in found.came_to]
        proved += [self.path.read_request(request) for request in found.requests]
        people: dict[str, tuple[Subscriber, Origin | None]] = {}
        for origin in (each for each in proved if each is not None):
            person = self.people.subscriber(subscriber_id=origin.subscriber)
            if person is not None:
                known = people.get(person.id)
                people[person.id] = known if known and known[1] and known[1].edition else (person, origin)
        if people:
            return list(people.values())
        if self.path.signed:
            if any(self.path.claims(address) for address in found.came_to):
                self.report.forged += 1
            return []
        for bounce in found.bounces:
            try:
                key = self.key_of(bounce.recipient)
            except ValueError:
                continue
            person = self.people.subscriber(email_key=key)
            if person is not None:
                people[person.id] = (person, None)
        return list(people.values())

    def _suppress(self, person: Subscriber, reason: str, source: str) -> bool:
        return self.people.suppress(
            Suppression(email_key=person.email_key, reason=reason, at=self.clock.now(), source=source)
        )

    def _kept(self, letter: Letter, fingerprint: str, why: str) -> None:
        self.keep(letter.raw, f"{fingerprint[:16]}.eml")
        self.report.kept += 1
        self.report.lines.append(f"{letter.name}: {why}; kept as {fingerprint[:16]}.eml")
        self._record(fingerprint, ReturnKind.UNKNOWN)

    def _record(
        self,
        fingerprint: str,
        kind: ReturnKind,
        *,
        subscriber: str = "",
        origin: Origin | None = None,
        day: date | None = None,
        bounce: Bounce | None = None,
    ) -> None:
        edition = origin.edition.day if origin is not None and origin.edition is not None else None
        self.returns.record(
            Recorded(
                fingerprint=fingerprint,
                kind=kind.value,
                subscriber=subscriber,
                day=day or edition or self.zone_day(),
                permanent=bounce.permanent if bounce else False,
                code=bounce.code if bounce else "",
                reply=bounce.text if bounce else "",
            ),
            now=self.clock.now(),
        )


def _of(bounces: tuple[Bounce, ...], person: Subscriber) -> Bounce:
    """Return the bounce of a person: that of her address, else the worst there is."""
    own = [each for each in bounces if each.recipient == person.email.lower()]
    return max(own or bounces, key=lambda each: each.permanent)


def _said(bounce: Bounce) -> str:
    return " ".join(filter(None, ("permanent bounce", bounce.code, bounce.text[:120])))


def keep_in(folder: Path) -> Keep:
    """Return what keeps messages in a folder, readable by us alone; it raises FileProblem."""

    def keep(raw: bytes, name: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (folder / name).write_bytes(raw)
        except OSError as error:
            raise FileProblem.unwritten(error, folder / name) from None

    return keep
