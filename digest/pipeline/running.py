"""Cron's one line: fetch → build → approve by policy → publish → plan → send → list, each step idempotent."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date
from typing import TYPE_CHECKING

from digest.dates import edition_day
from digest.editions.calendar import next_opening
from digest.editions.revise import apply
from digest.errors import (
    EXIT_APPROVAL,
    EXIT_ATTENTION,
    EXIT_TEMPORARY,
    ApprovalNeeded,
    ContentError,
    RelayError,
)
from digest.model.counting import count_of
from digest.model.editions import Edition, EditionRecord, EditionState
from digest.model.mail import EditionKey
from digest.pipeline import asking
from digest.pipeline.days import Day, DayStore, Verdict, judge, missed
from digest.pipeline.journal import LINES, Journal
from digest.pipeline.steps import Policy, RunReport, Steps, Thin
from digest.ports import Clock, EditionStore, NoticeStore

if TYPE_CHECKING:
    from digest.pipeline.fetching import FetchReport
    from digest.pipeline.listing import ImportReport


def run(
    policy: Policy,
    steps: Steps,
    *,
    editions: EditionStore,
    days: DayStore,
    notices: NoticeStore,
    clock: Clock,
    journal: Journal,
) -> RunReport:
    """Do whatever is due now and return what was done; raises LockHeld, StoreError, RelayError, TemplateError.

    Run twice, late, or after a crash it does what is left to do: one edition a day, one message a person.
    """
    return _Run(policy, steps, editions, days, notices, clock, journal).go()


class _Stop(Exception):
    """The run was told to stop between two steps."""


class _Run:
    """One run; the methods are its steps in order."""

    def __init__(
        self,
        policy: Policy,
        steps: Steps,
        editions: EditionStore,
        days: DayStore,
        notices: NoticeStore,
        clock: Clock,
        journal: Journal,
    ) -> None:
        self.policy, self.steps, self.schedule = policy, steps, policy.schedule
        self.editions, self.days, self.notices, self.clock = editions, days, notices, clock
        self.journal = journal
        self.report = RunReport(day=edition_day(clock.now(), policy.schedule.zone))

    def go(self) -> RunReport:
        try:
            # Before anybody is planned: whose copy came back yesterday is not mailed today.
            self._returned()
            with self.steps.lock():
                self._merge()
                ready = [*self._earlier(), *self._today()]
                for key in ready:
                    self._plan(key)
            # The lock covers fetch to plan; hand-over is fenced by the ledger alone (design §4).
            self._send_each(ready)
        except _Stop:
            self.journal.trouble("stopped", "told to stop; the next run goes on")
            self.report.worsen(EXIT_TEMPORARY)
        self._close()
        return self.report

    def _step(self, name: str) -> AbstractContextManager[None]:
        """Begin a step, unless the run is to end: then what is left is the next run's."""
        if self.steps.stopped():
            raise _Stop
        return self.journal.during(name)

    def _trouble(self, kind: str, text: str, *, public: str | None = None, code: int = EXIT_ATTENTION) -> None:
        self.journal.trouble(kind, text, public=public)
        self.report.worsen(code)

    def _returned(self) -> None:
        with self._step("bounces"):
            report, trouble = self.steps.read_returns() or (None, "")
            if report is not None and report.read > report.known:
                self.journal.say(f"bounces: {report.summary}")
            if trouble:
                self._trouble("bounces", f"bounces: {trouble}")

    def _merge(self) -> None:
        with self._step("merge"):
            imported = self.steps.merge_file()
            if imported is None:
                return
            self.journal.say(f"subscribers: {imported.line}")
            if imported.lost:
                self.journal.say(f"subscribers: {imported.lost}")
            if imported.warnings:
                self.journal.say(
                    f"subscribers: {count_of(len(imported.warnings), 'warning')};"
                    " `digest subscribers import` tells them"
                )
            self._rejected(imported)

    def _rejected(self, imported: ImportReport) -> None:
        """Tell which rows are not on the list, the first by themselves, and where they wait to be corrected."""
        for row in imported.rejected[:LINES]:
            place = f"{imported.name}: {row.partition(':')[0]}"
            self._trouble("rows", f"{imported.name}: {row}", public=f"{place}: rejected")
        more = len(imported.rejected) - LINES
        if more > 0:
            self._trouble("rows", f"{imported.name}: {count_of(more, 'more row')} rejected")
        if imported.rejected_file is not None:
            self._trouble("rows", f"correct them in {imported.rejected_file}, then `digest subscribers import` it")

    # Earlier days

    def _earlier(self) -> list[EditionKey]:
        """Settle what earlier days left; return the editions that are still to be handed over."""
        ready: list[EditionKey] = []
        for day in missed(self.days, self.policy.digest, self.schedule, before=self.report.day):
            key, verdict = EditionKey(self.policy.digest, day.day), judge(day, self.schedule, self.clock.now())
            if verdict is Verdict.GO_ON:
                ready.append(key)
            elif verdict is Verdict.TOO_LATE:
                self._too_late(key, day)
            elif verdict is Verdict.RESTED:
                self._skip(key, day.reason)
                self.journal.say(f"no edition on {key.day}: {day.reason}")
        for key in ready:
            self._publish(key)
        return ready

    def _too_late(self, key: EditionKey, day: Day) -> None:
        """Skip a draft or a day without one; an approved edition is published, not mailed."""
        if day.state is EditionState.APPROVED:
            fresh = day.published_at is None
            self._publish(key)
            self.steps.list(key)
            if key.day < self.report.day:
                self.editions.set_state(
                    key,
                    EditionState.FINISHED,
                    among=(EditionState.APPROVED,),
                    reason="too late: published, not mailed",
                    now=self.clock.now(),
                )
            said = f"too late to mail the edition of {key.day}: it is published, not mailed"
            if fresh:
                self._trouble("late", said)
            else:
                self.journal.say(said)
            return
        self._skip(key, "too late")
        why = "no run came while it was due" if day.state is None else "nobody approved it in time"
        self._trouble("late", f"no edition on {key.day}: it was too late to mail one ({why})")

    def _skip(self, key: EditionKey, reason: str) -> None:
        among = () if self.editions.edition(key) is None else (EditionState.DRAFT,)
        self.editions.set_state(key, EditionState.SKIPPED, among=among, reason=reason, now=self.clock.now())

    # Today

    def _today(self) -> list[EditionKey]:
        """Return today's edition where it is ready to be handed over."""
        key = EditionKey(self.policy.digest, self.report.day)
        day = next((each for each in self.days.days(key.digest, limit=1) if each.day == key.day), None)
        standing = Day(day=key.day) if day is None else Day.of(day)
        verdict = judge(standing, self.schedule, self.clock.now())
        if verdict is Verdict.DONE:
            reason = f" ({standing.reason})" if standing.reason else ""
            state = standing.state.value if standing.state else "none"
            self.journal.say(f"the edition of {key.day} is {state}{reason}; nothing to do")
        elif verdict is Verdict.RESTED:
            # Recorded only once its hour has come: a pause lifted before it changes nothing.
            if standing.state is EditionState.DRAFT or standing.state is None:
                self._skip(key, standing.reason or asking.off(key.day, self.schedule))
            self._rest(key.day)
        elif verdict is Verdict.OFF:
            self._rest(key.day)
        elif verdict is Verdict.TOO_LATE:
            self._too_late(key, standing)
        elif verdict is Verdict.EARLY and standing.state is EditionState.APPROVED:
            self.journal.say(f"the edition of {key.day} is approved; {asking.begins(key.day, self.schedule)}")
        elif verdict is Verdict.GO_ON or self._draft(key, early=verdict is Verdict.EARLY):
            self._publish(key)
            return [key]
        return []

    def _rest(self, day: date) -> None:
        """Say why there is no edition today; that there never will be one needs a person."""
        said = asking.off_sentence(day, self.schedule, self.clock.now())
        if next_opening(self.clock.now(), self.schedule) is None:
            self._trouble("schedule", said)
        else:
            self.journal.say(said)

    def _draft(self, key: EditionKey, *, early: bool) -> bool:
        """Fetch, build and approve by policy; tell whether the edition may be handed over now."""
        with self._step("fetch"):
            self.report.fetched = fetched = self.steps.fetch()
            self.journal.say(f"{count_of(fetched.feeds, 'feed')}, {count_of(fetched.new, 'new story')}")
            for line in fetched.changes:
                self.journal.say(line)
            for line in fetched.failed:
                self._trouble("feeds", line)
        with self._step("build"):
            built = self.steps.build(key.day)
            record = self.editions.edition(key)
            assert record is not None
            edition = apply(built.edition, record.edits)
            self.journal.say(
                f"the draft of {key.day} holds {len(edition.items)} of {count_of(edition.health.stories, 'story')}"
            )
        if early:
            self.journal.say(f"for {key.day} {asking.begins(key.day, self.schedule)}")
            self._tell_editors(key, record)
            return False
        return self._decide(key, edition, record, fetched)

    def _decide(self, key: EditionKey, edition: Edition, record: EditionRecord, fetched: FetchReport) -> bool:
        """Skip, hold, or approve by policy; never an empty mail."""
        share = len(fetched.failed) / fetched.feeds if fetched.feeds else 0.0
        if not edition.items and share == 1.0 and self.schedule.not_after is not None:
            # Every feed at once is rather our network: until `not_after` the next run tries again.
            self._trouble("feeds-all", "no feed could be read; the next run tries again", code=EXIT_TEMPORARY)
            return False
        why = asking.thin(edition, self.policy.minimum_stories)
        action: Thin = self.policy.few_stories if edition.items else "skip"
        if not why and share > self.policy.maximum_failed_feeds:
            why, action = f"{len(fetched.failed)} of {count_of(fetched.feeds, 'feed')} failed", self.policy.failed_feeds
        if why and action == "skip":
            self._skip(key, why)
            self.journal.say(f"no edition on {key.day}: {why}")
            return False
        if why and action == "shorten":
            self.journal.say(f"the edition of {key.day} goes out with what there is: {why}")
            why = ""
        return self._approve(key, record, why)

    def _approve(self, key: EditionKey, record: EditionRecord, why: str) -> bool:
        waits = asking.waits(self.schedule, self.clock.now(), held=record.held) or why
        if not waits:
            with self._step("approve"):
                try:
                    approved = self.steps.approve(key, "policy")
                except (ContentError, ApprovalNeeded) as error:
                    waits = str(error)
                    self.journal.trouble("content", waits)
                else:
                    self.journal.say(f"approved as No. {approved.number}")
                    return True
        self._trouble(
            "approval",
            f"the edition of {key.day} waits for approval: {waits};"
            " see it with `digest preview`, then `digest approve`",
            code=EXIT_APPROVAL,
        )
        self._tell_editors(key, record, why=waits)
        return False

    def _tell_editors(self, key: EditionKey, record: EditionRecord, *, why: str = "") -> None:
        now = self.clock.now()
        for notice in asking.notices_of(
            key,
            schedule=self.schedule,
            held=record.held,
            why=why,
            now=now,
            notice_before=self.policy.notice_before,
            remind_before=self.policy.remind_before,
            editors=self.policy.editors,
            publication=self.policy.publication,
            desk_url=self.policy.desk_url,
        ):
            self.notices.queue(notice, now=now)

    # Handing over

    def _publish(self, key: EditionKey) -> None:
        with self._step("publish"):
            self.steps.publish(key)

    def _plan(self, key: EditionKey) -> None:
        with self._step("plan"):
            planned = self.steps.plan(key)
            if planned:
                self.journal.say(f"{count_of(planned, 'delivery')} planned for the edition of {key.day}")

    def _send_each(self, ready: list[EditionKey]) -> None:
        """Hand over each edition; what stands in the way of one does not keep the next from its readers."""
        failures: list[RelayError] = []
        for key in ready:
            try:
                self._send(key)
            except RelayError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _send(self, key: EditionKey) -> None:
        with self._step("send"):
            sent = self.steps.send(key)
            self.report.sent.append(sent)
            self.journal.say(sent.line)
            for kind, line, public in sent.findings:
                self._trouble(kind, line, public=public)
            if sent.failure is not None:
                raise sent.failure
            later, first = self.steps.waiting(key)
            if later:
                self.journal.say(f"{later} wait for their reader's hour, the first at {first:%H:%M} UTC")
            if sent.stopped:
                self._trouble("stopped", f"stopped: {sent.stopped}", code=EXIT_TEMPORARY)
            elif sent.counts.open > later:
                self.report.worsen(EXIT_TEMPORARY)
            due_now = sent.counts.planned + sent.counts.claimed + sent.counts.handed - later
        if due_now <= 0:
            with self._step("list"):
                self.steps.list(key)

    def _close(self) -> None:
        with self.journal.during("notices"):
            notices = self.steps.deliver_notices()
            if notices.line:
                self.journal.say(notices.line)
            for line in notices.trouble:
                self._trouble("notices", line, code=notices.exit_code)
        with self.journal.during("house"):
            told = self.steps.keep_house()
            if told:
                self.journal.say(told)
