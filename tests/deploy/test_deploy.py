"""deploy/: read and checked by rules, because no container is started in a test."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import signal
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+[\w.-]*")  # an image with a version, never `latest`


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


def test_the_dockerfile_keeps_the_rules() -> None:
    known = {
        "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD", "HEALTHCHECK",
    }  # fmt: skip
    found = instructions()
    assert {name for name, _ in found} <= known, "no ADD, no MAINTAINER, no ARG that could carry a secret"
    stages: list[str] = []
    for name, value in found:
        if name == "FROM":
            image, _, alias = value.partition(" AS ")
            assert PINNED.fullmatch(image) or image in stages, image
            stages.append(alias)
        elif name == "RUN":
            assert "sudo" not in value
            assert "pip install" not in value or "--no-cache-dir" in value
            assert "apt-get install" not in value or (
                "--no-install-recommends" in value and "/var/lib/apt/lists" in value
            )
            assert ";" not in value, "join by &&, so that a failure is one"
        elif name in ("ENTRYPOINT", "CMD"):
            assert all(isinstance(each, str) for each in json.loads(value)), "in exec form, or signals do not arrive"
        elif name == "WORKDIR":
            assert value.startswith("/")
        elif name == "ENV":
            assert not re.search(r"PASSWORD|SECRET|TOKEN", value)
    last = max(place for place, (name, _) in enumerate(found) if name == "FROM")
    (user,) = [value for name, value in found[last:] if name == "USER"]
    assert user.split(":")[0] not in ("root", "0")
    assert [name for name, _ in found[last:] if name in ("USER", "ENTRYPOINT")] == ["USER", "ENTRYPOINT"]


def test_what_the_dockerfile_copies_is_there_and_reaches_the_builder() -> None:
    patterns = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    kept = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    copied = []
    for name, value in instructions():
        words = [word for word in shlex.split(value) if name == "COPY" and not word.startswith("--chmod")]
        if words and not words[0].startswith("--from"):
            copied += words[:-1]
    assert {"pyproject.toml", "digest", "templates"} <= set(copied)
    for path in copied:
        assert (ROOT / path.removeprefix("./")).exists(), path
        assert any(fnmatch.fnmatch(path, pattern) for pattern in kept), path
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    setuptools = project["tool"]["setuptools"]
    wanted = [path for paths in setuptools["data-files"].values() for path in paths]
    wanted += [project["project"]["readme"], *project["project"]["license-files"], *setuptools["package-dir"].values()]
    for path in wanted:
        assert any(path == each or path.startswith(f"{each}/") for each in copied), f"the wheel needs {path}"
    assert "*" in patterns[0], "nothing else reaches the builder: no database, no keys, no .env"
    assert not {".env", "keys", "digest.db"} & set(kept)


def compose() -> dict[str, Any]:
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_the_compose_file_keeps_the_rules() -> None:
    document = compose()
    services = document["services"]
    assert set(services) >= {"database", "mail", "upgrade", "run", "serve"}
    for name, service in services.items():
        image = service["image"]
        assert PINNED.fullmatch(image) or "build" in service, f"{name}: {image}"
        assert "restart" in service
        assert not service.get("privileged")
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name}: what is published is for a proxy on this machine"
        for key, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|SECRET", key) or str(value).startswith("${"), (
                f"{name}: {key} is written down"
            )
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] in ("service_healthy", "service_completed_successfully")
            assert how["condition"] != "service_healthy" or "healthcheck" in services[other], f"{name} waits for ever"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith((".", "/")) or source in document["volumes"]
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]
    assert services["run"]["stop_grace_period"] == "5m"


def test_the_commands_of_the_compose_file_are_ours() -> None:
    from docs.generate.tree import commands

    known = {each.name for each in commands()}
    for name, service in compose()["services"].items():
        words = service.get("command") or []
        if "build" in service and words:
            called = ["digest", *[word for word in words if not word.startswith("-")]]
            assert any(" ".join(called[:length]) in known for length in (2, 3)), f"{name}: {words}"
    assert "each-quarter.sh /usr/local/bin/each-quarter" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def ended(loop: subprocess.Popen[bytes]) -> int:
    """Stop the loop and return its exit code; one that does not end is killed, so that a failure hangs nothing."""
    loop.send_signal(signal.SIGTERM)
    try:
        return loop.wait(timeout=120)
    finally:
        loop.kill()


def test_a_stop_that_comes_before_the_run_is_known_reaches_it(tmp_path: Path) -> None:
    """The signal comes from the run itself, in its first moment: the loop may not have noted its number yet."""
    program, log = tmp_path / "digest", tmp_path / "log"
    program.write_text(
        "#!/bin/sh\ntrap 'echo saved >> \"$LOG\"; exit 75' TERM\nkill -TERM $PPID\nwhile :; do sleep 0.05; done\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(log)}
    for _ in range(5):
        with subprocess.Popen([DEPLOY / "each-quarter.sh"], env=environment) as loop:
            try:
                assert loop.wait(timeout=120) == 0
            finally:
                loop.kill()
    assert log.read_text(encoding="utf-8").split() == ["saved"] * 5


def test_a_container_is_stopped_when_its_run_has_ended(tmp_path: Path) -> None:
    """The loop that stands for cron hands a stop on, and waits until the run has saved."""
    program, log = tmp_path / "digest", tmp_path / "log"
    program.write_text(
        '#!/bin/sh\ntrap \'sleep 0.3; echo saved >> "$LOG"; exit 75\' TERM\necho "called $*" >> "$LOG"\n'
        "while :; do sleep 0.05; done\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(log)}
    with subprocess.Popen([DEPLOY / "each-quarter.sh", "--digest", "daily"], env=environment) as loop:
        until = time.monotonic() + 120
        while not log.exists() and time.monotonic() < until:
            time.sleep(0.02)
        assert ended(loop) == 0
    assert log.read_text(encoding="utf-8").splitlines() == ["called run --quiet --digest daily", "saved"]


def test_between_two_runs_a_stop_is_obeyed_at_once(tmp_path: Path) -> None:
    program, log = tmp_path / "digest", tmp_path / "log"
    program.write_text('#!/bin/sh\necho called >> "$LOG"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(log)}
    with subprocess.Popen([DEPLOY / "each-quarter.sh"], env=environment) as loop:
        until = time.monotonic() + 120
        while not log.exists() and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.2)
        began = time.monotonic()
        assert ended(loop) == 0
        assert time.monotonic() - began < 100
