from __future__ import annotations

import pytest

from digest.errors import FetchError
from digest.net.guard import check, guarded_socket, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "::7f00:1", "no address",
    ],
)  # fmt: skip
def test_addresses_of_one_s_own_network_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_other_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_no_socket_is_made_for_a_private_address() -> None:
    with pytest.raises(PermissionError, match=r"10\.0\.0\.1 is not a public address"):
        guarded_socket((2, 1, 6, "", ("10.0.0.1", 80)))


@pytest.mark.parametrize(
    "url", ["ftp://h.example/", "file:///etc/passwd", "http://", "http://[", "http://h.example:22/"]
)
def test_what_is_no_web_address_is_blocked(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        check(url, trusted=False)
    assert caught.value.kind == "blocked"


def test_a_trusted_host_may_use_any_port() -> None:
    check("http://intranet.example:22/", trusted=True)
