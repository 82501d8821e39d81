"""The DNS is asked over a real socket: a small server of our own answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from digest.errors import FetchError
from digest.net.resolver import DnsResolver

ZONE = {
    ("long.example.", "TXT"): ['"v=spf1 include:a.example " "-all"', '"another"'],
    ("mail.example.", "MX"): ["20 second.example.", "10 first.example."],
    ("none.example.", "MX"): ["0 ."],
    ("host.example.", "A"): ["192.0.2.7"],
    ("host.example.", "AAAA"): ["2001:db8::7"],
}


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    """A name server that knows ZONE; "broken.example" makes it fail, "silent.example" stay silent."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            wire, peer = listener.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            question = query.question[0]
            name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
            if name == "silent.example.":
                continue
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            if name == "broken.example.":
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif (name, kind) in ZONE:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *ZONE[name, kind]))
            elif not any(known == name for known, _ in ZONE):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            listener.sendto(answer.to_wire(), peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.sendto(b"", listener.getsockname())
    thread.join()
    listener.close()


def test_what_is_there_and_what_is_not(server: tuple[str, int]) -> None:
    resolver = DnsResolver(server=server)
    assert sorted(resolver.txt("long.example")) == ["another", "v=spf1 include:a.example -all"]
    assert resolver.mx("mail.example") == ("first.example", "second.example")
    assert resolver.mx("none.example") == ("",)
    assert resolver.addresses("host.example") == ("192.0.2.7", "2001:db8::7")
    assert resolver.txt("host.example") == (), "a name without that kind of record"
    assert resolver.txt("nobody.example") == (), "no such name"


@pytest.mark.parametrize("name", ["broken.example", "silent.example"])
def test_a_dns_that_does_not_answer_is_an_error_in_time(server: tuple[str, int], name: str) -> None:
    with pytest.raises(FetchError, match="the DNS does not answer"):
        DnsResolver(server=server, timeout_s=0.5).txt(name)
