"""Whose host is it: a publication's own, or a third party's."""

from __future__ import annotations

from collections.abc import Iterable

from digest.check.page import address

_SECOND = frozenset({"ac", "co", "com", "edu", "gov", "net", "or", "org", "ne", "go", "nom"})


def host_of(url: str) -> str:
    """Return the host of an address in lower case, "" where it has none."""
    parts = address(url)
    return (parts.hostname or "").lower().rstrip(".") if parts else ""


def domain_of(host: str) -> str:
    """Return the part of a host that somebody registers, as far as can be told without a list of suffixes."""
    labels = host.split(".")
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


def domains(hosts: Iterable[str]) -> frozenset[str]:
    """Return the domains of hosts."""
    return frozenset(domain_of(host) for host in hosts if host)
