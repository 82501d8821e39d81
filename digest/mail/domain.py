"""What the DNS says of a sending domain: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), and where bounces go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from digest.mail.dkim import record, record_name, record_value
from digest.model.editions import Finding

if TYPE_CHECKING:
    from digest.mail.dkim import DkimKey
    from digest.ports import Resolver

MOST_LOOKUPS = 10  # RFC 7208 §4.6.4: of SPF terms that ask the DNS
_ASKING = ("include", "a", "mx", "ptr", "exists", "redirect")
_TERM = re.compile(r"^[+?~-]?(?P<name>[a-z0-9_]+)(?:[:=/](?P<value>.*))?$", re.I)
_HOWTO = "see docs/howto/mail-that-arrives.md"


def told(code: str, severity: str, where: str, message: str, fix: str = "") -> Finding:
    """Return a finding of this kind."""
    return Finding(code=code, severity=severity, where=where, message=message, fix=fix)  # type: ignore[arg-type]


def spf(domain: str, resolver: Resolver) -> Iterator[Finding]:
    """Yield what is wrong with the SPF record of the envelope sender's domain. Raises FetchError."""
    records = _of_kind(resolver.txt(domain), "v=spf1")
    if not records:
        yield told(
            "spf", "error", domain, "it has no SPF record, and large receivers refuse mail without",
            f'publish: {domain}. TXT "v=spf1 include:YOUR-RELAY -all"; your relay\'s operator names the include',
        )  # fmt: skip
        return
    if len(records) > 1:
        yield told("spf", "error", domain, f"it has {len(records)} SPF records, which counts as none", "join them")
        return
    terms = records[0].lower().split()[1:]
    if "+all" in terms or "all" in terms:
        yield told("spf", "error", domain, "its SPF record lets everybody send (+all)", "end it with -all or ~all")
    elif not any(term in ("-all", "~all", "?all") or term.startswith("redirect=") for term in terms):
        yield told("spf", "warning", domain, "its SPF record has no end", "end it with -all or ~all")
    elif "?all" in terms:
        yield told("spf", "warning", domain, "its SPF record says nothing of others (?all)", "end it with -all or ~all")
    count, missing = _lookups(records[0], resolver, (domain,))
    if count > MOST_LOOKUPS:
        yield told(
            "spf", "error", domain,
            f"its SPF record takes {count} look-ups, and receivers stop at {MOST_LOOKUPS}",
            "remove an include that is not used",
        )  # fmt: skip
    for name in missing:
        yield told("spf", "error", domain, f"its SPF record includes {name}, which has none", "remove or correct it")


def _lookups(text: str, resolver: Resolver, above: tuple[str, ...]) -> tuple[int, list[str]]:
    """Return how many look-ups an SPF record takes, and which of its includes have no record."""
    count, missing = 0, list[str]()
    for word in text.split()[1:]:
        match = _TERM.match(word)
        if match is None or match["name"].lower() not in _ASKING:
            continue
        count += 1
        name, value = match["name"].lower(), (match["value"] or "").rstrip(".").lower()
        if name not in ("include", "redirect") or "%" in value or value in above or count > MOST_LOOKUPS:
            continue
        records = _of_kind(resolver.txt(value), "v=spf1")
        if not records:
            missing.append(value)
            continue
        more, lacking = _lookups(records[0], resolver, (*above, value))
        count, missing = count + more, missing + lacking
    return count, missing


def dkim(keys: Sequence[DkimKey], resolver: Resolver) -> Iterator[Finding]:
    """Yield what is wrong with the records of our signing keys. Raises FetchError."""
    for key in keys:
        name, publish = record_name(key), f"publish: {record(key)}"
        records = [text for text in resolver.txt(name) if "p=" in text.replace(" ", "")]
        if not records:
            yield told("dkim", "error", name, "there is no record, so that no signature passes", publish)
        elif len(records) > 1:
            yield told("dkim", "error", name, f"there are {len(records)} records", "leave one of them")
        else:
            published, wanted = (_tags(text).get("p", "") for text in (records[0], record_value(key)))
            if not published:
                yield told("dkim", "error", name, "the key is revoked there (p= is empty)", publish)
            elif published != wanted:
                yield told("dkim", "error", name, "another key stands there than messages are signed with", publish)
            elif "y" in _tags(records[0]).get("t", ""):
                yield told("dkim", "warning", name, "the record is in testing (t=y)", "take t=y out of it")


def dmarc(domain: str, resolver: Resolver) -> Iterator[Finding]:
    """Yield what is wrong with the DMARC record that counts for a header from. Raises FetchError."""
    at, records = domain, list[str]()
    for at in _upwards(domain):
        records = _of_kind(resolver.txt(f"_dmarc.{at}"), "v=DMARC1")
        if records:
            break
    where = f"_dmarc.{at if records else domain}"
    if not records:
        yield told(
            "dmarc", "error", where, "there is no DMARC record, which Gmail and Yahoo ask of senders",
            f'publish: {where}. TXT "v=DMARC1; p=none; rua=mailto:dmarc@{domain}"',
        )  # fmt: skip
    elif len(records) > 1:
        yield told("dmarc", "error", where, f"there are {len(records)} DMARC records, which counts as none", "keep one")
    elif _tags(records[0]).get("p", "").lower() not in ("none", "quarantine", "reject"):
        yield told("dmarc", "error", where, "its policy p= is none that receivers know", "write p=none to begin with")
    elif "rua" not in _tags(records[0]):
        yield told("dmarc", "note", where, "nobody gets reports", f"add rua=mailto:…; {_HOWTO}")


def aligned(sender: str, envelope: str, keys: Sequence[DkimKey]) -> Iterator[Finding]:
    """Yield a finding where neither DKIM nor SPF is of the header from's domain: then DMARC does not pass."""
    signed = any(_related(sender, key.domain) for key in keys)
    if not signed and not _related(sender, envelope):
        yield told(
            "dmarc", "warning", sender,
            f"the return path is of {envelope} and nothing is signed here: DMARC passes only if the relay signs",
            f"let the relay sign for {sender}, or make a key with `digest dkim keygen`",
        )  # fmt: skip


def takes_mail(domain: str, resolver: Resolver, *, where: str, fix: str) -> Iterator[Finding]:
    """Yield a finding where nobody takes mail for a domain, so that bounces or answers are lost. Raises FetchError."""
    hosts = resolver.mx(domain)
    if hosts == ("",) or (not hosts and not resolver.addresses(domain)):
        yield told("mx", "error", where, f"nobody takes mail for {domain}", fix)


def _of_kind(texts: Sequence[str], version: str) -> list[str]:
    low = version.lower()
    return [text for text in texts if re.match(rf"{re.escape(low)}($|[\s;])", text.strip().lower())]


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): re.sub(r"\s+", "", value) for name, _, value in pairs}


def _upwards(domain: str) -> Iterator[str]:
    """Yield a domain and those above it that may hold its policy: never a top level alone (RFC 9091 apart)."""
    labels = domain.split(".")
    for start in range(max(len(labels) - 1, 1)):
        yield ".".join(labels[start:])


def _related(one: str, other: str) -> bool:
    """Tell whether two domains are the same or one lies below the other: relaxed alignment, near enough."""
    return f".{one}".endswith(f".{other}") or f".{other}".endswith(f".{one}")
