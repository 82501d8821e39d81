"""The examinations of `digest doctor`, bound to the machine: configuration, files, database, clock, calendar."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.dates import from_micros
from digest.errors import FileProblem
from digest.model.counting import count_of
from digest.pipeline import doctor
from digest.pipeline.clock import check_clock
from digest.pipeline.doctor import Examination, finding
from digest.wiring import Wiring
from digest.wiring.doctor_network import Network, Said

if TYPE_CHECKING:
    pass

PROBE = b"\0" * 1_000_000  # written to see whether a disk takes it


class Doctor:
    """Looks at everything a morning needs."""

    def __init__(self, wiring: Wiring, network: Network) -> None:
        self.wiring, self.settings, self.clock = wiring, wiring.settings, wiring.clock
        self.network = network
        self.free: Callable[[Path], tuple[int, int]] = free_of
        self.answers = False  # whether the database does: others ask it only then

    def examinations(self) -> Iterator[Examination]:
        """Yield what is looked at, what everything else hangs on first."""
        pairs: list[tuple[str, Callable[[], Said]]] = [
            ("config", self.config),
            ("keys", self.keys),
            ("template", self.templates),
            ("disk", self.disk),
            ("bounces", self.bounces),
            ("database", self.database),
            ("clock", self.clocks),
            ("schedule", self.schedules),
            ("runs", self.runs),
        ]
        return (Examination(area=area, examine=examine) for area, examine in pairs)

    # Configuration and files

    def config(self) -> Said:
        """Look at what is valid and yet not wise."""
        settings, publication = self.settings, self.settings.publication
        holds = f"{count_of(len(settings.sections), 'section')}, {count_of(len(settings.feeds), 'feed')}"
        yield f"{settings.file}: {holds}, {settings.zone.key}"
        if not settings.feeds:
            yield finding(
                "config", "error", settings.file.name, "there are no feeds", "add one: `digest feeds add URL`"
            )
        if not publication.operators:
            yield finding(
                "config", "warning", "publication.operators", "nobody is told when a run fails", "name yourself"
            )
        if not publication.editors and any(digest.approval == "required" for digest in settings.digests):
            yield finding(
                "config", "warning", "publication.editors", "editions wait for approval, and nobody is told", "name one"
            )
        if self.network.mails and not publication.postal_address:
            yield finding("config", "warning", "publication.postal_address", "most laws ask for one", "write it")
        if self.network.mails and not publication.public_url.startswith("https://"):
            yield finding(
                "config", "error", "publication.public_url", "leaving with one click takes https (RFC 8058)",
                "serve the pages over https, as docs/howto/behind-a-proxy.md shows",
            )  # fmt: skip
        if self.network.via.user and not settings.delivery.password:
            yield finding(
                "config", "error", "delivery.via", "the relay wants a login, and there is no password",
                "set DIGEST_RELAY_PASSWORD, for cron too, or [delivery] password_file",
            )  # fmt: skip
        if (
            self.network.via.user
            and self.network.via.kind == "smtp"
            and self.network.via.tls == "none"
            and self.network.via.host != "localhost"
        ):
            yield finding("config", "warning", "delivery.via", "the password is sent over an open line", "use smtps://")

    def keys(self) -> Said:
        """Look at the keys of links and signatures: there, strong, readable by us alone."""
        from digest.subscribers.tokens import read_keys

        settings = self.settings
        for name, path in (("tokens", settings.tokens_file), ("erasure", settings.erasure_file)):
            try:
                yield f"{name}: {len(read_keys(path))} of at least 32 characters"
            except FileProblem as problem:
                yield from doctor.of_error("keys", problem)
        for key in self.wiring.dkim_keys:
            yield f"{key.algorithm} for {key.domain}, selector {key.selector}"
        for path in (settings.folder / ".env", *self._password_files()):
            if path.is_file() and path.stat().st_mode & 0o007:
                yield finding("keys", "warning", str(path), "everybody here can read its secrets", f"chmod 600 {path}")

    def _password_files(self) -> tuple[Path, ...]:
        file = self.settings.delivery.password_file
        return () if file is None else (file,)

    def templates(self) -> Said:
        """Look at templates of the publisher's own."""
        from digest.pipeline.template_check import check_templates
        from digest.templating.overrides import to_look_at

        folder = self.settings.templates_dir
        yield from check_templates(folder)
        same = 0
        for each in to_look_at(folder):
            if each.state == "behind":
                yield finding(
                    "template", "warning", str(each.file), "the packaged template changed since it was copied",
                    f"compare: diff {each.packaged} {each.file}; then copy what you need, or remove yours",
                )  # fmt: skip
            elif each.state == "unknown":
                yield finding(
                    "template", "note", str(each.file), "nobody knows which version it was copied from",
                    f"compare: diff {each.packaged} {each.file}",
                )  # fmt: skip
            same += each.state == "same"
        if same:
            yield finding(
                "template", "note", str(folder), f"{same} files are no different from the packaged ones",
                "remove what you do not change, and upgrades reach it",
            )  # fmt: skip
        _ = self.wiring.theme

    def disk(self) -> Said:
        """Look whether every folder we write into takes a file, and how much more."""
        seen = set[int]()
        for place in self._places():
            there = _nearest(place)
            _try_writing(there)
            device = there.stat().st_dev
            if device in seen:
                continue
            seen.add(device)
            free, files = self.free(there)
            # The database's file system comes first; a backup is made there before an upgrade.
            yield from doctor.space(str(there), free, self._database_size() if len(seen) == 1 else 0)
            if 0 <= files < doctor.FEW_FILES:
                yield finding(
                    "disk", "error", str(there), f"it holds {files} more files", "remove some: no inodes are left"
                )

    def _places(self) -> Iterator[Path]:
        settings, via = self.settings, self.network.via
        yield self._database_file().parent if settings.store_url.startswith("sqlite") else settings.folder
        yield settings.archive_dir
        if via.kind in ("eml", "maildir"):
            yield via.path
        if settings.delivery.bounces is not None:
            yield settings.delivery.bounces.kept
        if settings.monitoring.textfile is not None:
            yield settings.monitoring.textfile.parent

    def bounces(self) -> Said:
        """Look whether the mailbox of what comes back can be read."""
        from digest.mail.mailboxes import standing

        bounces = self.settings.delivery.bounces
        if bounces is None:
            yield "nobody reads what comes back: there is no [delivery.bounces]"
        elif bounces.mailbox is None:
            yield "only `digest bounces read PATH` reads what comes back: [delivery.bounces] names no mailbox"
        else:
            yield f"{bounces.mailbox}: {standing(bounces.mailbox)}"

    def _database_file(self) -> Path:
        return Path(self.settings.store_url.removeprefix("sqlite:///"))

    def _database_size(self) -> int:
        file = self._database_file()
        return file.stat().st_size if self.settings.store_url.startswith("sqlite") and file.is_file() else 0

    # Database, clock, calendar

    def database(self) -> Said:
        """Look whether it answers, has this version's tables, and takes a change."""
        from digest.store.diagnosis import facts

        if self.settings.store_url.startswith("sqlite") and not self._database_file().is_file():
            yield finding(
                "database", "note", str(self._database_file()), "there is none yet", "the first command makes it"
            )
            return
        found = facts(self.wiring.database)
        self.answers = True
        yield f"{self.wiring.database.name}: {found.line}"
        if found.now is not None:
            yield from doctor.clock_beside("the database", found.now, self.clock.now())
        if not found.active:
            yield finding(
                "database", "warning", "subscribers", "nobody is on the list", "`digest subscribers import FILE`"
            )
        else:
            yield count_of(found.active, "active reader")

    def clocks(self) -> Said:
        """Look whether the clock can be right, and whether readers' zones are known."""
        now = self.clock.now()
        check_clock(now, self.wiring.runs.last_start() if self.answers else None)
        yield f"{now:%Y-%m-%d %H:%M:%S} UTC, {now.astimezone(self.settings.zone):%H:%M %Z} in {self.settings.zone.key}"
        if self.answers:
            for digest in self.settings.digests:
                unknown = [zone for zone in self.wiring.calendar.zones(digest.name) if zone and not _is_zone(zone)]
                for zone in unknown:
                    yield finding(
                        "clock", "warning", "subscribers", f"{zone!r} is no time zone; its readers count as at home",
                        "correct time_zone in their rows",
                    )  # fmt: skip

    def schedules(self) -> Said:
        """Look when each digest is due."""
        for digest in self.settings.digests:
            rule = self.wiring.schedule(digest) if self.answers else self.wiring.schedule_of(digest)
            yield from doctor.schedule(digest.name, rule, self.clock.now())

    def runs(self) -> Said:
        """Look whether cron calls us, and how the last run ended."""
        if not self.answers:
            return
        for digest in self.settings.digests:
            row = next(
                (each for each in self.wiring.runs.recent(digest.name, limit=20) if each["command"] == "run"), None
            )
            last = None if row is None else from_micros(row["started"])
            code = None if row is None else row["exit_code"]
            yield from doctor.runs(digest.name, self.wiring.schedule(digest), last, code, self.clock.now())


def free_of(path: Path) -> tuple[int, int]:
    """Return how many bytes and files more we may put into a folder's file system; -1 files where none are counted."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize, found.f_favail if found.f_files else -1


def _nearest(place: Path) -> Path:
    """Return a folder, or the first one above it that is there: we make the rest ourselves."""
    return next((path for path in (place, *place.parents) if path.is_dir()), Path("/"))


def _try_writing(folder: Path) -> None:
    """Write and remove a file; raise FileProblem where that fails."""
    probe = folder / f".digest-doctor-{os.getpid()}"
    try:
        with probe.open("wb") as file:
            file.write(PROBE)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise FileProblem(
            f"nothing can be written there ({error.strerror or error})", where=str(folder),
            fix="free some space, or make it writable for us",
        ) from None  # fmt: skip
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
