"""Encoding that joins anywhere, and headers that read back exactly."""

from __future__ import annotations

import email
import email.policy
import quopri
from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.mail.encoding import address_header, header_text, one_line, url_header
from digest.mail.parts import run
from digest.mail.smtp import stuffed

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=400)


@given(st.lists(TEXT, max_size=5))
def test_runs_join_at_any_seam(texts: list[str]) -> None:
    joined = b"".join(run(text) for text in texts) + b"\r\n"
    assert quopri.decodestring(joined.replace(b"\r\n", b"\n")).decode() == "".join(texts) + "\n"


@given(st.lists(TEXT, max_size=5))
def test_lines_are_short_and_begin_with_nothing_that_is_changed_on_the_way(texts: list[str]) -> None:
    lines = b"".join(run(text) for text in texts).split(b"\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert not any(line.startswith((b".", b"From ")) or line.endswith((b" ", b"\t")) for line in lines)
    assert all(32 <= byte < 127 or byte == 9 for line in lines for byte in line)


@pytest.mark.parametrize(
    "text", ["", ".", "..", "From here", "a" * 75, "a" * 76, "é" * 40, "x" * 74 + ".", "a \n b\t\n"]
)
def test_runs_at_the_edges(text: str) -> None:
    assert quopri.decodestring((run(text) + b"\r\n").replace(b"\r\n", b"\n")).decode() == text + "\n"


@given(st.text(max_size=300))
def test_a_subject_reads_back_as_one_clean_line(text: str) -> None:
    header = header_text("Subject", text)
    assert header.count(b"\r\n") == header.count(b"\n")
    assert all(line.startswith(b" ") for line in header.rstrip(b"\r\n").split(b"\r\n")[1:])
    assert all(len(line) <= 78 for line in header.split(b"\r\n") if b"=?" in line)
    message = email.message_from_bytes(header + b"\r\n", policy=email.policy.default)
    assert list(message.keys()) == ["Subject"]
    assert " ".join(str(message["Subject"]).split()) == one_line(text)


@given(st.text(max_size=120))
def test_a_name_never_reaches_beyond_its_header(name: str) -> None:
    header = address_header("To", name, "reader@example.org")
    message = email.message_from_bytes(header + b"\r\nbody", policy=email.policy.default)
    assert list(message.keys()) == ["To"]
    (address,) = message["To"].addresses
    assert isinstance(address, Address)
    assert address.addr_spec == "reader@example.org"
    assert message.get_payload() == "body"


def test_a_plain_name_reads_back() -> None:
    header = address_header("To", 'Ada "the editor" Merrow, Port Iselin', "ada@example.org")
    (address,) = email.message_from_bytes(header, policy=email.policy.default)["To"].addresses
    assert address.display_name == 'Ada "the editor" Merrow, Port Iselin'


@pytest.mark.parametrize(
    "attack", ["a\r\nBcc: all@example.org", "a\nBcc: x", "a\x0bBcc: x", "a\x85Bcc: x", "a\u2028Bcc: x"]
)
def test_nothing_written_by_others_begins_a_header(attack: str) -> None:
    for header in (header_text("Subject", attack), address_header("To", attack, "a@example.org")):
        message = email.message_from_bytes(header + b"\r\n", policy=email.policy.default)
        assert len(message.keys()) == 1


def test_a_long_address_for_leaving_stays_whole() -> None:
    url = "https://halyard.example/u/" + "a" * 300
    header = url_header("List-Unsubscribe", [url, "mailto:leave@halyard.example"])
    assert f"<{url}>".encode() in header
    assert max(map(len, header.split(b"\r\n"))) < 998
    assert email.message_from_bytes(header)["List-Unsubscribe"].split() == [
        f"<{url}>,",
        "<mailto:leave@halyard.example>",
    ]


@given(st.lists(st.sampled_from([b"", b".", b"..", b"a", b".b", b"From x"]), max_size=20))
def test_dot_stuffing_reads_back(lines: list[bytes]) -> None:
    data = b"".join(line + b"\r\n" for line in lines)
    wire = b"".join(stuffed(data))
    assert wire.endswith(b"\r\n.\r\n") or wire == b"\r\n.\r\n" or not data
    received = wire.split(b"\r\n")
    end = received.index(b".")
    back = [line[1:] if line.startswith(b".") else line for line in received[:end]]
    assert back == lines or (not lines and back in ([], [b""]))
