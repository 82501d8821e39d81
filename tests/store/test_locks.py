"""Who waits for a lock gets it when it is free, and stops when told to."""

from __future__ import annotations

import threading
import time

import pytest

from digest.errors import LockHeld
from digest.store.engine import Store
from digest.store.locks import Locks
from tests.builders import NOW


def test_who_waits_gets_it_and_who_is_told_to_stop_does_not_wait(store_url: str) -> None:
    first, second = Store.open(store_url), Store.open(store_url)
    mine, theirs = Locks(first, lambda: NOW), Locks(second, lambda: NOW)
    got = threading.Event()

    def wait() -> None:
        with theirs.hold("daily", wait_s=300):
            got.set()

    with mine.hold("daily", wait_s=0):
        began = time.monotonic()
        with pytest.raises(LockHeld, match="another run"), theirs.hold("daily", wait_s=600, stopped=lambda: True):
            raise AssertionError("two hold it")
        assert time.monotonic() - began < 120
        with theirs.hold("weekly", wait_s=0):
            pass  # another digest's lock is another lock
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not got.wait(0.5)
    assert got.wait(300)
    waiting.join()
    first.close()
    second.close()
