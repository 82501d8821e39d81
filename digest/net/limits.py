"""Who asks, and how often: the client's address behind proxies, and a limit an address and network of the net."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

KEPT = 20_000  # names whose use is remembered: the oldest are forgotten first
NETWORK_SHARE = 5  # a network may ask so many times as often as one address


def within(address: str, networks: Sequence[str]) -> bool:
    """Tell whether an address lies in one of these networks; what is no address lies in none."""
    try:
        found = _plain(ip_address(address))
    except ValueError:
        return False
    return any(found in ip_network(each, strict=False) for each in networks)


def client_address(peer: str, forwarded: str, trusted: Sequence[str]) -> str:
    """Return who asks: the last address of X-Forwarded-For that no trusted proxy wrote of another one.

    ``peer`` is the other end of the connection, "" on a Unix socket, which only our own proxy can open.
    """
    if peer and not within(peer, trusted):
        return peer
    chain = [part.strip() for part in forwarded.split(",") if part.strip()]
    for address in reversed(chain):
        if not within(address, trusted):
            return address
    return chain[0] if chain else peer


def network_of(address: str) -> str:
    """Return the network an address belongs to: /24 of IPv4, /48 of IPv6; "" for what is no address."""
    try:
        found = _plain(ip_address(address))
    except ValueError:
        return ""
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


class Limiter:
    """Gives every name so many turns an hour, filling up evenly (GCRA, ITU-T I.371, with a burst of all of them)."""

    def __init__(self, now: Callable[[], datetime], per_hour: int) -> None:
        self.now, self.per_hour = now, per_hour
        self._full: OrderedDict[str, float] = OrderedDict()  # name -> when all of its turns are free again
        self._guard = threading.Lock()

    def wait_s(self, address: str) -> float:
        """Take a turn of an address and of its network and return 0; else the seconds until there is one."""
        named = {f"a:{address}": self.per_hour, f"n:{network_of(address)}": self.per_hour * NETWORK_SHARE}
        moment = self.now().timestamp()
        with self._guard:
            waits = [self._wait(name, most, moment) for name, most in named.items()]
            if max(waits) <= 0:
                for name, most in named.items():
                    self._full[name] = max(self._full.pop(name, 0.0), moment) + 3600 / most
            while len(self._full) > KEPT:
                self._full.popitem(last=False)
        return max(*waits, 0.0)

    def _wait(self, name: str, most: int, moment: float) -> float:
        return self._full.get(name, 0.0) + 3600 / most - moment - 3600
