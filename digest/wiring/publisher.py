"""One digest of a publication, its steps bound to the real things: what commands, desk and pages call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest.check import found
from digest.editions.trial import with_settings
from digest.errors import UsageError
from digest.model.editions import Edition, EditionRecord, EditionState, Note, Rendered
from digest.model.mail import EditionKey
from digest.pipeline import approving, building, fetching, listing, previewing, sending
from digest.pipeline.pictures import wants_pictures
from digest.wiring.fetching import fetch as read_feeds
from digest.wiring.roster import Roster
from digest.wiring.sender import Sender
from digest.wiring.status import status_document

if TYPE_CHECKING:
    from digest.pipeline.approve_bar import Seen
    from digest.pipeline.notifying import NoticesReport
    from digest.pipeline.picked import Picked
    from digest.wiring.archive import ArchiveKeeper


class Publisher(Sender):
    """The steps of one digest. Each is idempotent; each raises what its step in `digest.pipeline` raises."""

    # Reading and building

    def fetch(self) -> fetching.FetchReport:
        """Read the feeds, after the subscribers' file was merged where it changed."""
        return read_feeds(self.wiring, self.progress)

    def merge_file(self) -> listing.ImportReport | None:
        """Merge the subscribers' file beside the config where it changed."""
        return Roster(self.wiring).merge_file()

    @property
    def _recipe(self) -> building.Recipe:
        return building.Recipe(
            digest=self.digest.name,
            sections=self.settings.sections,
            weights=self.settings.weights,
            terms=self.wiring.terms,
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
            notes=self._corrections,
            at=at,
        )

    def _corrections(self, since: datetime, until: datetime) -> tuple[Note, ...]:
        """Return the boxes that tell what was corrected in earlier editions."""
        from digest.pipeline.archiving import correction_notes
        from digest.render.catalogue import words

        language = self.publication.language
        made = self.wiring.archive.corrections(self.digest.name, since=since, until=until)
        return correction_notes(made, words=words(language, "archive"), language=language)

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
            page=self.private_page(EditionKey(edition.digest, edition.day)),
        )

    def proof(self, key: EditionKey) -> approving.Proof:
        """Return an edition as it would go out."""
        record = self.wiring.editions.edition(key)
        edition = approving.edition_of(record, key, self.wiring.pictures, self.wiring.theme.picture_sizes)
        number = record.number if record and record.number else self.wiring.editions.next_number(key.digest)
        proof = approving.proof(
            edition,
            number=number,
            publication=self.publication,
            render=self.render,
            contents=self._contents,
            rules=self.wiring.rules,
        )
        if wants_pictures(proof.edition, pictures=self.wiring.pictures, sizes=self.wiring.theme.picture_sizes):
            waiting = found("image-unprepared", "items", "pictures of some items or sponsors are not here yet")
            return replace(proof, findings=(*proof.findings, waiting))
        return proof

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

    def approve(self, key: EditionKey, by: str, *, seen: Seen | None = None) -> EditionRecord:
        """Freeze an edition; with ``seen`` only that draft of it."""
        return approving.approve(
            key,
            publication=self.publication,
            editions=self.wiring.editions,
            approvals=self.wiring.editions,
            pictures=self.wiring.pictures,
            sizes=self.wiring.theme.picture_sizes,
            render=self.render,
            contents=self._contents,
            rules=self.wiring.rules,
            by=by,
            clock=self.clock,
            seen=seen,
        )

    def message_bytes(self, key: EditionKey) -> int:
        """Return about how many bytes each message of an approved edition has, in its largest language."""
        from digest.mail.parts import wire_size

        return max(wire_size(parts) for parts in self.wiring.editions.parts(key))

    @cached_property
    def archive(self) -> ArchiveKeeper:
        """The archive."""
        from digest.wiring.archive import ArchiveKeeper

        return ArchiveKeeper(self.wiring)

    def publish(self, key: EditionKey) -> None:
        """Put an approved edition's page and pictures into the site, in no list yet."""
        self.archive.publish(key)

    def list(self, key: EditionKey) -> None:
        """List a published edition: home, sections, calendar, and what follows from them."""
        from digest.wiring.searching import Searching

        self.archive.list(key)
        Searching(self.wiring).refresh()

    # Sending

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
        """Send one copy of an edition, a draft too, to an address; return what the relay said, as a sentence.

        The ledger is not touched. Raises UsageError, RelayError.
        """
        from digest.pipeline.sending import send_one
        from digest.subscribers.addresses import key_of

        try:
            key_of(address)
        except ValueError as error:
            raise UsageError(f"{address!r} is no address ({error})", where="--test", fix="correct it") from None
        record = self.wiring.editions.edition(key)
        frozen = record is not None and record.version
        parts = self.own_parts(key) if frozen else self.proof(key).parts
        write = self.writer(parts, at=self.clock.now(), personal=False)
        reader = replace(previewing.EXAMPLE_READER, email=address)
        return send_one(write(reader), transport=self.wiring.transport(self.via))

    # Asking

    def status(self, key: EditionKey) -> dict[str, Any]:
        """Return how an edition stands, as in `digest status --json`."""
        return status_document(self.wiring, self.digest, key)
