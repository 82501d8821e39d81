"""What SpamAssassin's local rules say of a message, where it is installed. It is asked nothing over the network."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

from digest.check.codes import found
from digest.model.editions import Finding

PATIENCE_S = 20.0
# What a rule looks for may go on in lines that begin with blanks alone.
_RULE = re.compile(rb"^ *(-?\d+(?:\.\d+)?) +([A-Z][A-Z0-9_]{2,}) +(\S[^\n]*(?:\n {16,}[^\s\d-][^\n]*)*)", re.M)
_SUM = re.compile(rb"Content analysis details:\s*\((-?\d+(?:\.\d+)?) points,\s*(-?\d+(?:\.\d+)?) required\)")
_COUNTS = 0.1  # points: less is told nobody


def check_spam(raw: bytes, program: str, *, patience_s: float = PATIENCE_S) -> Iterator[Finding]:
    """Yield what counts against a message; ``program`` is the path of `spamassassin`, "" where it is not installed.

    That it is missing, fails or takes longer than ``patience_s`` is a note, never an error.
    """
    if not program:
        yield found("spam-unchecked", "mail", "SpamAssassin is not installed")
        return
    try:
        done = subprocess.run(  # noqa: S603  # the program was found on the operator's own path
            [program, "--local", "--test-mode", "--nocreate-prefs"],
            input=raw,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=patience_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        fix = "run spamassassin -L -t on it yourself"
        yield found("spam-unchecked", "mail", f"SpamAssassin did not answer within {patience_s:g} s", fix)
        return
    except OSError as error:
        yield found("spam-unchecked", "mail", f"SpamAssassin cannot be run ({error.strerror or error})")
        return
    yield from _told(done.stdout)


def _told(report: bytes) -> Iterator[Finding]:
    # The report stands behind the message, which may hold lines that look like one.
    start = report.rfind(b"Content analysis details:")
    total = _SUM.match(report, start) if start >= 0 else None
    if total is None:
        yield found("spam-unchecked", "mail", "SpamAssassin gave no report", "run spamassassin -L -t on it yourself")
        return
    points, required = float(total[1]), float(total[2])
    if points >= required:
        yield found("spam-score", "mail", f"SpamAssassin gives {points:g} points; from {required:g} it is sorted out")
    for rule in _RULE.finditer(report, start):
        if float(rule[1]) >= _COUNTS:
            words = " ".join(rule[3].decode("utf-8", "replace").split())
            said = f"{float(rule[1]):g} point{'' if float(rule[1]) == 1 else 's'}"
            yield found("spam-rule", "mail", f"{rule[2].decode()} gives {said} ({words})")
