"""The mail of an edition as it was sent, for the web: every section, and nothing of anybody's own."""

from __future__ import annotations

import binascii
import re
from html import escape

from digest.mail.messages import WORDS_A_MINUTE
from digest.mail.parts import chosen, join, run
from digest.model import links
from digest.model.mail import Parts
from digest.templating.counting import counted

_EMBEDDED = re.compile(rb'\bsrc="cid:([\w.-]+)@[^"]*"')


def mailed_html(parts: Parts, *, base: str, pictures: str) -> bytes:
    """Return the HTML of an edition in the language of its parts, as UTF-8.

    Links to leave or choose lead to where one's own links are had; ``base`` is the public URL, "" = nothing is online.
    Embedded pictures are linked at ``pictures``, a path ending with a slash.
    """
    own = links.own_links_url(base) if base else "#"
    count = sum(len(headlines) for headlines in parts.headlines.values())
    minutes = max(1, round(sum(parts.words.values()) / WORDS_A_MINUTE))
    values = {
        "subject": parts.subject,
        "preheader": parts.preheader,
        "stories": counted(parts.counted.get("stories", {}), count, parts.language),
        "minutes": counted(parts.counted.get("minutes", {}), minutes, parts.language),
        "unsubscribe_url": own,
        "preferences_url": own,
        "email": "",
        "name": "",
    }
    encoded = join(chosen(parts.html, None), {name: run(escape(value)) for name, value in values.items()})
    html = binascii.a2b_qp(encoded).replace(b"\r\n", b"\n")
    return _EMBEDDED.sub(rb'src="%s\1"' % pictures.encode("ascii"), html)
