"""What would be missing in a wheel is seen before one is built (`make release` builds, installs and runs it)."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib.metadata import requires
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUP = PROJECT["tool"]["setuptools"]
NOT_SHIPPED = {"docs", "tests", "benchmarks", "examples"}


def tracked(folder: str) -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z", folder], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [name for name in listing.stdout.split("\0") if name]
    return [Path(name) for name in names] or [
        path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]  # fmt: skip


def test_every_package_is_in_the_wheel() -> None:
    there = {".".join(path.parent.parts) for path in tracked("digest") if path.name == "__init__.py"}
    assert there == set(SETUP["packages"]) - {"digest.templates"}


def test_every_file_beside_the_code_is_in_the_wheel() -> None:
    lacking = []
    for path in tracked("digest"):
        if path.suffix == ".py":
            continue
        holders = [
            (package, pattern)
            for package, patterns in SETUP["package-data"].items()
            for pattern in patterns
            if (base := Path(*package.split("."))) in path.parents
            and (path.relative_to(base).match(pattern) or pattern == "**/*")
        ]
        if not holders:
            lacking.append(str(path))
    assert not lacking, f"name them in [tool.setuptools.package-data]: {lacking}"


def test_a_manual_page_and_type_hints_are_shipped() -> None:
    (page,) = SETUP["data-files"]["share/man/man1"]
    assert (ROOT / page).read_text(encoding="utf-8").startswith(".TH DIGEST 1")
    assert (ROOT / "digest" / "py.typed").is_file()


def test_every_dependency_earns_its_place() -> None:
    table = (ROOT / "docs" / "internals.md").read_text(encoding="utf-8").partition("### Dependencies")[2]
    named = {re.split(r"[\s;<>=!~\[]", each, maxsplit=1)[0].lower() for each in requires("newsletter-digest") or []
             if "extra ==" not in each}  # fmt: skip
    assert len(named) > 20
    lacking = sorted(name for name in named if not re.search(rf"^\|[^|]*\b{re.escape(name)}\b", table, re.M | re.I))
    assert not lacking, f"docs/internals.md, Dependencies: say why {', '.join(lacking)} is there"
