"""Commands run in this process, with a clock that stands still and a publication of the sample feeds."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable
from contextlib import redirect_stdout
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


@pytest.fixture(scope="session")
def made_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo made once, to be copied: making one takes two seconds, and a hundred tests want one."""
    folder = tmp_path_factory.mktemp("made") / "demo"
    with redirect_stdout(io.StringIO()):
        assert run(["demo", str(folder)], start=Start(clock=StandingClock(), environment={})) == 0
    return folder


@pytest.fixture
def publication(made_demo: Path, tmp_path: Path) -> Path:
    """A demo publication of one's own; return its digest.toml."""
    shutil.copytree(made_demo, tmp_path / "demo")
    return tmp_path / "demo" / "digest.toml"


def change(file: Path, pattern: str, replacement: str) -> None:
    """Change a line of a configuration; the pattern must be there."""
    text = file.read_text(encoding="utf-8")
    changed, count = re.subn(pattern, replacement, text, count=1, flags=re.M)
    assert count == 1, pattern
    file.write_text(changed, encoding="utf-8")
