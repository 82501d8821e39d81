"""One round of reading the feeds, bound to the real things."""

from __future__ import annotations

from collections.abc import Callable

from digest.feeds.health import Patience
from digest.pipeline import fetching
from digest.wiring import Wiring


def fetch(
    wiring: Wiring,
    progress: Callable[[str], None],
    on_feed: Callable[[str, str, float], None] = lambda name, said, seconds: None,
) -> fetching.FetchReport:
    """Read the feeds once and store what is new; raises StoreError."""
    settings = wiring.settings
    limits = settings.fetch
    return fetching.fetch(
        settings.feeds,
        fetcher=wiring.fetcher,
        stories=wiring.stories,
        notices=wiring.notices,
        alerts=fetching.Alerts(
            patience=Patience(
                failures=limits.alert_after_failures, empty=limits.alert_after_empty, silent=limits.alert_after_silent
            ),
            operators=settings.publication.operators,
            publication=settings.publication.name,
        ),
        clock=wiring.clock,
        progress=progress,
        on_feed=on_feed,
    )
