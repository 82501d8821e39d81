"""`digest doctor` finds what is wrong with the machine and the domain, and `digest run` mails nobody meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest import __version__
from digest.cli.app import run
from digest.cli.session import Start
from digest.mail.dkim import make_key, record_name, record_value
from digest.wiring import doctor as examined
from tests.cli.conftest import Digest, change
from tests.conftest import UNMEASURED, StandingClock, fresh_postgres
from tests.mail.test_domain import Zone
from tests.smtpd import Inbox, Script, scripted_server
from tests.webd import web_server

Doctor = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], clock: StandingClock) -> Doctor:
    """Run `digest doctor --json` and return its exit code and document."""

    def call(
        file: Path,
        *words: str,
        zone: Zone | None = None,
        moment: StandingClock | None = None,
        environment: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        start = Start(clock=moment or clock, environment=environment or {}, resolver=zone or Zone({}))
        code = run(["doctor", "--json", "-c", str(file), *words], start=start)
        printed = capsys.readouterr()
        assert printed.err == ""
        return code, json.loads(printed.out)

    return call


def told(document: dict[str, Any], severity: str = "error") -> list[str]:
    """Return findings of a severity as lines, and make sure that each says what to do."""
    assert all(each["fix"] for each in document["findings"]), document
    return [f"{each['code']} {each['where']}: {each['message']}" for each in document["findings"]
            if each["severity"] == severity]  # fmt: skip


def real(file: Path, inbox: Inbox, public_url: str) -> None:
    """Make a demo a publication that mails: a relay on loopback, a public address, no sample feeds."""
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("[demo]")], encoding="utf-8")
    change(file, "^via = .*", f'via = "smtp://127.0.0.1:{inbox.port}"')
    change(file, "^public_url = .*", f'public_url = "{public_url}"')


def test_nothing_is_wrong_with_a_demo_and_the_report_is_for_people_too(
    digest: Digest, publication: Path, doctor: Doctor
) -> None:
    code, document = doctor(publication)
    assert (code, document["findings"][:1]) == (0, [{
        "code": "runs", "severity": "note", "where": "digest.daily", "message": "`digest run` was never called",
        "fix": "see `digest init --cron` or --systemd",
    }])  # fmt: skip
    assert {each["area"] for each in document["seen"]} >= {"config", "keys", "disk", "database", "clock", "schedule"}
    shown = digest("doctor", "-c", publication)
    assert shown.code == 0
    assert "ok       database    " in shown.out
    assert shown.out.rstrip().endswith("0 errors, 0 warnings, 1 note.")


def test_a_domain_and_a_relay_as_they_should_be_and_then_not(digest: Digest, publication: Path, doctor: Doctor) -> None:
    now = StandingClock(datetime.now(UTC))
    key = make_key(publication.parent / "dkim.pem", domain="halyard.example", selector="nov")
    texts = {
        "halyard.example": ["v=spf1 include:relay.example -all"],
        "relay.example": ["v=spf1 ip4:192.0.2.1 -all"],
        "_dmarc.halyard.example": ["v=DMARC1; p=none; rua=mailto:dmarc@halyard.example"],
        record_name(key): [record_value(key)],
    }
    script = Script(extensions=("PIPELINING", "SIZE 5000000"), on_mail=lambda sender: "550 5.7.1 not from you")
    with scripted_server(Script()) as inbox, scripted_server(script) as strict, web_server() as web:
        real(publication, inbox, web.base)
        with publication.open("a", encoding="utf-8") as file:
            file.write('[delivery.dkim]\nselector = "nov"\nkey_file = "dkim.pem"\n')
        web.put("/health", json.dumps({"status": "ok", "version": __version__}))
        good = Zone(texts, {"halyard.example": ["mx.halyard.example"]})
        _, document = doctor(publication, zone=good, moment=now)
        # Loopback has no certificate, so that one thing is left to say.
        assert told(document) == ["config publication.public_url: leaving with one click takes https (RFC 8058)"]
        seen = "\n".join(each["message"] for each in document["seen"])
        assert f"127.0.0.1:{inbox.port}: no TLS, without a login, takes mail from" in seen
        assert "SPF of halyard.example, DKIM (nov._domainkey), DMARC" in seen
        assert f"{web.base}/health: ok" in seen
        assert inbox.taken == [], "nothing is mailed"

        change(publication, "^via = .*", f'via = "smtp://127.0.0.1:{strict.port}"')
        web.put("/health", json.dumps({"status": "ok", "version": "0.0.1"}), Date="Mon, 23 Nov 2015 06:40:00 GMT")
        code, document = doctor(publication, zone=Zone({}), moment=now)
        lines = "\n".join(told(document))
        assert code == 1
        for words in (
            "relay 127.0.0.1", "the relay takes no mail from", "spf halyard.example: it has no SPF record",
            "dkim nov._domainkey.halyard.example: there is no record", "dmarc _dmarc.halyard.example: there is no DMARC",
            "mx return_path: nobody takes mail for halyard.example",
        ):  # fmt: skip
            assert words in lines
        assert any("is 0.0.1, and this is" in line for line in told(document, "warning"))

        for body, status, words in (
            ("<html>parked</html>", 200, "something else than `digest serve` answers"),
            (json.dumps({"status": "failing"}), 503, "is failing"),
            ("", 404, "something else than"),
        ):
            web.put("/health", body, status=status)
            _, document = doctor(publication, zone=good, moment=now)
            assert any(words in line for line in told(document)), words
        _, document = doctor(publication, "--via", f"smtp://127.0.0.1:{inbox.port}", zone=good, moment=now)
        assert not any("relay" in line for line in told(document)), "as runs are called with another way"
        code, document = doctor(publication, "--offline", moment=now)
        assert not [line for line in told(document) if not line.startswith("config")]


def test_files_that_need_a_look(digest: Digest, publication: Path, doctor: Doctor) -> None:
    folder = publication.parent
    assert digest("init", folder, "--templates").code == 0
    _, document = doctor(publication)
    assert any("files are no different from the packaged ones" in line for line in told(document, "note"))
    own, origins = folder / "templates" / "mail" / "edition.txt", folder / "templates" / ".origins.json"
    own.write_text(own.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    _, document = doctor(publication)
    assert told(document, "warning") == [], "changed, and what it was copied from is today's"
    known = json.loads(origins.read_text(encoding="utf-8"))
    origins.write_text(json.dumps({**known, "mail/edition.txt": "0" * 64}), encoding="utf-8")
    (folder / ".env").write_text("DIGEST_RELAY_PASSWORD=x\n", encoding="utf-8")
    (folder / ".env").chmod(0o644)
    (folder / "templates" / "mail" / "edition.mjml").write_text("{% if %}", encoding="utf-8")
    (folder / "keys" / "tokens").chmod(0o644)
    (folder / "keys" / "erasure").write_text("short\n", encoding="utf-8")
    code, document = doctor(publication)
    warnings, errors = told(document, "warning"), told(document)
    assert code == 1
    assert [line.partition(": ")[2] for line in warnings] == [
        "everybody here can read its secrets", "the packaged template changed since it was copied",
    ]  # fmt: skip
    assert [line.split()[0] for line in errors] == ["keys", "keys", "template"]
    assert "edition.mjml:1" in errors[2]


def test_little_space_is_told_before_it_is_none(
    publication: Path, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for free, severity in ((50_000_000, "error"), (500_000_000, "warning")):
        monkeypatch.setattr(examined, "free_of", lambda path, free=free: (free, 12))
        _, document = doctor(publication)
        assert any("are free" in line for line in told(document, severity))
        assert any("holds 12 more files" in line for line in told(document))


def test_a_cron_that_does_not_come_is_told(digest: Digest, publication: Path, doctor: Doctor) -> None:
    change(publication, '^approval = "required"', 'approval = "automatic"\ntime = "06:00"')
    assert digest("run", "-c", publication).code == 0
    code, document = doctor(publication)
    assert (code, told(document)) == (0, [])
    later = StandingClock()
    later.advance(hours=26)
    code, document = doctor(publication, moment=later)
    assert code == 5
    assert (
        "an edition was due Tue 2026-11-24 06:00 WET, and the last run was Mon 2026-11-23"
        in told(document, "warning")[0]
    )
    later.advance(days=2)
    assert doctor(publication, moment=later)[0] == 1


# Bad input: each is found by `doctor`, and `run` says the same before anybody gets anything.


def nobody(inbox: Inbox, outcome: Any, code: int, words: str) -> None:
    assert outcome.code == code, outcome.err
    assert words in outcome.err
    assert readers(inbox) == []


def readers(inbox: Inbox) -> list[str]:
    """Return who got something, operators apart: they are told."""
    return [each for each in inbox.recipients if each != "operator@halyard.example"]


def test_what_is_wrong_is_found_before_anything_is_sent(
    digest: Digest, publication: Path, doctor: Doctor, request: pytest.FixtureRequest
) -> None:
    change(publication, '^approval = "required"', 'approval = "automatic"')
    right = publication.read_text(encoding="utf-8")
    with scripted_server(Script()) as inbox:
        via = f"smtp://127.0.0.1:{inbox.port}"
        call = ("run", "-c", publication, "--via", via)

        change(publication, '"Europe/Lisbon"', '"Europe/Lisboa"')
        code, document = doctor(publication)
        assert (code, told(document)) == (
            2,
            ["config digest.toml:7 publication.time_zone: 'Europe/Lisboa' is no time zone"],
        )
        nobody(inbox, digest(*call), 2, "'Europe/Lisboa' is no time zone")

        publication.write_text(right, encoding="utf-8")
        change(publication, "^approval = .*", 'approval = "automatic"\ntime = "12:00"\nnot_after = "07:00"')
        assert told(doctor(publication)[1])[0].endswith("it is not later than `time`")
        nobody(inbox, digest(*call), 2, "it is not later than `time`")

        publication.write_text(right, encoding="utf-8")
        first = datetime(2026, 11, 23, tzinfo=UTC)
        days = ", ".join(f"{first + timedelta(weeks=week):%Y-%m-%d}" for week in range(54))
        change(publication, "^approval = .*", f'approval = "automatic"\ndays = ["mon"]\nskip = [{days}]')
        code, document = doctor(publication)
        assert told(document) == ["schedule digest.daily: no edition is due within a year"]
        never = digest(*call)
        assert (never.code, readers(inbox)) == (5, [])
        assert "none is due within a year" in never.err

        publication.write_text(right, encoding="utf-8")
        change(publication, "^via = .*", f'via = "smtp://ada@127.0.0.1:{inbox.port}"')
        assert "config delivery.via: the relay wants a login, and there is no password" in told(doctor(publication)[1])
        nobody(inbox, digest("run", "-c", publication), 1, "set DIGEST_RELAY_PASSWORD")

        publication.write_text(right, encoding="utf-8")
        url = fresh_postgres(request.getfixturevalue("postgres"))
        server = {"DIGEST_STORE_URL": url}
        _, document = doctor(publication, environment=server, moment=StandingClock(datetime.now(UTC)))
        assert "database subscribers: nobody is on the list" in told(document, "warning")
        assert told(document) == [], "and its clock is ours"
        locked = {"DIGEST_STORE_URL": f"{url}&options=-c%20default_transaction_read_only%3Don"}
        code, document = doctor(publication, environment=locked)
        assert code == 1
        assert "the database may only be read" in told(document)[0]
        nobody(inbox, digest(*call, environment=locked), 1, "the database may only be read")

        assert digest(*call).code == 0, "with all of it right"
        before = len(readers(inbox))
        year = StandingClock()
        year.advance(days=366)
        code, document = doctor(publication, moment=year)
        assert code == 1
        assert "366 days after the last run" in told(document)[0]
        off = digest(*call, moment=year)
        assert (off.code, len(readers(inbox))) == (1, before)
        assert "--clock-is-right" in off.err


def test_a_folder_that_may_only_be_read_and_a_full_disk(digest: Digest, publication: Path) -> None:
    """As a process of its own, whose files may not grow: every write fails as on a full disk.

    It keeps no bytecode: Python would leave cut files of it, which no later process could load.
    """
    change(publication, '^approval = "required"', 'approval = "automatic"')
    with scripted_server(Script()) as inbox:
        for words in (("doctor", "--offline"), ("run", "--via", f"smtp://127.0.0.1:{inbox.port}")):
            done = subprocess.run(
                [sys.executable, "-m", "digest", *words, "-c", str(publication)],
                capture_output=True, text=True, check=False, timeout=300,
                env={**os.environ, **UNMEASURED, "DIGEST_DEBUG": "", "PYTHONDONTWRITEBYTECODE": "1"},
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096)),
            )  # fmt: skip
            assert done.returncode == 1, done.stderr
            assert "Traceback" not in done.stderr
            assert "nothing can be written there" in done.stderr or "the disk is full" in done.stderr, done.stderr
        assert inbox.taken == []
    if os.geteuid() != 0:  # to root every file is writable
        publication.parent.chmod(0o500)
        (publication.parent / "digest.db").chmod(0o400)
        with contextlib.suppress(OSError):
            assert digest("doctor", "--offline", "-c", publication).code == 1
        publication.parent.chmod(0o700)
