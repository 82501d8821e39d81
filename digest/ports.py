"""What the pipeline talks through. Each port has at most five methods and names the errors it raises.

Nothing here is implemented: ``digest.net``, ``digest.mail`` and ``digest.store`` satisfy these by shape, and
``tests/fakes.py`` mirrors them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from digest.errors import FetchError
from digest.model.editions import Edit, Edition, EditionRecord, EditionState, Picture, SentEvent
from digest.model.mail import (
    Attempt,
    Counts,
    Delivery,
    EditionKey,
    Notice,
    Outcome,
    Parts,
    Planned,
    QueuedNotice,
    Subscriber,
    Suppression,
)
from digest.model.news import FeedState, PageMetadata, Story
from digest.model.returned import Recorded
from digest.model.searching import Answer, Question, Told
from digest.model.web import Request, Response


class Clock(Protocol):
    """Tells the time; a test's clock stands still."""

    def now(self) -> datetime:
        """Return the aware UTC instant it is."""


class Fetcher(Protocol):
    """Reads from the network, politely and safely."""

    def fetch(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response | FetchError]]:
        """Yield one answer a request, in the order of arrival; a failure is a value, nothing is raised."""


class Resolver(Protocol):
    """Asks the DNS; each raises FetchError where it does not answer, and what is not there is an empty answer."""

    def txt(self, name: str) -> tuple[str, ...]:
        """Return the texts at a name."""

    def mx(self, name: str) -> tuple[str, ...]:
        """Return the hosts that take mail for a name; one of "" says that none does."""

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return the addresses of a host."""


class StoryStore(Protocol):
    """Stories and what was learnt about feeds."""

    def save_stories(self, stories: Iterable[Story], *, now: datetime) -> int:
        """Insert new stories, refresh changed ones keeping `seen`; return how many were new. Raises StoreError."""

    def stories_between(self, start: datetime, end: datetime, *, limit: int = 0) -> tuple[Story, ...]:
        """Return stories whose `published`, or else `seen`, lies in start < t <= end, ordered by id and feed.

        A date in the future counts as none. With ``limit``, the newest so many. A story is there once a feed.
        """

    def story(self, story_id: str) -> Story | None:
        """Return one story, or None."""

    def feed_states(self) -> Mapping[str, FeedState]:
        """Return what is known of each feed, by configured address."""

    def save_feed_states(self, states: Iterable[FeedState], *, now: datetime) -> None:
        """Replace the states of these feeds. Raises StoreError."""


class PageStore(Protocol):
    """What the pages of stories say of themselves."""

    def pages(self, urls: Iterable[str]) -> Mapping[str, PageMetadata]:
        """Return what is known of these addresses; a page that says nothing is known to say nothing."""

    def save_pages(self, said: Mapping[str, PageMetadata], *, now: datetime) -> None:
        """Keep what pages say, by address. Raises StoreError."""


class EditionStore(Protocol):
    """Editions: base, edits and where they stand."""

    def edition(self, key: EditionKey) -> EditionRecord | None:
        """Return an edition with its edits in order, or None."""

    def save_base(self, base: Edition, *, now: datetime) -> None:
        """Insert or replace the base of a draft; raise StoreConflict when it is no draft any more."""

    def append_edit(self, key: EditionKey, edit: Edit, *, expected: int) -> int:
        """Append an edit as number expected + 1 and return it; raise StoreConflict when another came first.

        An edit of an approved edition makes it a draft again, in the same transaction; from sending on only
        `correct` is taken.
        """

    def set_state(
        self, key: EditionKey, state: EditionState, *, among: Iterable[EditionState], reason: str = "", now: datetime
    ) -> None:
        """Move an edition from one of ``among`` to ``state`` (insert it where it is missing and ``among`` is empty).

        Raise StoreConflict when it stands elsewhere.
        """

    def recent(self, digest: str, *, before: date | None = None, limit: int = 30) -> tuple[EditionRecord, ...]:
        """Return editions, newest first, without their bases' bytes being changed."""


