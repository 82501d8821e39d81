"""DKIM (RFC 6376): signatures over messages that are joins of encoded parts, and the keys they are made with.

`c=relaxed/simple`: header fields are canonicalised as bytes of our own writing, and the body is hashed as it stands,
because quoted-printable with CRLF is in canonical form already. So the hash of what many bodies begin with is taken
once and copied. What is hashed is the message before dot-stuffing, as RFC 6376 §3.4 wants it. An Ed25519 signature
(RFC 8463) may be added; it never stands alone, because large receivers do not verify it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from digest.errors import FileProblem

if TYPE_CHECKING:
    from hashlib import _Hash

WEAKEST_RSA = 2048  # bits; RFC 8301 forbids less than 1024 and advises this
TXT_STRING = 255  # bytes one string of a TXT record may hold (RFC 1035 §3.3.14)

# Signed where a message has them, in this order (RFC 6376 §5.4.1; RFC 8058 wants both List-Unsubscribe fields).
SIGNED = (
    "from", "to", "subject", "date", "reply-to", "message-id", "mime-version", "content-type",
    "content-transfer-encoding", "list-id", "list-unsubscribe", "list-unsubscribe-post", "list-archive", "archived-at",
    "feedback-id", "auto-submitted", "content-language",
)  # fmt: skip
# Named once more than they stand: a second one, added on the way, makes the signature invalid (RFC 6376 §8.15).
OVERSIGNED = frozenset(
    {"from", "to", "subject", "date", "reply-to", "content-type", "list-unsubscribe", "list-unsubscribe-post"}
)
_SPACE = re.compile(rb"[ \t]+")

Field = tuple[str, bytes]
"""A header field: its name in lower case, and its relaxed canonical form with CRLF."""
PrivateKey = RSAPrivateKey | Ed25519PrivateKey


@dataclass(frozen=True, kw_only=True)
class DkimKey:
    """A private key, and where its public half stands in the DNS."""

    domain: str  # d=, aligned with the domain of header from
    selector: str  # s=
    private: PrivateKey

    @property
    def algorithm(self) -> str:
        """The value of a=."""
        return "rsa-sha256" if isinstance(self.private, RSAPrivateKey) else "ed25519-sha256"


class Signer:
    """Signs the messages of one edition; the same message gets the same signature every time."""

    def __init__(self, keys: Sequence[DkimKey], *, at: datetime) -> None:
        """``at`` is the instant the signatures name (t=): that of the approval, so that a repeat is the same."""
        self.keys, self.at = tuple(keys), int(at.timestamp())
        self._begun: dict[tuple[str, ...], tuple[tuple[DkimKey, bytes, bytes], ...]] = {}

    def signatures(self, fields: Iterable[Field], body_hash: bytes) -> bytes:
        """Return one DKIM-Signature field a key, to be put before the message; ``body_hash`` is that of `BodyHash`."""
        present: dict[str, list[bytes]] = {}
        for name, canonical in fields:
            present.setdefault(name, []).append(canonical)
        named: list[str] = []
        covered: list[bytes] = []
        for name in SIGNED:
            found = present.get(name, ())
            covered += reversed(found)  # of several of one name the lowest is signed first (RFC 6376 §5.4.2)
            named += [name] * (len(found) + (name in OVERSIGNED))
        data = b"".join(covered)
        hashed = base64.b64encode(body_hash)
        out = []
        for key, written, canonical in self._beginnings(tuple(named)):
            signed = data + canonical + hashed + b"; b="
            value = base64.b64encode(_sign(key.private, signed))
            folded = b"\r\n ".join(value[start : start + 72] for start in range(0, len(value), 72))
            out += [written, hashed, b";\r\n b=", folded, b"\r\n"]
        return b"".join(out)

    def _beginnings(self, named: tuple[str, ...]) -> tuple[tuple[DkimKey, bytes, bytes], ...]:
        """Return each key's field up to the body hash, as written and as hashed; worked out once a set of names."""
        if named not in self._begun:
            self._begun[named] = tuple((key, *self._beginning(key, named)) for key in self.keys)
        return self._begun[named]

    def _beginning(self, key: DkimKey, named: tuple[str, ...]) -> tuple[bytes, bytes]:
        lines = [
            f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/simple;",
            f" d={key.domain}; s={key.selector}; t={self.at};",
        ]
        line = " h="
        for place, name in enumerate(named):
            word = name + (":" if place < len(named) - 1 else ";")
            if len(line) + len(word) > 76:
                lines.append(line)
                line = " "
            line += word
        written = "\r\n".join([*lines, line, " bh="]).encode("ascii")
        return written, canonical_fields(written)[0][1][:-2]


