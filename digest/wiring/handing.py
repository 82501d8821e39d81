"""Hand-overs begun at the desk: a thread each, tried again while the relay does not answer, ended in good order."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from digest.editions.calendar import closes
from digest.errors import DigestError, RelayUnreachable
from digest.model.mail import EditionKey
from digest.pipeline.approve_bar import Trouble
from digest.pipeline.sending import sendable

if TYPE_CHECKING:
    from collections.abc import Callable

    from digest.wiring.publisher import Publisher

log = logging.getLogger("digest.desk")
# After the relay did not answer it is asked again so many minutes later; the last figure is repeated.
AGAIN_AFTER = (1, 2, 5, 10)


@dataclass
class _HandOver:
    publisher: Publisher
    key: EditionKey
    thread: threading.Thread | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    trouble: Trouble | None = None


class HandOvers:
    """Those of one digest that this process began."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher = publisher
        self.pause: Callable[[threading.Event, float], object] = (
            threading.Event.wait
        )  # until it ends, or so many seconds
        self._begun: dict[EditionKey, _HandOver] = {}
        self._guard = threading.Lock()

    def running(self, key: EditionKey) -> bool:
        """Tell whether this process hands an edition over."""
        begun = self._begun.get(key)
        return begun is not None and begun.thread is not None and begun.thread.is_alive()

    def trouble(self, key: EditionKey) -> Trouble | None:
        """Return what stands in the way, None where nothing does."""
        begun = self._begun.get(key)
        return begun.trouble if begun is not None and not begun.ended.is_set() else None

    def begin(self, key: EditionKey) -> None:
        """Begin to hand an edition over, or go on; nothing where it runs already. Raises what `sendable` raises."""
        from digest.wiring.publisher import Publisher

        sendable(self.publisher.wiring.editions.edition(key), key)
        with self._guard:
            if self.running(key):
                return
            mine = Publisher(self.publisher.wiring, self.publisher.digest, via=self.publisher.via)
            begun = self._begun[key] = _HandOver(mine, key)
            begun.thread = threading.Thread(target=self._work, args=(begun,), name=f"hand-over {key.day}", daemon=True)
            begun.thread.start()

    def end(self, key: EditionKey) -> None:
        """Have a hand-over end after the messages under way; the edition stays as it is."""
        begun = self._begun.get(key)
        if begun is not None:
            begun.ended.set()
            begun.publisher.stop.set()

    def close(self, *, within_s: float = 10.0) -> None:
        """End all of them, and wait for that so long."""
        for key in list(self._begun):
            self.end(key)
        for begun in self._begun.values():
            if begun.thread is not None:
                begun.thread.join(within_s)

    def _work(self, begun: _HandOver) -> None:
        tries = 0
        while not begun.ended.is_set():
            try:
                report = begun.publisher.send_all(begun.key)
                if report.failure is not None:
                    raise report.failure
                begun.trouble = None
                begun.publisher.deliver_notices()
                return
            except RelayUnreachable as error:
                log.warning("%s", error)
                minutes = AGAIN_AFTER[min(tries, len(AGAIN_AFTER) - 1)]
                tries += 1
                if not self._may_wait(begun, timedelta(minutes=minutes)):
                    begun.trouble = Trouble(what="the relay does not answer")
                    return
                self.pause(begun.ended, minutes * 60)
            except DigestError as error:
                log.error("%s", error)
                begun.trouble = Trouble(what=str(error).rstrip("."))
                return
            except Exception as error:  # a thread's last door: what ended it is told at the desk
                log.exception("the hand-over ended")
                begun.trouble = Trouble(what=f"the hand-over ended ({type(error).__name__})")
                return

    def _may_wait(self, begun: _HandOver, wait: timedelta) -> bool:
        """Note when the relay is asked again; tell whether that is in time."""
        wiring = begun.publisher.wiring
        again = wiring.clock.now() + wait
        end = closes(begun.key.day, wiring.schedule(begun.publisher.digest))
        if end is not None and again >= end:
            return False
        begun.trouble = Trouble(what="the relay does not answer", again=again)
        return True
