"""Templates of a publisher's own: copied from the packaged ones, and told apart from them when those change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from digest.errors import FileProblem
from digest.templating import KINDS, overridden, packaged_folder

# Beside the copies: what each was copied from, so that it can be told when the packaged one has changed since.
ORIGINS = ".origins.json"


@dataclass(frozen=True, kw_only=True)
class Override:
    """A template of the publisher's own that needs a look."""

    file: Path
    packaged: Path
    state: Literal["behind", "same", "unknown"]  # the packaged one changed since; no difference; nobody knows


def copy_templates(folder: Path) -> list[Path]:
    """Copy the templates a publisher may change into ``folder``, never over existing files; return which."""
    made, origins = [], _origins(folder)
    for kind in KINDS:
        for source in sorted((packaged_folder() / kind).rglob("*")):
            name = source.relative_to(packaged_folder())
            target = folder / name
            if target.exists() or not source.is_file():
                continue
            body = source.read_bytes()
            _write(target, body)
            origins[name.as_posix()] = hashlib.sha256(body).hexdigest()
            made.append(target)
    if made:
        _write(folder / ORIGINS, json.dumps(dict(sorted(origins.items())), indent=1).encode() + b"\n")
    return made


def _write(target: Path, body: bytes) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
    except OSError as error:
        raise FileProblem.unwritten(error, target) from None


def _origins(folder: Path) -> dict[str, str]:
    try:
        document = json.loads((folder / ORIGINS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(key) for name, key in document.items()} if isinstance(document, dict) else {}


def to_look_at(folder: Path) -> Iterator[Override]:
    """Yield the overrides that are no difference, or whose packaged template has changed since they were copied."""
    if not folder.is_dir():
        return
    origins = _origins(folder)
    for name in overridden(folder):
        own, packaged = folder / name, packaged_folder() / name
        if not packaged.is_file():
            continue  # `digest check` tells of those
        today = packaged.read_bytes()
        copied_from = origins.get(name.as_posix())
        if own.read_bytes() == today:
            yield Override(file=own, packaged=packaged, state="same")
        elif copied_from is None:
            yield Override(file=own, packaged=packaged, state="unknown")
        elif copied_from != hashlib.sha256(today).hexdigest():
            yield Override(file=own, packaged=packaged, state="behind")
