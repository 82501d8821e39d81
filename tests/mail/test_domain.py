"""What is said of SPF, DKIM, DMARC and MX records as they stand in the wild."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from digest.mail import domain
from digest.mail.dkim import DkimKey, make_key, record_name, record_value


class Zone:
    """Answers from a table; satisfies ports.Resolver."""

    def __init__(
        self,
        texts: Mapping[str, Sequence[str]],
        mx: Mapping[str, Sequence[str]] | None = None,
        hosts: Sequence[str] = (),
    ) -> None:
        self.texts, self.hosts_of, self.hosts = texts, mx or {}, hosts

    def txt(self, name: str) -> tuple[str, ...]:
        return tuple(self.texts.get(name, ()))

    def mx(self, name: str) -> tuple[str, ...]:
        return tuple(self.hosts_of.get(name, ()))

    def addresses(self, name: str) -> tuple[str, ...]:
        return ("192.0.2.1",) if name in self.hosts else ()


@pytest.mark.parametrize(
    ("records", "severity", "words"),
    [
        (["v=spf1 mx include:relay.example -all"], "", ""),
        (["v=spf1 ip4:192.0.2.0/24 ~all", "google-site-verification=x"], "", ""),
        (["v=spf1 redirect=relay.example"], "", ""),
        ([], "error", "no SPF record"),
        (["v=spf10 -all"], "error", "no SPF record"),
        (["v=spf1 -all", "v=spf1 mx -all"], "error", "2 SPF records"),
        (["v=spf1 +all"], "error", "everybody"),
        (["v=spf1 mx ?all"], "warning", "?all"),
        (["v=spf1 mx"], "warning", "no end"),
        (["v=spf1 include:nobody.example -all"], "error", "includes nobody.example"),
        (["v=spf1 include:many.example -all"], "error", "12 look-ups"),
        (["v=spf1 include:loop.example -all"], "", ""),
    ],
)
def test_spf(records: list[str], severity: str, words: str) -> None:
    zone = Zone(
        {
            "paper.example": records,
            "relay.example": ["v=spf1 ip4:198.51.100.7 -all"],
            "many.example": ["v=spf1 " + " ".join(f"a:h{n}.example" for n in range(11)) + " -all"],
            "loop.example": ["v=spf1 include:loop.example -all"],
        }
    )
    found = list(domain.spf("paper.example", zone))
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert words in (found[0].message if found else "")
    assert all(each.fix for each in found)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[DkimKey, DkimKey]:
    folder = tmp_path_factory.mktemp("keys")
    return (
        make_key(folder / "rsa.pem", domain="paper.example", selector="nov"),
        make_key(folder / "ed.pem", domain="paper.example", selector="nov-ed", ed25519=True),
    )


def test_dkim(keys: tuple[DkimKey, DkimKey]) -> None:
    first, second = keys
    right = {record_name(key): [record_value(key)] for key in keys}
    assert list(domain.dkim(keys, Zone(right))) == []
    spaced = record_value(first).replace("p=", "p= ").replace(";", " ; ")
    assert list(domain.dkim([first], Zone({record_name(first): [spaced]}))) == []
    for records, words in (
        ([], "there is no record"),
        ([record_value(second)], "another key stands there"),
        (["v=DKIM1; k=rsa; p="], "revoked"),
        ([record_value(first)] * 2, "2 records"),
        ([record_value(first) + "; t=y"], "testing"),
    ):
        (told,) = domain.dkim([first], Zone({record_name(first): records}))
        assert words in told.message
        assert told.fix


@pytest.mark.parametrize(
    ("texts", "severity", "words"),
    [
        ({"_dmarc.news.paper.example": ["v=DMARC1; p=none; rua=mailto:a@b.example"]}, "", ""),
        ({"_dmarc.paper.example": ["v=DMARC1;p=reject;rua=mailto:a@b.example"]}, "", ""),
        ({"_dmarc.paper.example": ["v=DMARC1; p=reject"]}, "note", "reports"),
        ({}, "error", "no DMARC record"),
        ({"_dmarc.example": ["v=DMARC1; p=reject; rua=mailto:a@b.example"]}, "error", "no DMARC record"),
        ({"_dmarc.news.paper.example": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, "error", "2 DMARC records"),
        ({"_dmarc.news.paper.example": ["v=DMARC1; p=strict; rua=mailto:a@b.example"]}, "error", "p="),
    ],
)
def test_dmarc(texts: dict[str, list[str]], severity: str, words: str) -> None:
    found = list(domain.dmarc("news.paper.example", Zone(texts)))
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert words in (found[0].message if found else "")


def test_alignment_and_the_way_back(keys: tuple[DkimKey, DkimKey], tmp_path: Path) -> None:
    assert list(domain.aligned("paper.example", "bounce.paper.example", ())) == []
    assert list(domain.aligned("paper.example", "provider.example", keys)) == []
    (told,) = domain.aligned("paper.example", "provider.example", ())
    assert "only if the relay signs" in told.message
    zone = Zone({}, {"a.example": ["mx.a.example"], "null.example": [""]}, hosts=["b.example"])
    for name, wrong in (("a.example", 0), ("b.example", 0), ("null.example", 1), ("c.example", 1)):
        assert len(list(domain.takes_mail(name, zone, where="return_path", fix="mend it"))) == wrong, name
