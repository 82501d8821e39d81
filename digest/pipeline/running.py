"""Cron's one line: fetch → build → approve by policy → publish → plan → send → list, each step idempotent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from digest.dates import edition_day
from digest.editions.calendar import Schedule, Standing, approves_itself, next_opening, opens, standing
from digest.errors import (
    EXIT_APPROVAL,
    EXIT_ATTENTION,
    EXIT_DONE,
    ApprovalNeeded,
    ContentError,
)
from digest.model.editions import Edition, EditionRecord, EditionState
from digest.model.mail import EditionKey, Notice, NoticeKind
from digest.pipeline.building import BuildReport
from digest.pipeline.fetching import FetchReport
from digest.pipeline.listing import ImportReport
from digest.pipeline.notifying import NoticesReport
from digest.pipeline.sending import SendingReport
from digest.ports import Clock, EditionStore, NoticeStore


class Steps(Protocol):
    """The steps of a run, bound to a publication by wiring."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the digest's lock; raises LockHeld."""

    def merge_file(self) -> ImportReport | None:
        """Merge the subscribers' file when it changed."""

    def fetch(self) -> FetchReport:
        """Read the feeds."""

    def build(self, day: date) -> BuildReport:
        """Make or refresh the draft."""

    def approve(self, key: EditionKey, by: str) -> EditionRecord:
        """Freeze the edition."""

    def publish(self, key: EditionKey) -> None:
        """Put its page and images online."""

    def plan(self, key: EditionKey) -> int:
        """Plan its deliveries."""

    def send(self, key: EditionKey) -> SendingReport:
        """Hand over what is due."""

    def list(self, key: EditionKey) -> None:
        """List it in the archive."""

    def deliver_notices(self) -> NoticesReport:
        """Hand over the mail that is no edition."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What decides whether a day's edition goes out by itself."""

    digest: str
    schedule: Schedule
    minimum_stories: int
    maximum_failed_feeds: float  # share from 0 to 1
    editors: tuple[str, ...]
    publication: str


@dataclass
class RunReport:
    """What a run did; the exit code is its meaning."""

    day: date
    exit_code: int = EXIT_DONE
    lines: list[str] = field(default_factory=list)  # for people, in order
    trouble: list[str] = field(default_factory=list)  # what needs a person
    fetched: FetchReport | None = None
    sent: SendingReport | None = None

    def worsen(self, code: int) -> None:
        """Take a code that says more than the one so far: 75 beats 1 beats 4 beats 5 beats 0."""
        order = (EXIT_DONE, EXIT_ATTENTION, EXIT_APPROVAL, 1, 75)
        self.exit_code = max(self.exit_code, code, key=order.index)


def run(
    policy: Policy,
    steps: Steps,
    *,
    editions: EditionStore,
    notices: NoticeStore,
    clock: Clock,
    say: Callable[[str], None] = lambda line: None,
) -> RunReport:
    """Do whatever is due now and return what was done; raises LockHeld, StoreError, RelayError, TemplateError.

    Run twice, late, or after a crash it does what is left to do: one edition a day, one message a person.
    """
    report = RunReport(day=edition_day(clock.now(), policy.schedule.zone))
    key = EditionKey(policy.digest, report.day)

    def tell(line: str) -> None:
        report.lines.append(line)
        say(line)

    with steps.lock():
        imported = steps.merge_file()
        if imported is not None:
            tell(f"subscribers: {imported.line}")
            report.trouble.extend(imported.rejected)
            if imported.rejected:
                report.worsen(EXIT_ATTENTION)
        ready = _prepare(policy, steps, report, tell, key=key, editions=editions, notices=notices, clock=clock)
        for each in ready:
            planned = steps.plan(each)
            if planned:
                tell(f"{planned} deliveries planned for the edition of {each.day}")
    # The lock covers fetch to plan; hand-over is fenced by the ledger alone (design §4).
    for each in ready:
        sent = steps.send(each)
        report.sent = sent
        tell(sent.line)
        report.trouble.extend(sent.trouble)
        report.worsen(sent.exit_code)
        if sent.may_list:
            steps.list(each)
    told = steps.deliver_notices()
    if told.line:
        tell(told.line)
    report.trouble.extend(told.trouble)
    report.worsen(told.exit_code)
    return report


