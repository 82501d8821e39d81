"""A publication in a folder of its own: its configuration, its keys and an empty store."""

from __future__ import annotations

from pathlib import Path

from digest.config import load
from digest.subscribers.tokens import make_keys
from digest.wiring import Wiring
from tests.conftest import StandingClock, fresh_sqlite


def wired(folder: Path, config: str, clock: StandingClock, *, store_url: str = "") -> Wiring:
    """Write a publication where it is not yet there, and open it; whoever asked closes it."""
    file = folder / "digest.toml"
    file.write_text(config, encoding="utf-8")
    for name in ("tokens", "erasure"):
        if not (folder / "keys" / name).exists():
            make_keys(folder / "keys" / name)
    if not (folder / "digest.db").exists() and not store_url:
        fresh_sqlite(folder / "digest.db")
    return Wiring(load(file, {"DIGEST_STORE_URL": store_url} if store_url else {}), clock=clock)
