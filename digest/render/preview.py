"""The five files of a preview: what would go out, in every view an editor wants to see side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence

from digest.model import links
from digest.model.editions import Edition, Finding, Rendered
from digest.render.document import document
from digest.templating import Environment, fill

CLIPPED = 102_400  # bytes of encoded HTML where Gmail clips


def preview_files(
    *,
    edition: Edition,
    rendered: Rendered,
    html: str,
    text: str,
    eml: bytes,
    findings: Sequence[Finding],
    size: int,
    public_url: str,
    number: int,
    title: str,
    sender: str,
    environment: Environment,
) -> dict[str, bytes]:
    """Return index.html, edition.html, .txt, .eml and .json by name; pictures are linked in images/ beside them."""
    local = html.replace(links.picture_url(public_url, ""), "images/")
    values = {
        "title": title,
        "edition": edition,
        "number": number,
        "rendered": rendered,
        "text": text,
        "findings": findings,
        "size": size,
        "clipped": CLIPPED,
        "sender": sender,
        # No `style` of an iframe reaches into it: each view is the mail with its scheme forced.
        "views": {
            "light": local,
            "dark": forced_dark(local),
            "bare": without_pictures(local),
        },
        "language": rendered.language,
    }
    return {
        "index.html": fill(environment, "pages/preview.html", values).encode("utf-8", "replace"),
        "edition.html": local.encode("utf-8", "replace"),
        "edition.txt": text.encode("utf-8", "replace"),
        "edition.eml": eml,
        "edition.json": (
            json.dumps(document(edition, number=number), ensure_ascii=False, indent=2).encode("utf-8", "replace")
            + b"\n"
        ),
    }


def forced_dark(html: str) -> str:
    """Return the mail as a dark reader sees it, whatever the browser's own scheme."""
    return html.replace("@media (prefers-color-scheme:dark)", "@media all")


def without_pictures(html: str) -> str:
    """Return the mail as a reader with images off sees it: the words of each picture in its place."""
    return html.replace('src="images/', 'src="data:,')
