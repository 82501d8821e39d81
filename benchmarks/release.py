"""What is released, tried as strangers meet it: wheel and sdist built, installed in a clean place, run, weighed.

    python -m benchmarks.release [--skip-download]      # or: make release

Prints a line a check and ends with 1 where one fails. Needs the package index.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
LARGEST_MB = 240
SLOWEST_S = 0.2
WANTED = (
    "digest/py.typed",
    "digest/templates/mail/edition.mjml",
    "digest/templates/pages/base.html",
    "digest/locale/de.po",
    "digest/sample/digest.toml",
    "digest/check/caniemail.json",
    "digest/store/migrations/versions/m0001_first_tables.py",
)
MANUAL = "share/man/man1/digest.1"


class Failed(Exception):
    """A check failed; the text says how."""


def ran(*words: object, cwd: Path | None = None, environment: dict[str, str] | None = None) -> str:
    """Run a program and return what it printed; raise Failed with its last words."""
    done = subprocess.run([str(each) for each in words], capture_output=True, text=True, check=False, cwd=cwd,
                          env=environment)  # fmt: skip
    if done.returncode != 0:
        raise Failed(f"{words[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout


def built(work: Path) -> tuple[Path, Path]:
    """Build and return sdist and wheel; the wheel is made of the sdist, as installers do."""
    ran(sys.executable, "-m", "build", "--outdir", work / "dist", ROOT)
    (sdist,), (wheel,) = (work / "dist").glob("*.tar.gz"), (work / "dist").glob("*.whl")
    return sdist, wheel


def complete(sdist: Path, wheel: Path) -> str:
    """Look for what must be in both."""
    with zipfile.ZipFile(wheel) as held:
        names = set(held.namelist())
    lacking = [each for each in WANTED if each not in names]
    if not any(name.endswith(MANUAL) for name in names):
        lacking.append(MANUAL)
    if stray := [name for name in names if not name.startswith(("digest/", "newsletter_digest-"))]:
        raise Failed(f"the wheel holds {stray[:3]}")
    with tarfile.open(sdist) as packed:
        inside = {name.partition("/")[2] for name in packed.getnames()}
    lacking += [each for each in ("README.md", "LICENSE", "pyproject.toml", "templates/mail/edition.mjml")
                if each not in inside]  # fmt: skip
    if lacking:
        raise Failed(f"missing: {', '.join(lacking)}")
    return f"{len(names)} files, wheel {wheel.stat().st_size / 1e6:.1f} MB, sdist {sdist.stat().st_size / 1e6:.1f} MB"


def works(wheel: Path, work: Path) -> Iterator[str]:
    """Install the wheel in a clean environment and take the demo through a morning; yield what was seen."""
    place, bin_ = work / "clean", work / "clean" / "bin"
    ran(sys.executable, "-m", "venv", place)
    ran(bin_ / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", wheel)
    clean = {"PATH": f"{bin_}:/usr/bin:/bin", "HOME": str(work), "LANG": "C.UTF-8"}
    yield ran(bin_ / "digest", "--version", cwd=work, environment=clean).strip()
    ran(bin_ / "digest", "demo", "paper", cwd=work, environment=clean)
    for words in (["check"], ["approve"], ["send"], ["status"]):
        ran(bin_ / "digest", *words, cwd=work / "paper", environment=clean)
    yield f"demo, approve, send: {len(list((work / 'paper' / 'outbox').glob('*.eml')))} messages"
    for shell in ("bash", "zsh", "fish"):
        script = ran(bin_ / "digest", cwd=work, environment={**clean, "_DIGEST_COMPLETE": f"source_{shell}"})
        if "digest" not in script:
            raise Failed(f"no completion for {shell}")
    yield "completions for bash, zsh and fish"
    page = place / MANUAL
    if not page.is_file():
        raise Failed(f"there is no {MANUAL}")
    yield f"manual page of {len(page.read_text(encoding='utf-8').splitlines())} lines"
    held = sum(each.stat().st_size for each in place.rglob("*") if each.is_file() and "pip" not in each.parts)
    if held > LARGEST_MB * 1e6:
        raise Failed(f"the default install has {held / 1e6:.0f} MB, more than {LARGEST_MB}")
    yield f"default install {held / 1e6:.0f} MB"
    taken = []
    for _ in range(11):
        began = time.perf_counter()
        ran(bin_ / "digest", "--help", cwd=work, environment=clean)
        taken.append(time.perf_counter() - began)
    median = statistics.median(taken)
    yield f"digest --help {median:.2f} s median of {len(taken)}, load {os.getloadavg()[0]:.1f}" + (
        "" if median < SLOWEST_S else f" (more than {SLOWEST_S}: try again on a quiet machine)"
    )


def resolves(wheel: Path, version: str, work: Path) -> str:
    """Have pip resolve the default install for a version of Python with wheels alone."""
    into = work / f"for-{version}"
    ran(
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:",
        "--python-version", version, "--dest", into, wheel,
    )  # fmt: skip
    return f"Python {version}: {len(list(into.glob('*.whl')))} wheels, no compiler"


def main() -> int:
    """Build, look, install, run; return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skip-download", action="store_true", help="do not resolve for other versions of Python")
    options, bad = parser.parse_args(), 0
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        sdist, wheel = built(work)
        checks: list[Callable[[], Iterator[str]]] = [
            lambda: iter([complete(sdist, wheel)]),
            lambda: works(wheel, work),
            *(
                (lambda version=version: iter([resolves(wheel, version, work)]))
                for version in PYTHONS
                if not options.skip_download
            ),
        ]
        for check in checks:
            try:
                for line in check():
                    print(f"ok    {line}", flush=True)
            except Failed as error:
                bad += 1
                print(f"FAIL  {error}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
