"""The mails kept in tests/data/mail, to be looked at whenever they change: `python -m tests.render.golden` writes them.

An edition with every style in each theme, one from right to left, and the text part of both. Open the HTML in a
browser before it is committed.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from digest.render.theme import THEMES
from tests.builders import PUBLICATION
from tests.render.samples import made, rich, styled, whole

FOLDER = Path(__file__).parent.parent / "data" / "mail"
ARABIC = replace(PUBLICATION, language="ar", direction="rtl", name="مرساة الصباح", tagline="أخبار العالم")


def golden() -> dict[str, str]:
    """Return each mail by the name of its file."""
    found = {}
    for name in THEMES:
        html, text = whole(rich(), made(rich(), PUBLICATION, name))
        found[f"{name}.html"], found["edition.txt"] = html, text
    of = styled("feature")
    found["right-to-left.html"], found["right-to-left.txt"] = whole(of, made(of, ARABIC))
    return found


def main() -> int:
    """Write what changed; return an exit code."""
    for name, text in golden().items():
        path = FOLDER / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path} changed: look at it\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
