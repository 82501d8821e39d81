"""Signed return paths (VERP): `bounces+daily.g17.ID.MAC@…` tells whose copy came back, whatever the bounce says.

The signature keeps strangers from bouncing readers off the list. All of it is lower case and in letters that every
host leaves alone; the local part is at most 64 octets (RFC 5321 §4.5.3.1.1), or the plain return path is used.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from digest.model.mail import EditionKey
from digest.model.returned import Origin

LONGEST_LOCAL = 64
MAC_LETTERS = 12  # 60 bits: guessing takes a mail a try
# What a return path of ours adds to the local part but for the digest's name: "+", ".g17", ".ID", ".MAC".
ADDED = 1 + 5 + 1 + 20 + 1 + MAC_LETTERS
_NAME = re.compile(r"[a-z0-9-]+")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class ReturnPath:
    """Writes and reads signed return paths and signed requests to leave; the first key signs, all of them verify."""

    address: str  # the plain one
    keys: Sequence[str]
    signed: bool = True  # whether return paths are; requests always are

    def of(self, edition: EditionKey, subscriber: str) -> str:
        """Return the envelope sender of one person's copy."""
        local, _, domain = self.address.rpartition("@")
        if not self.signed or not _NAME.fullmatch(subscriber):
            return self.address
        said = f"{edition.digest}.{_base36(edition.day.toordinal())}.{subscriber}"
        made = f"{local}+{said}.{_mac(self.keys[0], f'return {said}')}"
        return f"{made}@{domain}" if len(made) <= LONGEST_LOCAL else self.address

    def read(self, address: str) -> Origin | None:
        """Return whose copy came back to an address; None where it is not one of ours, or is forged."""
        local = address.strip().strip("<>").lower().rpartition("@")[0]
        base, plus, said = local.partition("+")
        parts = said.split(".")
        if not plus or len(parts) != 4 or base != self.address.rpartition("@")[0].lower():
            return None
        digest, day, subscriber, mac = parts
        if not self._proves(mac, f"return {digest}.{day}.{subscriber}"):
            return None
        return Origin(subscriber=subscriber, digest=digest, edition=EditionKey(digest, date.fromordinal(int(day, 36))))

    def claims(self, address: str) -> bool:
        """Tell whether an address looks like a signed one of ours, be it forged."""
        return address.strip().strip("<>").lower().startswith(self.address.rpartition("@")[0].lower() + "+")

    def request(self, digest: str, subscriber: str) -> str:
        """Return what a mail to leave carries in its subject."""
        said = f"{digest}.{subscriber}"
        return f"{said}.{_mac(self.keys[0], f'leave {said}')}"

    def read_request(self, request: str) -> Origin | None:
        """Return who asks to leave which digest; None where it is forged."""
        said, _, mac = request.strip().rpartition(".")
        digest, _, subscriber = said.partition(".")
        if not subscriber or not self._proves(mac.lower(), f"leave {said}"):
            return None
        return Origin(subscriber=subscriber, digest=digest)

    def _proves(self, mac: str, said: str) -> bool:
        given = mac.encode("utf-8", "replace")
        return any(hmac.compare_digest(given, _mac(key, said).encode("ascii")) for key in self.keys)


def _mac(key: str, said: str) -> str:
    digest = hmac.digest(key.encode("utf-8"), f"digest {said}".encode(), hashlib.sha256)
    return base64.b32encode(digest).decode("ascii").lower()[:MAC_LETTERS]


def _base36(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number, 36)
        text = _DIGITS[rest] + text
    return text or "0"
