"""Who works at the desk, and what is on record of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from digest.dates import aware


class Role(StrEnum):
    """What somebody may do at the desk."""

    EDITOR = "editor"  # everything
    VIEWER = "viewer"  # look, and change nothing


@dataclass(frozen=True, kw_only=True)
class DeskUser:
    """Somebody who logs in with a password."""

    name: str  # as shown in the history
    role: Role
    created: datetime

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        object.__setattr__(self, "created", aware(self.created, "created"))


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Whose request it is."""

    name: str
    role: Role
    csrf: str  # what every POST of this session carries

    @property
    def initials(self) -> str:
        """Return two letters for a small place."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:]) if word).upper() or "?"

    @property
    def may_edit(self) -> bool:
        """Whether this visitor may change anything."""
        return self.role is Role.EDITOR


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One line of the desk's log."""

    at: datetime
    by: str  # a user's name; "" where nobody was let in
    did: str  # one word: "log-in", "refused", "approve", "send", "edit" …
    about: str = ""  # the edition and what of it, without secrets
    address: str = ""  # of the network, as far as it is known

    def __post_init__(self) -> None:
        """Refuse naive instants."""
        object.__setattr__(self, "at", aware(self.at, "at"))
