"""Kinds of values in digest.toml: durations, hours, zones, addresses and names, each refused in one sentence."""

from __future__ import annotations

import re
from datetime import time, timedelta
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from digest import extensions
from digest.model.editions import STYLES
from digest.model.links import RESERVED_NAMES

_DURATION = re.compile(r"^(\d+)\s*(s|m|h|d)$")
_DNS_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    if isinstance(value, str):
        match = _DURATION.match(value.strip())
        if match:
            return timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})
        raise ValueError(f"{value!r} is no duration; write a number and s, m, h or d, such as '45m'")
    raise ValueError("write a duration in quotes: a number and s, m, h or d, such as '45m'")


def _clock_time(value: object) -> object:
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    if isinstance(value, str) and re.fullmatch(r"\d{1,2}:\d{2}", value.strip()):
        hour, minute = map(int, value.split(":"))
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise ValueError(f"{value!r} is no time of day; write it as '07:00'")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{value!r} is no time zone; use an IANA name such as 'Europe/Lisbon'") from None
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is no web address; it begins with https:// or http:// and names a host")
    return value


def _public_url(value: str) -> str:
    return _web_address(value).rstrip("/") if value else value


def _path_prefix(value: str) -> str:
    if value and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+/?", value):
        raise ValueError(f"{value!r} is no path; write it as '/news'")
    return value.rstrip("/")


def _network(value: str) -> str:
    try:
        ip_network(value, strict=False)
    except ValueError:
        raise ValueError(f"{value!r} is no network; write '127.0.0.1' or '10.0.0.0/8'") from None
    return value


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", value):
        raise ValueError(f"{value!r} cannot stand in an address; use lower-case letters, digits and hyphens")
    return value


def _digest_name(value: str) -> str:
    if _slug(value) in RESERVED_NAMES:
        raise ValueError(f"{value!r} is taken by an address of our own; choose another name")
    return value


def dns_name(value: str) -> str:
    """Return a name in lower case; raise ValueError where the DNS could not hold it."""
    if len(value) > 200 or not all(_DNS_LABEL.fullmatch(label) for label in value.split(".")):
        raise ValueError(f"{value!r} is no name of the DNS; use letters, digits, hyphens and dots")
    return value.lower()


def _style(value: str) -> str:
    if value not in STYLES and value not in (further := extensions.names(extensions.STYLES)):
        raise ValueError(f"{value!r} is no style; choose {', '.join((*STYLES, *further))}, or install an extension")
    return value


def _feed_address(value: str) -> str:
    scheme = urlsplit(value).scheme
    if scheme not in ("http", "https") and scheme in extensions.names(extensions.SOURCES):
        return value
    return _web_address(value)


def _rule(value: str) -> str:
    if value not in (known := extensions.names(extensions.CHECKS)):
        raise ValueError(f"no extension gives a rule {value!r}; install one, or choose of {', '.join(known) or 'none'}")
    return value


def _language(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        raise ValueError(f"{value!r} is no language tag; use one such as 'en', 'de' or 'pt-BR'")
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
ClockTime = Annotated[time, BeforeValidator(_clock_time)]
Zone = Annotated[str, AfterValidator(_zone)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Slug = Annotated[str, AfterValidator(_slug)]
DnsName = Annotated[str, AfterValidator(dns_name)]
Language = Annotated[str, AfterValidator(_language)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
PathPrefix = Annotated[str, AfterValidator(_path_prefix)]
Network = Annotated[str, AfterValidator(_network)]
DigestName = Annotated[str, AfterValidator(_digest_name)]
Style = Annotated[str, AfterValidator(_style)]
FeedAddress = Annotated[str, AfterValidator(_feed_address)]
Rule = Annotated[str, AfterValidator(_rule)]