class ApprovalStore(Protocol):
    """Freezing an edition, and what hangs on it."""

    def approve(
        self,
        key: EditionKey,
        parts: Sequence[Parts],
        events: Sequence[SentEvent],
        *,
        edits: int,
        by: str,
        now: datetime,
        draft: int | None = None,
    ) -> EditionRecord:
        """Store the parts, give the number, set state approved by compare-and-swap; return the record.

        ``edits`` is how many edits the parts include, ``draft`` the draft they were made of; raise StoreConflict when
        it is another by now, or the edition is no draft.
        """

    def parts(self, key: EditionKey) -> tuple[Parts, ...]:
        """Return the parts of the approved version, one a language. Raises StoreError where there are none."""

    def mark(self, key: EditionKey, step: str, *, now: datetime) -> None:
        """Record that a step ("published", "listed") is done; the first time counts."""

    def sent_events(self, digest: str, *, since: date) -> tuple[SentEvent, ...]:
        """Return what approved editions from ``since`` on told, oldest first."""

    def next_number(self, digest: str) -> int:
        """Return the number the next approval would give."""


class PictureStore(Protocol):
    """Prepared pictures, by the address and style they were prepared for."""

    def pictures(self, wanted: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Picture | str]:
        """Return what is known of (url, style): a picture, or the reason why it cannot be used."""

    def save_picture(
        self, url: str, style: str, picture: Picture | str, body: bytes, media_type: str, *, now: datetime
    ) -> None:
        """Keep a prepared picture and its bytes, or the reason why there is none (then body is empty)."""

    def content(self, name: str) -> tuple[bytes, str] | None:
        """Return bytes and media type of a picture's name ("HASH.jpg") or of a hash, or None."""


class SubscriberStore(Protocol):
    """The list."""

    def merge(
        self,
        rows: Iterable[Subscriber],
        *,
        columns: Collection[str],
        overwrite: bool,
        dry_run: bool,
        revive: str,
        hash_of: Callable[[str], str] | None,
        now: datetime,
    ) -> MergeCounts:
        """Stage rows and merge them in one transaction: add and update, never remove, never revive who left.

        What a reader set herself wins unless ``overwrite``. With a reason in ``revive`` people who left come back, but
        those erased, whom ``hash_of`` recognises. Raises StoreError, and then nothing has changed.
        """

    def subscribers(self, *, digest: str = "", status: str = "") -> Iterator[Subscriber]:
        """Yield subscribers ordered by address, in bounded memory."""

    def subscriber(self, *, email_key: str = "", subscriber_id: str = "") -> Subscriber | None:
        """Return one subscriber, or None."""

    def suppress(self, suppression: Suppression) -> bool:
        """Record it, set the status when it covers every digest; return False where it stood already."""

    def suppressions(self) -> Iterator[Suppression]:
        """Yield every suppression ordered by address and digest."""


class MergeCounts(Protocol):
    """What a merge did, row by row."""

    @property
    def added(self) -> int:
        """New people."""

    @property
    def updated(self) -> int:
        """People whose data changed."""

    @property
    def unchanged(self) -> int:
        """People who were there already, the same."""

    @property
    def left(self) -> int:
        """Rows of people who left; they stay away."""

    @property
    def doubled(self) -> tuple[str, ...]:
        """Addresses that stood in several rows, the first fifty."""

    @property
    def revived(self) -> int:
        """People who left and were brought back."""


class Ledger(Protocol):
    """The ledger of one edition's deliveries: the one rule of sending (design §4) is kept here."""

    def plan(
        self, key: EditionKey, *, sections: Iterable[str], now: datetime, openings: Mapping[str, datetime] = ...
    ) -> int:
        """Add one planned row per due subscriber that has none; return how many. In steps of 2,000 rows.

        ``openings`` are the instants before which readers of a time zone get nothing.

        Due is: active, subscribed to the digest, not suppressed for it or for all, not paused on the edition's day,
        and whose choice (None = all) holds one of ``sections``, those of the edition that hold items. Moves the edition
        approved -> sending. Raises StoreConflict where the edition is neither approved nor sending.
        """

    def claim(self, key: EditionKey, *, owner: str, limit: int, lease_s: float, now: datetime) -> tuple[Planned, ...]:
        """Claim up to ``limit`` rows that are planned or deferred and due; fewer means that no more are due now.

        Rows whose lease ran out are put right first: claimed -> planned, handed -> in_doubt (an attempt is recorded),
        and under on_doubt = "resend" in_doubt -> claimable again.
        """

    def turn(
        self, key: EditionKey, *, owner: str, done: Outcome | None, following: str | None, lease_s: float, now: datetime
    ) -> bool:
        """Record ``done`` and move ``following`` claimed -> handed in one commit; tell whether it may be handed over.

        False: the claim is no longer ours, the person is suppressed, or the edition stopped; then nothing of
        ``following`` was moved to handed (a suppressed one is recorded so). Commits of all connections are grouped.
        """

    def release(self, key: EditionKey, *, owner: str, now: datetime) -> int:
        """Give back what this owner claimed and did not hand over: claimed -> planned; return how many."""

    def reopen(self, key: EditionKey, names: Sequence[str], *, due: datetime, now: datetime) -> None:
        """Have refused ones tried again at ``due``: the relay refused us, not them. What it said stays on record."""

    def counts(self, key: EditionKey) -> Counts:
        """Return the rows by state; pruned ones included."""


