"""What happens to an edition while somebody looks: server-sent events (WHATWG HTML, 9.2), a few bytes each.

An event says only that something changed and who was at it; the page then asks for the pieces that differ. Edits come
from other browsers, from the command line and from `digest run`, so the store is asked, by one small row.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from digest.model.desk import Visitor
from digest.model.editions import EditionState
from digest.model.mail import EditionKey
from digest.wiring.deciding import Deciding

LOOK_S = 0.5  # how often the store is asked
BREATH_S = 15.0  # a line so often, or a proxy takes the silence for an end
STILL_IN_S = 20.0  # how often it is asked whether the session still stands
RETRY_MS = 2_000  # how soon a browser comes back
LISTENERS = 200  # open streams at most


class Live:
    """The open streams of a desk."""

    def __init__(self, deciding: Deciding, still_in: Callable[[Request], bool]) -> None:
        """``still_in`` tells whether the session of a request still stands."""
        self.deciding, self.still_in = deciding, still_in
        self.closing = asyncio.Event()
        self._changed = asyncio.Event()
        self._here: dict[EditionKey, dict[int, str]] = {}
        self._numbers = itertools.count()

    def wake(self) -> None:
        """Have every stream look now: somebody here changed something."""
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        """End every stream: the server is about to."""
        self.closing.set()
        self.wake()

    def people(self, key: EditionKey) -> list[str]:
        """Return who looks at an edition, by name."""
        return sorted(Counter(self._here.get(key, {}).values()))

    def answer(self, request: Request, key: EditionKey, visitor: Visitor) -> StreamingResponse:
        """Return the stream of an edition."""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(request, key, visitor), media_type="text/event-stream", headers=headers)

    async def _events(self, request: Request, key: EditionKey, visitor: Visitor) -> AsyncIterator[str]:
        number = next(self._numbers)
        if sum(map(len, self._here.values())) >= LISTENERS:
            yield "event: full\ndata: {}\n\n"
            return
        self._here.setdefault(key, {})[number] = visitor.name
        self.wake()
        try:
            yield f"retry: {RETRY_MS}\n\n"
            told, loop = "", asyncio.get_running_loop()
            breath = asked = loop.time()
            while not self.closing.is_set():
                changed = self._changed
                found = await run_in_threadpool(self._state, key)
                line = json.dumps({**found, "people": self.people(key)}, ensure_ascii=False, sort_keys=True)
                if line != told:
                    told, breath = line, loop.time()
                    yield f"event: pulse\ndata: {line}\n\n"
                elif loop.time() - breath > BREATH_S:
                    breath = loop.time()
                    yield ": still here\n\n"
                if loop.time() - asked > STILL_IN_S:
                    asked = loop.time()
                    if not await run_in_threadpool(self.still_in, request):
                        yield "event: out\ndata: {}\n\n"
                        return
                await _first(changed, LOOK_S)
        finally:
            self._here.get(key, {}).pop(number, None)
            self.wake()

    def _state(self, key: EditionKey) -> dict[str, Any]:
        """Return what tells whether anything changed."""
        wiring, trouble = self.deciding.wiring, self.deciding.hand_overs.trouble(key)
        pulse = wiring.editions.pulse(key)
        if pulse is None:
            return {"state": "none"}
        found: dict[str, Any] = {
            "state": pulse.state, "draft": pulse.draft, "edits": pulse.edits, "built": pulse.built_at,
            "changed": pulse.changed, "by": pulse.by,
        }  # fmt: skip
        if pulse.state == EditionState.SENDING:
            counts = wiring.ledger.counts(key)
            found |= {"done": counts.total - counts.open, "deferred": counts.deferred, "total": counts.total}
            found |= {"running": self.deciding.hand_overs.running(key)}
        if trouble is not None:
            found["trouble"] = trouble.what
        return found


async def _first(event: asyncio.Event, within_s: float) -> None:
    """Wait for an event, at most so long."""
    try:
        async with asyncio.timeout(within_s):
            await event.wait()
    except TimeoutError:
        return
