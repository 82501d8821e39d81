"""Lists that other systems export: how each is recognised by its header, and what its columns say of a person.

Headers as those systems wrote them in 2025 and 2026; a column we do not read stays an attribute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

YES = frozenset({"true", "yes", "1", "t", "y"})


def folded(header: str) -> str:
    """Return a header as it is compared: without case, blanks, hyphens and underscores."""
    return "".join(header.lower().replace("-", "").replace("_", "").split())


@dataclass(frozen=True, kw_only=True)
class System:
    """A system whose exports are known."""

    name: str
    marks: frozenset[str]  # folded headers that only it has together
    statuses: Mapping[str, str]  # of its own words


SYSTEMS = (
    System(
        name="listmonk",
        marks=frozenset({"uuid", "email", "status", "createdat", "updatedat"}),
        statuses={"enabled": "active", "disabled": "unsubscribed", "blocklisted": "unsubscribed"},
    ),
    System(
        name="Ghost",
        marks=frozenset({"email", "subscribedtoemails", "complimentaryplan"}),
        statuses={},
    ),
    System(
        name="Mailchimp",
        marks=frozenset({"emailaddress", "memberrating", "optintime"}),
        statuses={},
    ),
    System(
        name="Substack",
        marks=frozenset({"email", "activesubscription", "emaildisabled"}),
        statuses={},
    ),
    System(
        name="Buttondown",
        marks=frozenset({"email", "subscribertype", "creationdate"}),
        statuses={
            "regular": "active", "premium": "active", "gifted": "active", "trialed": "active", "churning": "active",
            "churned": "active", "unactivated": "pending", "unpaid": "active", "removed": "unsubscribed",
            "undeliverable": "bounced", "blocked": "unsubscribed", "spammy": "unsubscribed", "paused": "unsubscribed",
        },
    ),
)  # fmt: skip


def recognised(header: Sequence[str]) -> System | None:
    """Return the system that wrote a header, or None."""
    names = {folded(cell) for cell in header}
    return next((each for each in SYSTEMS if each.marks <= names), None)


def status_of(system: System | None, cells: Mapping[str, str]) -> str:
    """Return the status that a row's own columns say, "" where they say none; keys of ``cells`` are folded headers.

    Who left in the other system has left here too: a promise is not lost by moving.
    """
    if system is None:
        return ""
    if system.name == "Ghost":
        return "" if cells.get("subscribedtoemails", "true").lower() in YES else "unsubscribed"
    if system.name == "Substack":
        return "unsubscribed" if cells.get("emaildisabled", "").lower() in YES else ""
    if system.name == "Mailchimp":
        return "bounced" if cells.get("cleantime") else "unsubscribed" if cells.get("unsubtime") else ""
    if system.name == "Buttondown":
        return system.statuses.get(cells.get("subscribertype", "").lower(), "")
    return ""
