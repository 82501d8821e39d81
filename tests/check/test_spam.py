"""SpamAssassin's local rules, where it is installed: here a program of ours that speaks as it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.check.spam import check_spam
from digest.model.editions import Finding
from tests.check.mails import eml

REPORT = """\
X-Spam-Status: Yes
From: someone

Content analysis details:   (99.0 points, 5.0 required)   in the mail itself

Spam detection software has looked at it.

Content analysis details:   ({points} points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
-1.0 MAILING_LIST_MULTI     Multiple indicators imply a widely-seen list
                            manager
 0.0 HTML_MESSAGE           BODY: HTML included in message
 2.4 MONEY_NOW              BODY: Promises money
                            at once
 0.7 SUBJ_ALL_CAPS          Subject is all capitals
"""


def program(folder: Path, body: str) -> str:
    path = folder / "spamassassin"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def reporting(folder: Path, points: str) -> list[Finding]:
    (folder / "report").write_text(REPORT.format(points=points), encoding="utf-8")
    script = f'cat > {folder}/mail; echo "$@" > {folder}/words; cat {folder}/report'
    return list(check_spam(eml(), program(folder, script)))


def test_rules_that_count_against_it_are_told(tmp_path: Path) -> None:
    found = reporting(tmp_path, "2.1")
    assert [(each.code, each.severity) for each in found] == [("spam-rule", "note"), ("spam-rule", "note")]
    assert found[0].message == "MONEY_NOW gives 2.4 points (BODY: Promises money at once)"
    assert (tmp_path / "mail").read_bytes() == eml()
    assert "--local" in (tmp_path / "words").read_text(encoding="utf-8"), "nothing is asked over the network"


def test_a_mail_that_would_be_sorted_out_is_warned_of(tmp_path: Path) -> None:
    first, *_ = reporting(tmp_path, "6.3")
    assert (first.code, first.severity) == ("spam-score", "warning")
    assert "6.3 points" in first.message


@pytest.mark.parametrize("body", ["cat > /dev/null; sleep 30", "exit 3", "echo nonsense", ""])
def test_what_fails_or_hangs_is_a_note(tmp_path: Path, body: str) -> None:
    (found,) = check_spam(b"From: a\n\n" + b"x" * 300_000, program(tmp_path, body), patience_s=0.5)
    assert (found.code, found.severity) == ("spam-unchecked", "note")


def test_its_absence_is_a_note(tmp_path: Path) -> None:
    for path in ("", str(tmp_path / "none")):
        (found,) = check_spam(eml(), path)
        assert (found.code, found.severity) == ("spam-unchecked", "note")
