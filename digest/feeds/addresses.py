"""Addresses inside feeds: relative ones made absolute, odd ones left out."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

_BLANKS = re.compile(r"[\s\x00-\x1f]+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LONGEST = 4_000  # characters; browsers and servers refuse longer ones


def absolute(base: str, address: str) -> str:
    """Return ``address`` resolved against ``base``, or as it is where there is nothing to resolve it against.

    Line breaks inside are dropped, as browsers do (WHATWG URL §4.4). An address that cannot be split is "".
    """
    address = address.strip()
    if not address or len(address) > _LONGEST:
        return ""
    if _BLANKS.search(address):
        address = _BLANKS.sub("" if "\n" in address else "%20", address)
    try:
        if _SCHEME.match(address):
            urlsplit(address)
            return address
        if address.startswith("www.") and " " not in address:
            return f"http://{address}"
        return urljoin(base, address) if base else address
    except ValueError:
        return ""


def is_web(address: str) -> bool:
    """Tell whether an address is http or https with a host."""
    if not address[:8].lower().startswith(("http://", "https://")):
        return False
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False
