"""Subject and preheader, what the law and mail providers ask for, and what was left over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.model.editions import Finding, Publication

_TEMPLATE = re.compile(r"\{\{|\}\}|\{%|%\}|%%[0-9a-f]{12}\.|<!--cut:|<mj-")
_PLACEHOLDER = re.compile(r"\b(TK|TKTK|XXX|lorem ipsum)\b", re.I)


def check_lines(subject: str, preheader: str) -> Iterator[Finding]:
    """Check the two lines an inbox shows."""
    if not subject.strip():
        yield Finding(code="subject", severity="error", where="subject", message="it is empty", fix="write one")
    elif len(subject) > 78:
        message = f"it has {len(subject)} characters; inboxes show about 60"
        yield Finding(code="subject", severity="warning", where="subject", message=message)
    if len(preheader) < 30:
        message = "it is short: inboxes fill the line with what comes next"
        yield Finding(code="preheader", severity="note", where="preheader", message=message)


def check_duties(html: str, text: str, publication: Publication) -> Iterator[Finding]:
    """Check the way out and who sends it."""
    if "/u/EXAMPLE" not in html or "/u/EXAMPLE" not in text:
        message = "the link to unsubscribe is missing"
        yield Finding(
            code="unsubscribe", severity="error", where="imprint", message=message, fix="put slot.unsubscribe_url back"
        )
    if not publication.postal_address:
        message = "the publication has no postal address"
        yield Finding(
            code="postal-address", severity="warning", where="imprint", message=message,
            fix="set publication.postal_address: most countries ask for it",
        )  # fmt: skip
    if not publication.public_url:
        message = "links to leave, preferences and the web page need an address of yours"
        yield Finding(
            code="public-url", severity="note", where="imprint", message=message, fix="set publication.public_url"
        )


def check_leftovers(html: str, text: str, subject: str, preheader: str) -> Iterator[Finding]:
    """Check for template syntax and notes to oneself that nobody took out."""
    for where, words in (("html", html), ("text", text), ("subject", subject), ("preheader", preheader)):
        left = _TEMPLATE.search(words)
        if left is not None and where != "html":
            message = f"template syntax is left over ({left.group()})"
            yield Finding(code="leftover", severity="warning", where=where, message=message)
        elif left is not None and left.group().startswith(("%%", "<!--cut", "<mj-")):
            message = f"template syntax is left over ({left.group()})"
            yield Finding(code="leftover", severity="error", where=where, message=message, fix="mend the template")
    note = _PLACEHOLDER.search(f"{subject}\n{preheader}\n{text}")
    if note is not None:
        message = f"a note to yourself may be left in it ({note.group()})"
        yield Finding(code="placeholder", severity="warning", where="text", message=message)
