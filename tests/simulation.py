"""A publication whose mornings are played: its clock, feeds, relay, kills and faults are ours; all else is real.

Database, pipeline, templates, ledger and the run itself are those of the program. A kill is a BaseException out of a
port, after which every port of that process fails: nothing is put right on the way out.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from digest.config import read
from digest.errors import FetchError, RelayUnreachable, StoreError
from digest.mail.replies import Reply
from digest.mail.transport import Answered, Refusal, Transport
from digest.model.mail import Envelope, Message
from digest.model.web import Request, Response
from digest.pipeline.journal import Event
from digest.store.calendar import CalendarStore
from digest.store.deliveries import Deliveries
from digest.store.engine import Store
from digest.subscribers.tokens import make_keys
from digest.wiring import Wiring
from digest.wiring.cron import Cron
from tests.conftest import StandingClock, fresh_sqlite
from tests.webd import rss

CONFIG = """\
[publication]
name = "The Slack Tide"
time_zone = "@ZONE@"
from = "The Slack Tide <news@tide.example>"
postal_address = "2 Causeway, Port Iselin"
public_url = "https://tide.example"
operators = ["ops@tide.example"]
editors = ["ada@tide.example"]

[[sections]]
slug = "foreign"
title = "Foreign Affairs"
feeds = ["Calder", "Tarn"]

[[sections]]
slug = "trade"
title = "Trade"
feeds = ["Ledger"]

[[feeds]]
url = "https://calder.example/rss"
name = "Calder"

[[feeds]]
url = "https://tarn.example/rss"
name = "Tarn"

[[feeds]]
url = "https://ledger.example/rss"
name = "Ledger"

[delivery]
connections = 2
linger = "1m"

[fetch]
pages = 0

@DIGESTS@
"""
ROSTER = """\
email,name,sections,digests,time_zone
ada@read.example,Ada,,daily|weekly,
bram@read.example,Bram,trade,daily,
cora@read.example,Cora,foreign,daily,America/New_York
dion@read.example,Dion,,daily,Asia/Tokyo
edda@read.example,Edda,,daily|weekly,
"""
WORDS = [
    "harbour", "ferry", "wheat", "treaty", "cabinet", "strike", "glacier", "census", "tariff", "orchard",
    "satellite", "verdict", "pipeline", "ballot", "drought", "museum", "reactor", "bridge", "vaccine", "airline",
]  # fmt: skip


class Killed(BaseException):
    """The process was killed here."""


@dataclass
class Relay:
    """What a relay took: who got which message, however often."""

    taken: list[tuple[str, str]] = field(default_factory=list)  # (recipient, message id)
    down: bool = False
    steps: list[int] = field(default_factory=list)  # of the process's fate, when each was taken

    def editions(self) -> list[tuple[str, str]]:
        return [(to, message_id) for to, message_id in self.taken if not message_id.startswith("notice.")]

    def notices(self) -> list[str]:
        return [to for to, message_id in self.taken if message_id.startswith("notice.")]


@dataclass
class Fate:
    """What happens to a process: it is killed at a step, its disk fills up, its database restarts."""

    kill_at: int = -1  # ports are counted; -1 = never
    fails: str = ""  # what every write of the store says from `fail_at` on
    fail_at: int = -1
    steps: int = 0
    dead: bool = False
    guard: threading.Lock = field(default_factory=threading.Lock)

    def step(self) -> None:
        with self.guard:
            self.steps += 1
            if self.steps == self.kill_at:
                self.dead = True
            if self.dead:
                raise Killed

    def write(self) -> None:
        self.step()
        if self.fails and 0 <= self.fail_at <= self.steps:
            raise StoreError(self.fails, where="sqlite", fix="free some space and run again")


class _Session:
    def __init__(self, relay: Relay, fate: Fate) -> None:
        self.relay, self.fate = relay, fate

    def probe(self, sender: str, size: int) -> None:
        self.fate.step()

    def announce(self, envelope: Envelope) -> Refusal | None:
        self.fate.step()
        return None

    def deliver(self, message: Message, following: Envelope | None) -> Answered:
        self.fate.step()
        self.relay.taken.append((message.envelope.recipient, message.message_id))
        self.relay.steps.append(self.fate.steps)
        self.fate.step()  # killed here, nobody knows that the relay has it
        return Answered(reply=Reply(code=250, text="2.0.0 taken"))

    def abandon(self) -> None:
        pass

    def close(self) -> None:
        pass


class _Transport:
    def __init__(self, relay: Relay, fate: Fate) -> None:
        self.relay, self.fate = relay, fate

    def open(self) -> _Session:
        if self.relay.down:
            raise RelayUnreachable("the relay cannot be reached (no answer)", where="relay.example:587")
        return _Session(self.relay, self.fate)


class Feeds:
    """Feeds that have news every hour, drawn from a seed; some are down."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.down: dict[str, str | int] = {}  # host -> why, or a status

    def answer(self, request: Request, now: datetime) -> Response | FetchError:
        host = request.url.split("/")[2].partition(".")[0]
        trouble = self.down.get(host)
        if isinstance(trouble, str):
            return FetchError(trouble, where=request.url)
        body = b"" if trouble else self.body(host, now).encode()
        return Response(url=request.url, final_url=request.url, status=trouble or 200, body=body)

    def body(self, host: str, now: datetime) -> str:
        items = []
        for hours in range(0, 30, 6):
            at = (now - timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
            at -= timedelta(hours=at.hour % 6)
            chance = random.Random(f"{self.seed}{host}{at}")
            words = chance.sample(WORDS, 4)
            link = f"https://{host}.example/{at:%Y%m%d%H}"
            items.append((f"{words[0].title()} and {words[1]}: {words[2]} after {words[3]}", link, format_datetime(at)))
        return rss(host.title(), *items)


class _Fetcher:
    def __init__(self, feeds: Feeds, clock: StandingClock, fate: Fate) -> None:
        self.feeds, self.clock, self.fate = feeds, clock, fate

    def fetch(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response | FetchError]]:
        for request in requests:
            self.fate.step()
            yield request, self.feeds.answer(request, self.clock.now())


