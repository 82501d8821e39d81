"""Return paths of a publication's copies, and reading what comes back to them."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parseaddr
from itertools import takewhile
from typing import TYPE_CHECKING

from digest.dates import edition_day
from digest.errors import ConfigError, FileProblem, Problem
from digest.model.return_path import ReturnPath
from digest.subscribers.addresses import key_of
from digest.subscribers.tokens import read_keys

if TYPE_CHECKING:
    from digest.pipeline.returning import ReturnReader, ReturnsReport
    from digest.wiring import Wiring


def return_path(wiring: Wiring) -> ReturnPath | None:
    """Return what signs return paths, None without `[delivery.bounces]`; raises FileProblem where keys are missing."""
    delivery = wiring.settings.delivery
    if delivery.bounces is None:
        return None
    keys = read_keys(wiring.settings.tokens_file)
    return ReturnPath(parseaddr(delivery.return_path)[1], keys, signed=delivery.bounces.signed)


def return_reader(wiring: Wiring) -> ReturnReader:
    """Return what reads bounces, complaints and requests to leave; raises ConfigError without `[delivery.bounces]`."""
    from digest.pipeline.returning import BounceRule, ReturnReader, keep_in
    from digest.store.returns import Returns

    path, bounces = return_path(wiring), wiring.settings.delivery.bounces
    if path is None or bounces is None:
        what = "there is no [delivery.bounces], so that no return path is signed and no bounce can be trusted"
        fix = 'write return_path = "bounces@YOUR.DOMAIN" into [delivery], and an empty table [delivery.bounces]'
        raise ConfigError((Problem(where=wiring.settings.file.name, what=what, fix=fix),))

    def leave(subscriber: str, digest: str) -> bool:
        return wiring.readers.leave(subscriber, digest, source="mail", now=wiring.clock.now()).result()

    return ReturnReader(
        path=path,
        rule=BounceRule(transient=bounces.transient, over=bounces.over),
        people=wiring.subscribers,
        returns=Returns(wiring.database),
        leave=leave,
        keep=keep_in(bounces.kept),
        key_of=key_of,
        clock=wiring.clock,
        zone_day=lambda: edition_day(wiring.clock.now(), wiring.settings.zone),
    )


def read_mailbox(wiring: Wiring, stopped: Callable[[], bool]) -> tuple[ReturnsReport, str] | None:
    """Read `[delivery.bounces] mailbox`; return what it held and what kept us from reading all of it, "" for nothing.

    None where no mailbox is named. Safe to call twice, and by two processes at once. Raises StoreError.
    """
    bounces = wiring.settings.delivery.bounces
    if bounces is None or bounces.mailbox is None:
        return None
    from digest.mail.mailboxes import letters
    from digest.pipeline.returning import ReturnsReport

    report = ReturnsReport()
    try:
        reader = return_reader(wiring)
        report = reader.report
        reader.read(takewhile(lambda letter: not stopped(), letters(bounces.mailbox)))
    except FileProblem as problem:
        return report, str(problem)
    return report, ""
