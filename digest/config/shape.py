"""The shape of digest.toml as pydantic models: types, bounds and what each key means. Unknown keys are refused."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from ipaddress import ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from digest import extensions
from digest.config.theme_table import ThemeTable
from digest.model.editions import STYLES
from digest.model.links import RESERVED_NAMES

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DURATION = re.compile(r"^(\d+)\s*(s|m|h|d)$")
_DNS_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    if isinstance(value, str):
        match = _DURATION.match(value.strip())
        if match:
            return timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})
        raise ValueError(f"{value!r} is no duration; write a number and s, m, h or d, such as '45m'")
    raise ValueError("write a duration in quotes: a number and s, m, h or d, such as '45m'")


def _clock_time(value: object) -> object:
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    if isinstance(value, str) and re.fullmatch(r"\d{1,2}:\d{2}", value.strip()):
        hour, minute = map(int, value.split(":"))
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise ValueError(f"{value!r} is no time of day; write it as '07:00'")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{value!r} is no time zone; use an IANA name such as 'Europe/Lisbon'") from None
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is no web address; it begins with https:// or http:// and names a host")
    return value


def _public_url(value: str) -> str:
    return _web_address(value).rstrip("/") if value else value


def _path_prefix(value: str) -> str:
    if value and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+/?", value):
        raise ValueError(f"{value!r} is no path; write it as '/news'")
    return value.rstrip("/")


def _network(value: str) -> str:
    try:
        ip_network(value, strict=False)
    except ValueError:
        raise ValueError(f"{value!r} is no network; write '127.0.0.1' or '10.0.0.0/8'") from None
    return value


def _slug(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", value):
        raise ValueError(f"{value!r} cannot stand in an address; use lower-case letters, digits and hyphens")
    return value


def _digest_name(value: str) -> str:
    if _slug(value) in RESERVED_NAMES:
        raise ValueError(f"{value!r} is taken by an address of our own; choose another name")
    return value


def dns_name(value: str) -> str:
    """Return a name in lower case; raise ValueError where the DNS could not hold it."""
    if len(value) > 200 or not all(_DNS_LABEL.fullmatch(label) for label in value.split(".")):
        raise ValueError(f"{value!r} is no name of the DNS; use letters, digits, hyphens and dots")
    return value.lower()


def _style(value: str) -> str:
    if value not in STYLES and value not in (further := extensions.names(extensions.STYLES)):
        raise ValueError(f"{value!r} is no style; choose {', '.join((*STYLES, *further))}, or install an extension")
    return value


def _feed_address(value: str) -> str:
    scheme = urlsplit(value).scheme
    if scheme not in ("http", "https") and scheme in extensions.names(extensions.SOURCES):
        return value
    return _web_address(value)


def _term(value: str) -> str:
    if value in WeightsTable.model_fields:
        raise ValueError(f"{value!r} is a term of our own; write its weight into [weights]")
    if value not in (known := extensions.names(extensions.TERMS)):
        raise ValueError(f"no extension gives a term {value!r}; install one, or choose of {', '.join(known) or 'none'}")
    return value


def _rule(value: str) -> str:
    if value not in (known := extensions.names(extensions.CHECKS)):
        raise ValueError(f"no extension gives a rule {value!r}; install one, or choose of {', '.join(known) or 'none'}")
    return value


def _language(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        raise ValueError(f"{value!r} is no language tag; use one such as 'en', 'de' or 'pt-BR'")
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
ClockTime = Annotated[time, BeforeValidator(_clock_time)]
Zone = Annotated[str, AfterValidator(_zone)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Slug = Annotated[str, AfterValidator(_slug)]
DnsName = Annotated[str, AfterValidator(dns_name)]
Language = Annotated[str, AfterValidator(_language)]


class Table(BaseModel):
    """A table that knows all of its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class PublicationTable(Table):
    """`[publication]`."""

    name: str = Field(min_length=1)
    tagline: str = ""
    language: Language = "en"
    languages: list[Language] = []
    taglines: dict[Language, str] = {}
    direction: Literal["", "ltr", "rtl"] = ""
    time_zone: Zone = "UTC"
    sender: str = Field(alias="from", min_length=3)
    reply_to: str = ""
    postal_address: str = ""
    public_url: Annotated[str, AfterValidator(_public_url)] = ""
    desk_url: Annotated[str, AfterValidator(_public_url)] = ""
    rights: str = ""
    operators: list[str] = []
    editors: list[str] = []


