"""Handing over an approved edition, bound to the real things: planning, writing, pace, the relay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING

from digest.config import DigestSettings
from digest.editions.compose import preheader_of, subject_of
from digest.model import links
from digest.model.counting import count_of
from digest.model.editions import EditionState
from digest.model.mail import EditionKey, Message, Parts, Planned, Rates
from digest.pipeline import previewing, sending
from digest.wiring import Wiring
from digest.wiring.bounces import return_path

if TYPE_CHECKING:
    from digest.mail.pace import Pacing
    from digest.mail.shared import SendReport


class Sender:
    """Hands over one digest's approved editions. `Publisher` adds the steps before and after."""

    def __init__(self, wiring: Wiring, digest: DigestSettings, *, via: str = "") -> None:
        self.wiring, self.digest, self.via = wiring, digest, via
        self.settings, self.clock = wiring.settings, wiring.clock
        self.publication = self.settings.publication
        self.stop = threading.Event()
        self.meter: Callable[[SendReport], None] | None = None  # told every half second while sending
        self.progress: Callable[[str], None] = lambda line: None

    def key(self, day: date | None = None) -> EditionKey:
        """Return the edition of a day, of today without one."""
        return self.wiring.key(self.digest, day)

    def private_page(self, key: EditionKey) -> str | None:
        """Return the signed address of an edition in a private archive, nobody's own; None where it is public."""
        if not self.settings.archive_private:
            return None
        base = self.publication.public_url
        token = self.wiring.tokens.sign("a", key.day.isoformat(), key.digest)
        return f"{links.edition_url(base, key.digest, key.day)}?key={token}" if base else ""

    def writer(self, parts: Parts, *, at: datetime, personal: bool = True) -> Callable[[Planned], Message]:
        """Return what writes one person's message; without ``personal`` its links lead nowhere."""
        from digest.mail.dkim import Signer
        from digest.mail.messages import Writer

        base, name = self.publication.public_url, self.digest.name

        def links_of(subscriber: str) -> tuple[str, str]:
            if not base:
                return "", ""
            if not personal:
                return links.unsubscribe_url(base, "EXAMPLE"), links.preferences_url(base, "EXAMPLE")
            leave, prefer = (self.wiring.tokens.sign(purpose, subscriber, name) for purpose in ("u", "p"))
            return links.unsubscribe_url(base, leave), links.preferences_url(base, prefer)

        path = return_path(self.wiring) if personal else None
        key = EditionKey(parts.digest, parts.day)
        return Writer(
            parts=parts,
            publication=self.publication,
            title=self.digest.title,
            return_path=parseaddr(self.settings.delivery.return_path or self.publication.sender)[1],
            date=at,
            links_of=links_of,
            subject_of=subject_of,
            preheader_of=preheader_of,
            signer=Signer(self.wiring.dkim_keys, at=at) if self.wiring.dkim_keys else None,
            sender_of=(lambda subscriber: path.of(key, subscriber)) if path is not None and path.signed else None,
            request_of=(lambda subscriber: path.request(name, subscriber)) if path is not None else None,
            page=self.private_page(key),
        )

    def approved_writer(self, key: EditionKey) -> Callable[[Planned], Message]:
        """Return what writes the messages of an approved edition."""
        from digest.mail.languages import Writers

        record = self.wiring.editions.edition(key)
        at = (record.approved_at if record else None) or self.clock.now()
        return Writers(
            parts=self.wiring.editions.parts(key),
            usual=self.publication.language,
            writer=lambda parts: self.writer(parts, at=at),
        )

    def own_parts(self, key: EditionKey) -> Parts:
        """Return the approved parts in the publication's own language."""
        from digest.mail.languages import in_language

        return in_language(self.wiring.editions.parts(key), self.publication.language, self.publication.language)

    def plan(self, key: EditionKey, openings: Mapping[str, datetime] | None = None) -> int:
        """Plan a delivery for everybody due, and return how many are new.

        Readers of a zone in ``openings`` get nothing before its instant.
        """
        return sending.plan(
            key,
            editions=self.wiring.editions,
            approvals=self.wiring.editions,
            ledger=self.wiring.ledger,
            clock=self.clock,
            openings=openings or {},
            also=self._also,
        )

    @property
    def _also(self) -> tuple[str, ...]:
        """The sections whose readers are due although they hold no story."""
        tell = self.digest.nothing_new == "tell"
        return tuple(section.slug for section in self.settings.sections) if tell else ()

    def nothing_new(self, key: EditionKey) -> str:
        """Return a line about readers whose sections hold no story in an approved edition, "" where there are none."""
        parts = self.wiring.editions.parts(key)
        count = self.wiring.ledger.without_news(key, sections=parts[0].sections) if parts else 0
        if not count:
            return ""
        gets = "a short mail that says so" if self._also else "no mail"
        return f"{count_of(count, 'reader')} chose only sections without a story today; they get {gets}"

    def send(self, key: EditionKey, *, limit: int = 0, linger: bool = True) -> sending.SendingReport:
        """Hand over what is due; called again, it goes on where it was."""
        delivery = self.settings.delivery
        rules = sending.Rules(
            connections=delivery.connections,
            linger=delivery.linger if linger else timedelta(0),
            give_up_after=delivery.give_up_after,
            per_connection=delivery.messages_per_connection,
        )
        return sending.send_edition(
            key,
            rules=rules,
            editions=self.wiring.editions,
            ledger=self.wiring.ledger,
            reader=self.wiring.ledger,
            transport=lambda: self.wiring.transport(self.via),
            write=lambda: self.approved_writer(key),
            clock=self.clock,
            wait=self.wiring.wait,
            random=self.wiring.random,
            owner=self.wiring.owner,
            stop=self.stop,
            pace=self.pace,
            progress=self.meter,
            limit=limit,
        )

    def pace(self) -> Pacing:
        """Return the pace to keep, knowing what was handed over today and in the last hour.

        On PostgreSQL it is kept by all processes together.
        """
        from digest.mail.pace import Pace

        if not self.wiring.database.is_sqlite and self.settings.delivery.rates != Rates():
            return self.wiring.shared_pace

        rates, now = self.settings.delivery.rates, self.clock.now()
        today = now.astimezone(self.settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        earlier: tuple[datetime, ...] = ()
        if rates.counts:
            earlier = self.wiring.ledger.handed_since(min(today, now - timedelta(hours=1)))
        return Pace(
            rates,
            today=today.date(),
            sent_today=sum(at >= today for at in earlier),
            earlier=[at for at in earlier if at > now - timedelta(hours=1)],
        )

    def preflight(self, key: EditionKey) -> None:
        """Ask the relay whether it would take this edition, before anybody is planned; raises RelayError."""
        parts = self.own_parts(key)
        message = self.writer(parts, at=self.clock.now(), personal=False)(previewing.EXAMPLE_READER)
        sending.preflight(self.wiring.transport(self.via), message)

    def open_rows(self, key: EditionKey) -> int:
        """Return how many deliveries of an edition are still to be handed over."""
        return self.wiring.ledger.counts(key).open

    def stop_edition(self, key: EditionKey, by: str) -> sending.SendingReport:
        """Stop an edition for good: `digest send --stop`."""
        reason = f"stopped by {by}"
        return sending.stop_edition(
            key,
            editions=self.wiring.editions,
            stop=lambda key: self.wiring.ledger.stop(key, reason=reason, now=self.clock.now()),
            reason=reason,
        )

    def dry_run(self, key: EditionKey, file: Path | None) -> Sequence[str]:
        """Return what `send` would do, a line each; the first message goes to ``file``."""
        record = sending.sendable(self.wiring.editions.edition(key), key)
        parts = self.own_parts(key)
        done = record.state is EditionState.FINISHED
        message = self.writer(parts, at=self.clock.now(), personal=False)(previewing.EXAMPLE_READER)
        return sending.dry_run(
            key,
            counts=self.wiring.ledger.counts(key),
            choices={} if done else self.wiring.ledger.choices(key, sections=(*parts.sections, *self._also)),
            message=message,
            via=self.via or self.settings.delivery.via,
            file=file,
        )
