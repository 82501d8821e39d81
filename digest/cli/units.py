"""What `digest init --cron` and `--systemd` print: lines and units that call us, ready for this folder."""

from __future__ import annotations

import os
import pwd
import shlex
import sys
from pathlib import Path

from digest.templating import packaged

UNITS = ("digest.service", "digest.timer", "digest-serve.service")


def crontab(folder: Path) -> str:
    """Return lines for a crontab. To cron a percent sign is the end of a line."""
    values = {"@DIR@": shlex.quote(str(folder)), "@DIGEST@": shlex.quote(_program()), "@USER@": _owner(folder)}
    return _filled("crontab", {name: value.replace("%", r"\%") for name, value in values.items()})


def unit(name: str, folder: Path) -> str:
    """Return a systemd unit. To systemd a percent sign begins a specifier."""
    values = {"@DIR@": str(folder), "@DIGEST@": _program(), "@USER@": _owner(folder)}
    told = {name: value.replace("%", "%%") for name, value in values.items()}
    return _filled(name, {"@HARDENING@": packaged("init/hardening").rstrip("\n"), **told})


def _filled(name: str, values: dict[str, str]) -> str:
    text = packaged(f"init/{name}")
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def _owner(folder: Path) -> str:
    """Return whose folder it is; where it is not made yet, who we are."""
    uid = folder.stat().st_uid if folder.is_dir() else os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _program() -> str:
    return str(Path(sys.argv[0]).absolute()) if Path(sys.argv[0]).name == "digest" else "digest"
