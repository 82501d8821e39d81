"""Names of time zones as feeds write them, and what they mean in seconds east of Greenwich.

RFC 822 §5.1 names the North American zones; the others are what news sites write. A name that several countries use
for different times is left out unless nearly every feed means one of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Hours east of UTC.
_FIXED: dict[str, float] = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "zulu": 0, "uct": 0,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "akst": -9, "akdt": -8, "hst": -10, "ast": -4, "adt": -3, "nst": -3.5, "ndt": -2.5,
    "brt": -3, "brst": -2, "art": -3, "clt": -4, "clst": -3, "pet": -5, "uyt": -3, "vet": -4, "bot": -4,
    "bst": 1, "west": 1, "cet": 1, "met": 1, "mez": 1, "cest": 2, "mest": 2, "mesz": 2,
    "eet": 2, "sast": 2, "cat": 2, "wat": 1, "eat": 3, "eest": 3, "msk": 3, "trt": 3, "msd": 4, "gst": 4,
    "irst": 3.5, "aft": 4.5, "pkt": 5, "ist": 5.5, "npt": 5.75, "mmt": 6.5, "ict": 7, "wib": 7, "wita": 8, "wit": 9,
    "hkt": 8, "sgt": 8, "myt": 8, "pht": 8, "awst": 8, "jst": 9, "kst": 9,
    "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}  # fmt: skip

# Names that mean standard or summer time, whichever it was on that day.
_BY_SEASON = {
    "pt": "America/Los_Angeles",
    "mt": "America/Denver",
    "ct": "America/Chicago",
    "et": "America/New_York",
}


def is_zone(name: str) -> bool:
    """Tell whether ``name``, in lower case, is a zone we know."""
    return name in _FIXED or name in _BY_SEASON


def in_zone(name: str, local: datetime) -> timedelta:
    """Return the offset east of UTC of a known zone for a naive local time."""
    if name in _FIXED:
        return timedelta(hours=_FIXED[name])
    return ZoneInfo(_BY_SEASON[name]).utcoffset(local) or timedelta(0)


def named(zone: str) -> ZoneInfo | None:
    """Return the IANA zone of that name, or None where there is no such zone."""
    try:
        return ZoneInfo(zone) if zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
