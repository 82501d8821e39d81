"""Addresses: checked without the network, compared normalised, mailed as written."""

from __future__ import annotations

import hashlib
import hmac
import re

from email_validator import EmailNotValidError, validate_email

# A plain subset of what email-validator accepts, checked at once: 100,000 rows are then a matter of a second.
_PLAIN = re.compile(
    r"(?=.{6,254}\Z)[a-z0-9_+-](?:[a-z0-9._+-]{0,58}[a-z0-9_+-])?"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?\.)+[a-z]{2,20}\Z"
)
# Names under which nobody can be reached for sure are left to the library (RFC 2606, RFC 6761).
_HYPHENS = re.compile(r"[@.][a-z0-9]{2}--")  # a label such as "xn--…" is encoded, or means nothing (RFC 5890)
_SPECIAL = re.compile(r"\.(?:test|example|invalid|local|localhost|arpa|onion|internal|alt)\Z")
_ROLES = frozenset(
    {"abuse", "admin", "billing", "hostmaster", "info", "noreply", "no-reply", "postmaster", "root", "webmaster"}
)


def key_of(written: str) -> str:
    """Return the normalised form an address is compared by; raise ValueError saying what is wrong with it.

    The whole address is folded to lower case: no mail provider of note tells Ada@ from ada@, and two copies to one
    person are worse.
    """
    text = written.strip()
    if text.isascii():
        low = text.lower()
        if _PLAIN.match(low) and ".." not in low and not _HYPHENS.search(low) and not _SPECIAL.search(low):
            return low
    return _validated(text)


def _validated(text: str) -> str:
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(str(error).rstrip(".")) from None
    return found.normalized.lower()


def is_role(key: str) -> bool:
    """Tell whether an address is an office rather than a person."""
    return key.partition("@")[0] in _ROLES


def address_hash(key: str, secret: str) -> str:
    """Return what is kept of an erased address: recognisable, not readable."""
    return "hash:" + hmac.new(secret.encode("utf-8"), key.encode("utf-8"), hashlib.sha256).hexdigest()
