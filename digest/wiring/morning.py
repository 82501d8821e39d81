"""One run of one digest: the steps of `pipeline.running` bound to the real things, and what is kept of the run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from digest.config import DigestSettings
from digest.dates import edition_day
from digest.editions.calendar import Schedule, spans
from digest.errors import EXIT_ATTENTION, EXIT_FAILED, DigestError, LockHeld, RelayUnreachable
from digest.model.counting import count_of
from digest.model.editions import EditionRecord, EditionState
from digest.model.mail import EditionKey
from digest.pipeline import alarming, running
from digest.pipeline.clock import check_clock
from digest.pipeline.journal import Event, Journal
from digest.pipeline.steps import Policy
from digest.wiring import Wiring
from digest.wiring.roster import Roster

if TYPE_CHECKING:
    from digest.pipeline.building import BuildReport
    from digest.pipeline.fetching import FetchReport
    from digest.pipeline.listing import ImportReport
    from digest.pipeline.notifying import NoticesReport
    from digest.pipeline.returning import ReturnsReport
    from digest.pipeline.sending import SendingReport
    from digest.wiring.publisher import Publisher

# What came back is forgotten when it counts no more (`pipeline.returning`), and a while later.
RETURNS = timedelta(days=180)


class Morning:
    """Satisfies `pipeline.running.Steps`."""

    def __init__(
        self,
        wiring: Wiring,
        digest: DigestSettings,
        *,
        via: str = "",
        wait_s: float = 0.0,
        stopped: Callable[[], bool] = lambda: False,
        tell: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.wiring, self.digest, self.via, self.wait_s = wiring, digest, via, wait_s
        self.stopped, self.stop = stopped, threading.Event()
        self.journal = Journal(wiring.clock, tell)
        self.schedule: Schedule = wiring.schedule(digest)

    @cached_property
    def publisher(self) -> Publisher:
        """What builds and sends; a run with nothing to do never loads it."""
        from digest.wiring.publisher import Publisher

        made = Publisher(self.wiring, self.digest, via=self.via)
        made.stop = self.stop
        return made

    # The steps

    def lock(self) -> AbstractContextManager[None]:
        """Hold the digest's lock."""
        return self.wiring.locks.hold(self.digest.name, wait_s=self.wait_s, stopped=self.stopped)

    def merge_file(self) -> ImportReport | None:
        """Merge the subscribers' file where it changed."""
        return Roster(self.wiring).merge_file()

    def read_returns(self) -> tuple[ReturnsReport, str] | None:
        """Read the mailbox of what came back."""
        if self.wiring.settings.delivery.bounces is None:
            return None
        from digest.wiring.bounces import read_mailbox

        return read_mailbox(self.wiring, self.stopped)

    def fetch(self) -> FetchReport:
        """Read the feeds."""
        from digest.wiring import fetching

        return fetching.fetch(
            self.wiring,
            lambda line: None,
            lambda name, said, seconds: self.journal.detail(f"{name}: {said}", feed=name, seconds=seconds),
        )

    def build(self, day: date) -> BuildReport:
        """Make or refresh the draft."""
        return self.publisher.build(day)

    def approve(self, key: EditionKey, by: str) -> EditionRecord:
        """Freeze the edition."""
        return self.publisher.approve(key, by)

    def publish(self, key: EditionKey) -> None:
        """Put its page and images online."""
        self.publisher.publish(key)

    def plan(self, key: EditionKey) -> int:
        """Plan its deliveries, the relay asked first; those whose hour is over expire. Return how many are new."""
        now = self.wiring.clock.now()
        record = self.wiring.editions.edition(key)
        assert record is not None
        if record.state is EditionState.APPROVED:
            self.publisher.preflight(key)
        zones = self.wiring.calendar.zones(self.digest.name)
        theirs = spans(key.day, self.schedule, zones, frozen_at=record.approved_at or now)
        openings = {zone: span.opens for zone, span in theirs.items() if span.opens > now}
        closed = [zone for zone, span in theirs.items() if span.closes is not None and span.closes <= now]
        planned = 0
        if len(closed) < len(theirs):
            planned = self.publisher.plan(key, openings)
            if planned and (line := self.publisher.nothing_new(key)):
                self.journal.say(line)
        late = self.wiring.calendar.expire_late(key, closed, reason="too late", now=now)
        if late:
            self.journal.trouble(
                "late",
                f"{count_of(late, 'delivery')} of the edition of {key.day} came too late to hand over",
            )
        return planned

    def waiting(self, key: EditionKey) -> tuple[int, datetime | None]:
        """Return how many deliveries wait for their reader's hour, and when the first comes."""
        return self.wiring.calendar.waiting(key, now=self.wiring.clock.now())

    def send(self, key: EditionKey) -> SendingReport:
        """Hand over what is due."""
        return self.publisher.send(key)

    def list(self, key: EditionKey) -> None:
        """List it in the archive."""
        self.publisher.list(key)

    def deliver_notices(self) -> NoticesReport:
        """Hand over the mail that is no edition."""
        return self.wiring.deliver_notices(self.via)

    def keep_house(self) -> str:
        """Forget what nobody needs any more, once a day; return what was done, "" for nothing."""
        now = self.wiring.clock.now()
        today = edition_day(now, self.wiring.settings.zone)
        before, _ = self.wiring.alarms.change("house", today.isoformat(), now=now)
        if before == today.isoformat():
            return ""
        from digest.store.housekeeping import Housekeeping

        house, limits = Housekeeping(self.wiring.database), self.wiring.settings.retention
        gone = {
            "deliveries": house.deliveries(today - limits.deliveries),
            "stories": house.stories(now - limits.stories),
            "runs": house.runs(now - limits.runs),
            "lines of the desk's log": house.desk(now - limits.runs),
            "notices": house.notices(now - limits.notices),
            "bounces": house.returns(now - RETURNS),
        }
        told = ", ".join(f"{count} {name}" for name, count in gone.items() if count)
        return f"forgotten by [retention]: {told}" if told else ""

    # The run

    def run(self, *, clock_is_right: bool = False) -> int:
        """Do whatever is due now and return the exit code; every error is on record when it is raised."""
        now, runs = self.wiring.clock.now(), self.wiring.runs
        if not clock_is_right:
            check_clock(now, runs.last_start())
        self.wiring.transport(self.via)  # an address that is none is told before anything is begun
        number = runs.begin(self.digest.name, edition_day(now, self.schedule.zone), "run", now=now)
        code = EXIT_FAILED
        try:
            code = self._run()
        except BaseException as error:
            code = getattr(error, "exit_code", EXIT_FAILED)
            if isinstance(error, DigestError) and not isinstance(error, LockHeld):
                kind = "relay" if isinstance(error, RelayUnreachable) else "failed"
                self.journal.events.append(
                    Event(at=self.wiring.clock.now(), step=self.journal.step, text="", public=str(error), trouble=kind)
                )
                with suppress(DigestError):  # where nothing can be kept, stderr has to do
                    self._alarm()
            raise
        finally:
            summary = {"lines": self.journal.lines, "trouble": sorted(self.journal.kinds)}
            summary["steps"] = self.journal.durations()  # type: ignore[assignment]  # a document of several kinds
            runs.end(number, code, summary, now=self.wiring.clock.now())
        return code

    def _run(self) -> int:
        publication, digest = self.wiring.settings.publication, self.digest
        policy = Policy(
            digest=digest.name,
            schedule=self.schedule,
            minimum_stories=digest.minimum_stories,
            few_stories=digest.few_stories,
            maximum_failed_feeds=digest.maximum_failed_feeds,
            failed_feeds=digest.failed_feeds,
            notice_before=digest.notice_before,
            remind_before=digest.remind_before,
            editors=publication.editors,
            publication=publication.name,
            desk_url=publication.desk_url,
        )
        report = running.run(
            policy,
            self,
            editions=self.wiring.editions,
            days=self.wiring.calendar,
            notices=self.wiring.notices,
            clock=self.wiring.clock,
            journal=self.journal,
        )
        if "late" in self.journal.kinds:
            report.worsen(EXIT_ATTENTION)
        self._alarm()
        with self.journal.during("notices"):
            told = self.deliver_notices()
            if told.line:
                self.journal.say(told.line)
            for line in told.trouble:
                self.journal.trouble("notices", line, public="notices could not all be delivered")
            report.worsen(told.exit_code)
        return report.exit_code

    def _alarm(self) -> None:
        publication = self.wiring.settings.publication
        watch = alarming.Watch(
            digest=self.digest.name,
            publication=publication.name,
            operators=publication.operators,
            where=f"`digest status --digest {self.digest.name}`, then `digest log` and `digest doctor`",
        )
        alarming.sound(
            watch,
            self.journal.kinds,
            self.journal.quote(),
            alarms=self.wiring.alarms,
            notices=self.wiring.notices,
            now=self.wiring.clock.now(),
        )
