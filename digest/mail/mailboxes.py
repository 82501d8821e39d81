"""Where what came back is read from: a maildir, an mbox, one message in a file or on standard input."""

from __future__ import annotations

import mailbox
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from digest.errors import FileProblem
from digest.model.counting import count_of

LARGEST = 20_000_000  # bytes of one message; the rest is not looked at


@dataclass(frozen=True)
class Letter:
    """A message, and what marks it as read."""

    raw: bytes
    name: str  # where it was: "new/1764…", "mbox message 3"
    done: Callable[[], None] = lambda: None


def _unreadable(path: Path, error: OSError) -> FileProblem:
    return FileProblem.unread(error, path, fix="make it readable for us")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Put what keeps us from reading a mailbox into a sentence."""
    try:
        yield
    except FileProblem:
        raise  # an OSError too, with a sentence of its own
    except OSError as error:
        raise _unreadable(path, error) from None


def letters(path: Path, stdin: BinaryIO | None = None) -> Iterator[Letter]:
    """Yield the messages of a maildir (those not marked as seen), of an mbox or a file, or of stdin for `-`.

    Raises FileProblem for what is none of these or cannot be read; for single messages of a maildir only at the end,
    once all others were yielded.
    """
    if stdin is not None and str(path) == "-":
        yield Letter(stdin.read(LARGEST), "standard input")
        return
    with _readable(path):
        if path.is_dir():
            yield from _maildir(path)
        elif path.is_file():
            with path.open("rb") as file:
                is_mbox = file.read(5) == b"From "
            if is_mbox:
                yield from _mbox(path)
            else:
                with path.open("rb") as file:
                    yield Letter(file.read(LARGEST), str(path))
        else:
            raise FileProblem("there is no such mailbox", where=str(path), fix="name a maildir or an mbox")


def standing(path: Path) -> str:
    """Return what a mailbox is and holds, in words; raises FileProblem where it could not be read, or not marked."""
    with _readable(path):
        if path.is_dir():
            count = len(_unread(path))
            if not os.access(path / "cur", os.W_OK):
                raise FileProblem(
                    "its messages cannot be marked as seen", where=str(path), fix="make its folders writable for us"
                )
            return f"a maildir with {count_of(count, 'message')} to read"
        for _ in letters(path):
            break
        return f"an mbox of {path.stat().st_size:,} bytes"


def _unread(path: Path) -> list[Path]:
    if not (path / "new").is_dir() or not (path / "cur").is_dir():
        raise FileProblem("it is a folder, and no maildir", where=str(path), fix="a maildir has cur, new and tmp")
    found = [each for each in (path / "new").iterdir() if each.is_file()]
    found += [each for each in (path / "cur").iterdir() if each.is_file() and "S" not in _flags(each.name)]
    return sorted(found, key=lambda each: each.name)


def _maildir(path: Path) -> Iterator[Letter]:
    problem: FileProblem | None = None
    for each in _unread(path):
        name = f"{each.parent.name}/{each.name}"
        try:
            with each.open("rb") as file:
                raw = file.read(LARGEST)
        except FileNotFoundError:
            continue  # another reader was quicker
        except OSError as error:
            problem = problem or _unreadable(each, error)
            continue
        yield Letter(raw, name, partial(_seen, path, each))
    if problem is not None:
        raise problem


def _flags(name: str) -> str:
    return name.rpartition(":2,")[2] if ":2," in name else ""


def _seen(maildir: Path, path: Path) -> None:
    """Mark a message as seen: it moves to cur under its own name."""
    base, flags = path.name.partition(":2,")[0], _flags(path.name)
    target = maildir / "cur" / f"{base}:2,{''.join(sorted({*flags, 'S'}))}"
    try:
        path.rename(target)
    except FileNotFoundError:
        return  # another program of the mailbox was quicker
    except OSError as error:
        raise FileProblem(
            f"it cannot be marked as seen ({error.strerror or error})",
            where=str(path),
            fix="make the maildir writable for us",
        ) from None


def _mbox(path: Path) -> Iterator[Letter]:
    box = mailbox.mbox(path, create=False)
    try:
        for number, key in enumerate(box.iterkeys(), 1):
            yield Letter(box.get_bytes(key)[:LARGEST], f"{path} message {number}")
    finally:
        box.close()
