"""How an edition stands, asked of the real things: what `digest status` tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from digest.config import DigestSettings
from digest.dates import from_micros, iso
from digest.editions.calendar import next_opening
from digest.model.editions import EditionState
from digest.model.mail import DeliveryState, EditionKey
from digest.pipeline import sending
from digest.wiring import Wiring

RECENT = 10  # days on record `status` looks back on
NAMED = 50  # addresses `status` names of one kind


def status_document(wiring: Wiring, digest: DigestSettings, key: EditionKey) -> dict[str, Any]:
    """Return how an edition stands, as in `digest status --json`."""
    record, ledger = wiring.editions.edition(key), wiring.ledger
    states = wiring.stories.feed_states()
    failing = [
        f"{feed.name or feed.url}: {states[feed.url].last_error}"
        for feed in wiring.settings.feeds
        if feed.url in states and states[feed.url].last_error
    ]
    following = next_opening(wiring.clock.now(), wiring.schedule(digest))
    paused = wiring.pauses.until(digest.name)
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
        "handed": named(DeliveryState.HANDED),
        "in_doubt": named(DeliveryState.IN_DOUBT),
        "refused": named(DeliveryState.REFUSED),
        "deferred": named(DeliveryState.DEFERRED),
        "expired": named(DeliveryState.EXPIRED),
        "retry_at": iso(retry),
        "feeds": {"total": len(wiring.settings.feeds), "failing": failing},
        "skipped": _skipped(wiring, digest),
        "last_run": _last_run(wiring, digest),
        "paused_until": paused.isoformat() if paused else None,
        "next_run": iso(following),
    }


def _skipped(wiring: Wiring, digest: DigestSettings) -> Sequence[dict[str, str]]:
    """Return the days among the last ten on record that had no edition, and why."""
    days = wiring.calendar.days(digest.name, limit=RECENT)
    return [
        {"edition": each.day.isoformat(), "reason": each.reason} for each in days if each.state is EditionState.SKIPPED
    ]


def _last_run(wiring: Wiring, digest: DigestSettings) -> dict[str, Any] | None:
    row = wiring.runs.last(digest.name)
    if row is None:
        return None
    ended = row["finished"]
    return {
        "started": iso(from_micros(row["started"])),
        "finished": None if ended is None else iso(from_micros(ended)),
        "exit_code": row["exit_code"],
    }
