"""What a rule of the check looks at, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from digest.model.editions import Finding

CLIPPED = 102_400  # bytes of encoded HTML: Gmail hides what comes after, the link to leave with it


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail as a reader gets it: of an edition with inert links, of a file as it stands."""

    html: str  # "" where there is no HTML part
    text: str  # "" where there is no text part
    subject: str


Rule = Callable[[Mail], Sequence[Finding]]
"""Returns what is wrong with a mail; nothing else of the world."""
