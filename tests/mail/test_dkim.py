"""Signatures that another's verifier accepts, and that nothing added on the way survives."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.editions.compose import preheader_of, subject_of
from digest.errors import FileProblem
from digest.mail.dkim import (
    BodyHash,
    DkimKey,
    Signer,
    canonical_fields,
    make_key,
    read_key,
    record,
    record_name,
    record_value,
)
from digest.mail.messages import Writer
from digest.model.mail import Format, Planned
from tests.builders import NOW, PUBLICATION, parts
from tests.dkim_verifier import verified as holds

DOMAIN = "halyard.example"


@cache
def key(kind: str) -> DkimKey:
    private = generate_private_key(65537, 2048) if kind == "rsa" else Ed25519PrivateKey.generate()
    return DkimKey(domain=DOMAIN, selector=f"test-{kind}", private=private)


def both() -> tuple[DkimKey, ...]:
    return key("rsa"), key("ed25519")


def verified(message: bytes) -> list[bool]:
    """What dkimpy says of each signature of a message, the topmost first."""
    return holds(message, {record_name(each): record_value(each) for each in both()})


def signed(head: bytes, body: bytes, keys: tuple[DkimKey, ...] | None = None, begun: int = 0) -> bytes:
    signer = Signer(keys or both(), at=NOW)
    return signer.signatures(canonical_fields(head), BodyHash(body[:begun]).of(body)) + head + b"\r\n" + body


def reader(**changes: object) -> Planned:
    values: dict[str, object] = {
        "subscriber": "0123456789abcdef0123", "email": "reader@example.org", "name": "Zoë Ruiz", "sections": None,
        "format": "html", "language": "", "attempts": 0,
    }  # fmt: skip
    return Planned(**{**values, **changes})  # type: ignore[arg-type]  # built from a dictionary


def writer(keys: tuple[DkimKey, ...]) -> Writer:
    return Writer(
        parts=parts(),
        publication=PUBLICATION,
        title="Daily",
        return_path="news@halyard.example",
        date=NOW,
        links_of=lambda who: (f"https://halyard.example/u/{who}", f"https://halyard.example/p/{who}"),
        subject_of=subject_of,
        preheader_of=preheader_of,
        signer=Signer(keys, at=NOW) if keys else None,
    )


HEAD = b"From: News <news@halyard.example>\r\nTo: a@example.org\r\nSubject: Hello\r\nDate: Mon, 23 Nov 2026 06:40:00 +0000\r\n"


@pytest.mark.parametrize("kind", ["html", "text"])
@pytest.mark.parametrize("sections", [None, ("trade",), ("foreign", "science")])
def test_every_readers_message_verifies(kind: Format, sections: tuple[str, ...] | None) -> None:
    write = writer(both())
    for number in range(3):
        person = reader(subscriber=f"{number:020}", email=f"r{number}@example.org", format=kind, sections=sections)
        message = write(person).data
        assert verified(message) == [True, True]
        assert message.endswith(writer(())(person).data), "signing adds a header and changes nothing else"


def test_the_same_message_gets_the_same_signature() -> None:
    assert writer(both())(reader()).data == writer(both())(reader()).data


def test_what_one_click_needs_is_signed_and_what_counts_is_signed_once_more() -> None:
    signature = message_from_bytes(writer((key("rsa"),))(reader()).data, policy=policy.default)["DKIM-Signature"]
    tags = dict(tag.strip().split("=", 1) for tag in str(signature).split(";") if tag.strip())
    named = "".join(tags["h"].split()).split(":")
    for name in ("from", "to", "subject", "date", "list-unsubscribe", "list-unsubscribe-post"):
        assert named.count(name) == 2, name
    assert {"message-id", "list-id", "mime-version", "content-type"} <= set(named)
    assert (tags["a"], tags["c"], tags["d"], tags["t"]) == (
        "rsa-sha256", "relaxed/simple", DOMAIN, str(int(NOW.timestamp())),
    )  # fmt: skip
    head = writer(both())(reader()).data.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 998
    signature_lines = head.partition(b"From:")[0].split(b"\r\n")
    assert max(map(len, signature_lines)) <= 78


@pytest.mark.parametrize(
    "added",
    [
        b"Subject: Win a prize\r\n",
        b"From: Somebody <else@example.net>\r\n",
        b"To: other@example.net\r\n",
        b"Date: Tue, 24 Nov 2026 06:40:00 +0000\r\n",
        b"Reply-To: else@example.net\r\n",
        b"List-Unsubscribe: <https://elsewhere.example/>\r\n",
    ],
)
def test_a_second_field_that_counts_is_noticed(added: bytes) -> None:
    message = writer(both())(reader()).data
    assert verified(message) == [True, True]
    assert verified(added + message) == [False, False]
    head, _, body = message.partition(b"\r\n\r\n")
    assert verified(head + b"\r\n" + added + b"\r\n" + body) == [False, False]


def test_a_change_of_the_body_or_of_a_signed_field_is_noticed() -> None:
    message = writer(both())(reader()).data
    assert verified(message.replace(b"foreign", b"foreigm")) == [False, False]
    assert verified(message.replace(b"One-Click", b"Two-Click")) == [False, False]
    assert verified(message.replace(b"/u/0123456789abcdef0123>", b"/u/0123456789abcdef0124>")) == [False, False]


def test_refolding_and_added_trace_fields_are_no_change() -> None:
    message = writer(both())(reader()).data
    assert verified(b"Received: from a by b\r\n" + message) == [True, True]
    assert verified(message.replace(b"Auto-Submitted: auto-generated", b"auto-submitted: \t auto-generated  ")) == [
        True,
        True,
    ]
    assert verified(message.replace(b"\r\nSubject: ", b"\r\nSUBJECT:\r\n\t  ")) == [True, True]


LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40).map(str.encode)
BODY = st.lists(st.one_of(LINE, st.sampled_from([b"", b".", b"..", b" ", b"x ", b"\t", b"From x", "né".encode()])))


@settings(max_examples=60)
@given(BODY, st.booleans(), st.data())
@example([], False, None)
@example([b"", b"", b""], True, None)
@example([b"a", b" ", b"", b""], True, None)
def test_any_body_verifies_wherever_its_beginning_is_cut(
    lines: list[bytes], ends: bool, data: st.DataObject | None
) -> None:
    body = b"\r\n".join(lines) + (b"\r\n" if ends else b"")
    begun = data.draw(st.integers(0, len(body))) if data else len(body)
    message = signed(HEAD, body, (key("ed25519"),), begun)
    if not body.endswith(b"\r\n"):  # on the wire every body ends a line
        message += b"\r\n"
    assert verified(message) == [True]


VALUE = st.lists(
    st.one_of(
        st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20),
        st.text(st.characters(min_codepoint=161, max_codepoint=0x2FFF), min_size=1, max_size=9),
    ),
    min_size=1,
    max_size=8,
)
GAP = st.sampled_from([" ", "  ", "\t", "\r\n ", "\r\n\t", " \r\n  \t"])


@settings(max_examples=60)
@given(VALUE, GAP, st.sampled_from(["", " ", "\t "]), st.sampled_from(["Subject", "SUBJECT", "sUbject"]))
def test_any_header_verifies_however_it_is_folded(words: list[str], gap: str, end: str, name: str) -> None:
    value = gap.join(words) + end
    head = HEAD.replace(b"Subject: Hello", f"{name}:{' '}{value}".encode())
    assert verified(signed(head, b"Body\r\n", (key("ed25519"),))) == [True]


def test_of_two_fields_of_one_name_both_are_signed() -> None:
    head = HEAD + b"List-Archive: <https://a.example/>\r\nList-Archive: <https://b.example/>\r\n"
    message = signed(head, b"Body\r\n")
    assert verified(message) == [True, True]
    assert verified(message.replace(b"a.example", b"c.example")) == [False, False]


# Keys


def pem(private: object, password: bytes = b"") -> bytes:
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return private.private_bytes(  # type: ignore[attr-defined,no-any-return]  # any private key has it
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how
    )


@pytest.mark.parametrize("ed25519", [False, True])
def test_a_key_made_is_read_back_and_its_record_is_what_verifiers_want(tmp_path: Path, ed25519: bool) -> None:
    path = tmp_path / "keys" / "dkim.pem"
    made = make_key(path, domain=DOMAIN, selector="s1", ed25519=ed25519)
    assert path.stat().st_mode & 0o777 == 0o600
    assert record_value(read_key(path, domain=DOMAIN, selector="s1")) == record_value(made)
    text = record(made)
    assert text.startswith("s1._domainkey.halyard.example. IN TXT ")
    strings = text.split('"')[1::2]
    assert "".join(strings) == record_value(made)
    assert all(len(each) <= 255 for each in strings)
    assert len(strings) == (1 if ed25519 else 2)
    if ed25519:
        assert len(base64.b64decode(strings[0].rpartition("p=")[2])) == 32, "RFC 8463: the bare key, no frame"
    before = path.read_bytes()
    with pytest.raises(FileProblem, match="there is a file already"):
        make_key(path, domain=DOMAIN, selector="s1")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "mode", "sentence"),
    [
        (None, 0o600, "cannot be read"),
        (b"", 0o600, "no private key in PEM form"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600, "no private key in PEM form"),
        ("weak", 0o600, "1024 bits is too weak"),
        ("ec", 0o600, "RSA and Ed25519 keys only"),
        ("locked", 0o600, "locked by a password"),
        ("good", 0o644, "everybody on this machine can read"),
    ],
)
def test_a_key_that_cannot_be_used_is_told_in_one_sentence(
    tmp_path: Path, content: bytes | str | None, mode: int, sentence: str
) -> None:
    made = {
        "weak": lambda: pem(generate_private_key(65537, 1024)),
        "ec": lambda: pem(ec_key(SECP256R1())),
        "locked": lambda: pem(key("ed25519").private, b"secret"),
        "good": lambda: pem(key("rsa").private),
    }
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(made[content]() if isinstance(content, str) else content)
        path.chmod(mode)
    with pytest.raises(FileProblem, match=sentence) as told:
        read_key(path, domain=DOMAIN, selector="s1")
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
    assert told.value.fix


def test_the_instant_is_that_of_the_approval() -> None:
    later = Signer((key("rsa"),), at=datetime(2027, 1, 1, tzinfo=UTC))
    assert b"t=1798761600;" in later.signatures(canonical_fields(HEAD), BodyHash().of(b""))
