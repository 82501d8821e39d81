"""Which language of an edition a reader gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from digest.model.mail import Message, Parts, Planned


def in_language(parts: Sequence[Parts], wanted: str, usual: str) -> Parts:
    """Return the parts in a reader's language: that of the tag, else of its first part, else the usual one.

    ``parts`` is never empty.
    """
    by_tag = {each.language.casefold(): each for each in reversed(parts)}
    primary = {each.language.casefold().split("-")[0]: each for each in reversed(parts)}
    for tag in filter(None, (wanted.casefold(), usual.casefold())):
        found = by_tag.get(tag) or by_tag.get(tag.split("-")[0]) or primary.get(tag.split("-")[0])
        if found is not None:
            return found
    return parts[0]


@dataclass
class Writers:
    """Writes the messages of one edition, each in its reader's language."""

    parts: Sequence[Parts]  # one a language
    usual: str  # the publication's language: for readers who named none, or one there is not
    writer: Callable[[Parts], Callable[[Planned], Message]]
    _made: dict[str, Callable[[Planned], Message]] = field(default_factory=dict)

    def __call__(self, person: Planned) -> Message:
        """Return the message of one person."""
        parts = in_language(self.parts, person.language, self.usual)
        if parts.language not in self._made:
            self._made[parts.language] = self.writer(parts)
        return self._made[parts.language](person)
