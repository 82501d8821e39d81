"""The examinations of `digest doctor` that leave the machine: relay, DNS, public address. Nothing is mailed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from digest import __version__
from digest.errors import FetchError, RelayUnreachable
from digest.mail.transport import Via
from digest.mail.via import KINDS, parse_via
from digest.model.editions import Finding
from digest.model.web import Request
from digest.pipeline import doctor
from digest.pipeline.doctor import Examination, finding
from digest.wiring import Wiring

if TYPE_CHECKING:
    from digest.ports import Fetcher, Resolver

Said = Iterator[Finding | str]
ANSWER_S = 10.0  # seconds the public address may take


class Network:
    """Looks at what answers, or does not."""

    def __init__(self, wiring: Wiring, *, via: str = "", resolver: Resolver | None = None) -> None:
        """``via`` is that of --via, which runs are called with; "" = that of the configuration."""
        self.wiring, self.settings, self.clock = wiring, wiring.settings, wiring.clock
        self.asked, self.resolver = via, resolver

    def examinations(self) -> Iterator[Examination]:
        """Yield what is looked at."""
        pairs: tuple[tuple[str, Callable[[], Said]], ...] = (
            ("relay", self.relay), ("dns", self.dns), ("public-url", self.public_address),
        )  # fmt: skip
        return (Examination(area=area, examine=examine) for area, examine in pairs)

    @property
    def via(self) -> Via:
        """Where editions are handed over."""
        text = self.asked or self.settings.delivery.via
        kind = text.partition(":")[0]
        if kind not in KINDS:
            return Via(kind=kind)  # of an extension; where there is none such, looking at the relay says so
        return parse_via(text, Path.cwd() if self.asked else self.settings.folder)

    @property
    def mails(self) -> bool:
        """Whether anything leaves the machine: a demo's addresses are fiction."""
        return self.via.mails and not self.settings.demo

    def relay(self) -> Said:
        """Look whether the relay lets us in and takes our sender; nothing is mailed."""
        from digest.mail.smtp import Session

        sender = parseaddr(self.settings.delivery.return_path or self.settings.publication.sender)[1]
        try:
            connection = self.wiring.transport(self.asked).open()
        except RelayUnreachable as error:
            yield from doctor.of_error("relay", error)
            return
        try:
            connection.probe(sender, 100_000)
            if not isinstance(connection, Session):
                yield f"{self.asked or self.settings.delivery.via}: no relay; messages become files or go to a program"
                return
            yield from doctor.certificate(connection.name, connection.certified_until, self.clock.now())
            login = "logged in" if self.via.user else "without a login"
            size = f", at most {connection.size / 1e6:.0f} MB a message" if connection.size else ""
            yield f"{connection.name}: {connection.tls or 'no TLS'}, {login}, takes mail from {sender}{size}"
        finally:
            connection.close()

    def dns(self) -> Said:
        """Look at what the DNS says of the sending domain."""
        from digest.mail import domain

        if not self.mails:
            yield "not asked: nothing is mailed"
            return
        resolver = self.resolver or _dns()
        publication, delivery = self.settings.publication, self.settings.delivery
        sender = _domain(publication.sender)
        envelope = _domain(delivery.return_path) or sender
        keys = self.wiring.dkim_keys
        yield from self._asked(lambda: domain.spf(envelope, resolver))
        yield from self._asked(lambda: domain.dkim(keys, resolver))
        yield from self._asked(lambda: domain.dmarc(sender, resolver))
        yield from domain.aligned(sender, envelope, keys)
        back = "give it an MX record, or name another return_path: bounces come there"
        yield from self._asked(lambda: domain.takes_mail(envelope, resolver, where="return_path", fix=back))
        answers = _domain(publication.reply_to) or sender
        if answers != envelope:
            fix = "give it an MX record, or name another reply_to"
            yield from self._asked(lambda: domain.takes_mail(answers, resolver, where="reply_to", fix=fix))
        signed = ", ".join(f"{key.selector}._domainkey" for key in keys) or "no key of ours"
        yield f"{sender}: SPF of {envelope}, DKIM ({signed}), DMARC"

    def _asked(self, ask: Callable[[], Iterator[Finding]]) -> Said:
        """Yield the findings of one question; a DNS that does not answer it is a warning."""
        try:
            yield from ask()
        except FetchError as error:
            yield finding("dns", "warning", error.where, error.what, error.fix)

    def public_address(self) -> Said:
        """Look whether the readers' pages answer where the mails' links lead."""
        base = self.settings.publication.public_url
        if not base or self.settings.demo:
            yield "no address that mails link to"
            return
        url, host = f"{base}/health", urlsplit(base).hostname or ""
        ((_, answer),) = list(_fetcher(host).fetch([Request(url=url, limit=100_000)]))
        if isinstance(answer, FetchError):
            yield finding(
                "public-url", "error", url, f"it does not answer ({answer.what})",
                "start `digest serve`, and lead the address to it; without it nobody can leave",
            )  # fmt: skip
            return
        yield from self._health(url, answer.status, answer.body)
        theirs = doctor.date_of(answer.headers.get("date", ""))
        if theirs is not None:
            yield from doctor.clock_beside(host, theirs, self.clock.now())

    def _health(self, url: str, status: int, body: bytes) -> Said:
        try:
            said = json.loads(body)
            state, version = str(said["status"]), str(said.get("version", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            state = version = ""
        if state == "failing" or status == 503:
            yield finding("public-url", "error", url, f"`digest serve` is failing (HTTP {status})", "look at its log")
        elif status != 200 or state != "ok":
            yield finding(
                "public-url", "error", url, f"something else than `digest serve` answers there (HTTP {status})",
                "lead the address to it, as docs/howto/behind-a-proxy.md shows; without it nobody can leave",
            )  # fmt: skip
        elif version != __version__:
            yield finding(
                "public-url",
                "warning",
                url,
                f"`digest serve` there is {version}, and this is {__version__}",
                "restart it",
            )
        else:
            yield f"{url}: ok"


def _domain(address: str) -> str:
    return parseaddr(address)[1].rpartition("@")[2].lower().rstrip(".")


def _dns() -> Resolver:
    from digest.net.resolver import DnsResolver

    return DnsResolver()


def _fetcher(host: str) -> Fetcher:
    from digest.net.http import HttpFetcher

    # The address is the operator's own, so it may be a private one.
    return HttpFetcher(
        user_agent=f"digest/{__version__} doctor", timeout_s=ANSWER_S, deadline_s=ANSWER_S,
        allowed_hosts=frozenset({host}),
    )  # fmt: skip
