"""`digest preview --watch`: render again whenever something of it changes, and let the browser follow."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from digest.cli.session import Session
from digest.errors import EXIT_DONE, DigestError, StoreError
from digest.net.live import LiveFolder

if TYPE_CHECKING:
    from digest.model.editions import Finding
    from digest.model.mail import EditionKey
    from digest.pipeline.approving import Proof

LOOK_S = 0.2  # between two looks at the files
EDITION_S = 1.0  # between two looks at the edition: that one costs a query

Stamp = dict[Path, tuple[int, int]]


def watch(
    session: Session,
    *,
    key_of: Callable[[Session], EditionKey],
    write: Callable[[Session, Proof, Path, Collection[Finding]], str],
    out: Path,
    port: int,
    open_browser: bool,
) -> int:
    """Serve ``out`` and write it anew after each change until Ctrl-C; return the exit code.

    ``write`` makes the files of a proof, tells its findings but those told before, and returns a line about them.
    """
    out.mkdir(parents=True, exist_ok=True)
    live = LiveFolder(out, port)
    watcher = _Watcher(session, live, key_of, write, out)
    try:
        with _ending() as ended:
            watcher.render()
            session.say("It follows templates, theme, configuration and the edition. Ctrl-C ends it.")
            session.say(live.address)
            if open_browser:
                typer.launch(live.address)
            while not ended.wait(LOOK_S):
                watcher.look()
    finally:
        live.close()
        watcher.session.close()
    session.say("Stopped.")
    return EXIT_DONE


class _Watcher:
    """What was seen last, and what is to be done about a change."""

    def __init__(
        self,
        session: Session,
        live: LiveFolder,
        key_of: Callable[[Session], EditionKey],
        write: Callable[[Session, Proof, Path, Collection[Finding]], str],
        out: Path,
    ) -> None:
        self.session, self.live, self.key_of, self.write, self.out = session, live, key_of, write, out
        self.places: tuple[Path, ...] = (session.config.absolute(),)
        self.seen: Stamp = {}
        self.edition: object = None
        self.told: tuple[Finding, ...] = ()  # what was found in the rendering before
        self.looked = 0.0

    def look(self) -> None:
        """Render again where something changed since."""
        if stamp(self.places) != self.seen or self._edition_changed():
            # Nothing of the old configuration is kept: theme, logo and sections may be others now.
            self.session.close()
            self.session = replace(self.session)
            self.render()

    def render(self) -> None:
        """Write the files, or tell what is wrong in the browser and here."""
        self.seen = stamp(self.places)
        try:
            self.places = _places(self.session)
            self.seen = stamp(self.places)
            self.edition, self.looked = self._state(), time.monotonic()
            proof = self.session.publisher.proof(self.key_of(self.session))
            line = self.write(self.session, proof, self.out, self.told)
            self.told = proof.findings
        except DigestError as error:
            self.live.changed(str(error))
            self.session.warn(str(error))
            return
        self.live.changed()
        self.session.say(line)

    def _edition_changed(self) -> bool:
        if time.monotonic() - self.looked < EDITION_S:
            return False
        self.looked = time.monotonic()
        try:
            return self._state() != self.edition
        except DigestError:
            return False  # it was told when it was rendered, or the next rendering tells it

    def _state(self) -> object:
        """Return what changes when the edition does: built again, edited, approved."""
        try:
            record = self.session.wiring.editions.edition(self.key_of(self.session))
        except StoreError:
            return None
        if record is None:
            return ()
        return record.state, record.number, len(record.edits), record.base and record.base.built_at


def _places(session: Session) -> tuple[Path, ...]:
    """Return the files and folders a preview is made of."""
    from digest.templating import packaged_folder

    settings = session.settings
    logo = (settings.theme_logo,) if settings.theme_logo else ()
    return settings.file.absolute(), settings.templates_dir, packaged_folder(), *logo


def stamp(places: tuple[Path, ...]) -> Stamp:
    """Return when each file below some places was changed, and its size."""
    found: Stamp = {}
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            try:
                state = path.stat()
            except OSError:
                continue
            found[path] = state.st_mtime_ns, state.st_size
    return found


@contextmanager
def _ending() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C and a polite kill set; nothing of them is left behind."""
    ended = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield ended
        return
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
