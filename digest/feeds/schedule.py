"""When a feed may be asked again. Pure.

Every run asks every feed once, whatever its ttl: a daily letter must not miss the morning a feed comes back. Left alone
is a server that asks for it, by Retry-After or by 429, and one that has refused us several times in a row: then for
longer from one refusal to the next, an hour at most. What may be our own network (no answer, no such name) never waits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from digest.feeds.feed_dates import understand

# A server may ask for patience, not for being forgotten.
LONGEST_WAIT = timedelta(days=2)
_FIRST_WAIT = timedelta(minutes=5)
_MOST_DOUBLINGS = 5  # 5, 10, 20, 40, 80, 160 minutes
_REFUSALS = 3  # so many in a row, and any refusal makes a feed wait
_LONGEST_BACKOFF = timedelta(hours=1)  # of those that did not ask for patience
_JITTER = 0.2  # share of the wait by which feeds of one server are spread

_TOO_MANY = 429  # RFC 6585 §4


def next_due(url: str, status: int, headers: Mapping[str, str], *, failures: int, now: datetime) -> datetime | None:
    """Return the instant before which a feed must not be asked again, None where there is none.

    ``headers`` have names in lower case; ``failures`` counts the failures in a row, this one included. Retry-After is
    seconds or a date (RFC 9110 §10.2.3).
    """
    wait = _retry_after(headers.get("retry-after", ""), now)
    if wait is None and status == _TOO_MANY:
        wait = _FIRST_WAIT * 2 ** min(max(failures - 1, 0), _MOST_DOUBLINGS) * _spread(url)
    elif wait is None and failures >= _REFUSALS:
        doublings = min(failures - _REFUSALS, _MOST_DOUBLINGS)
        wait = min(_FIRST_WAIT * 2**doublings, _LONGEST_BACKOFF) * _spread(url)
    return now + min(wait, LONGEST_WAIT) if wait is not None and wait > timedelta(0) else None


def _retry_after(said: str, now: datetime) -> timedelta | None:
    said = said.strip()
    if said.isascii() and said.isdigit():
        return timedelta(seconds=min(int(said[:10]), int(LONGEST_WAIT.total_seconds())))
    instant, _ = understand(said) if said else (None, "")
    return instant - now if instant is not None else None


def _spread(url: str) -> float:
    """Return a factor around 1 that is always the same for a feed and different for its neighbours."""
    drawn = int.from_bytes(hashlib.sha256(url.encode("utf-8", errors="replace")).digest()[:4]) / 2**32
    return 1 - _JITTER + 2 * _JITTER * drawn
