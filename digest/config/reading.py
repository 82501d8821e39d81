"""A well-shaped digest.toml becomes Settings; what does not fit together is collected on the way."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import time
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from digest.config import lines as positions
from digest.config import shape
from digest.config.problems import where as where_of
from digest.config.settings import (
    BouncesSettings,
    DeliverySettings,
    DigestSettings,
    DkimSettings,
    FetchSettings,
    MonitoringSettings,
    RetentionSettings,
    ServeSettings,
    Settings,
)
from digest.errors import ConfigError, Problem
from digest.model.editions import Bars, Embargo, Match, Publication, Section, Sponsor, Weights
from digest.model.languages import direction
from digest.model.mail import Rates
from digest.model.news import Feed
from digest.model.return_path import ADDED, LONGEST_LOCAL


def settings_of(
    document: shape.Document, file: Path, lines: dict[positions.Path, int], environment: Mapping[str, str]
) -> Settings:
    """Return what a well-shaped document of ``file`` says; raises ConfigError with all that does not fit together."""
    return _Reading(document, file, lines, environment).settings()


class _Reading:
    """Turns a well-shaped document into Settings, collecting what does not fit together."""

    def __init__(
        self,
        document: shape.Document,
        file: Path,
        lines: dict[positions.Path, int],
        environment: Mapping[str, str],
    ) -> None:
        self.document, self.file, self.lines, self.environment = document, file, lines, environment
        self.problems: list[tuple[int, Problem]] = []

    def problem(self, path: positions.Path, what: str, fix: str) -> None:
        """Note a problem of a key."""
        line = positions.line_of(path, self.lines)
        self.problems.append((line, Problem(where=where_of(path, self.lines, self.file.name), what=what, fix=fix)))

    def settings(self) -> Settings:
        """Return the settings; raises ConfigError with every problem, in the order of the file."""
        document = self.document
        publication = self.publication()
        self.check_sections()
        feeds = self.feeds()
        sponsors = self.sponsors()
        digests = self.digests()
        delivery = self.delivery(publication)
        bars = self.bars(feeds)
        if self.problems:
            raise ConfigError(tuple(problem for _, problem in sorted(self.problems, key=lambda pair: pair[0])))
        return Settings(
            file=self.file,
            publication=publication,
            zone=ZoneInfo(publication.time_zone),
            sections=tuple(self.section(table) for table in document.sections),
            feeds=feeds,
            sponsors=sponsors,
            digests=digests,
            theme=document.theme.name,
            theme_values=document.theme.values_set(),
            theme_logo=self.beside(document.theme.logo) if document.theme.logo else None,
            weights=Weights(**document.weights.model_dump(exclude_unset=True, exclude={"terms"})),
            terms=dict(document.weights.terms),
            rules=tuple(document.check.rules),
            bars=bars,
            delivery=delivery,
            fetch=self.fetch(publication),
            monitoring=self.monitoring(),
            retention=RetentionSettings(**document.retention.model_dump()),
            archive_dir=self.beside(document.archive.dir),
            archive_private=document.archive.visibility == "private",
            archive_hub=document.archive.hub,
            tokens_file=self.beside(document.keys.tokens_file),
            erasure_file=self.beside(document.keys.erasure_file),
            store_url=self.store_url(),
            serve=self.serve(publication),
            subscribers_file=self.beside(document.subscribers),
            templates_dir=self.beside(document.templates),
            demo=document.demo is not None,
        )

    def beside(self, name: str) -> Path:
        return (self.file.parent / name).absolute()

    def store_url(self) -> str:
        url = self.environment.get("DIGEST_STORE_URL") or self.document.store.url
        kind, _, path = url.partition(":///")
        if kind == "sqlite":
            return f"sqlite:///{self.beside(path)}"
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    def fetch(self, publication: Publication) -> FetchSettings:
        table = self.document.fetch
        values = table.model_dump()
        values["allowed_hosts"] = frozenset(host.lower() for host in table.allowed_hosts)
        values["contact"] = table.contact or publication.public_url or parseaddr(publication.sender)[1]
        return FetchSettings(**values)

    def serve(self, publication: Publication) -> ServeSettings:
        table = self.document.serve
        values = table.model_dump()
        values["unix_socket"] = self.beside(table.unix_socket) if table.unix_socket else None
        values["path_prefix"] = table.path_prefix or urlsplit(publication.public_url).path.rstrip("/")
        for key in ("trusted_proxies", "metrics_from", "embed_from"):
            values[key] = tuple(values[key])
        return ServeSettings(**values)

    def publication(self) -> Publication:
        table = self.document.publication
        if "@" not in parseaddr(table.sender)[1]:
            marks = "has a name with a comma or another mark that stands for itself only in quotes"
            what, fix = ("holds no address", "Name") if "@" not in table.sender else (marks, '"Name, of a place"')
            self.problem(("publication", "from"), f"{table.sender!r} {what}", f"write '{fix} <news@example.org>'")
        for key in ("operators", "editors"):
            for address in getattr(table, key):
                if "@" not in parseaddr(address)[1]:
                    self.problem(("publication", key), f"{address!r} is no address", "write 'name@example.org'")
        if table.reply_to and "@" not in parseaddr(table.reply_to)[1]:
            self.problem(("publication", "reply_to"), f"{table.reply_to!r} is no address", "write 'desk@example.org'")
        values = table.model_dump()
        values["operators"], values["editors"] = tuple(table.operators), tuple(table.editors)
        values["languages"] = tuple(dict.fromkeys((table.language, *filter(None, table.languages))))
        values["direction"] = table.direction or direction(table.language)
        return Publication(**values)

    def check_sections(self) -> None:
        seen: set[str] = set()
        for index, table in enumerate(self.document.sections):
            if table.slug in seen:
                self.problem(("sections", index, "slug"), f"{table.slug!r} is the slug of two sections", "rename one")
            seen.add(table.slug)

    def section(self, table: shape.SectionTable) -> Section:
        given = table.model_dump(exclude_unset=True)
        given.pop("feeds", None)
        given["match"] = tuple(
            Match(**{key: tuple(words) for key, words in match.model_dump().items()}) for match in table.match
        )
        return Section(**given)

    def bars(self, feeds: Sequence[Feed]) -> Bars:
        table = self.document.picking
        for index, embargo in enumerate(table.embargoes):
            if not (embargo.words or embargo.sources or embargo.urls):
                self.problem(("picking", "embargoes", index), "it covers nothing", "add `words`, `sources` or `urls`")
        return Bars(
            words=tuple(table.blocked_words),
            sources=tuple(table.blocked_sources),
            bylines=tuple(table.blocked_bylines),
            embargoes=tuple(
                Embargo(until=each.until, words=tuple(each.words), sources=tuple(each.sources), urls=tuple(each.urls))
                for each in table.embargoes
            ),
            feed_embargoes={feed.url: feed.embargo for feed in feeds if feed.embargo},
        )

    def feeds(self) -> tuple[Feed, ...]:
        slugs = [table.slug for table in self.document.sections]
        named: dict[str, str] = {}
        known = {feed.url for feed in self.document.feeds} | {feed.name for feed in self.document.feeds}
        for index, table in enumerate(self.document.sections):
            for name in table.feeds:
                if name not in known:
                    near = difflib.get_close_matches(name, sorted(known), n=1)
                    fix = f"did you mean {near[0]!r}?" if near else "name a feed of [[feeds]] by its name or url"
                    self.problem(("sections", index, "feeds"), f"no feed is called {name!r}", fix)
                named.setdefault(name, table.slug)
        feeds: list[Feed] = []
        seen: set[str] = set()
        for index, feed in enumerate(self.document.feeds):
            if feed.url in seen:
                self.problem(("feeds", index, "url"), f"{feed.url} is listed twice", "remove one of them")
            seen.add(feed.url)
            if feed.section and feed.section not in slugs:
                near = difflib.get_close_matches(feed.section, slugs, n=1)
                fix = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(slugs)}"
                self.problem(("feeds", index, "section"), f"there is no section {feed.section!r}", fix)
            values = feed.model_dump()
            values["section"] = feed.section or named.get(feed.name, named.get(feed.url, ""))
            feeds.append(Feed(**values))
        return tuple(feeds)

    def sponsors(self) -> tuple[Sponsor, ...]:
        places = {"top", "imprint", "search", *(table.slug for table in self.document.sections)}
        for index, table in enumerate(self.document.sponsors):
            if table.placement not in places:
                self.problem(
                    ("sponsors", index, "placement"),
                    f"{table.placement!r} is no place",
                    "choose top, imprint, search or a section's slug",
                )
            if table.start and table.until and table.until < table.start:
                self.problem(("sponsors", index, "until"), "it ends before it begins", "change `from` or `until`")
        return tuple(self.sponsor(table) for table in self.document.sponsors)

    def sponsor(self, table: shape.SponsorTable) -> Sponsor:
        values = table.model_dump()
        if table.image and not table.image.startswith(("http://", "https://")):
            values["image"] = str(self.beside(table.image))
        return Sponsor(**values)

    def digests(self) -> tuple[DigestSettings, ...]:
        tables = self.document.digest or {"daily": shape.DigestTable()}
        return tuple(self.digest(name, table) for name, table in tables.items())

    def digest(self, name: str, table: shape.DigestTable) -> DigestSettings:
        if table.time and table.not_after and table.not_after <= table.time:
            self.problem(
                ("digest", name, "not_after"), "it is not later than `time`", "choose a later hour, such as '12:00'"
            )
        if table.by == "subscriber" and table.time is None:
            self.problem(("digest", name, "by"), "readers' own clocks need a `time`", "add one, such as time = '07:00'")
        if not table.days:
            self.problem(("digest", name, "days"), "it lists no day", "list at least one, such as 'mon'")
        policy, _, after = table.approval.partition(" ")
        approval_after = time.fromisoformat(after) if after else None
        if approval_after is not None and table.not_after is not None and approval_after >= table.not_after:
            self.problem(
                ("digest", name, "approval"),
                "it approves when it is too late to mail",
                "choose an hour before `not_after`",
            )
        return DigestSettings(
            name=name,
            title=table.title or self.document.publication.name,
            days=tuple(sorted({shape.DAYS.index(day) for day in table.days})),
            time=table.time,
            by=table.by,
            not_after=table.not_after,
            approval=policy,  # type: ignore[arg-type]  # the pattern of DigestTable.approval admits nothing else
            approval_after=approval_after,
            skip=frozenset(table.skip),
            minimum_stories=table.minimum_stories,
            few_stories=table.few_stories,
            maximum_failed_feeds=table.maximum_failed_feeds,
            failed_feeds=table.failed_feeds,
            notice_before=table.notice_before,
            remind_before=table.remind_before,
            suppress_days=table.suppress_days,
            nothing_new=table.nothing_new,
        )

    def monitoring(self) -> MonitoringSettings:
        table = self.document.monitoring
        values = table.model_dump()
        return MonitoringSettings(**{**values, "textfile": self.beside(table.textfile) if table.textfile else None})

    def delivery(self, publication: Publication) -> DeliverySettings:
        table = self.document.delivery
        password = self.environment.get("DIGEST_RELAY_PASSWORD", "")
        if not password and table.password_file:
            try:
                password = self.beside(table.password_file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                self.problem(("delivery", "password_file"), f"it cannot be read ({error})", "make it readable for us")
        if not table.via.startswith(("eml:", "maildir:")) and not publication.public_url:
            self.problem(
                ("publication", "public_url"),
                "it is missing, so that nobody could unsubscribe",
                "set it to where `digest serve` answers, or keep delivery.via = 'eml:outbox'",
            )
        values = table.model_dump(exclude={"password_file", "rates", "warm_up", "dkim", "bounces"})
        return DeliverySettings(
            password=password,
            password_file=self.beside(table.password_file) if table.password_file else None,
            rates=self.rates(table),
            dkim=self.dkim(publication),
            bounces=self.bounces(),
            **values,
        )

    def bounces(self) -> BouncesSettings | None:
        delivery = self.document.delivery
        table = delivery.bounces
        if table is None:
            return None
        local, at, _ = parseaddr(delivery.return_path)[1].rpartition("@")
        where = ("delivery", "return_path") if delivery.return_path else ("delivery", "bounces")
        if not at:
            self.problem(where, "bounces need an address of their own", 'write return_path = "bounces@YOUR.DOMAIN"')
        longest = LONGEST_LOCAL - len(local) - ADDED
        names = list(self.document.digest) or ["daily"]
        if table.signed and at and max(len(name) for name in names) > longest:
            fix = "shorten it, or the names of the digests"
            self.problem(where, "a signed return path would be longer than 64 characters before the @", fix)
        if table.mailbox == "-" or "://" in table.mailbox:
            fix = "name a maildir or an mbox; a pipe calls `digest bounces read -`"
            self.problem(("delivery", "bounces", "mailbox"), f"{table.mailbox!r} is no file or folder", fix)
        mailbox = self.beside(table.mailbox) if table.mailbox else None
        if mailbox == self.beside(table.kept):
            self.problem(
                ("delivery", "bounces", "mailbox"), "it is the folder of `kept` too", "give `kept` a folder of its own"
            )
        return BouncesSettings(
            signed=table.signed,
            transient=table.transient,
            over=table.over,
            kept=self.beside(table.kept),
            mailbox=mailbox,
        )

    def rates(self, table: shape.DeliveryTable) -> Rates:
        warm_up = table.warm_up
        if warm_up is not None and min(warm_up.messages) < 1:
            self.problem(("delivery", "warm_up", "messages"), "a day with no message", "write at least 1 for each day")
        limits = table.rates.model_dump()
        limits["domains"] = {name.lower(): rate for name, rate in table.rates.domains.items()}
        if warm_up is None:
            return Rates(**limits)
        return Rates(**limits, warm_up_from=warm_up.start, warm_up=tuple(warm_up.messages))

    def dkim(self, publication: Publication) -> DkimSettings | None:
        table = self.document.delivery.dkim
        if table is None:
            return None
        path = ("delivery", "dkim")
        sender = parseaddr(publication.sender)[1].rpartition("@")[2].lower()
        domain = table.domain or sender
        if not f".{sender}".endswith(f".{domain}") and not f".{domain}".endswith(f".{sender}"):
            self.problem(
                (*path, "domain"),
                f"{domain} is not the domain of publication.from, so that DMARC would not count the signature",
                f"write {sender}, or leave it out",
            )
        if bool(table.ed25519_selector) != bool(table.ed25519_key_file):
            key = "ed25519_key_file" if table.ed25519_selector else "ed25519_selector"
            self.problem((*path, key), "it is missing", "a second key needs both its selector and its file")
        if table.ed25519_selector == table.selector:
            self.problem((*path, "ed25519_selector"), "it is the selector of the first key", "give each key its own")
        return DkimSettings(
            domain=domain,
            selector=table.selector,
            key_file=self.beside(table.key_file),
            ed25519_selector=table.ed25519_selector,
            ed25519_key_file=self.beside(table.ed25519_key_file) if table.ed25519_key_file else None,
        )
