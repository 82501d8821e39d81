"""The effective configuration: one frozen value, read once, handed out in pieces by wiring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from datetime import time as ClockTime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from digest.model.editions import Bars, Publication, Section, Sponsor, Weights
from digest.model.mail import Rates
from digest.model.news import Feed


@dataclass(frozen=True, kw_only=True)
class DigestSettings:
    """A recurring product: `[digest.NAME]`."""

    name: str  # in addresses: "daily"
    title: str  # shown; the publication's name unless set
    days: tuple[int, ...]  # 0 = Monday
    time: ClockTime | None  # local; None = any hour will do
    by: Literal["publication", "subscriber"]
    not_after: ClockTime | None  # local; past it nothing is mailed
    approval: Literal["required", "automatic", "automatic-after"]
    approval_after: ClockTime | None  # of automatic-after
    skip: frozenset[date]  # holidays
    minimum_stories: int  # fewer items than this is too few
    few_stories: Literal["skip", "hold", "shorten"]  # what becomes of an edition with too few
    maximum_failed_feeds: float  # share from 0 to 1; more is too many
    failed_feeds: Literal["hold", "shorten", "skip"]  # what becomes of an edition when too many feeds failed
    notice_before: timedelta  # editors are told of a draft so long before `time`
    remind_before: timedelta  # and reminded so long before `not_after`
    suppress_days: int  # what was sent this many days ago or less is not news
    nothing_new: Literal["skip", "tell"]  # whose sections hold no story: no mail, or a short one that says so


@dataclass(frozen=True, kw_only=True)
class DkimSettings:
    """How messages are signed: `[delivery.dkim]`."""

    domain: str  # d=; that of header from unless set
    selector: str  # of the RSA key
    key_file: Path
    ed25519_selector: str  # of a second key; "" = none
    ed25519_key_file: Path | None


@dataclass(frozen=True, kw_only=True)
class BouncesSettings:
    """How what comes back is understood: `[delivery.bounces]`."""

    signed: bool  # whether each copy has a return path of its own (VERP)
    transient: int  # editions in a row that came back for a while: then the reader is suppressed
    over: timedelta  # at least so long between the first and the last of them
    kept: Path  # folder of what nobody understood
    mailbox: Path | None  # the maildir or mbox that every run reads; None = only what a command names


@dataclass(frozen=True, kw_only=True)
class DeliverySettings:
    """How editions are handed over: `[delivery]`."""

    via: str  # smtp://…, eml:…
    connections: int
    timeout: timedelta  # of one reply of the relay
    linger: timedelta  # a run stays this long for what was deferred
    give_up_after: timedelta  # then a deferred delivery expires
    on_doubt: Literal["resend", "hold"]
    return_path: str  # envelope sender; "" = the address of `from`
    messages_per_connection: int  # then a new one; 0 = no limit
    rates: Rates
    dkim: DkimSettings | None  # None = messages are not signed here
    bounces: BouncesSettings | None  # None = what comes back is read by nobody
    password_file: Path | None  # it came from here; None = from the environment, or there is none
    password: str = field(repr=False)  # of the relay, from DIGEST_RELAY_PASSWORD or password_file


@dataclass(frozen=True, kw_only=True)
class FetchSettings:
    """How feeds are read: `[fetch]`."""

    timeout: timedelta  # of one feed
    deadline: timedelta  # of all feeds together
    allowed_hosts: frozenset[str]  # whose private addresses may be reached
    contact: str  # in the User-Agent, so that a feed's owner can reach us
    pages: int  # most pages read a build, for stories without teaser or picture; 0 = none
    alert_after_failures: int  # failed readings in a row that make a feed's trouble worth a line
    alert_after_empty: timedelta  # no entry at all for so long does too
    alert_after_silent: timedelta  # nothing new for so long does too


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """How the readers' pages are served: `[serve]`."""

    host: str
    port: int  # 0 = any free one
    unix_socket: Path | None  # instead of host and port
    path_prefix: str  # "/news"; the path of public_url unless set
    trusted_proxies: tuple[str, ...]  # networks whose word about the client's address is believed
    metrics_from: tuple[str, ...]  # networks that may read the counts
    signup: bool  # whether strangers may sign up
    confirm_within: timedelta  # then a confirmation link is too old
    requests_per_hour: int  # sign-ups and links asked for, an address of the network
    embed_from: tuple[str, ...]  # origins that may frame the form; "*" = any
    notices_every: timedelta  # how often the outbox is looked at when nothing wakes it


@dataclass(frozen=True, kw_only=True)
class MonitoringSettings:
    """Who is told of runs besides the people: `[monitoring]`."""

    textfile: Path | None  # of Prometheus' textfile collector
    heartbeat_start: str = field(repr=False)  # addresses asked when a run starts, ends well, ends badly; "" = none
    heartbeat_success: str = field(repr=False)
    heartbeat_failure: str = field(repr=False)
    heartbeat_timeout: timedelta
    longest_run: timedelta  # then a run ends as if it were told to stop


@dataclass(frozen=True, kw_only=True)
class RetentionSettings:
    """How long what nobody needs any more is kept: `[retention]`."""

    deliveries: timedelta  # then only their counts stay
    stories: timedelta
    runs: timedelta
    notices: timedelta


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All of digest.toml and what the environment adds, valid as a whole. Paths are absolute."""

    file: Path  # digest.toml
    publication: Publication
    zone: ZoneInfo  # the publication's
    sections: tuple[Section, ...]
    feeds: tuple[Feed, ...]
    sponsors: tuple[Sponsor, ...]
    digests: tuple[DigestSettings, ...]  # never empty; the first is the default
    theme: str  # classic, bold, plain
    theme_values: Mapping[str, str | int]  # what [theme] sets besides its name and logo
    theme_logo: Path | None  # a picture in the nameplate's stead
    weights: Weights
    terms: Mapping[str, float]  # weights of further terms of scores, from extensions
    rules: tuple[str, ...]  # further rules of the check, from extensions
    bars: Bars  # what must not appear, or not yet
    delivery: DeliverySettings
    fetch: FetchSettings
    monitoring: MonitoringSettings
    retention: RetentionSettings
    archive_dir: Path
    archive_private: bool  # editions are served by `digest serve` to who has their signed link, and listed nowhere
    archive_hub: str  # WebSub hub that is told of new editions, "" = none
    tokens_file: Path
    erasure_file: Path
    store_url: str = field(repr=False)  # may hold a password
    serve: ServeSettings
    subscribers_file: Path
    templates_dir: Path  # overrides, one file at a time; need not exist
    demo: bool  # the sample feeds are served on loopback while a command fetches

    @property
    def folder(self) -> Path:
        """The folder relative paths start from."""
        return self.file.parent

    def digest(self, name: str = "") -> DigestSettings | None:
        """Return a digest by name, the first without one, or None."""
        if not name:
            return self.digests[0]
        return next((each for each in self.digests if each.name == name), None)