class LedgerReader(Protocol):
    """What `status` and `log` ask."""

    def in_state(self, key: EditionKey, state: str, *, limit: int) -> tuple[tuple[Delivery, str], ...]:
        """Return deliveries in a state, each with the person's address, ordered by address."""

    def attempts(self, key: EditionKey, subscriber: str) -> tuple[Attempt, ...]:
        """Return every attempt on one person, oldest first."""

    def next_due(self, key: EditionKey) -> datetime | None:
        """Return when the next deferred row is due, or None."""

    def close(self, key: EditionKey, *, reason: str, give_up_before: datetime | None, now: datetime) -> Counts:
        """Expire open rows; set the edition finished when nothing is open; return the counts.

        All open rows expire, or with ``give_up_before`` only deferred ones first tried before that.
        """


class NoticeStore(Protocol):
    """The outbox of mail that is no edition."""

    def queue(self, notice: Notice, *, now: datetime) -> bool:
        """Queue a notice once by its key; False where it was queued before."""

    def due(self, *, now: datetime, limit: int = 100) -> tuple[QueuedNotice, ...]:
        """Return notices to be handed over now, oldest first, and mark them handed: nobody else gets them."""

    def settle(self, key: str, outcome: Outcome, *, now: datetime) -> None:
        """Record what became of one."""

    def give_up(self, *, queued_before: datetime, now: datetime) -> int:
        """Expire what was tried in vain and queued before that instant; return how many."""


class ReturnStore(Protocol):
    """What came back by mail."""

    def is_known(self, fingerprint: str) -> bool:
        """Tell whether a message was read before."""

    def record(self, each: Recorded, *, now: datetime) -> None:
        """Keep what a message was; once."""

    def bounced_in_a_row(self, subscriber: str, day: date, *, since: date) -> tuple[date, ...]:
        """Return the days, newest first, whose copy came back, up to the newest that was accepted and did not.

        ``day`` is one of them, be it on record or not yet.
        """


class SearchStore(Protocol):
    """Every story of every listed edition, to be found."""

    def find(self, question: Question, *, limit: int = 20, offset: int = 0) -> Answer:
        """Return the best matches, best first. A question without a term finds nothing. Raises StoreError."""

    def like(
        self, words: Sequence[str], stories: Sequence[str], *, before: date | None = None, limit: int = 100
    ) -> tuple[Told, ...]:
        """Return stories of editions before a day that share the most of some terms, or tell one of some stories."""

    def each(self, digest: str = "", *, since: date | None = None, until: date | None = None) -> Iterator[Told]:
        """Yield every story in it in the order of days, in bounded memory."""


class SearchIndex(Protocol):
    """What has to be put into search."""

    def put(self, key: EditionKey, told: Sequence[Told], *, now: datetime) -> None:
        """Replace an edition's stories; none take it out. Raises StoreError."""

    def due(self) -> tuple[EditionKey, ...]:
        """Return the listed editions that are not in it, or as they were before a correction; oldest first."""

    def gone(self) -> tuple[EditionKey, ...]:
        """Return the editions in it that are listed no more."""

    def mend(self) -> bool:
        """Make the index anew where it lacks stories, as after a copy or a restore; tell whether it did."""


class Lock(Protocol):
    """One run a digest at a time."""

    def hold(self, name: str, *, wait_s: float) -> AbstractContextManager[None]:
        """Hold the lock or raise LockHeld naming pid, host and start of the one who does; free when a holder dies."""


Wait = Callable[[float], None]
"""Waits so many seconds; tests pass one that moves their clock."""
