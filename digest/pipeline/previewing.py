"""What would go out, as files to look at: nothing is mailed, nothing is saved in the store."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import FileProblem
from digest.model import links
from digest.model.editions import Edition, Rendered
from digest.model.mail import Message, Parts, Planned
from digest.model.pieces import join, split
from digest.pipeline.approving import Proof, Version, inert_slots
from digest.pipeline.pictures import picture_names
from digest.ports import PictureStore
from digest.render.preview import Shown, preview_files

if TYPE_CHECKING:
    from digest.templating import Environment


_EMBEDDED = re.compile(r'\bsrc="cid:([\w.-]+)@[^"]*"')


@dataclass(frozen=True, kw_only=True)
class PreviewReport:
    """What was written."""

    index: Path  # the file to open
    files: tuple[Path, ...]
    html_bytes: int  # of the whole HTML part, encoded
    wire_bytes: int  # of one whole message


EXAMPLE_READER = Planned(
    subscriber="EXAMPLE",
    email="reader@example.org",
    name="",
    sections=None,
    format="html",
    language="",
    attributes={},
    attempts=0,
)


def preview(
    proof: Proof,
    *,
    out: Path,
    public_url: str,
    title: str,
    sender: str,
    pictures: PictureStore,
    assets: Mapping[str, bytes],
    environment: Environment,
    write: Callable[[Parts], Message],
    turned: Rendered,
) -> PreviewReport:
    """Write index.html, edition.html, .txt, .eml, .json and images/ into ``out``; raise FileProblem where it cannot.

    ``assets`` are the theme's own pictures; ``write`` makes an example reader's message; links in it lead nowhere.
    ``turned`` is the edition in a language of the other direction. Further languages have files of their own.
    """
    shown, *others = (_shown(version, proof.edition, public_url, write) for version in proof.versions)
    files = preview_files(
        edition=proof.edition,
        shown=shown,
        others=others,
        turned=shown_html(turned, proof.edition, public_url),
        findings=proof.findings,
        number=proof.number,
        title=title,
        sender=sender,
        environment=environment,
    )
    images = {name: found[0] for name in picture_names(proof.edition) if (found := pictures.content(name)) is not None}
    written = write_files(out, files)
    written += write_files(out, {f"images/{name}": body for name, body in {**images, **assets}.items()})
    return PreviewReport(
        index=out / "index.html",
        files=tuple(written),
        html_bytes=proof.size,
        wire_bytes=max(each.wire for each in (shown, *others)),
    )


def _shown(version: Version, edition: Edition, public_url: str, write: Callable[[Parts], Message]) -> Shown:
    rendered, eml = version.rendered, write(version.parts).data
    return Shown(
        rendered=rendered,
        html=shown_html(rendered, edition, public_url),
        text=join(split(rendered.text, rendered.nonce), None, inert_slots(rendered, edition)),
        eml=eml,
        size=version.size,
        wire=len(eml),
    )


def shown_html(rendered: Rendered, edition: Edition, public_url: str) -> str:
    """Return the HTML of every section with inert links, its pictures linked in images/."""
    html = join(split(rendered.html, rendered.nonce), None, inert_slots(rendered, edition))
    return pictures_beside(html, public_url)


def pictures_beside(html: str, public_url: str) -> str:
    """Return a mail's HTML with its pictures linked in images/, whether they are online or in itself."""
    if not public_url:
        return _EMBEDDED.sub(r'src="images/\1"', html)
    return html.replace(links.picture_url(public_url, ""), "images/")


def write_files(out: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files below a folder, each in one step (a reader never sees half of one); raise FileProblem.

    A file that stands there with the same bytes is left alone.
    """
    written = []
    for name, body in sorted(files.items()):
        path = out / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not (path.is_file() and path.read_bytes() == body):
                beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
                beside.write_bytes(body)
                beside.replace(path)
        except OSError as error:
            raise FileProblem.unwritten(error, path, fix="choose a folder you may write to") from None
        written.append(path)
    return written
