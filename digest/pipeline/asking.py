"""What editors are asked and told, and the sentences a run says of its calendar. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from digest.dates import at_local
from digest.editions.calendar import Schedule, approves_itself, closes, next_opening, opening, opens, why_off
from digest.model.editions import Edition
from digest.model.mail import EditionKey, Notice, NoticeKind


def local(instant: datetime, schedule: Schedule) -> str:
    """Return an instant as the publication's clock shows it: "07:00 WET"."""
    return f"{instant.astimezone(schedule.zone):%H:%M %Z}"


def local_day(instant: datetime, schedule: Schedule) -> str:
    """Return an instant as the publication's calendar and clock show it."""
    return f"{instant.astimezone(schedule.zone):%a %Y-%m-%d %H:%M %Z}"


def begins(day: date, schedule: Schedule) -> str:
    """Say when the hand-over of a day begins."""
    at = opens(day, schedule)
    whose = " of each reader's zone" if schedule.by == "subscriber" else ""
    return f"hand-over begins at {local(at, schedule)}{whose}" if at is not None else "hand-over begins at once"


def off(day: date, schedule: Schedule) -> str:
    """Return why a day rests, as it is recorded."""
    return why_off(day, schedule)


def off_sentence(day: date, schedule: Schedule, now: datetime) -> str:
    """Say why there is no edition today and when the next is due."""
    following = next_opening(now, schedule)
    then = f"the next is due {local_day(following, schedule)}" if following is not None else "none is due within a year"
    return f"no edition on {day}: {why_off(day, schedule)}; {then}"


def thin(edition: Edition, minimum: int) -> str:
    """Return why an edition holds too little, "" where it does not."""
    if len(edition.items) >= minimum:
        return ""
    if edition.items:
        return f"too few stories ({len(edition.items)} of at least {minimum})"
    if edition.health.feeds_failed and len(edition.health.feeds_failed) == edition.health.feeds:
        return "empty: every feed failed"
    return "empty: no feed had news"


def waits(schedule: Schedule, now: datetime, *, held: bool) -> str:
    """Return why a draft does not approve itself now, "" where it does."""
    if approves_itself(now, schedule, held=held):
        return ""
    if held:
        return "an editor said hold"
    if schedule.approval == "required":
        return "approval is required"
    return f"it approves itself at {schedule.approval_after:%H:%M}"


def notices_of(
    key: EditionKey,
    *,
    schedule: Schedule,
    held: bool,
    why: str,
    now: datetime,
    notice_before: timedelta,
    remind_before: timedelta,
    editors: tuple[str, ...],
    publication: str,
    desk_url: str,
) -> Iterator[Notice]:
    """Yield what editors are to be told by now of a draft: that it waits, and a reminder before it is too late.

    Each has a key of its own, so that it is told once however often this is called.
    """
    why = why or waits(schedule, now, held=held)
    if not why or now < opening(key.day, schedule) - notice_before:
        return
    end = closes(key.day, schedule)
    ask = _ask(key, why, schedule, desk_url, end)
    for editor in editors:
        subject = f"{publication}: the edition of {key.day} waits for you"
        yield _notice(key, "approval", editor, subject, ask, now)
        if end is not None and end - remind_before <= now < end and opening(key.day, schedule) <= now:
            subject = f"{publication}: the edition of {key.day} waits until {local(end, schedule)}"
            yield _notice(key, "reminder", editor, subject, f"Still: {ask[:1].lower()}{ask[1:]}", now)


def _notice(key: EditionKey, kind: str, editor: str, subject: str, text: str, now: datetime) -> Notice:
    return Notice(
        kind=NoticeKind.APPROVAL,
        recipient=editor,
        subject=subject,
        text=text,
        key=f"{kind}:{key.digest}:{key.day}:{editor}",
        at=now,
    )


def _ask(key: EditionKey, why: str, schedule: Schedule, desk_url: str, end: datetime | None) -> str:
    lines = [f"The edition of {key.day} waits for approval: {why}.", ""]
    if schedule.approval == "automatic-after" and schedule.approval_after is not None and "hold" not in why:
        itself = at_local(key.day, schedule.approval_after, schedule.zone)
        lines += [f"It approves itself at {local(itself, schedule)}, unless you say `digest withdraw`.", ""]
    else:
        lines += ["Nothing is mailed before you approve it.", ""]
    if desk_url:
        lines.append(f"At the desk: {desk_url}/{key.digest}/{key.day}")
    lines.append("In a terminal: `digest preview` shows it, `digest approve` lets it go.")
    if end is not None:
        lines += ["", f"Not approved by {local_day(end, schedule)}, it is skipped."]
    return "\n".join(lines) + "\n"