class Process(Wiring):
    """One process of the program, with its fate."""

    def __init__(self, town: Town, fate: Fate) -> None:
        super().__init__(town.settings, clock=town.clock)
        self.town, self.fate = town, fate
        self.owner = f"process-{len(town.dead)}-{town.clock.now().timestamp()}"

    @cached_property
    def database(self) -> Store:
        store = super().database
        write = store.write

        @contextmanager
        def fated() -> Iterator[Any]:
            self.fate.write()
            with write() as connection:
                yield connection
            self.fate.step()  # killed here, what was written stays

        store.write = fated  # type: ignore[method-assign]
        return store

    @cached_property
    def ledger(self) -> Deliveries:
        return Deliveries(self.database, on_doubt=self.settings.delivery.on_doubt, is_dead=self.town.dead.__contains__)

    @cached_property
    def calendar(self) -> CalendarStore:
        return CalendarStore(self.database, is_dead=self.town.dead.__contains__)

    @property
    def fetcher(self) -> _Fetcher:
        return _Fetcher(self.town.feeds, self.town.clock, self.fate)

    @property
    def page_fetcher(self) -> _Fetcher:
        return self.fetcher

    def transport(self, via: str = "") -> Transport:
        return _Transport(self.town.relay, self.fate)


@dataclass
class Outcome:
    """How a run ended; ``code`` is -9 where it was killed."""

    code: int
    events: list[Event]

    @property
    def text(self) -> str:
        return "\n".join(event.text for event in self.events if not event.detail)


class Town:
    """The publication, its readers, its relay and its clock."""

    def __init__(
        self,
        folder: Path,
        *,
        digests: str,
        at: datetime,
        seed: int = 0,
        zone: str = "Europe/Lisbon",
        extra: str = "",
        url: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "digest.toml"
        text = CONFIG.replace("@DIGESTS@", digests).replace("@ZONE@", zone) + extra
        self.file.write_text(text, encoding="utf-8")
        (folder / "subscribers.csv").write_text(ROSTER, encoding="utf-8")
        for name in ("keys/tokens", "keys/erasure"):
            if not (folder / name).exists():
                make_keys(folder / name)
        if not url and not (folder / "digest.db").exists():
            fresh_sqlite(folder / "digest.db")
        self.settings = read(text, self.file, {"DIGEST_STORE_URL": url} if url else {})
        self.clock, self.relay, self.feeds = StandingClock(at.astimezone(UTC)), Relay(), Feeds(seed)
        self.dead: set[str] = set()

    @contextmanager
    def process(self, fate: Fate | None = None) -> Iterator[Process]:
        """A process, ended in good order."""
        process = Process(self, fate or Fate())
        try:
            yield process
        finally:
            self.dead.add(process.owner)
            process.close()

    def run(self, fate: Fate | None = None, *, stop: threading.Event | None = None, only: str = "") -> Outcome:
        """Play one `digest run`."""
        events: list[Event] = []
        with self.process(fate) as process, _quiet_threads():
            digests = [each for each in self.settings.digests if only in ("", each.name)]
            cron = Cron(
                process,
                digests,
                via="",
                wait_s=0.0,
                stop=stop or threading.Event(),
                tell=lambda event, digest, day: events.append(event),
                warn=lambda line: None,
            )
            try:
                return Outcome(cron.run(clock_is_right=False), events)
            except Killed:
                return Outcome(-9, events)

    def ask(self, question: Callable[[Process], Any]) -> Any:
        """Ask a fresh process something."""
        with self.process() as process:
            return question(process)

    def states(self, digest: str = "daily") -> dict[str, tuple[str, str]]:
        """Return state and reason by day."""
        days = self.ask(lambda process: process.calendar.days(digest, limit=1000))
        return {each.day.isoformat(): (each.state.value, each.reason) for each in days}


@contextmanager
def _quiet_threads() -> Iterator[None]:
    """A thread of a killed process says nothing; any other failure of a thread is told."""
    before = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        if not issubclass(args.exc_type, Killed):
            before(args)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before
