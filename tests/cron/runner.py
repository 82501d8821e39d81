"""Forks processes of `digest` that begin at the same moment: what they need is imported already, and nothing else.

A line of JSON on stdin says what to run: {"words": […], "at": ISO time, "processes": N, "out": FILE}. A line on stdout
says which processes began, another how they ended.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import digest
from digest.cli.app import run
from digest.cli.session import Start
from tests.conftest import StandingClock


class MovedClock(StandingClock):
    """A clock that a caller sets; waiting takes the machine's time."""

    def __getattribute__(self, name: str) -> Any:
        if name == "advance":  # a clock without it makes the program wait for real
            raise AttributeError(name)
        return super().__getattribute__(name)


def begin(ask: dict[str, Any]) -> int:
    """Fork one process, which waits for the signal to begin; return its number."""
    reading, writing = ask["gate"]
    number = os.fork()
    if number:
        return number
    os.close(writing)
    os.read(reading, 1)  # ends when every writer has closed
    with Path(ask["out"]).open("a", encoding="utf-8") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        code = run(ask["words"], start=Start(clock=MovedClock(datetime.fromisoformat(ask["at"])), environment={}))
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def main() -> None:
    for module in pkgutil.walk_packages(digest.__path__, "digest."):
        if (
            not module.name.endswith((".__main__", "m0001", "queue", "queue_schema"))
            and ".versions." not in module.name
        ):
            importlib.import_module(module.name)
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        ask = json.loads(line)
        ask["gate"] = os.pipe()
        numbers = [begin(ask) for _ in range(ask["processes"])]
        for end in ask["gate"]:
            os.close(end)
        print(json.dumps(numbers), flush=True)  # noqa: T201
        codes = [os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) for number in numbers]
        print(json.dumps(codes), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
