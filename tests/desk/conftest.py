"""A publication whose draft waits at the desk, made once for all tests that look and copied for those that edit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from digest.cli.app import run
from digest.cli.session import Start


@pytest.fixture(scope="session")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo with today's draft."""
    folder = tmp_path_factory.mktemp("drafted") / "demo"
    assert run(["demo", str(folder)], start=Start(environment={})) == 0
    return folder


@pytest.fixture
def publication(drafted: Path, tmp_path: Path) -> Path:
    """A copy of it to work on; return its digest.toml."""
    shutil.copytree(drafted, tmp_path / "demo")
    return tmp_path / "demo" / "digest.toml"
