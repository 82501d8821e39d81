"""What is wrong with a rendered mail. Errors block approval, warnings are told, notes are for those who ask."""

from __future__ import annotations

from collections.abc import Iterable

from digest.check import contents, structure
from digest.model.editions import Finding, Publication

_ORDER = {"error": 0, "warning": 1, "note": 2}


def check_mail(
    *, html: str, text: str, subject: str, preheader: str, publication: Publication, encoded_size: int
) -> tuple[Finding, ...]:
    """Return the findings about a mail whose slots are filled: errors first, in a fixed order."""
    found = [
        *structure.check_html(html),
        *structure.check_size(encoded_size),
        *contents.check_lines(subject, preheader),
        *contents.check_duties(html, text, publication),
        *contents.check_leftovers(html, text, subject, preheader),
    ]
    return in_order(found)


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings errors first, then by code and place, each once."""
    ordered = sorted(found, key=lambda finding: (_ORDER[finding.severity], finding.code, finding.where))
    return tuple(dict.fromkeys(ordered))
