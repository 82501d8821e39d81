"""SMTP replies → what they mean for a recipient, and whose fault they are (RFC 5321 §4.2, RFC 3463)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from digest.model.mail import Outcome, OutcomeKind

_ENHANCED = re.compile(r"^\s*([245]\.\d{1,3}\.\d{1,3})\b")

# Enhanced subjects that speak of us or of the relay, not of one recipient: 5.7 policy of the sender is told apart
# from 5.7.1 for one recipient only by the phase, so the phase decides where the code does not.
_SYSTEM_CODES = frozenset({421, 454, 500, 502, 503, 504, 530, 534, 535, 538, 555})

# Enhanced codes by which a relay speaks of one address and nothing else: it is gone, wrong, closed or full.
_OF_THE_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.2.2"})

BACK_OFF = (timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=45), timedelta(hours=2), timedelta(hours=4))


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One reply of a server, its lines joined."""

    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The enhanced status code (RFC 3463), or ""."""
        match = _ENHANCED.match(self.text)
        return match.group(1) if match else ""

    @property
    def ok(self) -> bool:
        """Whether it is a 2xx or 3xx."""
        return 200 <= self.code < 400

    def __str__(self) -> str:
        """Return the reply in one line, controls removed."""
        clean = self.text
        if not clean.isprintable():
            clean = "".join(character if character.isprintable() else " " for character in clean)
        return f"{self.code} {' '.join(clean.split())}"[:500]


def is_systemic(reply: Reply, phase: str) -> bool:
    """Tell whether a reply refuses us altogether rather than one recipient.

    421 closes the channel; authentication and syntax are about us; a 5xx of MAIL FROM is about our sender address.
    """
    return reply.code in _SYSTEM_CODES or (phase == "mail" and not reply.ok)


def is_of_the_address(enhanced: str) -> bool:
    """Tell whether a refusal with this enhanced code can only be about its recipient, so that it says nothing of us."""
    return enhanced in _OF_THE_ADDRESS


def outcome(subscriber: str, reply: Reply, *, phase: str, at: datetime, attempts: int, random: Random) -> Outcome:
    """Return what a reply says of one recipient; a 4xx gets its next attempt, later each time, with jitter."""
    if reply.ok:
        kind = OutcomeKind.ACCEPTED
    elif reply.code >= 500:
        kind = OutcomeKind.REFUSED
    else:
        kind = OutcomeKind.DEFERRED
    later = next_attempt(at, attempts, random) if kind is OutcomeKind.DEFERRED else None
    return Outcome(
        subscriber=subscriber,
        kind=kind,
        at=at,
        code=reply.code,
        enhanced=reply.enhanced,
        reply=str(reply),
        phase=phase,
        next_attempt=later,
    )


def next_attempt(at: datetime, attempts: int, random: Random) -> datetime:
    """Return when a delivery that had ``attempts`` before this one is tried again: 5 min to 4 h, ± 20 %."""
    pause = BACK_OFF[min(attempts, len(BACK_OFF) - 1)]
    return at + pause * (0.8 + 0.4 * random.random())
