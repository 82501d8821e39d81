"""Commands run in this process, with a clock that stands still and a publication of the sample feeds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from digest.cli.app import run
from digest.cli.session import Start
from tests.conftest import StandingClock


@dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Digest = Callable[..., Outcome]


@pytest.fixture
def digest(capsys: pytest.CaptureFixture[str], clock: StandingClock) -> Digest:
    """Run `digest WORDS…` and return its exit code and what it printed."""

    def call(*words: object, environment: dict[str, str] | None = None, moment: StandingClock | None = None) -> Outcome:
        capsys.readouterr()
        start = Start(clock=moment or clock, environment=environment or {})
        code = run([str(word) for word in words], start=start)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def publication(digest: Digest, tmp_path: Path) -> Path:
    """A demo publication; return its digest.toml."""
    outcome = digest("demo", tmp_path / "demo")
    assert outcome.code == 0, outcome.err
    return tmp_path / "demo" / "digest.toml"


def change(file: Path, pattern: str, replacement: str) -> None:
    """Change a line of a configuration; the pattern must be there."""
    text = file.read_text(encoding="utf-8")
    changed, count = re.subn(pattern, replacement, text, count=1, flags=re.M)
    assert count == 1, pattern
    file.write_text(changed, encoding="utf-8")
