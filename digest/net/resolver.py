"""Questions to the DNS. A name that is not there is an empty answer; a DNS that does not answer is an error."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.resolver
from dns.resolver import NXDOMAIN, NoAnswer

from digest.errors import FetchError

TIMEOUT_S = 5.0  # of one question, all servers and repeats included


class DnsResolver:
    """Asks the servers this machine is set up with; satisfies ``ports.Resolver``."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S, server: tuple[str, int] | None = None) -> None:
        """``server`` is an address and port to ask instead."""
        self._timeout_s, self._server = timeout_s, server
        self._resolver: dns.resolver.Resolver | None = None

    def txt(self, name: str) -> tuple[str, ...]:
        """Return the texts at a name, the strings of each joined. Raises FetchError."""
        return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT"))

    def mx(self, name: str) -> tuple[str, ...]:
        """Return the hosts that take mail for a name, first those asked first; "" = it takes none (RFC 7505)."""
        records = sorted(self._ask(name, "MX"), key=lambda record: (record.preference, str(record.exchange)))
        return tuple(str(record.exchange).rstrip(".") for record in records)

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return the addresses of a host. Raises FetchError."""
        return tuple(str(record.address) for kind in ("A", "AAAA") for record in self._ask(name, kind))

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            if self._resolver is None:
                self._resolver = dns.resolver.Resolver(configure=self._server is None)
                if self._server is not None:
                    self._resolver.nameservers, self._resolver.port = [self._server[0]], self._server[1]
            return list(self._resolver.resolve(name, kind, lifetime=self._timeout_s, search=False))
        except (NXDOMAIN, NoAnswer):
            return []
        except dns.exception.DNSException as error:
            what = " ".join(str(error).split()) or type(error).__name__
            raise FetchError(
                f"the DNS does not answer ({what[:200]})", kind="dns", where=f"{kind} {name}", fix="check the resolver"
            ) from None
