"""Subject and preheader: the two lines an inbox shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.check.codes import found
from digest.check.page import UNSEEN, folded, shown
from digest.check.readers import Reading
from digest.model.editions import Finding

LONGEST, SHORTEST_PREHEADER, LONGEST_PREHEADER = 78, 30, 130  # characters
FILLED = 100  # characters: a preheader that long needs no filler
_MARKS = re.compile(r"[!?¡¿]{2,}|[$€£]{2,}|(?:!.*){3,}")
_REPLY = re.compile(r"\s*(?:re|fwd?|aw|wg|tr|rv)\s*:", re.I)


def check_subject(subject: str) -> Iterator[Finding]:
    """Check the subject."""
    subject = folded(subject)
    if not subject:
        yield found("subject", "subject", "it is empty")
        return
    if len(subject) > LONGEST:
        yield found("subject-long", "subject", f"it has {len(subject)} characters; inboxes show about 60")
    letters = [letter for letter in subject if letter.upper() != letter.lower()]
    if len(letters) >= 8 and sum(letter.isupper() for letter in letters) > 0.7 * len(letters):
        yield found("subject-shouting", "subject", f"it is written in capitals: {shown(subject)}")
    if not any(letter.isalnum() for letter in subject):
        yield found("subject-emoji", "subject", f"it has no word: {shown(subject)}")
    marks = _MARKS.search(subject)
    if marks is not None:
        yield found("subject-marks", "subject", f"it insists: {shown(subject)}")
    if _REPLY.match(subject):
        yield found("subject-reply", "subject", f"it pretends to be an answer: {shown(subject)}")


def check_preheader(preheader: str, subject: str) -> Iterator[Finding]:
    """Check the preheader's words."""
    words = folded(preheader)
    if len(words) < SHORTEST_PREHEADER:
        said = f"it has {len(words)} characters" if words else "there is none"
        yield found("preheader", "preheader", f"{said}: inboxes fill the line with what comes next")
    elif len(words) > LONGEST_PREHEADER:
        yield found("preheader-long", "preheader", f"it has {len(words)} characters; no inbox shows the rest")
    if words and words.casefold() == folded(subject).casefold():
        yield found("preheader-same", "preheader", "it repeats the subject")


def preheader_of(reading: Reading) -> str:
    """Return the hidden words at the top of a mail that inboxes show behind the subject, "" where there are none."""
    return reading.preheader.text if reading.preheader is not None else ""


def check_filler(reading: Reading) -> Iterator[Finding]:
    """Check that a short preheader is followed by characters nobody sees, so that the mail's words do not follow it."""
    node = reading.preheader
    if node is None or len(node.text) >= FILLED:
        return
    around = str(node.element.text_content())
    beside = [each for each in node.element.itersiblings() if isinstance(each.tag, str)][:1]
    around += "".join(str(each.text_content()) for each in beside if not folded(each.text_content()))
    fillers = sum(len(match.group()) for match in UNSEEN.finditer(around)) + around.count("\u00a0")
    if fillers < 20:
        yield found("preheader-filler", node.where, f"no filler follows {shown(node.text)}")
