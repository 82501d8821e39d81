"""Events that have something to show count more: `[weights.terms] pictured = 0.5`."""

from __future__ import annotations

from datetime import datetime

from digest.model.news import Cluster


def value(cluster: Cluster, at: datetime | None) -> float:
    """Return 1 where a story of the event brings a picture or a film, else 0; the moment does not matter."""
    return 1.0 if any(story.image or story.media for story in cluster.stories) else 0.0
