"""Whether links lead somewhere: which are tried, and what an answer means. The trying is the pipeline's."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from digest.check.codes import found
from digest.check.hosts import host_of
from digest.check.page import Page
from digest.errors import FetchError
from digest.model.editions import Finding
from digest.model.web import Response

MOST = 200  # addresses tried
BODY = 200_000  # bytes of a GET: more has answered well enough
_ALIVE = frozenset({"too-large"})
_GUARDED = {
    401: "asks for a password",
    403: "refuses programs",
    429: "has had enough requests",
    999: "refuses programs",
}


def addresses(page: Page, *, besides: Collection[str] = ()) -> tuple[dict[str, str], int]:
    """Return what is to be tried, each address with its first place, and how many were left out.

    Links and pictures over http(s), without fragments; those at a host of ``besides`` (".example": at any below it) are
    not there.
    """
    wanted: dict[str, str] = {}
    for node, target, _ in page.links:
        wanted.setdefault(target.partition("#")[0], node.where)
    for node in page.of("img"):
        wanted.setdefault(node.attributes.get("src", "").strip(), node.where)
    tried = {url: where for url, where in wanted.items() if url.lower().startswith(("http://", "https://"))}
    below = tuple(host for host in besides if host.startswith("."))
    there = [url for url in tried if host_of(url) not in besides and not host_of(url).endswith(below)]
    return {url: tried[url] for url in there[:MOST]}, len(tried) - len(there[:MOST])


def is_well(answer: Response | FetchError) -> bool:
    """Tell whether an answer to HEAD is proof enough; many servers refuse HEAD alone."""
    return isinstance(answer, Response) and answer.status < 400


def judged(url: str, where: str, answer: Response | FetchError) -> Iterator[Finding]:
    """Yield what an address's last answer means."""
    if isinstance(answer, FetchError):
        if answer.kind not in _ALIVE:
            yield found("link-broken", where, f"{_short(url)}: {answer.what}")
    elif answer.status >= 400:
        said = _GUARDED.get(answer.status, "is an error")
        yield found("link-broken", where, f"{_short(url)} answers {answer.status}, which {said}")
    elif answer.moved_to:
        yield found("link-moved", where, f"{_short(url)} has moved to {_short(answer.moved_to)}")


def untried(count: int) -> Iterator[Finding]:
    """Yield a note about addresses left out."""
    if count:
        yield found(
            "link-untried", "html", "1 address was not tried" if count == 1 else f"{count} addresses were not tried"
        )


def _short(url: str) -> str:
    return url if len(url) <= 100 else f"{url[:99]}…"
