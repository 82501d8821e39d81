"""What picking found: a value that reports print and an edition is composed of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from digest.editions.rank import Ranked
from digest.model.editions import FilledSection, Health
from digest.model.news import Duplicate


@dataclass(frozen=True, kw_only=True)
class Picked:
    """Sections filled, every event ranked, every copy named."""

    at: datetime | None  # the moment ages are counted to; None = no time is known
    sections: tuple[FilledSection, ...]  # in the publication's order, empty ones included
    ranked: tuple[Ranked, ...]  # every event, best first
    duplicates: tuple[Duplicate, ...]  # copies left out, by id
    health: Health  # stories, clusters, duplicates, short sections
