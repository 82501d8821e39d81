"""Makes the reference from the code: commands, configuration keys, check codes, metrics, exit codes, the man page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from docs.generate import codes, commands, keys, manual, metrics

REFERENCE = Path(__file__).parent.parent / "reference"
NOTE = "<!-- Made by `make docs` from the code; what is changed here by hand is lost. -->"


def pages() -> Mapping[Path, str]:
    """Return the text of every page that is made, by its file."""
    made = {
        "commands.md": commands.page(),
        "exit-codes.md": commands.exit_codes_page(),
        "keys.md": keys.page(),
        "metrics.md": metrics.page(),
    }
    return {
        **{REFERENCE / name: text.replace("\n\n", f"\n\n{NOTE}\n\n", 1) for name, text in made.items()},
        REFERENCE / "check.md": codes.page((REFERENCE / "check.md").read_text(encoding="utf-8")),
        REFERENCE / "digest.1": manual.page(),
    }


def stale() -> list[Path]:
    """Return the pages that differ from what the code says now."""
    return [
        path
        for path, text in pages().items()
        if not path.is_file() or path.read_bytes().decode("utf-8").replace("\r\n", "\n") != text
    ]