class MatchTable(Table):
    """`[[sections.match]]`: every key given must hold; any word of a key will do."""

    feeds: list[str] = []
    categories: list[str] = []
    paths: list[str] = []
    words: list[str] = []
    languages: list[Language] = []


class SectionTable(Table):
    """`[[sections]]`."""

    slug: Slug
    title: str = Field(min_length=1)
    titles: dict[Language, str] = {}
    # Defaults are those of `Section`: only what is written is handed on.
    style: Annotated[str, AfterValidator(_style)] = "headlines"
    sort: Literal["top", "latest"] = "top"
    stories: int = Field(default=0, ge=1, le=200)
    minimum: int = Field(default=0, ge=1, le=200)
    prior: float = Field(default=0.0, ge=-100, le=100)
    per_source: int = Field(default=0, ge=1)
    per_byline: int = Field(default=0, ge=1)
    per_kicker: int = Field(default=0, ge=1)
    feeds: list[str] = []
    match: list[MatchTable] = []
    repeats: bool = False


class FeedTable(Table):
    """`[[feeds]]`."""

    url: Annotated[str, AfterValidator(_feed_address)]
    name: str = ""
    source: str = ""
    section: str = ""
    weight: float = Field(default=1.0, ge=0, le=100)
    kicker: Literal["auto", "never"] = "auto"
    language: Language = ""
    time_zone: Zone | Literal[""] = ""
    embargo: Duration = timedelta(0)


class EmbargoTable(Table):
    """`[[picking.embargoes]]`."""

    until: AwareDatetime
    words: list[str] = []
    sources: list[str] = []
    urls: list[WebAddress] = []


class PickingTable(Table):
    """`[picking]`: what must not appear, or not yet."""

    blocked_words: list[str] = []
    blocked_sources: list[str] = []
    blocked_bylines: list[str] = []
    embargoes: list[EmbargoTable] = []


class SponsorTable(Table):
    """`[[sponsors]]`."""

    name: str = Field(min_length=1)
    label: str = "Powered by"
    text: str = ""
    url: WebAddress | Literal[""] = ""
    image: str = ""
    start: date | None = Field(default=None, alias="from")
    until: date | None = None
    placement: str = "imprint"


class DigestTable(Table):
    """`[digest.NAME]`."""

    title: str = ""
    days: list[Day] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    time: ClockTime | None = None
    by: Literal["publication", "subscriber"] = "publication"
    not_after: ClockTime | None = None
    approval: str = Field(default="required", pattern=r"^(required|automatic|automatic-after ([01]\d|2[0-3]):[0-5]\d)$")
    skip: list[date] = []
    minimum_stories: int = Field(default=1, ge=1)
    maximum_failed_feeds: float = Field(default=0.5, ge=0, le=1)
    few_stories: Literal["skip", "hold", "shorten"] = "skip"
    failed_feeds: Literal["hold", "shorten", "skip"] = "hold"
    notice_before: Duration = timedelta(hours=2)
    remind_before: Duration = timedelta(hours=1)
    suppress_days: int = Field(default=7, ge=0, le=365)
    nothing_new: Literal["skip", "tell"] = "skip"


class WeightsTable(Table):
    """`[weights]`: what counts how much in ranking; what is not set keeps the default of `Weights`."""

    sources: float = Field(default=0, ge=-100, le=100)
    source_weight: float = Field(default=0, ge=-100, le=100)
    position: float = Field(default=0, ge=-100, le=100)
    section: float = Field(default=0, ge=-100, le=100)
    boost: float = Field(default=0, ge=-100, le=100)
    half_life_hours: float = Field(default=0, ge=0, le=10_000)
    diversity: float = Field(default=0, ge=0, le=1)
    terms: dict[Annotated[str, AfterValidator(_term)], Annotated[float, Field(ge=-100, le=100)]] = {}


class CheckTable(Table):
    """`[check]`."""

    rules: list[Annotated[str, AfterValidator(_rule)]] = []


class RatesTable(Table):
    """`[delivery.rates]`; 0 = no limit."""

    per_second: float = Field(default=0, ge=0, le=100_000)
    per_hour: int = Field(default=0, ge=0)
    per_domain: float = Field(default=0, ge=0)
    domains: dict[str, float] = {}


class WarmUpTable(Table):
    """`[delivery.warm_up]`."""

    start: date = Field(alias="from")
    messages: list[int] = Field(min_length=1)


class DkimTable(Table):
    """`[delivery.dkim]`."""

    selector: DnsName
    key_file: str = Field(min_length=1)
    domain: DnsName | Literal[""] = ""
    ed25519_selector: DnsName | Literal[""] = ""
    ed25519_key_file: str = ""


