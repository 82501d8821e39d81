"""`digest dkim`, and messages signed by whatever way they leave."""

from __future__ import annotations

import json
import mailbox
from pathlib import Path

import pytest

from tests.cli.conftest import Digest
from tests.dkim_verifier import verified


def signing(publication: Path, extra: str = "") -> None:
    text = publication.read_text(encoding="utf-8")
    table = f'\n[delivery.dkim]\nselector = "nov"\nkey_file = "keys/dkim.pem"\n{extra}'
    publication.write_text(text + table, encoding="utf-8")


def test_a_key_made_is_used_by_every_way_and_verifies(digest: Digest, publication: Path, tmp_path: Path) -> None:
    file = publication.parent / "keys" / "dkim.pem"
    made = digest("dkim", "keygen", "--selector", "nov", "--out", file, "-c", publication)
    assert made.code == 0
    assert made.out.startswith("nov._domainkey.")
    assert 'key_file = "keys/dkim.pem"' in made.err
    again = digest("dkim", "keygen", "--selector", "nov", "--out", file, "-c", publication)
    assert again.code == 1
    assert again.err == f"digest: {file}: there is a file already; name another with --out\n"
    signing(publication)
    shown = digest("dkim", "show", "--json", "-c", publication)
    assert digest("dkim", "show", "-c", publication).out == made.out
    (answer,) = shown.json
    assert digest("approve", "-c", publication).code == 0
    sent = digest("send", "--via", f"eml:{tmp_path / 'out'}", "-c", publication)
    assert sent.code == 0, sent.err
    messages = [path.read_bytes() for path in (tmp_path / "out").glob("*.eml")]
    test = digest("send", "--test", "me@example.org", "--via", f"maildir:{tmp_path / 'box'}", "-c", publication)
    assert test.code == 0, test.err
    messages += [each.as_bytes().replace(b"\n", b"\r\n") for each in mailbox.Maildir(tmp_path / "box")]
    assert len(messages) > 2

    records = {answer["name"]: answer["value"]}
    assert [verified(message, records) for message in messages] == [[True]] * len(messages)


def test_an_ed25519_key_stands_beside(digest: Digest, publication: Path) -> None:
    keys = publication.parent / "keys"
    digest("dkim", "keygen", "--out", keys / "dkim.pem", "-c", publication)
    made = digest("dkim", "keygen", "--ed25519", "--json", "--out", keys / "ed.pem", "-c", publication)
    assert json.loads(made.out)["value"].startswith("v=DKIM1; k=ed25519; p=")
    signing(publication, 'ed25519_selector = "ed"\ned25519_key_file = "keys/ed.pem"\n')
    assert digest("config", "check", "-c", publication).code == 0
    assert [each["name"].partition(".")[0] for each in digest("dkim", "show", "--json", "-c", publication).json] == [
        "nov", "ed",
    ]  # fmt: skip


def test_without_a_configuration_the_record_is_relative(digest: Digest, tmp_path: Path) -> None:
    made = digest("dkim", "keygen", "--ed25519", "--out", tmp_path / "k.pem", "-c", tmp_path / "none.toml")
    assert made.code == 0
    assert made.out.startswith('digest-ed25519._domainkey IN TXT "v=DKIM1; k=ed25519; p=')


@pytest.mark.parametrize("words", [("config", "check"), ("send",), ("run",), ("dkim", "show")])
def test_a_key_that_cannot_be_used_is_told_before_anything_is_planned(
    digest: Digest, publication: Path, words: tuple[str, ...]
) -> None:
    signing(publication)
    assert digest("approve", "-c", publication).code == 0
    outcome = digest(*words, "-c", publication)
    assert outcome.code == 2
    assert outcome.err == (
        f"digest: digest.toml delivery.dkim.key_file: {publication.parent / 'keys' / 'dkim.pem'}: the key cannot be "
        "read (No such file or directory); make one with `digest dkim keygen --out FILE`\n"
    )
    assert digest("status", "--json", "-c", publication).json["counts"]["total"] == 0


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ('domain = "elsewhere.example"\n', "not the domain of publication.from"),
        ('ed25519_selector = "ed"\n', "delivery.dkim.ed25519_key_file: it is missing"),
        ('ed25519_selector = "nov"\ned25519_key_file = "x"\n', "selector of the first key"),
        ('selektor = "x"\n', "did you mean 'selector'?"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(digest: Digest, publication: Path, extra: str, told: str) -> None:
    signing(publication, extra)
    outcome = digest("config", "check", "-c", publication)
    assert outcome.code == 2
    assert told in outcome.err
    assert outcome.err.startswith("digest: digest.toml:")


@pytest.mark.parametrize(("option", "value"), [("--selector", "a b"), ("--domain", "-x.example")])
def test_a_name_the_dns_cannot_hold_is_refused(digest: Digest, tmp_path: Path, option: str, value: str) -> None:
    outcome = digest("dkim", "keygen", "--out", tmp_path / "k.pem", option, value)
    assert outcome.code == 2
    assert "is no name of the DNS" in outcome.err
    assert not (tmp_path / "k.pem").exists()