def _prepare(
    policy: Policy,
    steps: Steps,
    report: RunReport,
    tell: Callable[[str], None],
    *,
    key: EditionKey,
    editions: EditionStore,
    notices: NoticeStore,
    clock: Clock,
) -> list[EditionKey]:
    """Return the editions to hand over now: what is left of earlier ones, and today's where it is ready."""
    ready = [
        EditionKey(record.digest, record.day)
        for record in editions.recent(policy.digest, before=key.day)
        if record.state is EditionState.SENDING
    ]
    now, record = clock.now(), editions.edition(key)
    where = standing(now, policy.schedule)
    if record is not None and record.state in (EditionState.FINISHED, EditionState.STOPPED, EditionState.SKIPPED):
        reason = f" ({record.reason})" if record.reason else ""
        tell(f"the edition of {key.day} is {record.state.value}{reason}; nothing to do")
        return ready
    if where is Standing.OFF:
        following = next_opening(now, policy.schedule)
        tell(
            f"no edition on {key.day:%A}s or holidays; the next is due {following:%Y-%m-%d %H:%M} UTC"
            if following
            else ""
        )
        return ready
    if record is None or record.state is EditionState.DRAFT:
        if not _draft(
            policy, steps, report, tell, key=key, where=where, editions=editions, notices=notices, clock=clock
        ):
            return ready
    elif where is Standing.EARLY:
        tell(f"the edition of {key.day} is approved; its hand-over begins {opens(key.day, policy.schedule):%H:%M} UTC")
        return ready
    elif where is Standing.LATE and record.state is EditionState.APPROVED:
        steps.publish(key)
        report.trouble.append(f"too late to mail the edition of {key.day}: it is published, not mailed")
        report.worsen(EXIT_ATTENTION)
        return ready
    steps.publish(key)
    return [*ready, key]


def _draft(
    policy: Policy,
    steps: Steps,
    report: RunReport,
    tell: Callable[[str], None],
    *,
    key: EditionKey,
    where: Standing,
    editions: EditionStore,
    notices: NoticeStore,
    clock: Clock,
) -> bool:
    """Fetch, build and approve by policy; tell whether the edition may be handed over now."""
    if where is Standing.LATE:
        _skip(key, "too late", editions, clock)
        report.trouble.append(f"no edition on {key.day}: it was too late to mail one")
        report.worsen(EXIT_ATTENTION)
        return False
    report.fetched = fetched = steps.fetch()
    tell(f"{fetched.feeds} feeds, {fetched.new} new stories")
    for line in fetched.changes:
        tell(line)
    if fetched.failed:
        report.trouble.extend(fetched.failed)
        report.worsen(EXIT_ATTENTION)
    built = steps.build(key.day)
    record = editions.edition(key)
    assert record is not None
    edition = built.edition
    tell(f"the draft of {key.day} holds {len(edition.items)} stories of {edition.health.stories}")
    if where is Standing.EARLY:
        tell(f"its hand-over begins {opens(key.day, policy.schedule):%H:%M} UTC")
        return False
    if len(edition.items) < policy.minimum_stories:
        reason = _too_few(edition, policy)
        _skip(key, reason, editions, clock)
        tell(f"no edition on {key.day}: {reason}")
        return False
    return _approve(policy, steps, report, tell, key=key, record=record, fetched=fetched, notices=notices, clock=clock)


def _approve(
    policy: Policy,
    steps: Steps,
    report: RunReport,
    tell: Callable[[str], None],
    *,
    key: EditionKey,
    record: EditionRecord,
    fetched: FetchReport,
    notices: NoticeStore,
    clock: Clock,
) -> bool:
    share = len(fetched.failed) / fetched.feeds if fetched.feeds else 0.0
    why = ""
    if not approves_itself(clock.now(), policy.schedule, held=record.held):
        why = "an editor said hold" if record.held else "approval is required"
    elif share > policy.maximum_failed_feeds:
        why = f"{len(fetched.failed)} of {fetched.feeds} feeds failed"
    if not why:
        try:
            approved = steps.approve(key, "policy")
        except (ContentError, ApprovalNeeded) as error:
            why = str(error)
        else:
            tell(f"approved as No. {approved.number}")
            return True
    report.trouble.append(
        f"the edition of {key.day} waits for approval: {why}; see it with `digest preview`, then `digest approve`"
    )
    report.worsen(EXIT_APPROVAL)
    _ask(policy, key, why, notices, clock)
    return False


def _ask(policy: Policy, key: EditionKey, why: str, notices: NoticeStore, clock: Clock) -> None:
    for editor in policy.editors:
        notices.queue(
            Notice(
                kind=NoticeKind.APPROVAL,
                recipient=editor,
                subject=f"{policy.publication}: the edition of {key.day} waits for you",
                text=f"The edition of {key.day} waits for approval: {why}.\n\n"
                "Nothing is mailed before it. See it with `digest preview`, approve it with `digest approve`.\n",
                key=f"approval:{key.digest}:{key.day}:{editor}",
                at=clock.now(),
            ),
            now=clock.now(),
        )


def _too_few(edition: Edition, policy: Policy) -> str:
    if edition.items:
        return f"too few stories ({len(edition.items)} of at least {policy.minimum_stories})"
    if edition.health.feeds_failed and len(edition.health.feeds_failed) == edition.health.feeds:
        return "empty: every feed failed"
    return "empty: no feed had news"


def _skip(key: EditionKey, reason: str, editions: EditionStore, clock: Clock) -> None:
    among = () if editions.edition(key) is None else (EditionState.DRAFT,)
    editions.set_state(key, EditionState.SKIPPED, among=among, reason=reason, now=clock.now())
