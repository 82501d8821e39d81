"""Settings → the real things behind the ports: clock, store, network, relay, templates. They are built only here."""

from __future__ import annotations

import random
import socket
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from digest import __version__, extensions
from digest.config import DigestSettings, Settings
from digest.dates import edition_day
from digest.editions.calendar import Schedule
from digest.errors import ConfigError, FileProblem, Problem, UsageError
from digest.model.editions import STYLES
from digest.model.mail import EditionKey
from digest.wiring.stores import Stores, owner_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from datetime import time as ClockTime

    from digest.editions.rank import OwnTerm
    from digest.mail.dkim import DkimKey
    from digest.mail.transport import Transport
    from digest.model.checked import Rule
    from digest.model.mail import Notice
    from digest.pipeline.notifying import NoticesReport
    from digest.ports import Clock, Fetcher
    from digest.render.theme import Theme
    from digest.subscribers.tokens import Tokens
    from digest.templating import Environment


# Hours an editor moved are looked up so far back: older days were settled by a run.
MOVED_BACK = timedelta(days=32)
# Seconds a story's page may take, and all pages of a build together.
PAGE_S, PAGES_S = 8.0, 20.0
# Seconds a link may take when it is tried, and all of them together, at most so many at once.
LINK_S, LINKS_S, LINKS_AT_ONCE = 8.0, 60.0, 8


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Return the aware UTC instant it is."""
        return datetime.now(UTC)


class Wiring(Stores):
    """Builds each real thing once, when it is first asked for, and lets go of all of them in `close`."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.random = random.Random()  # noqa: S311  # jitter of retries, no secret
        self.owner = owner_name()
        self._open = ExitStack()

    def close(self) -> None:
        """Let go of the database and of the demo's server."""
        self._open.close()

    # Network

    @cached_property
    def _pinned(self) -> dict[str, tuple[str, int]]:
        """In a demo the sample's hosts, served on loopback for as long as this lives."""
        if not self.settings.demo:
            return {}
        from digest.sample import READING_HOST, SAMPLE_HOST, serve

        address = self._open.enter_context(serve(clock=self.clock.now, zone=self.settings.zone))
        return {SAMPLE_HOST: address, READING_HOST: address}

    def _http(self, timeout_s: float, deadline_s: float) -> Fetcher:
        from digest.net.http import HttpFetcher

        fetch = self.settings.fetch
        return HttpFetcher(
            user_agent=f"digest/{__version__} ({self.settings.publication.name}; {fetch.contact})",
            timeout_s=timeout_s,
            deadline_s=deadline_s,
            allowed_hosts=fetch.allowed_hosts,
            pinned=self._pinned,
        )

    @cached_property
    def fetcher(self) -> Fetcher:
        """The HTTP client of feeds and pictures; feeds of other schemes are read by extensions."""
        fetch = self.settings.fetch
        made = self._http(fetch.timeout.total_seconds(), fetch.deadline.total_seconds())
        if all(feed.url.startswith(("http:", "https:")) for feed in self.settings.feeds):
            return made
        from digest.wiring.extended import SourcesFetcher

        return SourcesFetcher(made, self.clock)

    @cached_property
    def page_fetcher(self) -> Fetcher:
        """The HTTP client of stories' pages: they are an extra, and nobody waits long for them."""
        return self._http(min(self.settings.fetch.timeout.total_seconds(), PAGE_S), PAGES_S)

    @cached_property
    def link_fetcher(self) -> Fetcher:
        """The HTTP client that tries a mail's links."""
        return link_fetcher(
            about=f"{self.settings.publication.name}; {self.settings.fetch.contact}",
            allowed_hosts=self.settings.fetch.allowed_hosts,
            pinned=self._pinned,
        )

    def notice_transport(self, via: str = "") -> Transport:
        """Return the transport of notices: that of editions, but of files a folder of its own, one file a notice."""
        from digest.mail.folders import EmlFolder

        made = self.transport(via)
        return EmlFolder(made.path / "notices", each=True) if isinstance(made, EmlFolder) else made

    def deliver_notices(self, via: str = "") -> NoticesReport:
        """Hand over what waits in the outbox: mail that is no edition."""
        from email.utils import parseaddr

        from digest.mail.notices import NoticeWriter
        from digest.pipeline.notifying import deliver_notices

        settings = self.settings

        def html_of(notice: Notice) -> str:
            from digest.render.notice import notice_html

            return notice_html(notice, publication=settings.publication, theme=self.theme, environment=self.templates)

        write = NoticeWriter(
            publication=settings.publication,
            return_path=parseaddr(settings.delivery.return_path or settings.publication.sender)[1],
            html_of=html_of,
        )
        return deliver_notices(
            notices=self.notices,
            transport=lambda: self.notice_transport(via),
            write=write,
            clock=self.clock,
            random=self.random,
            give_up_after=settings.delivery.give_up_after,
        )

    def transport(self, via: str = "") -> Transport:
        """Return the transport of --via, else of [delivery] via. Relative folders: see `--via`.

        Raises UsageError, also where mail would leave the machine without an address to unsubscribe at: for [delivery]
        via the configuration was refused already.
        """
        from digest.mail.via import KINDS, parse_via, transport

        delivery = self.settings.delivery
        base = Path.cwd() if via else self.settings.folder
        kind, _, rest = (via or delivery.via).partition(":")
        if kind not in KINDS and kind in extensions.names(extensions.TRANSPORTS):
            from digest.wiring.extended import transport as own_transport

            self._must_let_leave(via, mails=True)
            return own_transport(kind, rest, base)
        parsed = parse_via(via or delivery.via, base)
        self._must_let_leave(via, mails=parsed.mails)
        return transport(
            parsed,
            password=delivery.password,
            timeout_s=delivery.timeout.total_seconds(),
            hostname=_ehlo_name(),
        )

    def _must_let_leave(self, via: str, *, mails: bool) -> None:
        if via and mails and not self.settings.publication.public_url:
            raise UsageError(
                "nobody could unsubscribe: [publication] public_url is missing",
                where=f"--via {via.partition(':')[0]}",
                fix="set it to where `digest serve` answers, or try with --via eml:DIR",
            )

    # Templates and keys

    @cached_property
    def templates(self) -> Environment:
        """The templates, the publisher's own first."""
        from digest.templating import environment

        return environment(self.settings.templates_dir, styles=self._styles)

    @cached_property
    def _styles(self) -> dict[str, Path]:
        used = {section.style for section in self.settings.sections} - set(STYLES)
        if not used:
            return {}
        from digest.wiring.extended import styles

        return styles(used)

    @cached_property
    def terms(self) -> tuple[OwnTerm, ...]:
        """Further terms of scores, from extensions; raises ExtensionError."""
        if not self.settings.terms:
            return ()
        from digest.wiring.extended import terms

        return terms(self.settings.terms)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The publication's own rules of the check, from extensions; raises ExtensionError."""
        if not self.settings.rules:
            return ()
        from digest.wiring.extended import rules

        return rules(self.settings.rules)

    @cached_property
    def theme(self) -> Theme:
        """The theme; raises ConfigError, and FileProblem where its logo cannot be used."""
        return self._dressed[0]

    @property
    def assets(self) -> dict[str, bytes]:
        """Pictures that belong to the theme, by file name: the logo."""
        return self._dressed[1]

    @cached_property
    def _dressed(self) -> tuple[Theme, dict[str, bytes]]:
        from digest.render.images import prepare_logo
        from digest.render.theme import theme

        made, path = theme(self.settings.theme, self.settings.theme_values), self.settings.theme_logo
        if path is None:
            return made, {}
        try:
            logo, body, _ = prepare_logo(path.read_bytes(), ground=made.light.mast, name=self.settings.publication.name)
        except FileProblem as problem:
            raise FileProblem(problem.what, where=str(path), fix="choose another theme.logo") from None
        except OSError as error:
            raise FileProblem.unread(error, path) from None
        return replace(made, logo=logo), {logo.name: body}

    @cached_property
    def tokens(self) -> Tokens:
        """What signs readers' links; raises FileProblem where the keys are missing."""
        from digest.subscribers.tokens import Tokens, read_keys

        return Tokens(read_keys(self.settings.tokens_file))

    @cached_property
    def dkim_keys(self) -> tuple[DkimKey, ...]:
        """What messages are signed with, none where they are not; raises ConfigError where a key cannot be used."""
        dkim = self.settings.delivery.dkim
        if dkim is None:
            return ()
        from digest.mail.dkim import read_key

        keys = []
        wanted = [("key_file", dkim.selector, dkim.key_file, "rsa-sha256")]
        if dkim.ed25519_key_file is not None:
            wanted.append(("ed25519_key_file", dkim.ed25519_selector, dkim.ed25519_key_file, "ed25519-sha256"))
        problems = []
        for name, selector, path, algorithm in wanted:
            where = f"{self.settings.file.name} delivery.dkim.{name}"
            try:
                key = read_key(path, domain=dkim.domain, selector=selector)
            except FileProblem as problem:
                problems.append(Problem(where=f"{where}: {path}", what=problem.what, fix=problem.fix))
                continue
            if key.algorithm != algorithm:
                other = "ed25519_key_file" if name == "key_file" else "key_file"
                kind = key.algorithm.partition("-")[0].upper().replace("ED", "Ed")
                what, fix = f"it is an {kind} key", f"name it in {other}"
                problems.append(Problem(where=f"{where}: {path}", what=what, fix=fix))
            keys.append(key)
        if problems:
            raise ConfigError(tuple(problems))
        return tuple(keys)

    def address_hash(self, email_key: str) -> str:
        """Return what is kept of an erased address; raises FileProblem where the key is missing."""
        from digest.subscribers.addresses import address_hash

        return address_hash(email_key, self._erasure_key)

    @cached_property
    def _erasure_key(self) -> str:
        from digest.subscribers.tokens import read_keys

        return read_keys(self.settings.erasure_file)[0]

    # The calendar

    def key(self, digest: DigestSettings, day: date | None = None) -> EditionKey:
        """Return the edition of a day; without one, of today in the publication's zone."""
        return EditionKey(digest.name, day or edition_day(self.clock.now(), self.settings.zone))

    def schedule(self, digest: DigestSettings) -> Schedule:
        """Return when a digest appears."""
        name, since = digest.name, edition_day(self.clock.now(), self.settings.zone) - MOVED_BACK
        moved = self.calendar.moved(name, since=since)
        return self.schedule_of(digest, paused_until=self.pauses.until(name), moved=moved)

    def schedule_of(
        self,
        digest: DigestSettings,
        *,
        paused_until: date | None = None,
        moved: Mapping[date, ClockTime] | None = None,
    ) -> Schedule:
        """Return when a digest appears that rests until a day; no database is asked."""
        return Schedule(
            zone=self.settings.zone,
            days=digest.days,
            time=digest.time,
            not_after=digest.not_after,
            skip=digest.skip,
            approval=digest.approval,
            approval_after=digest.approval_after,
            by=digest.by,
            paused_until=paused_until,
            moved=moved or {},
        )


def link_fetcher(
    *,
    about: str = "",
    allowed_hosts: frozenset[str] = frozenset(),
    pinned: Mapping[str, tuple[str, int]] | None = None,
) -> Fetcher:
    """Return an HTTP client that tries links: few at once, none for long."""
    from digest.net.http import HttpFetcher

    return HttpFetcher(
        user_agent=f"digest/{__version__} ({about})" if about else f"digest/{__version__}",
        timeout_s=LINK_S,
        deadline_s=LINKS_S,
        allowed_hosts=allowed_hosts,
        pinned=pinned,
        overall=LINKS_AT_ONCE,
    )


def _ehlo_name() -> str:
    """Return what we say in EHLO: a name with a dot, or an address literal (RFC 5321 §4.1.3)."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"


def never() -> threading.Event:
    """Return a stop that nobody sets."""
    return threading.Event()
