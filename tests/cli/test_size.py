"""An edition that Gmail would clip is shortened, and says what was cut."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Digest


def test_a_long_edition_is_fitted_and_says_so(digest: Digest, publication: Path) -> None:
    text = publication.read_text(encoding="utf-8")
    for count in ("3", "4", "6"):
        text = text.replace(f"stories = {count}\n", "stories = 14\nper_source = 9\n")
    publication.write_text(text.replace("per_source = 9\nper_source = 4", "per_source = 9"), encoding="utf-8")
    assert digest("build", "-c", publication).code == 0
    out = publication.parent / "long"
    assert digest("preview", "-c", publication, "--out", out).code == 0
    shown = (out / "index.html").read_text(encoding="utf-8")
    assert "teasers shortened to 200 characters" in shown
    assert "left out to fit: " in shown
    chosen = json.loads((out / "edition.json").read_text(encoding="utf-8"))
    assert sum(len(section["items"]) for section in chosen["sections"]) > 20
    assert "4 Ropewalk Steps" in (out / "edition.html").read_text(encoding="utf-8")
    assert digest("approve", "-c", publication).code == 0
