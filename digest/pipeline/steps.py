"""What a run of cron consists of: its steps, the policy that decides, and what it reports.

What steps report is imported for its types alone: a run with nothing to do loads neither pictures nor templates.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol

from digest.editions.calendar import Schedule
from digest.errors import EXIT_APPROVAL, EXIT_ATTENTION, EXIT_DONE, EXIT_TEMPORARY
from digest.model.editions import EditionRecord
from digest.model.mail import EditionKey

if TYPE_CHECKING:
    from digest.pipeline.building import BuildReport
    from digest.pipeline.fetching import FetchReport
    from digest.pipeline.listing import ImportReport
    from digest.pipeline.notifying import NoticesReport
    from digest.pipeline.returning import ReturnsReport
    from digest.pipeline.sending import SendingReport


class Steps(Protocol):
    """The steps of a run, bound to a publication by wiring."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the digest's lock; raises LockHeld."""

    def merge_file(self) -> ImportReport | None:
        """Merge the subscribers' file when it changed."""

    def read_returns(self) -> tuple[ReturnsReport, str] | None:
        """Read the mailbox of what came back: what it held, and what was in the way. None where there is none."""

    def fetch(self) -> FetchReport:
        """Read the feeds."""

    def build(self, day: date) -> BuildReport:
        """Make or refresh the draft."""

    def approve(self, key: EditionKey, by: str) -> EditionRecord:
        """Freeze the edition."""

    def publish(self, key: EditionKey) -> None:
        """Put its page and images online."""

    def plan(self, key: EditionKey) -> int:
        """Plan its deliveries, the relay asked first; those whose hour is over expire. Return how many are new."""

    def waiting(self, key: EditionKey) -> tuple[int, datetime | None]:
        """Return how many deliveries wait for their reader's hour, and when the first comes."""

    def send(self, key: EditionKey) -> SendingReport:
        """Hand over what is due."""

    def list(self, key: EditionKey) -> None:
        """List it in the archive."""

    def deliver_notices(self) -> NoticesReport:
        """Hand over the mail that is no edition."""

    def keep_house(self) -> str:
        """Forget what nobody needs any more, at most once a day; return what was done."""

    def stopped(self) -> bool:
        """Tell whether the run is to end."""


Thin = Literal["skip", "hold", "shorten"]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What decides whether a day's edition goes out by itself."""

    digest: str
    schedule: Schedule
    minimum_stories: int
    few_stories: Thin
    maximum_failed_feeds: float  # share from 0 to 1
    failed_feeds: Thin
    notice_before: timedelta  # editors are told of a draft so long before `time`
    remind_before: timedelta  # and reminded so long before it is too late
    editors: tuple[str, ...]
    publication: str
    desk_url: str


@dataclass
class RunReport:
    """What a run did; the exit code is its meaning."""

    day: date
    exit_code: int = EXIT_DONE
    fetched: FetchReport | None = None
    sent: list[SendingReport] = field(default_factory=list)

    def worsen(self, code: int) -> None:
        """Take a code that says more than the one so far: 75 beats 1 beats 4 beats 5 beats 0."""
        order = (EXIT_DONE, EXIT_ATTENTION, EXIT_APPROVAL, 1, EXIT_TEMPORARY)
        self.exit_code = max(self.exit_code, code, key=order.index)
