"""`digest check` at the command line: exit codes, `--json`, and one sentence for what is no mail."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Digest


def test_the_exit_code_says_whether_there_are_errors(digest: Digest, publication: Path, tmp_path: Path) -> None:
    own = digest("check", publication.parent / "preview" / "edition.eml", "--json")
    assert own.code == 0
    assert own.json["findings"] == []
    assert 10_000 < own.json["size_bytes"] < 102_400
    assert digest("check", "-c", publication).code == 0
    bad = tmp_path / "bad.html"
    bad.write_text("<html><body><a href='/x'>here</a></body></html>", encoding="utf-8")
    found = digest("check", bad)
    assert found.code == 1
    assert "link-relative" in found.out
    for name, content in (("missing.html", None), ("words.txt", "only words"), ("empty.eml", "")):
        path = tmp_path / name
        if content is not None:
            path.write_text(content, encoding="utf-8")
        outcome = digest("check", path)
        assert outcome.code in (1, 2)
        assert outcome.err.count("\n") == 1
