"""Telling operators by mail: once when trouble begins or changes, once when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from digest.model.mail import Notice, NoticeKind
from digest.ports import NoticeStore

# What each kind of trouble is called in a subject; feeds have notices of their own (pipeline.fetching).
NAMES = {
    "failed": "the run failed",
    "relay": "the relay cannot be reached",
    "stopped": "the run was stopped before its end",
    "refused": "deliveries were refused",
    "doubt": "deliveries are in doubt",
    "expired": "deliveries were given up",
    "late": "an edition was too late to mail",
    "content": "the edition cannot be approved as it is",
    "rows": "rows of the subscribers' file were rejected",
    "bounces": "the mailbox of bounces cannot be read",
    "notices": "notices could not be delivered",
    "feeds-all": "no feed could be read",
    "schedule": "no edition is due within a year",
}


class AlarmStore(Protocol):
    """What operators were told last."""

    def change(self, topic: str, state: str, *, now: datetime) -> tuple[str, int]:
        """Set a topic's state; return the state before and how often it has changed by now."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Who is told, and how the publication is called."""

    digest: str
    publication: str
    operators: tuple[str, ...]
    where: str  # where they look first: a command


def sound(
    watch: Watch, kinds: Iterable[str], quote: str, *, alarms: AlarmStore, notices: NoticeStore, now: datetime
) -> str:
    """Queue a notice to the operators where the kinds of trouble changed; return its subject, "" where none did.

    Trouble that goes while other trouble stays is not told. Raises StoreError.
    """
    found = sorted(kind for kind in set(kinds) if kind in NAMES)
    state = "|".join(found)
    before, number = alarms.change(f"run:{watch.digest}", state, now=now)
    fresh = [kind for kind in found if kind not in before.split("|")]
    if before == state or (found and not fresh):
        return ""
    said = "; ".join(NAMES[kind] for kind in fresh) if fresh else "all is well again"
    subject = f"{watch.publication} ({watch.digest}): {said}"
    text = f"{said[:1].upper()}{said[1:]}.\n\nThe last lines of the run:\n\n{quote or '(it said nothing)'}\n\n"
    text += f"Look first: {watch.where}\nYou are told again when this changes, not with each run.\n"
    for operator in watch.operators:
        key = f"run:{watch.digest}:{number}:{operator}"
        notice = Notice(kind=NoticeKind.ALERT, recipient=operator, subject=subject, text=text, key=key, at=now)
        notices.queue(notice, now=now)
    return subject
