"""The five files of a preview: what would go out, in every view an editor wants to see side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from digest.model.checked import CLIPPED
from digest.model.editions import Edition, Finding, Rendered
from digest.model.languages import direction
from digest.render.document import document
from digest.templating import Environment, fill

_DARK = "@media (prefers-color-scheme:dark)"
# What programs that turn every colour around do: all but pictures becomes its negative, hues kept.
_NEGATIVE = "filter:invert(1) hue-rotate(180deg)"
_INVERTED = f"<style>html{{background:#FFFFFF;{_NEGATIVE}}}img{{{_NEGATIVE}}}</style>"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An edition in one language, its slots filled and its pictures beside it."""

    rendered: Rendered
    html: str  # pictures are linked in images/
    text: str
    eml: bytes
    size: int  # bytes of the HTML part, encoded
    wire: int  # bytes of the whole message


@dataclass(frozen=True, kw_only=True)
class View:
    """The mail as one reader sees it."""

    label: str
    width: int  # pixels
    html: str


def preview_files(
    *,
    edition: Edition,
    shown: Shown,
    others: Sequence[Shown] = (),
    turned: str,
    findings: Sequence[Finding],
    number: int,
    title: str,
    sender: str,
    environment: Environment,
) -> dict[str, bytes]:
    """Return index.html, edition.html, .txt, .eml and .json by name; pictures are linked in images/ beside them.

    ``turned`` is the mail's HTML in a language of the other direction. ``others`` are further languages of the edition:
    each has its files, edition.LANGUAGE.html and so on, and a view.
    """
    rendered = shown.rendered
    values = {
        "title": title,
        "edition": edition,
        "number": number,
        "rendered": rendered,
        "text": shown.text,
        "findings": findings,
        "size": shown.size,
        "wire": shown.wire,
        "clipped": CLIPPED,
        "sender": sender,
        "views": views(shown, others, turned),
        "files": [name for each in (shown, *others) for name in file_names(each, main=each is shown)],
        "language": rendered.language,
        "direction": direction(rendered.language),
    }
    files = {"index.html": fill(environment, "pages/preview.html", values).encode("utf-8", "replace")}
    for each in (shown, *others):
        bodies = each.html.encode("utf-8", "replace"), each.text.encode("utf-8", "replace"), each.eml
        files.update(zip(file_names(each, main=each is shown), bodies, strict=True))
    said = json.dumps(document(edition, number=number), ensure_ascii=False, indent=2)
    files["edition.json"] = said.encode("utf-8", "replace") + b"\n"
    return files


def file_names(shown: Shown, *, main: bool) -> tuple[str, str, str]:
    """Return the names of one language's files: edition.html, or edition.de.html where it is a further language."""
    stem = "edition" if main else f"edition.{shown.rendered.language}"
    return f"{stem}.html", f"{stem}.txt", f"{stem}.eml"


def views(shown: Shown, others: Sequence[Shown], turned: str) -> tuple[View, ...]:
    """Return every view of the HTML; text is no view of it."""
    light, dark = forced(shown.html, "light"), forced(shown.html, "dark")
    other_way = "Left to right" if direction(shown.rendered.language) == "rtl" else "Right to left"
    languages = [
        View(label=f"In {each.rendered.language}, 375", width=375, html=forced(each.html, "light")) for each in others
    ]
    return (
        View(label="Phone, 375", width=375, html=light),
        View(label="Desktop, 700", width=700, html=light),
        View(label="Small phone, 320", width=320, html=light),
        View(label="Dark, 375", width=375, html=dark),
        View(label="Dark, 700", width=700, html=dark),
        View(label="Forced inversion, 375", width=375, html=inverted(light)),
        View(label="Images off, 375", width=375, html=without_pictures(light)),
        View(label=f"{other_way}, 375", width=375, html=forced(turned, "light")),
        *languages,
    )


def forced(html: str, scheme: str) -> str:
    """Return the mail as a reader of a scheme ("light" or "dark") sees it, whatever the browser's own.

    No style of an iframe reaches into it, so the scheme is forced in the mail. Its links open a page of their own.
    """
    html = html.replace(_DARK, "@media all" if scheme == "dark" else "@media not all")
    html = html.replace('content="light dark"', f'content="{scheme}"').replace("scheme:light dark", f"scheme:{scheme}")
    return html.replace("<head>", '<head><base target="_blank">', 1)


def inverted(html: str) -> str:
    """Return the mail as a reader sees it whose program turns every colour around."""
    return html.replace("</head>", f"{_INVERTED}</head>", 1)


def without_pictures(html: str) -> str:
    """Return the mail as a reader with images off sees it: the words of each picture in its place."""
    return html.replace('src="images/', 'src="data:,')
