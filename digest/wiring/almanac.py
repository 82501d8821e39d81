"""What was, what is and what will be: `digest calendar`, `pause`, `log`, and the figures for Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as ClockTime
from typing import Any

from digest.config import DigestSettings
from digest.dates import edition_day, from_micros, iso
from digest.editions.calendar import next_opening
from digest.errors import UsageError
from digest.model.mail import EditionKey
from digest.pipeline.metrics import Sample, exposition
from digest.pipeline.outlook import outlook
from digest.pipeline.sending import counts_document
from digest.wiring import Wiring


class Almanac:
    """One digest's days."""

    def __init__(self, wiring: Wiring, digest: DigestSettings) -> None:
        self.wiring, self.digest, self.clock = wiring, digest, wiring.clock

    @property
    def today(self) -> date:
        """The day in the publication's zone."""
        return edition_day(self.clock.now(), self.wiring.settings.zone)

    def calendar(self, count: int) -> list[dict[str, Any]]:
        """Return the next ``count`` days that matter, and what happens on each without an editor."""
        held = {each.day: each for each in self.wiring.calendar.days(self.digest.name, limit=3)}.get(self.today)
        days = outlook(self.clock.now(), self.wiring.schedule(self.digest), today=held, count=count)
        return [{"digest": self.digest.name, **each.document()} for each in days]

    def pause(self, until: date | None, *, by: str) -> date | None:
        """Let the digest rest until a day, or end its rest; return until when it rested before. Raises UsageError."""
        if until is not None and until <= self.today:
            raise UsageError(f"{until} is not in the future", where="UNTIL", fix="name the first day with an edition")
        before = self.wiring.pauses.until(self.digest.name)
        self.wiring.pauses.set(self.digest.name, until, by=by, now=self.clock.now())
        return before

    def log(self, *, limit: int, day: date | None = None) -> dict[str, Any]:
        """Return runs and editions, newest first; with ``day`` one edition with its edits and runs."""
        name = self.digest.name
        runs = [_run(row) for row in self.wiring.runs.recent(name, limit=500 if day else limit)]
        if day is not None:
            runs = [run for run in runs if run["edition"] == day.isoformat()]
        days = self.wiring.calendar.days(name, limit=5_000 if day else limit)
        return {
            "digest": name,
            "runs": runs[:limit],
            "editions": [
                {
                    "edition": each.day.isoformat(),
                    "number": each.number,
                    "state": each.state.value,
                    "reason": each.reason,
                    "approved_at": iso(each.approved_at),
                    "published_at": iso(each.published_at),
                    "deliveries": counts_document(self.wiring.ledger.counts(EditionKey(name, each.day))),
                    "edits": list(self._edits(each.day)),
                }
                for each in days
                if day is None or each.day == day
            ],
        }

    def _edits(self, day: date) -> Iterator[dict[str, Any]]:
        for edit in self.wiring.calendar.edits(EditionKey(self.digest.name, day)):
            yield {"at": iso(edit.at), "by": edit.by, "kind": edit.kind, "target": edit.target}


def _run(row: dict[str, Any]) -> dict[str, Any]:
    started, finished = from_micros(row["started"]), row["finished"]
    summary = json.loads(row["summary"])
    return {
        "run": row["id"],
        "command": row["command"],
        "edition": row["day"],
        "started": iso(started),
        "finished": None if finished is None else iso(from_micros(finished)),
        "duration_s": None if finished is None else round((from_micros(finished) - started).total_seconds(), 3),
        "exit_code": row["exit_code"],
        "lines": summary.get("lines", []),
        "trouble": summary.get("trouble", []),
        "steps": summary.get("steps", {}),
    }


def metrics_text(wiring: Wiring) -> str:
    """Return the figures of every digest in Prometheus' text format; raises StoreError."""
    return exposition(_samples(wiring))


def _samples(wiring: Wiring) -> Iterator[Sample]:
    states = wiring.stories.feed_states()
    feeds = wiring.settings.feeds
    failing = sum(1 for feed in feeds if feed.url in states and states[feed.url].last_error)
    yield Sample(name="digest_feeds", value=len(feeds))
    yield Sample(name="digest_feeds_failing", value=failing)
    waiting = wiring.notices.counts()
    yield Sample(name="digest_notices_waiting", value=waiting.get("planned", 0) + waiting.get("deferred", 0))
    for digest in wiring.settings.digests:
        yield from _samples_of(wiring, digest)


def _samples_of(wiring: Wiring, digest: DigestSettings) -> Iterator[Sample]:
    name = {"digest": digest.name}
    last = next((row for row in wiring.runs.recent(digest.name, limit=5) if row["finished"] is not None), None)
    if last is not None:
        ended = from_micros(last["finished"])
        took = (last["finished"] - last["started"]) / 1_000_000
        yield Sample(name="digest_last_run_timestamp_seconds", value=ended.timestamp(), labels=name)
        yield Sample(name="digest_last_run_exit_code", value=last["exit_code"], labels=name)
        yield Sample(name="digest_last_run_duration_seconds", value=took, labels=name)
        for kind in json.loads(last["summary"]).get("trouble", []):
            yield Sample(name="digest_trouble", value=1, labels={**name, "kind": kind})
    newest = next(iter(wiring.calendar.days(digest.name, limit=1)), None)
    if newest is not None:
        midnight = datetime.combine(newest.day, ClockTime(0), tzinfo=UTC)
        yield Sample(name="digest_edition_state", value=1, labels={**name, "state": newest.state.value})
        yield Sample(name="digest_edition_timestamp_seconds", value=midnight.timestamp(), labels=name)
        counts = counts_document(wiring.ledger.counts(EditionKey(digest.name, newest.day)))
        for state, count in counts.items():
            if state != "total":
                yield Sample(name="digest_deliveries", value=count, labels={**name, "state": state})
    following = next_opening(wiring.clock.now() + timedelta(0), wiring.schedule(digest))
    if following is not None:
        yield Sample(name="digest_next_run_timestamp_seconds", value=following.timestamp(), labels=name)
