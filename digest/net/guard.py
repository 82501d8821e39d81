"""Which addresses of the network may be reached.

A name is no proof: it may resolve to a private address, be an odd spelling of one (``0x7f.1``), or resolve to another
address the second time (rebinding). So the address is judged where the socket is made, after resolution, on every
connection and every redirect.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

from digest.errors import FetchError

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# RFC 6052 §2.1: an IPv4 address in its last 32 bits, which a gateway would reach for us.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Ports below 1024 that serve feeds; the others there speak other protocols.
_LOW_PORTS = frozenset({80, 443})
# Ports above that browsers refuse as well (WHATWG Fetch §2.9), and caches and databases that take HTTP for commands.
_BAD_PORTS = frozenset({
    1719, 1720, 1723, 2049, 3306, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, *range(6665, 6670), 6679, 6697,
    9200, 10080, 11211, 27017,
})  # fmt: skip

REFUSED = "not a public address"


def is_public(address: str) -> bool:
    """Tell whether an IP address, as text, belongs to the public internet.

    Private, loopback, link-local (where clouds keep their metadata), multicast, reserved and unspecified ones do not;
    a mapped IPv4 address is judged as itself, one that another IPv6 address carries is judged beside it.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    judged = (mapped,) if mapped is not None else (ip, *_inside(ip))
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in judged)


def _inside(ip: _Address) -> tuple[_Address, ...]:
    """Return the IPv4 addresses an IPv6 address carries: NAT64, 6to4 and Teredo."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ()
    found = [ip.sixtofour, *(ip.teredo or ())]
    if ip in _NAT64 or int(ip) >> 32 == 0:
        found.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return tuple(one for one in found if one is not None)


def guarded_socket(addr_info: tuple[Any, ...]) -> socket.socket:
    """Return a socket for what a name resolved to; raise PermissionError where that is no public address.

    The signature is what aiohttp's ``TCPConnector(socket_factory=…)`` calls with an entry of getaddrinfo.
    """
    family, kind, protocol, _, target = addr_info
    if not is_public(str(target[0])):
        raise PermissionError(f"{target[0]} is {REFUSED}")
    return socket.socket(family=family, type=kind, proto=protocol)


def host_of(url: str) -> str:
    """Return the host of an address in lower case, without brackets; "" where there is none."""
    try:
        return (urlsplit(url).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def check(url: str, *, trusted: bool) -> None:
    """Raise FetchError of kind "blocked" where an address is not http(s) or asks for a port no feed is served on.

    A ``trusted`` host was named in the configuration, so that any port goes.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        raise FetchError("not an address", kind="blocked", where=url, fix="look at its spelling") from None
    if scheme not in ("http", "https"):
        raise FetchError(
            f"{scheme or 'no scheme'}: only http and https are read",
            kind="blocked",
            where=url,
            fix="look at its spelling",
        )
    if not host:
        raise FetchError("an address without a host", kind="blocked", where=url, fix="look at its spelling")
    sane = port is None or ((port in _LOW_PORTS or port >= 1024) and port not in _BAD_PORTS)
    if not trusted and not sane:
        raise FetchError(
            f"port {port} is none that feeds are served on",
            kind="blocked",
            where=url,
            fix="allow the host in digest.toml",
        )
