"""What a DKIM signature adds to a message of 50 to 60 KB: ours (RSA-2048, Ed25519) and dkimpy's, in one run.

    python -m benchmarks.signing [--messages 2000] [--peer 20]

Prints milliseconds a message. Must reach: RSA-2048 adds less than 0.6, Ed25519 less than 0.15.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import sys
import time
import warnings
from collections.abc import Sequence

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from digest.editions.compose import preheader_of, subject_of
from digest.mail.dkim import DkimKey, Signer
from digest.mail.messages import Writer
from digest.model.mail import Planned, Segment
from tests.builders import NOW, PUBLICATION, parts

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import dkim as dkimpy

ROUND = 25  # messages timed together
SIGNED = [b"from", b"to", b"subject", b"date", b"message-id", b"list-unsubscribe", b"list-unsubscribe-post"]


def writer(keys: Sequence[DkimKey]) -> Writer:
    """Return what writes messages of about 55 KB, with personal links near the end of each part."""
    line = "".join(random.Random(1).choices("abcdefghij klmno", k=74)).encode() + b"\r\n"
    made = parts()
    html = (Segment(data=line * 660), *made.html)
    text = (Segment(data=line * 60), *made.text)
    return Writer(
        parts=dataclasses.replace(made, html=html, text=text),
        publication=PUBLICATION,
        title="Bench",
        return_path="news@halyard.example",
        date=NOW,
        links_of=lambda name: (f"https://halyard.example/u/{name}", f"https://halyard.example/p/{name}"),
        subject_of=subject_of,
        preheader_of=preheader_of,
        signer=Signer(keys, at=NOW) if keys else None,
    )


def people(count: int) -> list[Planned]:
    """Return recipients."""
    return [
        Planned(
            subscriber=f"{number:020}", email=f"p{number}@example.org", name="", sections=None, format="html",
            language="", attempts=0,
        )
        for number in range(count)
    ]  # fmt: skip


def each_ms(write: Writer, everybody: Sequence[Planned]) -> float:
    """Return milliseconds a message, of the best of many short rounds: the machine is shared."""
    best = float("inf")
    for start in range(0, len(everybody), ROUND):
        some = everybody[start : start + ROUND]
        began = time.perf_counter()
        for person in some:
            write(person)
        best = min(best, (time.perf_counter() - began) / len(some))
    return best * 1000


def theirs_ms(everybody: Sequence[Planned], pem: bytes) -> float:
    """Return milliseconds dkimpy takes to sign a message."""
    best = float("inf")
    for message in [writer(())(person).data for person in everybody]:
        began = time.perf_counter()
        dkimpy.sign(
            message, b"peer", b"halyard.example", pem, canonicalize=(b"relaxed", b"simple"), include_headers=SIGNED
        )
        best = min(best, time.perf_counter() - began)
    return best * 1000


def compared(messages: int, peer: int, *, rounds: int = 5) -> tuple[list[float], list[float]]:
    """Return milliseconds that a signature of RSA-2048 adds, ours and dkimpy's, a round."""
    rsa, everybody = generate_private_key(65537, 2048), people(messages)
    pem = rsa.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    key = DkimKey(domain="halyard.example", selector="rsa", private=rsa)
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(each_ms(writer((key,)), everybody) - each_ms(writer(()), everybody))
        theirs.append(theirs_ms(everybody[:peer], pem))
    return ours, theirs


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=2000)
    options.add_argument("--peer", type=int, default=20)
    given = options.parse_args()
    everybody = people(given.messages)
    rsa, edwards = generate_private_key(65537, 2048), Ed25519PrivateKey.generate()
    pem = rsa.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    keys = {
        "RSA-2048": DkimKey(domain="halyard.example", selector="rsa", private=rsa),
        "Ed25519": DkimKey(domain="halyard.example", selector="ed", private=edwards),
    }
    plain = each_ms(writer(()), everybody)
    size = len(writer(())(everybody[0]).data)
    print(f"unsigned   {plain:6.3f} ms a message of {size} bytes")
    added = {name: each_ms(writer((key,)), everybody) - plain for name, key in keys.items()}
    added["both"] = each_ms(writer(tuple(keys.values())), everybody) - plain
    for name, extra in added.items():
        print(f"{name:10} adds {extra:6.3f} ms")
    peer = theirs_ms(everybody[: given.peer], pem)
    print(f"dkimpy RSA-2048 {peer:6.2f} ms, {peer / added['RSA-2048']:.0f} times ours")
    return 0 if added["RSA-2048"] < 0.6 and added["Ed25519"] < 0.15 else 1


if __name__ == "__main__":
    sys.exit(main())
