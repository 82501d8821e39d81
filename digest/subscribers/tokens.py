"""Signed links: who may leave or choose, without log-in and without an address in the link.

A token carries purpose, subscriber id and digest. Leaving must work years later, so tokens do not expire and every key
ever used verifies; the first one signs.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from itsdangerous import BadSignature, URLSafeSerializer

from digest.errors import DigestError, FileProblem

PURPOSES = ("u", "p", "c", "a")  # leave, preferences, confirm: as in the addresses; an edition of a private archive


class TokenError(DigestError, ValueError):
    """A link was forged, cut off, or made for something else."""


class Tokens:
    """Signs and reads tokens with a list of keys."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("at least one key is needed")
        self._serializers = {
            # itsdangerous signs with the last key of a list.
            purpose: URLSafeSerializer(list(reversed(keys)), salt=f"digest.{purpose}")
            for purpose in PURPOSES
        }

    def sign(self, purpose: str, subscriber: str, digest: str) -> str:
        """Return the token of a purpose ("u", "p", "c") for a subscriber's id and a digest; of "a" for a day."""
        return str(self._serializers[purpose].dumps([subscriber, digest]))

    def read(self, token: str, purpose: str) -> tuple[str, str]:
        """Return (subscriber id, digest) of a token; raise TokenError."""
        try:
            subscriber, digest = self._serializers[purpose].loads(token)
        except (BadSignature, ValueError, TypeError):
            raise TokenError(
                "this link is not one of ours, or was cut off", fix="copy the whole link from the mail"
            ) from None
        return str(subscriber), str(digest)


def read_keys(path: Path) -> tuple[str, ...]:
    """Return the keys of a file, a line each; raise FileProblem where it is missing, empty or readable by others."""
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise FileProblem.unread(error, path, fix="`digest init` makes it; never lose it") from None
    if mode & 0o077:
        raise FileProblem("others can read this key", where=str(path), fix=f"chmod 600 {path}")
    if not lines or any(len(line) < 32 for line in lines):
        raise FileProblem("it holds no key of 32 characters or more", where=str(path), fix="restore it from a backup")
    return tuple(lines)


def make_keys(path: Path) -> None:
    """Write a new key file of mode 0600, never over an existing one; raise FileProblem."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(path, "x", encoding="utf-8", opener=_private) as file:
            file.write(secrets.token_urlsafe(36) + "\n")
    except OSError as error:
        raise FileProblem.unwritten(error, path) from None


def _private(path: str, flags: int) -> int:
    import os

    return os.open(path, flags, 0o600)
