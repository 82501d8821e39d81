"""`/health` and `/metrics`: whether the pages work, and counts for Prometheus (text format 0.0.4), no addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from digest import __version__
from digest.errors import DigestError
from digest.net.limits import within
from digest.public.view import View
from digest.wiring.almanac import metrics_text

TYPES = {
    "digest_info": ("gauge", "The version that runs."),
    "digest_subscribers": ("gauge", "People on the list, by status."),
    "digest_signups": ("gauge", "Sign-ups that wait to be confirmed."),
    "digest_notices": ("gauge", "Mail that is no edition, by state."),
    "digest_http_answers_total": ("counter", "Answers of this process, by page and status."),
}


async def health(view: View, request: Request) -> Response:
    """Answer 200 where the database answers, else 503."""
    try:
        waiting = await view.thread(view.wiring.signups.waiting)
    except DigestError as error:
        return JSONResponse({"status": "failing", "why": error.what}, status_code=503)
    return JSONResponse({"status": "ok", "version": __version__, "signups_waiting": waiting})


async def metrics(view: View, request: Request) -> Response:
    """Return counts, and the figures of runs, to the networks that may read them."""
    if not within(view.client(request) or "127.0.0.1", view.serve.metrics_from):
        return PlainTextResponse("Not found\n", status_code=404)
    counts, runs = await view.thread(lambda: (view.readers.counts(), metrics_text(view.wiring)))
    # Whoever answers tells its own: a label keeps each process's count from falling back to another's.
    mine = f',process="{view.number}"' if view.number else ""
    counted = sorted(view.answers.items())
    answers = {f'page="{page}",status="{status}"{mine}': count for (page, status), count in counted}
    lines = [
        *_metric("digest_info", {f'version="{__version__}"': 1}),
        *_metric("digest_subscribers", _by("status", counts["subscribers"])),
        *_metric("digest_signups", _by("state", counts["signups"])),
        *_metric("digest_notices", _by("state", counts["notices"])),
        *_metric("digest_http_answers_total", answers),
    ]
    return PlainTextResponse("\n".join(lines) + "\n" + runs, media_type="text/plain; version=0.0.4")


def _by(label: str, counts: Mapping[str, int]) -> dict[str, int]:
    return {f'{label}="{value}"': count for value, count in sorted(counts.items())}


def _metric(name: str, values: Mapping[str, int]) -> Iterable[str]:
    kind, text = TYPES[name]
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        yield f"{name}{{{labels}}} {value}"
