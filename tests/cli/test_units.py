"""What `digest init --systemd` and `--cron` print is taken by systemd and by a shell as it stands."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Digest

ODD = "my 50% paper"  # a blank, and what both cron and systemd read as more than a percent sign


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `digest` that writes down how it is called, and what a variable of .env says."""
    made = tmp_path / "bin" / "digest"
    made.parent.mkdir()
    made.write_text('#!/bin/sh\necho "$PWD|$*|$DIGEST_RELAY_PASSWORD" >> "$LOG"\n', encoding="utf-8")
    made.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(made)])
    return made


def test_systemd_takes_the_units(digest: Digest, tmp_path: Path, program: Path) -> None:
    folder = tmp_path / ODD
    assert digest("init", folder).code == 0
    printed = digest("init", folder, "--systemd").out
    units = re.split(r"^# /etc/systemd/system/(\S+)\n", printed, flags=re.M)[1:]
    places = []
    for name, text in zip(units[::2], units[1::2], strict=True):
        places.append(tmp_path / name)
        places[-1].write_text(text, encoding="utf-8")
    assert [place.name for place in places] == ["digest.service", "digest.timer", "digest-serve.service"]
    for place in places:
        # Read as systemd reads it: a key may stand twice, and its case counts.
        parser = configparser.RawConfigParser(strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read(place, encoding="utf-8")
        if place.suffix == ".service":
            service = dict(parser["Service"])
            escaped = str(folder).replace("%", "%%")
            assert service["WorkingDirectory"] == escaped
            assert service["ReadWritePaths"] == f'"{escaped}"'
            assert service["ExecStart"].startswith(f'"{program}" ')
            assert service["NoNewPrivileges"] == service["PrivateTmp"] == "yes"
            assert service["ProtectSystem"] == "strict"
            assert service["CapabilityBoundingSet"] == ""
        else:
            assert parser["Timer"]["Persistent"] == "true"
            assert parser["Timer"]["OnCalendar"] == "*:0/15"
    assert "@" not in re.sub(r"@(system-service|privileged)\b", "", printed), "every mark is filled in"
    if shutil.which("systemd-analyze"):
        verify = ["systemd-analyze", "verify", "--man=no", *map(str, places)]
        done = subprocess.run(verify, capture_output=True, text=True, timeout=300, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_shell_takes_the_lines_of_a_crontab(digest: Digest, tmp_path: Path, program: Path) -> None:
    folder = tmp_path / ODD
    assert digest("init", folder).code == 0
    (folder / ".env").write_text("DIGEST_RELAY_PASSWORD='a secret'\n", encoding="utf-8")
    printed = digest("init", folder, "--cron").out
    lines = [line for line in printed.splitlines() if line and not line.startswith("#")]
    assert re.fullmatch(r"MAILTO=\w[\w-]*", lines[0])
    assert not any("\\%" in line.replace(r"50\%", "") or re.search(r"(?<!\\)%", line) for line in lines)
    log = tmp_path / "log"
    for line in lines[1:]:
        # Five fields of time, then a command in which cron reads \% as %.
        command = line.split(None, 5)[5].replace(r"\%", "%")
        environment = {"PATH": os.environ["PATH"], "LOG": str(log), "HOME": str(tmp_path)}
        subprocess.run(["/bin/sh", "-c", command], env=environment, cwd="/", check=True, timeout=300)
    assert log.read_text(encoding="utf-8").splitlines() == [
        f"{folder}|run --quiet|a secret",
        f"{folder}|db backup backups --keep 14 --quiet|a secret",
    ]
