"""Words that our paper does not use: `[check] rules = ["house-style"]`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from digest.model.checked import Mail
from digest.model.editions import Finding

AVOIDED = {"click here": "say where the link leads", "shocking": "tell what happened", "slams": "write “criticises”"}


def check(mail: Mail) -> Iterator[Finding]:
    """Yield a warning for each word avoided, and an error for a subject that asks for attention in capitals."""
    for words, fix in AVOIDED.items():
        if re.search(rf"\b{words}\b", f"{mail.subject}\n{mail.text}", re.IGNORECASE):
            yield Finding(
                code="house-style-words", severity="warning", where="text", message=f"it says “{words}”", fix=fix
            )
    if re.search(r"\b(BREAKING|EXCLUSIVE)\b", mail.subject):
        yield Finding(
            code="house-style-subject",
            severity="error",
            where="subject",
            message="it shouts for attention",
            fix="tell the news instead",
        )
