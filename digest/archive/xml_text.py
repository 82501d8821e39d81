"""What XML may hold: of what feeds brought, some characters can stand in no document."""

from __future__ import annotations

import re

# What XML 1.0 cannot hold (§2.2), lone surrogates too.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def allowed(text: str) -> str:
    """Return text without the characters that no XML document can hold."""
    return _FORBIDDEN.sub("", text)
