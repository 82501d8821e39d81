"""What names a message for good: the sender's domain, and hashes that are the same whenever it is written again."""

from __future__ import annotations

import hashlib
from email.utils import parseaddr

from digest.model.editions import Publication


def domain_of(publication: Publication) -> str:
    """Return the domain of the header from, "localhost" where it has none."""
    return parseaddr(publication.sender)[1].rpartition("@")[2] or "localhost"


def short_hash(text: str) -> str:
    """Return 24 hexadecimal digits of SHA-256: 96 bits, that no two messages of a publication share."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:24]
