"""The shape of digest.toml as pydantic models: types, bounds and what each key means. Unknown keys are refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from digest import extensions
from digest.config.theme_table import ThemeTable
from digest.config.values import (
    ClockTime,
    DigestName,
    DnsName,
    Duration,
    FeedAddress,
    Language,
    Network,
    PathPrefix,
    PublicUrl,
    Rule,
    Slug,
    Style,
    WebAddress,
    Zone,
)

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _term(value: str) -> str:
    if value in WeightsTable.model_fields:
        raise ValueError(f"{value!r} is a term of our own; write its weight into [weights]")
    if value not in (known := extensions.names(extensions.TERMS)):
        raise ValueError(f"no extension gives a term {value!r}; install one, or choose of {', '.join(known) or 'none'}")
    return value


class Table(BaseModel):
    """A table that knows all of its keys."""

    # Built with the table that holds them all, not once more each.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, defer_build=True)


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
    public_url: PublicUrl = ""
    desk_url: PublicUrl = ""
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
    style: Style = "headlines"
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

    url: FeedAddress
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

    rules: list[Rule] = []


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
    mailbox: str = ""


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
    path_prefix: PathPrefix = ""
    trusted_proxies: list[Network] = ["127.0.0.1", "::1"]
    metrics_from: list[Network] = ["127.0.0.1", "::1"]
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
    digest: dict[DigestName, DigestTable] = {}
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
