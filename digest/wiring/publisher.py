"""One digest of a publication, its steps bound to the real things: what commands, desk and pages call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.config import DigestSettings
from digest.dates import from_micros, iso
from digest.editions.calendar import next_opening
from digest.editions.compose import preheader_of, subject_of
from digest.editions.trial import with_settings
from digest.model import links
from digest.model.editions import Edition, EditionRecord, EditionState, Rendered
from digest.model.mail import DeliveryState, EditionKey, Message, Parts, Planned, Rates
from digest.pipeline import approving, building, fetching, listing, previewing, publishing, sending
from digest.wiring import Wiring, feeds
from digest.wiring.bounces import return_path
from digest.wiring.roster import Roster

if TYPE_CHECKING:
    from digest.mail.pace import Pacing
    from digest.mail.send import SendReport
    from digest.pipeline.notifying import NoticesReport
    from digest.pipeline.picked import Picked

RECENT = 10  # days on record `status` looks back on
NAMED = 50  # addresses `status` names of one kind


class Publisher:
    """The steps of one digest. Each is idempotent; each raises what its step in `digest.pipeline` raises."""

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

    # Reading and building

    def fetch(self) -> fetching.FetchReport:
        """Read the feeds, after the subscribers' file was merged where it changed."""
        return feeds.fetch(self.wiring, self.progress)

    def merge_file(self) -> listing.ImportReport | None:
        """Merge the subscribers' file beside the config where it changed."""
        return Roster(self.wiring).merge_file()

    @property
    def _recipe(self) -> building.Recipe:
        return building.Recipe(
            digest=self.digest.name,
            sections=self.settings.sections,
            weights=self.settings.weights,
            feeds=self.settings.feeds,
            sponsors=self.settings.sponsors,
            suppress=timedelta(days=self.digest.suppress_days),
            bars=self.settings.bars,
            pages=self.settings.fetch.pages,
            picture_sizes=self.wiring.theme.picture_sizes,
        )

    def pick(self, at: datetime | None = None, *, tried: Sequence[str] = ()) -> Picked:
        """Return what would be in today's edition, or in that of ``at``; nothing is saved.

        ``tried`` are settings such as "weight.sources=2"; raises UsageError for one nobody knows.
        """
        weights, sections = with_settings(tried, self.settings.weights, self.settings.sections)
        now = at or self.clock.now()
        day = self.wiring.key(self.digest).day if at is None else at.astimezone(self.settings.zone).date()
        window = building.news_window(self.wiring.editions, self.digest.name, day, now)
        record = self.wiring.editions.edition(self.key(day))
        picked, _ = building.choose(
            replace(self._recipe, weights=weights, sections=sections),
            stories=self.wiring.stories,
            pages=self.wiring.pages,
            approvals=self.wiring.editions,
            window=window,
            day=day,
            edits=record.edits if record is not None else (),
        )
        return picked

    def build(self, day: date | None = None, *, at: datetime | None = None) -> building.BuildReport:
        """Make or refresh the draft of a day; with ``at`` compose it again as of then."""
        return building.build(
            self._recipe,
            day=day or self.key().day,
            stories=self.wiring.stories,
            editions=self.wiring.editions,
            approvals=self.wiring.editions,
            pages=self.wiring.pages,
            pictures=self.wiring.pictures,
            fetcher=self.wiring.fetcher,
            page_fetcher=self.wiring.page_fetcher,
            clock=self.clock,
            at=at,
        )

    def is_draft(self, key: EditionKey) -> bool:
        """Tell whether an edition may still be built."""
        return building.needs_build(self.wiring.editions.edition(key))

    # Rendering, approving, publishing

    def render(self, edition: Edition, number: int, language: str) -> Rendered:
        """Render an edition in the publication's theme and templates."""
        from digest.render import render

        return render(
            edition,
            publication=self.publication,
            number=number,
            theme=self.wiring.theme,
            environment=self.wiring.templates,
            title=self.digest.title,
            language=language,
        )

    def proof(self, key: EditionKey) -> approving.Proof:
        """Return an edition as it would go out."""
        record = self.wiring.editions.edition(key)
        edition = approving.edition_of(record, key, self.wiring.pictures, self.wiring.theme.picture_sizes)
        number = record.number if record and record.number else self.wiring.editions.next_number(key.digest)
        return approving.proof(
            edition, number=number, publication=self.publication, render=self.render, contents=self._contents
        )

    def _contents(self, name: str) -> tuple[bytes, str] | None:
        """Return a picture to embed: the theme's own, or a prepared one."""
        own = self.wiring.assets.get(name)
        if own is not None:
            return own, "image/jpeg" if name.endswith(".jpg") else "image/png"
        return self.wiring.pictures.content(name)

    def preview(self, proof: approving.Proof, out: Path) -> previewing.PreviewReport:
        """Write the preview's files."""
        from digest.render.foreign import other_way

        return previewing.preview(
            proof,
            out=out,
            public_url=self.publication.public_url,
            title=self.digest.title,
            sender=parseaddr(self.publication.sender)[0] or self.publication.name,
            pictures=self.wiring.pictures,
            assets=self.wiring.assets,
            environment=self.wiring.templates,
            write=lambda parts: self.writer(parts, at=self.clock.now(), personal=False)(previewing.EXAMPLE_READER),
            turned=self.render(proof.edition, proof.number, other_way(self.publication.language)),
        )

    def approve(self, key: EditionKey, by: str) -> EditionRecord:
        """Freeze an edition."""
        return approving.approve(
            key,
            publication=self.publication,
            editions=self.wiring.editions,
            approvals=self.wiring.editions,
            pictures=self.wiring.pictures,
            sizes=self.wiring.theme.picture_sizes,
            render=self.render,
            contents=self._contents,
            by=by,
            clock=self.clock,
        )

    def message_bytes(self, key: EditionKey) -> int:
        """Return about how many bytes each message of an approved edition has, in its largest language."""
        from digest.mail.parts import wire_size

        return max(wire_size(parts) for parts in self.wiring.editions.parts(key))

    def publish(self, key: EditionKey) -> None:
        """Put an approved edition's page and pictures into the site."""
        from digest.archive.pages import edition_page

        template = self.wiring.templates.get_template("pages/edition.html")
        publishing.publish(
            key,
            editions=self.wiring.editions,
            approvals=self.wiring.editions,
            pictures=self.wiring.pictures,
            sizes=self.wiring.theme.picture_sizes,
            assets=self.wiring.assets,
            page_of=lambda edition, number: edition_page(
                edition, number=number, publication=self.publication, title=self.digest.title, template=template
            ),
            site=self.settings.archive_dir,
            clock=self.clock,
        )

    def list(self, key: EditionKey) -> None:
        """List a published edition in the digest's home."""
        from digest.archive.pages import home_page

        template = self.wiring.templates.get_template("pages/home.html")
        publishing.list_edition(
            key,
            editions=self.wiring.editions,
            approvals=self.wiring.editions,
            home_of=lambda name, records: home_page(
                name, records, publication=self.publication, title=self.digest.title, template=template
            ),
            site=self.settings.archive_dir,
            clock=self.clock,
        )

    # Sending

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

    def _own_parts(self, key: EditionKey) -> Parts:
        """Return the approved parts in the publication's own language."""
        from digest.mail.languages import in_language

        return in_language(self.wiring.editions.parts(key), self.publication.language, self.publication.language)

    def plan(self, key: EditionKey, openings: Mapping[str, datetime] | None = None) -> int:
        """Plan a delivery for everybody due; readers of a zone in ``openings`` get nothing before its instant."""
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
        return f"{count} readers chose only sections without a story today; they get {gets}"

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
        parts = self._own_parts(key)
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

    def send_all(self, key: EditionKey, *, limit: int = 0) -> sending.SendingReport:
        """Publish, plan, send and list: `digest send`."""
        self.wiring.transport(self.via)  # an address that is none is told before anything is planned
        _ = self.wiring.dkim_keys  # and so is a key that cannot be used
        record = sending.sendable(self.wiring.editions.edition(key), key)
        if record.state is not EditionState.FINISHED:
            self.preflight(key)
            self.publish(key)
            self.plan(key)
        report = self.send(key, limit=limit)
        if report.may_list:
            self.list(key)
        return report

    def deliver_notices(self) -> NoticesReport:
        """Hand over what waits in the outbox."""
        return self.wiring.deliver_notices(self.via)

    def send_test(self, key: EditionKey, address: str) -> str:
        """Send one copy of an edition, a draft too, to an address; the ledger is not touched."""
        from digest.pipeline.sending import send_one

        record = self.wiring.editions.edition(key)
        frozen = record is not None and record.version
        parts = self._own_parts(key) if frozen else self.proof(key).parts
        write = self.writer(parts, at=self.clock.now(), personal=False)
        reader = replace(previewing.EXAMPLE_READER, email=address)
        return send_one(write(reader), transport=self.wiring.transport(self.via))

    def dry_run(self, key: EditionKey, file: Path | None) -> Sequence[str]:
        """Return what `send` would do, a line each; the first message goes to ``file``."""
        record = sending.sendable(self.wiring.editions.edition(key), key)
        parts = self._own_parts(key)
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

    # Asking

    def status(self, key: EditionKey) -> dict[str, Any]:
        """Return how an edition stands, as in `digest status --json`."""
        record, ledger = self.wiring.editions.edition(key), self.wiring.ledger
        states = self.wiring.stories.feed_states()
        failing = [
            f"{feed.name or feed.url}: {states[feed.url].last_error}"
            for feed in self.settings.feeds
            if feed.url in states and states[feed.url].last_error
        ]
        following = next_opening(self.clock.now(), self.wiring.schedule(self.digest))
        paused = self.wiring.pauses.until(self.digest.name)
        retry = ledger.next_due(key)

        def named(state: DeliveryState) -> list[dict[str, Any]]:
            return [
                {"email": email, "attempts": row.attempts, "reply": row.reply}
                for row, email in ledger.in_state(key, state.value, limit=NAMED)
            ]

        return {
            "digest": key.digest,
            "edition": key.day.isoformat(),
            "number": record.number if record else None,
            "state": record.state.value if record else "none",
            "reason": record.reason if record else "",
            "version": record.version if record else "",
            "approved_at": iso(record.approved_at) if record and record.version else None,
            "approved_by": record.approved_by if record and record.version else "",
            "published_at": iso(record.published_at) if record else None,
            "counts": sending.counts_document(ledger.counts(key)),
            "in_doubt": named(DeliveryState.IN_DOUBT),
            "refused": named(DeliveryState.REFUSED),
            "retry_at": iso(retry),
            "feeds": {"total": len(self.settings.feeds), "failing": failing},
            "skipped": self._skipped(),
            "last_run": self._last_run(),
            "paused_until": paused.isoformat() if paused else None,
            "next_run": iso(following),
        }

    def _skipped(self) -> Sequence[dict[str, str]]:
        """Return the days among the last ten on record that had no edition, and why."""
        days = self.wiring.calendar.days(self.digest.name, limit=RECENT)
        return [
            {"edition": each.day.isoformat(), "reason": each.reason}
            for each in days
            if each.state is EditionState.SKIPPED
        ]

    def _last_run(self) -> dict[str, Any] | None:
        row = self.wiring.runs.last(self.digest.name)
        if row is None:
            return None
        ended = row["finished"]
        return {
            "started": iso(from_micros(row["started"])),
            "finished": None if ended is None else iso(from_micros(ended)),
            "exit_code": row["exit_code"],
        }
