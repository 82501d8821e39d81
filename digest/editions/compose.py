"""Picked sections → an edition: subject, preheader, the sponsors of the day and what an operator should know."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from digest.model.editions import Edition, FilledSection, Health, Sponsor

SUBJECT = 60  # characters; what most inboxes show of a subject
PREHEADER_LEAST, PREHEADER = 40, 100  # characters; shorter, and inboxes fill up with the words after it
_BETWEEN = " · "


class Sections(Protocol):
    """What picking hands over."""

    @property
    def sections(self) -> tuple[FilledSection, ...]:
        """The publication's sections in order, filled."""
        ...


def compose(
    *,
    digest: str,
    day: date,
    picked: Sections,
    sponsors: Sequence[Sponsor],
    health: Health,
    since: datetime | None,
    built_at: datetime,
) -> Edition:
    """Return the edition of a day; its words come from its items, in the order of the mail."""
    headlines = [item.headline for filled in picked.sections for item in filled.items]
    return Edition(
        digest=digest,
        day=day,
        subject=subject_of(headlines),
        preheader=preheader_of(headlines),
        sections=tuple(picked.sections),
        sponsors=tuple(sponsors),
        health=health,
        since=since,
        built_at=built_at,
    )


def subject_of(headlines: Sequence[str]) -> str:
    """Return the first headline in at most 60 characters; "" without one."""
    return shortened(headlines[0], SUBJECT) if headlines else ""


def preheader_of(headlines: Sequence[str]) -> str:
    """Return the second and third headline in at most 100 characters, further ones until there are 40.

    It is shorter only where there are not enough headlines, and "" where there is only one.
    """
    following = [_one_line(headline) for headline in headlines[1:]]
    text = _BETWEEN.join(headline for headline in following[:2] if headline)
    for headline in following[2:]:
        if len(text) >= PREHEADER_LEAST:
            break
        text = _BETWEEN.join(part for part in (text, headline) if part)
    return shortened(text, PREHEADER)


def shortened(text: str, most: int) -> str:
    """Return a text on one line in at most ``most`` characters; cut, between words if possible, it ends in "…"."""
    text = _one_line(text)
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    words, space, _ = cut.rpartition(" ")
    if text[most - 1] != " " and space and len(words) >= most // 2:
        cut = words
    return _whole(cut, text[len(cut) :]).rstrip(" ,;:.·–—-") + "…"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _whole(cut: str, rest: str) -> str:
    """Drop a last character whose accents or joined parts were cut off."""
    joiner = "\u200d"
    while cut and rest and (unicodedata.combining(rest[0]) or rest[0] in "\ufe0f\u200d" or cut[-1] == joiner):
        cut, rest = cut[:-1], cut[-1] + rest
    return cut
