"""How an edition's line looks in three programs' lists of mails."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr

from digest.model.editions import Edition, Publication

SUBJECT, PREHEADER = 60, 100  # characters that compose keeps to; most lists show as many


@dataclass(frozen=True, kw_only=True)
class InboxLine:
    """One program's line."""

    program: str  # "Gmail"
    kind: str  # its class in the stylesheet
    sender: str
    subject: str
    preheader: str


def lines_of(edition: Edition, publication: Publication) -> tuple[InboxLine, ...]:
    """Return the lines of Gmail (one row), Apple Mail (two rows of preheader) and Outlook (three rows)."""
    sender = parseaddr(publication.sender)[0] or publication.name
    return tuple(
        InboxLine(
            program=program,
            kind=kind,
            sender=sender,
            subject=edition.subject or "(no subject)",
            preheader=edition.preheader,
        )
        for program, kind in (("Gmail", "gmail"), ("Apple Mail", "apple"), ("Outlook", "outlook"))
    )
