"""dkimpy as the verifier of our signatures, with the DNS given.

dkimpy leaves the primitive of Ed25519 to PyNaCl. Only that primitive is lent to it here, from `cryptography`: what it
parses, canonicalises and hashes stays its own.
"""

from __future__ import annotations

import base64
import warnings
from collections.abc import Mapping
from types import SimpleNamespace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import dkim as dkimpy


class _BadSignatureError(Exception):
    pass


class _VerifyKey:
    def __init__(self, text: bytes, encoder: object) -> None:
        self.key = Ed25519PublicKey.from_public_bytes(base64.b64decode(text))

    def verify(self, data: bytes, signature: bytes) -> bytes:
        try:
            self.key.verify(signature, data)
        except InvalidSignature:
            raise _BadSignatureError from None
        return data


dkimpy.nacl = SimpleNamespace(
    signing=SimpleNamespace(VerifyKey=_VerifyKey),
    encoding=SimpleNamespace(Base64Encoder=None),
    exceptions=SimpleNamespace(ValueError=ValueError, BadSignatureError=_BadSignatureError),
)


def verified(message: bytes, records: Mapping[str, str]) -> list[bool]:
    """Tell of each signature of a message, the topmost first, whether it holds; records are TXT by name."""

    def dns(name: bytes, timeout: int = 5) -> bytes | None:
        text = records.get(name.decode().rstrip("."))
        return text.encode() if text else None

    head = message.partition(b"\r\n\r\n")[0]
    count = sum(line.lower().startswith(b"dkim-signature:") for line in head.split(b"\r\n"))
    assert count, "an unsigned message would pass every check"
    return [_holds(message, index, dns) for index in range(count)]


def _holds(message: bytes, index: int, dns: object) -> bool:
    try:
        return bool(dkimpy.DKIM(message).verify(index, dnsfunc=dns))
    except dkimpy.DKIMException:
        return False
