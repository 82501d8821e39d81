"""Extensions made fit for the stages: a source answers like the network, a term and a rule are functions."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from digest import extensions
from digest.editions.rank import OwnTerm
from digest.errors import ExtensionError, FetchError
from digest.extensions import Extension
from digest.mail.transport import Transport
from digest.model.checked import Mail, Rule
from digest.model.editions import Finding
from digest.model.news import Cluster
from digest.model.web import Request, Response
from digest.ports import Clock, Fetcher

MOST_ITEMS = 10_000  # items taken of a source in one reading: one without an end does not end us
SEVERITIES = ("error", "warning", "note")


def scheme_of(url: str) -> str:
    """Return the scheme of a feed's address where an extension reads it, "" for the web."""
    scheme = urlsplit(url).scheme
    return "" if scheme in ("http", "https") else scheme


class SourcesFetcher:
    """A Fetcher that asks extensions for the addresses of their schemes, and the network for all others.

    A source's items become a JSON Feed, so that reading treats them like those of any feed: hostile, and within limits.
    """

    def __init__(self, network: Fetcher, clock: Clock) -> None:
        self._network, self._clock = network, clock

    def fetch(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Response | FetchError]]:
        """Yield one answer a request; a source that fails is a value."""
        own = [each for each in requests if scheme_of(each.url)]
        for request in own:
            yield request, self._answer(request)
        yield from self._network.fetch([each for each in requests if not scheme_of(each.url)])

    def _answer(self, request: Request) -> Response | FetchError:
        try:
            source = extensions.load(extensions.SOURCES, scheme_of(request.url))
            body = source.guard(lambda: _feed(source.value(request.url, self._clock.now())))
        except ExtensionError as error:
            return FetchError(str(error), kind="extension", where=request.url)
        if len(body) > request.limit:
            return FetchError(f"it gave more than {request.limit} bytes", kind="too-large", where=request.url)
        headers = {"content-type": "application/feed+json"}
        return Response(url=request.url, final_url=request.url, status=200, headers=headers, body=body)


def _feed(items: Iterable[Mapping[str, Any]]) -> bytes:
    taken = []
    for item in items:
        taken.append(dict(item))
        if len(taken) == MOST_ITEMS:
            break
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": taken}).encode("utf-8")


def terms(weights: Mapping[str, float]) -> tuple[OwnTerm, ...]:
    """Return the score terms of `[weights.terms]`; raise ExtensionError for one that is not there."""
    return tuple(
        OwnTerm(name=name, weight=weight, value=_value(extensions.load(extensions.TERMS, name)))
        for name, weight in sorted(weights.items())
    )


def _value(term: Extension) -> Callable[[Cluster, datetime | None], float]:
    def value(cluster: Cluster, at: datetime | None) -> float:
        found = term.guard(lambda: float(term.value(cluster, at)))
        if not math.isfinite(found):
            raise term.error(f"it gave {found} for {cluster.lead.headline!r}", "mend it: a value is a finite number")
        return found

    return value


def styles(used: Iterable[str]) -> dict[str, Path]:
    """Return the folder of templates of each style that extensions give, by name; raise ExtensionError."""
    known, found = extensions.names(extensions.STYLES), {}
    for name in sorted(set(used)):
        if name not in known:
            continue
        style = extensions.load(extensions.STYLES, name)
        folder = style.guard(partial(_folder, style.value))
        if not (folder / "mail" / "styles" / f"{name}.mjml").is_file():
            raise style.error(f"there is no mail/styles/{name}.mjml in {folder}", "mend the package")
        found[name] = folder
    return found


def _folder(value: Any) -> Path:
    return Path(value() if callable(value) else value)


def transport(kind: str, rest: str, folder: Path) -> Transport:
    """Return the transport an extension makes of an address of its kind; raise ExtensionError."""
    found = extensions.load(extensions.TRANSPORTS, kind)
    made = found.guard(lambda: found.value(rest, folder))
    if not callable(getattr(made, "open", None)):
        raise found.error("what it makes is no transport: it has no open()", "see docs/howto/extend.md")
    return made  # type: ignore[no-any-return]  # an extension's own class, looked at above


def rules(wanted: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules of `[check] rules`; raise ExtensionError for one that is not there."""
    return tuple(_rule(extensions.load(extensions.CHECKS, name)) for name in wanted)


def _rule(found: Extension) -> Rule:
    def rule(mail: Mail) -> tuple[Finding, ...]:
        findings = found.guard(lambda: tuple(found.value(mail)))
        for each in findings:
            if not isinstance(each, Finding) or each.severity not in SEVERITIES:
                raise found.error(f"it gave {each!r}, no finding", "give digest.model.editions.Finding")
            if each.code != found.name and not each.code.startswith(f"{found.name}-"):
                raise found.error(
                    f"its code {each.code!r} is not its own", f"begin it with {found.name!r} and a hyphen"
                )
        return findings

    return rule
