"""Who works at this publication: what `digest status` tells of workers and queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from digest.dates import iso
from digest.store.queue_schema import counts
from digest.store.workers import ALIVE, Workers
from digest.wiring import Wiring


def workers_document(wiring: Wiring) -> Mapping[str, Any]:
    """Return workers and queue for `digest status --json`; empty where the database has no queue."""
    queue = counts(wiring.database)
    if queue is None:
        return {}
    now = wiring.clock.now()
    return {
        "workers": [
            {
                "name": each.name, "host": each.host, "pid": each.pid, "version": each.version,
                "started": iso(each.started), "seen": iso(each.seen), "alive": each.seen > now - ALIVE,
                "doing": each.doing, "accepted": each.accepted,
            }
            for each in Workers(wiring.database).all()
        ],
        "queue": queue,
    }  # fmt: skip


def workers_lines(document: Mapping[str, Any]) -> list[str]:
    """Return the same for people, a line each."""
    queue = document.get("queue")
    if queue is None:
        return []
    lines = [f"Queue: {queue['todo']} waiting, {queue['doing']} under way, {queue['failed']} failed"]
    for each in document["workers"]:
        state = (
            (f"at {each['doing']}" if each["doing"] else "waiting") if each["alive"] else f"silent since {each['seen']}"
        )
        lines.append(f"Worker {each['name']} since {each['started']}: {state}, {each['accepted']} accepted")
    return lines
