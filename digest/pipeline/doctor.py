"""`digest doctor`: what is wrong with the machine and the domain, each finding with what to do about it.

An examination looks at one thing and yields findings, and a line about what it saw. What it raises is a finding too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from digest.dates import edition_day
from digest.editions.calendar import DAY, Schedule, edition_days, next_opening
from digest.errors import EXIT_ATTENTION, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, ConfigError, DigestError
from digest.model.editions import Finding
from digest.pipeline.asking import local_day

SEVERITIES = ("error", "warning", "note")
# Bytes free: with less a morning may not come through; with less it is time to look.
LITTLE, SOME = 100_000_000, 1_000_000_000
FEW_FILES = 1_000  # more that the file system can hold
SKEW, WRONG = timedelta(seconds=90), timedelta(hours=1)  # of a clock beside others
CERTIFICATE = timedelta(days=14)  # before its end it is time to look

Examine = Callable[[], Iterable[Finding | str]]


@dataclass(frozen=True, kw_only=True)
class Examination:
    """One thing that is looked at."""

    area: str  # "database", "relay", …: the code of what is raised
    examine: Examine


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What was found, area by area."""

    findings: tuple[Finding, ...]
    seen: tuple[tuple[str, str], ...]  # (area, what was seen and is in order)
    exit_code: int

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "findings": [each.document() for each in self.findings],
            "seen": [{"area": area, "message": message} for area, message in self.seen],
        }


def diagnose(examinations: Iterable[Examination], *, on_area: Callable[[str], None] = lambda area: None) -> Diagnosis:
    """Make every examination, whatever the others found, and return what they say, errors first."""
    findings, seen, wrong_config = list[Finding](), list[tuple[str, str]](), False
    for each in examinations:
        on_area(each.area)
        said = list[str]()
        before = len(findings)
        try:
            for told in each.examine():
                if isinstance(told, str):
                    said.append(told)
                else:
                    findings.append(told)
        except DigestError as error:
            findings += of_error(each.area, error)
            wrong_config = wrong_config or isinstance(error, ConfigError)
        if all(finding.severity == "note" for finding in findings[before:]):
            seen += [(each.area, line) for line in said]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    worst = findings[0].severity if findings else "note"
    code = {"error": EXIT_FAILED, "warning": EXIT_ATTENTION}.get(worst, EXIT_DONE)
    return Diagnosis(findings=tuple(findings), seen=tuple(seen), exit_code=EXIT_USAGE if wrong_config else code)


def of_error(area: str, error: DigestError) -> Iterator[Finding]:
    """Yield an error as findings: all problems of a configuration, else one."""
    if isinstance(error, ConfigError):
        for problem in error.problems:
            yield finding(area, "error", problem.where, problem.what, problem.fix)
        return
    yield finding(area, "error", error.where, error.what, error.fix)


def finding(area: str, severity: str, where: str, message: str, fix: str = "") -> Finding:
    """Return a finding."""
    return Finding(code=area, severity=severity, where=where, message=message, fix=fix)  # type: ignore[arg-type]


def schedule(name: str, rule: Schedule, now: datetime) -> Iterator[Finding | str]:
    """Say when a digest is due next, and that it never is."""
    where, first = f"digest.{name}", edition_day(now, rule.zone)
    if next(edition_days(first, rule), None) is None:
        yield finding(
            "schedule", "error", where, "no edition is due within a year", "correct `days`, `skip` or `digest pause`"
        )
        return
    if rule.time is None and rule.approval != "required":
        yield finding(
            "schedule", "warning", where, "without a `time` the first run after midnight sends", "add time = '07:00'"
        )
    if rule.time is not None and rule.not_after is None:
        yield finding("schedule", "note", where, "nothing says when it is too late to mail", "add not_after = '12:00'")
    following = next_opening(now, rule)
    if following is not None:
        yield f"{name}: next due {local_day(following, rule)}"


def runs(name: str, rule: Schedule, last: datetime | None, code: int | None, now: datetime) -> Iterator[Finding | str]:
    """Say how the last run ended, and that none came although an edition was due. ``code`` is None where it died."""
    where = f"digest.{name}"
    if last is None:
        yield finding("runs", "note", where, "`digest run` was never called", "see `digest init --cron` or --systemd")
        return
    due = next_opening(last, rule)
    if due is not None and now - due > timedelta(hours=1):
        yield finding(
            "runs", "error" if now - due > DAY else "warning", where,
            f"an edition was due {local_day(due, rule)}, and the last run was {local_day(last, rule)}",
            "look at cron: `crontab -l`, `systemctl list-timers`; then `digest run`",
        )  # fmt: skip
    elif code in (1, 2, 75, None):
        ended = "did not end" if code is None else f"ended with exit code {code}"
        yield finding("runs", "warning", where, f"the last run {ended}", "see `digest log --verbose`")
    else:
        yield f"{name}: the last run was {local_day(last, rule)}, exit {code}"


def space(where: str, free: int, needed: int = 0) -> Iterator[Finding | str]:
    """Say how much of a file system is free; ``needed`` is what a backup there would take."""
    told = f"{where}: {free / 1e9:.1f} GB free"
    if free < LITTLE:
        yield finding("disk", "error", where, f"only {free / 1e6:.0f} MB are free", "free some space: a run needs it")
    elif free < SOME or free < needed:
        why = f", and a backup takes {needed / 1e9:.1f} GB" if free < needed else ""
        yield finding("disk", "warning", where, f"only {free / 1e9:.2f} GB are free{why}", "free some space")
    else:
        yield told


def clock_beside(other: str, theirs: datetime, ours: datetime) -> Iterator[Finding | str]:
    """Compare the machine's clock with another's."""
    apart = abs(theirs - ours)
    if apart > SKEW:
        side = "ahead of" if ours > theirs else "behind"
        yield finding(
            "clock", "error" if apart > WRONG else "warning", "clock",
            f"it is {apart.total_seconds():,.0f} s {side} that of {other}", "set it: `timedatectl set-ntp true`",
        )  # fmt: skip
    else:
        yield f"within {SKEW.total_seconds():.0f} s of {other}"


def date_of(header: str) -> datetime | None:
    """Return the instant of a Date header, None where it is none."""
    try:
        found = parsedate_to_datetime(header)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def certificate(where: str, until: datetime | None, now: datetime) -> Iterator[Finding]:
    """Yield a warning where a certificate ends soon."""
    if until is not None and until - now < CERTIFICATE:
        yield finding(
            "relay", "warning", where, f"its certificate ends {until:%Y-%m-%d}", "renew it, or tell who runs it"
        )