class BodyHash:
    """SHA-256 of bodies in simple canonical form (RFC 6376 §3.4.3); what they begin with is hashed once."""

    def __init__(self, beginning: bytes = b"") -> None:
        self._length = len(beginning)
        self._state: _Hash = hashlib.sha256(beginning)

    def of(self, body: bytes) -> bytes:
        """Return the hash of a body, which begins with what was given."""
        end = len(body)
        while body.endswith(b"\r\n", 0, end):
            end -= 2
        if end < self._length:
            return hashlib.sha256(body[:end] + b"\r\n").digest()
        state = self._state.copy()
        state.update(memoryview(body)[self._length : end])
        state.update(b"\r\n")
        return state.digest()


def canonical_fields(head: bytes) -> tuple[Field, ...]:
    """Return the fields of a run of header lines in relaxed canonical form (RFC 6376 §3.4.2)."""
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    fields = []
    for line in unfolded.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            low = name.rstrip(b" \t").lower()
            fields.append((low.decode("latin-1"), low + b":" + _SPACE.sub(b" ", value).strip(b" ") + b"\r\n"))
    return tuple(fields)


def _sign(private: PrivateKey, data: bytes) -> bytes:
    if isinstance(private, RSAPrivateKey):
        return private.sign(data, PKCS1v15(), hashes.SHA256())
    return private.sign(hashlib.sha256(data).digest())  # Ed25519 signs the hash (RFC 8463 §3)


# Keys


def read_key(path: Path, *, domain: str, selector: str) -> DkimKey:
    """Return the private key of a PEM file; raise FileProblem where it is missing, open to all, weak or no key."""
    try:
        mode, data = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise FileProblem(
            f"the key cannot be read ({error.strerror or error})", where=str(path),
            fix="make one with `digest dkim keygen --out FILE`",
        ) from None  # fmt: skip
    if mode & 0o007:
        raise FileProblem("everybody on this machine can read this key", where=str(path), fix=f"chmod 600 {path}")
    try:
        private = serialization.load_pem_private_key(data, password=None)
    except TypeError:
        raise FileProblem(
            "the key is locked by a password", where=str(path), fix="store it without one, readable by us alone"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise FileProblem(
            "it holds no private key in PEM form", where=str(path), fix="make one with `digest dkim keygen --out FILE`"
        ) from None
    if isinstance(private, Ed25519PrivateKey):
        return DkimKey(domain=domain, selector=selector, private=private)
    if not isinstance(private, RSAPrivateKey):
        raise FileProblem(
            "DKIM knows RSA and Ed25519 keys only", where=str(path), fix="make one with `digest dkim keygen`"
        )
    if private.key_size < WEAKEST_RSA:
        raise FileProblem(
            f"an RSA key of {private.key_size} bits is too weak", where=str(path),
            fix=f"make one of {WEAKEST_RSA} bits with `digest dkim keygen --out FILE`",
        )  # fmt: skip
    return DkimKey(domain=domain, selector=selector, private=private)


def make_key(path: Path, *, domain: str, selector: str, ed25519: bool = False) -> DkimKey:
    """Write a new private key of mode 0600, never over an existing file, and return it; raise FileProblem."""
    private: PrivateKey = (
        Ed25519PrivateKey.generate() if ed25519 else generate_private_key(public_exponent=65537, key_size=WEAKEST_RSA)
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(path, "xb", opener=_private) as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise FileProblem("there is a file already", where=str(path), fix="name another with --out") from None
    except OSError as error:
        raise FileProblem.unwritten(error, path) from None
    return DkimKey(domain=domain, selector=selector, private=private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def record_name(key: DkimKey) -> str:
    """Return where a key's record stands; relative to the zone of header from where no domain is known."""
    return f"{key.selector}._domainkey" + (f".{key.domain}" if key.domain else "")


def record_value(key: DkimKey) -> str:
    """Return the text of a key's TXT record (RFC 6376 §3.6.1, RFC 8463 §4)."""
    public = key.private.public_key()
    if isinstance(key.private, RSAPrivateKey):
        kind, data = "rsa", public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )  # fmt: skip
    else:
        kind, data = "ed25519", public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"v=DKIM1; k={kind}; p={base64.b64encode(data).decode('ascii')}"


def record(key: DkimKey) -> str:
    """Return a key's record as a zone file has it, its text in strings of at most 255 bytes."""
    value = record_value(key)
    strings = [f'"{value[start : start + TXT_STRING]}"' for start in range(0, len(value), TXT_STRING)]
    dot = "." if key.domain else ""
    text = strings[0] if len(strings) == 1 else "( " + "\n    ".join(strings) + " )"
    return f"{record_name(key)}{dot} IN TXT {text}"
