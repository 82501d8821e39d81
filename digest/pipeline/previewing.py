"""What would go out, as files to look at: nothing is mailed, nothing is saved in the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import FileProblem
from digest.model.editions import Picture
from digest.model.mail import Message, Planned
from digest.model.pieces import join, split
from digest.pipeline.approving import Proof, inert_slots
from digest.ports import PictureStore
from digest.render.preview import preview_files

if TYPE_CHECKING:
    from digest.templating import Environment


@dataclass(frozen=True, kw_only=True)
class PreviewReport:
    """What was written."""

    index: Path  # the file to open
    files: tuple[Path, ...]
    html_bytes: int  # of the whole HTML part, encoded


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
    write: Callable[[Planned], Message],
) -> PreviewReport:
    """Write index.html, edition.html, .txt, .eml, .json and images/ into ``out``; raise FileProblem where it cannot.

    ``assets`` are the theme's own pictures; ``write`` makes the message of one reader; links in it lead nowhere.
    """
    rendered, edition = proof.rendered, proof.edition
    slots = inert_slots(rendered, edition)
    files = preview_files(
        edition=edition,
        rendered=rendered,
        html=join(split(rendered.html, rendered.nonce), None, slots),
        text=join(split(rendered.text, rendered.nonce), None, slots),
        eml=write(EXAMPLE_READER).data,
        findings=proof.findings,
        size=proof.size,
        public_url=public_url,
        number=proof.number,
        title=title,
        sender=sender,
        environment=environment,
    )
    images = {f"images/{picture.name}": picture for picture in _pictures(proof)}
    written = write_files(out, files)
    written += write_files(out, {name: _body(pictures, picture) for name, picture in images.items()})
    written += write_files(out, {f"images/{name}": body for name, body in assets.items()})
    return PreviewReport(index=out / "index.html", files=tuple(written), html_bytes=proof.size)


def _pictures(proof: Proof) -> list[Picture]:
    found = {item.picture.name: item.picture for item in proof.edition.items if item.picture is not None}
    return [found[name] for name in sorted(found)]


def _body(pictures: PictureStore, picture: Picture) -> bytes:
    found = pictures.content(picture.name)
    return found[0] if found is not None else b""


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
            raise FileProblem(
                f"it cannot be written ({error.strerror or error})",
                where=str(path),
                fix="choose a folder you may write to",
            ) from None
        written.append(path)
    return written
