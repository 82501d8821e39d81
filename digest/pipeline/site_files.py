"""The files of the site: what changed is written beside it first, then moved into place, each file in one step.

A full disk or a crash before the moves leaves the old site as it is; in the midst of them every file is whole, old or
new, and what leads to a page is moved after the page. What is moved is on the disk: a power cut leaves no empty page
that the next build would take for a good one. A file with the same bytes is left alone, its time too.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from digest.errors import FileProblem

STAGING = ".staging"  # a folder of this name, which no server shows, in the site's own: a move is no copy
FEW = 100  # files that are synced one by one; for more of them the whole disk is, once
DURABLE = True  # False where nobody pulls the plug


class SiteFiles:
    """One writing of the site. Used within `opened`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._beside = folder, folder / STAGING
        self._moves: dict[str, Path] = {}  # by path in the site, in the order of the moves
        self._gone: list[str] = []
        self.same = 0  # files that were the same

    @property
    def written(self) -> int:
        """How many files will change."""
        return len(self._moves)

    def has(self, path: str) -> bool:
        """Tell whether the site has a file, or will."""
        return path in self._moves or (self.folder / path).is_file()

    def put(self, path: str, body: bytes) -> None:
        """Take a file, in the stead of one taken before; raise FileProblem where it cannot be written."""
        beside = self._moves.get(path, self._beside / str(len(self._moves)))
        try:
            if path not in self._moves and _is(self.folder / path, body):
                self.same += 1
                return
            beside.write_bytes(body)
        except OSError as error:
            raise _problem(error, self.folder / path) from None
        self._moves[path] = beside

    def drop(self, path: str) -> None:
        """Have a file removed once the others are in place; one that is not there is no matter."""
        self._gone.append(path)

    def commit(self) -> tuple[int, int]:
        """Move everything into place, in the order it was put; return how many files changed and how many went.

        Raises FileProblem.
        """
        removed = 0
        try:
            settle(self._moves.values())
        except OSError as error:
            raise _problem(error, self.folder) from None
        for path, beside in self._moves.items():
            target = self.folder / path
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                beside.replace(target)
            except OSError as error:
                raise _problem(error, target) from None
        for path in self._gone:
            if path in self._moves:
                continue
            target = self.folder / path
            with suppress(OSError):
                target.unlink()
                removed += 1
                target.parent.rmdir()  # where it was the last
        return len(self._moves), removed


def settle(paths: Collection[Path]) -> None:
    """Wait until files are on the disk; raises OSError."""
    if not DURABLE:
        return
    if len(paths) > FEW:
        os.sync()
        return
    for path in paths:
        with path.open("rb") as file:
            os.fsync(file.fileno())


@contextmanager
def opened(folder: Path) -> Iterator[SiteFiles]:
    """Write to a site; nothing of it changes before `SiteFiles.commit`. Raises FileProblem."""
    beside = folder / STAGING
    try:
        shutil.rmtree(beside, ignore_errors=True)  # left by one who was killed
        beside.mkdir(parents=True)
    except OSError as error:
        raise _problem(error, folder) from None
    try:
        yield SiteFiles(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _is(path: Path, body: bytes) -> bool:
    try:
        return path.stat().st_size == len(body) and path.read_bytes() == body
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False


def _problem(error: OSError, path: Path) -> FileProblem:
    return FileProblem(
        f"it cannot be written ({error.strerror or os.strerror(error.errno or 0)})",
        where=str(path),
        fix="the site is as it was; see to the disk and the folder, then `digest archive build`",
    )
