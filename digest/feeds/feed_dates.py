"""What instant a feed's date means.

Nearly every date is RFC 822 or ISO 8601 and is read by one regular expression. The rest goes through a reader that
finds the time, the zone, the month's name in any language, and then the day and the year among the numbers left.
Nothing is ever filled in from today's date: without a year there is no instant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

from digest.feeds.month_names import days, fold, month_of
from digest.feeds.zones import in_zone, is_zone, named

UNKNOWN = "unknown"
NO_ZONE = "no zone"
_LONGEST = 120  # characters; what is longer is a sentence, not a date
_YEARS = range(1900, 2200)

_ENGLISH = "janfebmaraprmayjunjulaugsepoctnovdec"
_MONTHS = {_ENGLISH[at : at + 3]: at // 3 + 1 for at in range(0, 36, 3)}

_RFC822 = re.compile(
    r"\s*(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})\s+([A-Za-z]{3})[a-z]*\s+(\d{4})\s+(\d{1,2}):(\d\d)(?::(\d\d))?"
    r"\s+(?:([+-])(\d\d):?(\d\d)|([A-Za-z]{1,5}))\s*",
    re.ASCII,
)
_ISO = re.compile(
    r"\s*(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]\s?|\s+)(\d\d?):(\d\d)(?::(\d\d?)(?:[.,]\d+)?)?"
    r"\s*(?:([Zz])|([+-])(\d\d):?(\d\d?)?)?\s*",
    re.ASCII,
)


def understand(text: str, *, time_zone: str = "") -> tuple[datetime | None, str]:
    """Return the aware UTC instant that ``text`` means and a note on how sure it is.

    The note is "" where the text says its zone, "no zone" where it does not (then ``time_zone``, an IANA name, or
    else UTC is meant), and "unknown" beside None where the text is no date.
    """
    try:
        found = _rfc822(text) or _iso(text) or _odd(text)
        if found is None:
            return None, UNKNOWN
        local, offset = found
        if offset is not None:
            return (local - offset).replace(tzinfo=UTC), ""
        zone: tzinfo = named(time_zone) or _zone_of_script(text) or UTC
        return local.replace(tzinfo=zone).astimezone(UTC), NO_ZONE
    except (ValueError, OverflowError):
        return None, UNKNOWN


_Local = tuple[datetime, timedelta | None]  # naive local time, offset east of UTC where said
_OffsetOf = Callable[[datetime], timedelta]  # offset east of UTC at a naive local time


def _rfc822(text: str) -> _Local | None:
    """RFC 822 §5 with the four-digit years of RFC 1123."""
    match = _RFC822.fullmatch(text)
    if match is None:
        return None
    day, month, year, hour, minute, second, sign, off_hour, off_minute, zone = match.groups()
    number = _MONTHS.get(month.lower())
    if number is None:
        return None
    local = _moment(int(year), number, int(day), int(hour), int(minute), int(second or 0))
    if sign:
        return local, _offset(sign, off_hour, off_minute)
    name = zone.lower()
    return (local, in_zone(name, local)) if is_zone(name) else (local, None)


def _iso(text: str) -> _Local | None:
    """Read the profile of ISO 8601 in RFC 3339, a blank or no zone allowed."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, utc, sign, off_hour, off_minute = match.groups()
    local = _moment(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
    if utc:
        return local, timedelta(0)
    return local, _offset(sign, off_hour, off_minute or "0") if sign else None


def _moment(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """Return a naive time; 24:00 is the next midnight (ISO 8601), a leap second is the one before it."""
    if year not in _YEARS:
        raise ValueError(f"no news is from the year {year}")
    if hour == 24 and minute == second == 0:
        return datetime(year, month, day) + timedelta(days=1)  # noqa: DTZ001 - local time, its zone is found apart
    return datetime(year, month, day, hour, minute, min(second, 59) if second == 60 else second)  # noqa: DTZ001 - same


def _offset(sign: str, hours: str, minutes: str) -> timedelta:
    span = timedelta(hours=int(hours), minutes=int(minutes))
    # The widest zones are -12:00 and +14:00; up to a day is what date libraries take.
    if span >= timedelta(days=1):
        raise ValueError(f"no zone is {hours} hours from Greenwich")
    return -span if sign == "-" else span


# --- everything else --------------------------------------------------------------------------------------------

_COMMENT = re.compile(r"\([^()]*\)")
_COMPACT = (
    (re.compile(r"(\d{4})"), "y"),
    (re.compile(r"(\d{4})-(\d\d)"), "ym"),
    (re.compile(r"(\d{4})(\d\d)(\d\d)"), "ymd"),
    (re.compile(r"(\d{4})(\d\d)(\d\d)t?(\d\d)(\d\d)(\d\d)?(z)?"), "ymdhms"),
    (re.compile(r"(\d\d)(\d\d)(\d\d)"), "ymd"),
    (re.compile(r"(\d{4})-?(\d{3})"), "yo"),
    (re.compile(r"(\d\d)-?(\d{3})"), "yo"),
)
_EPOCH = re.compile(r"(\d{10})(\d{3})?")
_TIME = re.compile(
    r"(?P<before>오전|오후|上午|下午|午前|午後)?\s*(?<![\d.])(?P<hour>\d{1,2})\s*"
    r"(?:(?:[:h時时]|시|\.(?=\d\d\s*uhr))\s*(?P<minute>\d\d)(?:\s*(?:[:分]|분)\s*(?P<second>\d\d)(?:[.,]\d+)?)?[초秒分분]?"
    r"(?:\s*(?P<after>[ap]\.?\s?m\b\.?))?|\s*(?P<alone>[ap]\.?\s?m\b\.?))"
)
_ZONE = re.compile(
    r"(?:(?:gmt|utc)\s*)?(?<![\d\w])(?P<sign>[-+−])\s?(?P<hours>\d{1,2}):?(?P<minutes>\d\d)?(?::\d\d)?(?!\d)"
)
_GMT_OFFSET = re.compile(r"\b(?:gmt|utc)\s*(?P<sign>[-+−])\s?(?P<hours>\d{1,2}):?(?P<minutes>\d\d)?(?!\d)")
_WORD = re.compile(r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?")
_NUMBER = re.compile(r"\d+")
_TRIPLE = re.compile(r"(?<!\d)(\d{1,4})\s*([-/.年년]|\s)\s*(\d{1,2})\s*([-/.月월]|\s)\s*(\d{1,4})(?!\d)")
# Small words that stand in dates: "at", "o'clock", endings of ordinals, "year", "month" and "day" of East Asia.
_FILLING = frozenset(
    fold(word)
    for word in (
        *("at", "on", "of", "the", "t", "th", "st", "nd", "rd", "um", "uhr", "den", "der", "am", "kl", "klo"),
        *("a", "de", "del", "do", "da", "as", "le", "la", "el", "er", "г", "tháng", "năm", "ngày"),
        *("年", "月", "日", "년", "월", "일"),
    )
)
_AFTERNOON = ("오후", "下午", "午後")


def _odd(text: str) -> _Local | None:
    """Read any other spelling: time, zone, then month by name or the order of the numbers."""
    if len(text) > _LONGEST:
        return None
    said = _COMMENT.sub(" ", unicodedata.normalize("NFKC", text)).strip().lower()
    said = "".join(str(unicodedata.decimal(mark)) if mark.isdecimal() else mark for mark in said)
    compact = _compact(said)
    if compact is not None:
        return compact
    # The date comes off first where it is three numbers, so that "2020.11.16" is never read as a time.
    clock, rest = _take_time(said)
    offset_of, rest = _take_zone(rest, timed=clock is not None)
    day = _day(rest)
    if day is None:
        return None
    local = _moment(*day, *(clock or (0, 0, 0)))
    return local, offset_of(local) if offset_of is not None else None


def _compact(said: str) -> _Local | None:
    """ISO 8601 without hyphens, cut short or ordinal, and seconds since 1970."""
    epoch = _EPOCH.fullmatch(said)
    if epoch:
        return datetime.fromtimestamp(int(epoch[1]), tz=UTC).replace(tzinfo=None), timedelta(0)
    for pattern, order in _COMPACT:
        match = pattern.fullmatch(said)
        if match is None:
            continue
        numbers = [int(group) for group in match.groups() if group and group != "z"]
        year = _full_year(numbers[0], len(match[1]))
        if order == "ymdhms":
            return _moment(*numbers), timedelta(0) if match[7] else None
        if order == "yo":
            if not 1 <= numbers[1] <= 366:
                return None
            return _moment(year, 1, 1) + timedelta(days=numbers[1] - 1), None
        return _moment(year, *[*numbers[1:], 1, 1][:2]), None
    return None


def _full_year(number: int, digits: int) -> int:
    """Return a year of four digits; two digits mean 1970–2069, as POSIX has it (69–99 are 19xx)."""
    if digits > 2:
        return number
    return number + (1900 if number >= 69 else 2000)


def _take_time(said: str) -> tuple[tuple[int, int, int] | None, str]:
    match = _TIME.search(said)
    if match is None:
        return None, said
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    half = (match["after"] or match["alone"] or "")[:1]
    if half or match["before"]:
        late = half == "p" or match["before"] in _AFTERNOON
        if hour <= 12:
            hour = hour % 12 + (12 if late else 0)
    return (hour, minute, second), f"{said[: match.start()]} {said[match.end() :]}"


def _take_zone(rest: str, *, timed: bool) -> tuple[_OffsetOf | None, str]:
    match = _GMT_OFFSET.search(rest) or (_ZONE.search(rest) if timed else None)
    if match is not None:
        span = _offset("+" if match["sign"] == "+" else "-", match["hours"], match["minutes"] or "0")
        return (lambda local: span), f"{rest[: match.start()]} {rest[match.end() :]}"
    for word in _WORD.finditer(rest):
        name = word[0].rstrip(".").replace(".", "")
        if is_zone(name):
            return partial(in_zone, name), f"{rest[: word.start()]} {rest[word.end() :]}"
    return None, rest


def _day(rest: str) -> tuple[int, int, int] | None:
    """Return year, month and day of what is left when time and zone are taken off."""
    numbers = _NUMBER.findall(rest)
    words = [fold(word) for word in _WORD.findall(rest)]
    strange = [word for word in words if word not in _FILLING and word not in days() and not month_of(word)]
    month = _named_month(words)
    if month:
        # One strange word may be a day in a language we do not know; two are a sentence.
        return _around_month(numbers, month) if len(strange) < 2 else None
    match = _TRIPLE.search(rest)
    if match is None or len(numbers) != 3 or strange:
        return None
    return _three(match[1], match[3], match[5], match[2])


def _named_month(words: list[str]) -> int:
    """Return the month the words name; a word that is also a day ("mar." = mardi) yields to one that is not."""
    named_months = {word: number for word in words if (number := month_of(word))}
    if len(set(named_months.values())) > 1:
        named_months = {word: number for word, number in named_months.items() if word not in days()}
    numbers = set(named_months.values())
    return numbers.pop() if len(numbers) == 1 else 0


def _around_month(numbers: list[str], month: int) -> tuple[int, int, int] | None:
    """Day and year beside a month's name: "16 Nov 2020", "Nov 16, 20", "2020 Nov 16", "Nov 2020"."""
    years = [number for number in numbers if len(number) == 4]
    others = [number for number in numbers if len(number) <= 2]
    if len(years) + len(others) != len(numbers):
        return None
    if len(years) == 1 and len(others) <= 1:
        return int(years[0]), month, int(others[0]) if others else 1
    if not years and len(others) == 2:
        return _full_year(int(others[1]), 2), month, int(others[0])
    return None


def _three(first: str, second: str, third: str, mark: str) -> tuple[int, int, int] | None:
    """Year, month and day of three numbers: 2020-11-16, 16.11.2020, 11/16/2020, 16/11/2020."""
    if len(first) > 2:
        return (int(first), int(second), int(third)) if len(first) == 4 and len(third) <= 2 else None
    if len(third) not in (2, 4):
        return None
    year, day, month = _full_year(int(third), len(third)), int(first), int(second)
    # With slashes the month comes first, as in the United States, unless it cannot be one.
    if (mark == "/" and day <= 12) or month > 12:
        day, month = month, day
    return year, month, day


def _zone_of_script(text: str) -> tzinfo | None:
    """Return the zone of a language that is written in one zone only: Korean and Japanese clock words."""
    if any(mark in text for mark in ("오전", "오후", "년", "월 ")):
        return named("Asia/Seoul")
    return named("Asia/Tokyo") if "午後" in text or "午前" in text else None