class BouncesTable(Table):
    """`[delivery.bounces]`."""

    signed: bool = True
    transient: int = Field(default=5, ge=2, le=100)
    over: Duration = timedelta(days=7)
    kept: str = Field(default="bounces", min_length=1)


class DeliveryTable(Table):
    """`[delivery]`."""

    via: str = "eml:outbox"
    connections: int = Field(default=4, ge=1, le=64)
    timeout: Duration = timedelta(seconds=60)
    linger: Duration = timedelta(minutes=45)
    give_up_after: Duration = timedelta(hours=24)
    on_doubt: Literal["resend", "hold"] = "resend"
    return_path: str = ""
    password_file: str = ""
    messages_per_connection: int = Field(default=0, ge=0)
    rates: RatesTable = RatesTable()
    warm_up: WarmUpTable | None = None
    dkim: DkimTable | None = None
    bounces: BouncesTable | None = None


class FetchTable(Table):
    """`[fetch]`."""

    timeout: Duration = timedelta(seconds=20)
    deadline: Duration = timedelta(minutes=2)
    allowed_hosts: list[str] = []
    contact: str = ""
    pages: int = Field(default=30, ge=0, le=200)
    alert_after_failures: int = Field(default=3, ge=1, le=1000)
    alert_after_empty: Duration = timedelta(days=3)
    alert_after_silent: Duration = timedelta(days=30)


class MonitoringTable(Table):
    """`[monitoring]`: who is told of runs besides the people."""

    textfile: str = ""
    heartbeat_start: WebAddress | Literal[""] = ""
    heartbeat_success: WebAddress | Literal[""] = ""
    heartbeat_failure: WebAddress | Literal[""] = ""
    heartbeat_timeout: Duration = timedelta(seconds=10)
    longest_run: Duration = timedelta(hours=3)


class RetentionTable(Table):
    """`[retention]`: how long what nobody needs any more is kept."""

    deliveries: Duration = timedelta(days=35)
    stories: Duration = timedelta(days=90)
    runs: Duration = timedelta(days=400)
    notices: Duration = timedelta(days=90)


class ArchiveTable(Table):
    """`[archive]`."""

    dir: str = "site"
    visibility: Literal["public", "private"] = "public"
    hub: WebAddress | Literal[""] = ""


class KeysTable(Table):
    """`[keys]`."""

    tokens_file: str = "keys/tokens"
    erasure_file: str = "keys/erasure"


class StoreTable(Table):
    """`[store]`."""

    url: str = Field(default="sqlite:///digest.db", pattern=r"^(sqlite:///|postgresql(\+psycopg)?://).+")


class ServeTable(Table):
    """`[serve]`."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8025, ge=0, le=65_535)
    unix_socket: str = ""
    path_prefix: Annotated[str, AfterValidator(_path_prefix)] = ""
    trusted_proxies: list[Annotated[str, AfterValidator(_network)]] = ["127.0.0.1", "::1"]
    metrics_from: list[Annotated[str, AfterValidator(_network)]] = ["127.0.0.1", "::1"]
    signup: bool = True
    confirm_within: Duration = timedelta(days=7)
    requests_per_hour: int = Field(default=20, ge=1, le=100_000)
    embed_from: list[str] = ["*"]
    notices_every: Duration = timedelta(seconds=30)


class DemoTable(Table):
    """`[demo]`: while it is there, commands that fetch serve the sample feeds on loopback."""

    note: str = ""


class Document(Table):
    """The whole of digest.toml."""

    publication: PublicationTable
    sections: list[SectionTable] = Field(min_length=1)
    feeds: list[FeedTable] = []
    sponsors: list[SponsorTable] = []
    digest: dict[Annotated[str, AfterValidator(_digest_name)], DigestTable] = {}
    theme: ThemeTable = ThemeTable()
    weights: WeightsTable = WeightsTable()
    picking: PickingTable = PickingTable()
    check: CheckTable = CheckTable()
    delivery: DeliveryTable = DeliveryTable()
    fetch: FetchTable = FetchTable()
    monitoring: MonitoringTable = MonitoringTable()
    retention: RetentionTable = RetentionTable()
    archive: ArchiveTable = ArchiveTable()
    keys: KeysTable = KeysTable()
    store: StoreTable = StoreTable()
    serve: ServeTable = ServeTable()
    subscribers: str = "subscribers.csv"
    templates: str = "templates"
    demo: DemoTable | None = None
