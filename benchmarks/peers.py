"""Peers in environments of their own, below build/bench: a virtual environment, node modules, Postfix unpacked.

What cannot be had is said and left out; nothing is installed beside the project's own packages.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

PYTHON = ("aiosmtplib", "mailmerge", "dkimpy", "feedparser", "fastfeedparser", "sgmllib3k", "reader", "rss2email")
NODE = ("mjml@5", "juice@11", "nodemailer@8")


@dataclass
class Peers:
    """Where the peers are, in which versions, and which could not be had."""

    folder: Path
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)  # name → why

    @property
    def python(self) -> str:
        """The interpreter that has the peers written in Python."""
        return str(self.folder / "peers" / "bin" / "python")

    def named(self, name: str) -> str:
        """Return a peer with its version."""
        return f"{name} {self.versions[name]}" if name in self.versions else name

    def why(self, *names: str) -> str:
        """Return why one of these peers is missing, "" where all are there."""
        return next((self.missing[name] for name in names if name in self.missing), "")


def prepare(folder: Path) -> Peers:
    """Install what is not there yet; return what there is."""
    folder.mkdir(parents=True, exist_ok=True)
    peers = Peers(folder)
    _python(peers)
    _node(peers)
    _postfix(peers)
    return peers


def _python(peers: Peers) -> None:
    if not Path(peers.python).exists():
        subprocess.run([sys.executable, "-m", "venv", str(peers.folder / "peers")], check=True)
    listing = _ran([peers.python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"])
    there = {each["name"].lower() for each in json.loads(listing[0] or "[]")}
    for name in PYTHON:
        if name not in there:
            _, error = _ran([peers.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", name])
            if error:
                peers.missing[name] = error
    code = "from importlib.metadata import distributions as d; print({x.name.lower(): x.version for x in d()})"
    found = ast.literal_eval(_ran([peers.python, "-c", code])[0] or "{}")
    for name in PYTHON:
        if name in found:
            peers.versions[name] = found[name]
        else:
            peers.missing.setdefault(name, "it is not installed")


def _node(peers: Peers) -> None:
    names = [each.partition("@")[0] for each in NODE]
    if shutil.which("node") is None or shutil.which("npm") is None:
        peers.missing.update(dict.fromkeys(names, "node and npm are not there"))
        return
    wanted = [each for each in NODE if not (peers.folder / "node_modules" / each.partition("@")[0]).is_dir()]
    if wanted:
        _, error = _ran(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(peers.folder), *wanted]
        )
        if error:
            peers.missing.update(dict.fromkeys(names, f"npm: {error}"))
    for name in names:
        package = peers.folder / "node_modules" / name / "package.json"
        if package.is_file():
            peers.versions[name] = json.loads(package.read_text(encoding="utf-8"))["version"]
        else:
            peers.missing.setdefault(name, "it is not installed")


def _postfix(peers: Peers) -> None:
    """Unpack Postfix for smtp-source and smtp-sink; nothing of it is started as a service."""
    program = peers.folder / "px" / "usr" / "sbin" / "smtp-source"
    error = ""
    if not program.exists():
        if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
            error = "Debian's packages are not there"
        else:
            _, error = _ran(["apt-get", "download", "-q", "postfix"], cwd=peers.folder)
            for package in peers.folder.glob("postfix_*.deb"):
                _, error = _ran(["dpkg", "-x", str(package), str(peers.folder / "px")])
    if not program.exists():
        peers.missing["smtp-source"] = error or "it could not be unpacked"
        return
    versions = [each.name.split("_")[1] for each in peers.folder.glob("postfix_*.deb")]
    peers.versions["smtp-source"] = " ".join(["of Postfix", *versions[:1]])


def _ran(call: list[str], *, cwd: Path | None = None) -> tuple[str, str]:
    """Return what a program printed, and its last words where it failed."""
    try:
        done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=cwd, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    said = (done.stderr or done.stdout).strip().splitlines()
    return done.stdout, "" if done.returncode == 0 else (said[-1] if said else f"exit {done.returncode}")[:160]
