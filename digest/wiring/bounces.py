"""Return paths of a publication's copies, and reading what comes back to them."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

from digest.dates import edition_day
from digest.errors import ConfigError, Problem
from digest.model.return_path import ReturnPath
from digest.subscribers.addresses import key_of
from digest.subscribers.tokens import read_keys

if TYPE_CHECKING:
    from digest.pipeline.returning import ReturnReader
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
