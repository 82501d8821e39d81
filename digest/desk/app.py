"""The desk's Starlette application: its routes, and how errors are told."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from digest.desk.almanac import AlmanacPage
from digest.desk.assets import Assets
from digest.desk.changes import Changes
from digest.desk.decisions import VERBS, Decisions
from digest.desk.gate import Gate
from digest.desk.live import Live
from digest.desk.logging_in import LoggingIn
from digest.desk.reading import Reading
from digest.desk.view import Pages
from digest.errors import DigestError
from digest.wiring.deciding import Deciding
from digest.wiring.drafts import Drafts
from digest.wiring.publisher import Publisher

log = logging.getLogger("digest.desk")
FOR_GOOD = "private, max-age=31536000, immutable"


def application(publisher: Publisher, *, host: str = "127.0.0.1") -> Gate:
    """Return the application of a desk that listens at ``host``. Raises what wiring raises, before serving."""
    wiring = publisher.wiring
    for built in ("desk", "editions", "stories", "pictures", "subscribers", "readers", "ledger", "theme", "templates"):
        getattr(wiring, built)  # built here once, not by two threads at a time
    logging_in = LoggingIn(wiring, host=host)
    drafts, assets = Drafts(publisher), Assets(logging_in.root)
    pages = Pages(drafts, assets)
    logging_in.styles = assets.styles
    deciding = Deciding(publisher)
    live = Live(deciding, lambda request: logging_in.visitor(request) is not None)
    reading, changes = Reading(pages), Changes(pages, live.wake)
    decisions = Decisions(drafts, deciding, live, assets=assets)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await run_in_threadpool(deciding.hand_overs.close)

    app = Starlette(
        routes=[
            Route("/static/{name}", assets.serve),
            *_day_routes(reading, changes, decisions),
            *Landing(drafts, assets).routes(),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)],
        exception_handlers=_handlers(),
        lifespan=lifespan,
    )
    return Gate(app, logging_in, live)


def _day_routes(reading: Reading, changes: Changes, decisions: Decisions) -> list[Route]:
    day, almanac = "/d/{day}", AlmanacPage(decisions)
    return [
        Route("/calendar", almanac.page),
        Route(f"{day}/", almanac.day_page(reading.page)),
        Route(f"{day}/changes", reading.changes),
        Route(f"{day}/opened", reading.opened),
        Route(f"{day}/candidates", reading.candidates),
        Route(f"{day}/ran/{{story}}", reading.ran),
        Route(f"{day}/checks", reading.checks),
        Route(f"{day}/mail", reading.mail),
        Route(f"{day}/reader", reading.reader, methods=["POST"]),
        Route(f"{day}/edit", changes.edit, methods=["POST"]),
        Route(f"{day}/pictures", changes.pictures, methods=["POST"]),
        Route(f"{day}/fill", changes.fill, methods=["POST"]),
        Route(f"{day}/bar", decisions.bar),
        Route(f"{day}/events", decisions.events),
        Route(f"{day}/ask/{{verb}}", decisions.ask),
        *(Route(f"{day}/{verb}", getattr(decisions, verb), methods=["POST"]) for verb in VERBS),
    ]


class Landing:
    """Addresses that lead to an edition, and what an edition's mail shows of ours."""

    def __init__(self, drafts: Drafts, assets: Assets) -> None:
        self.drafts, self.root = drafts, assets.root

    def routes(self) -> list[Route]:
        """Return them; the last takes any two words, so it comes last of all."""
        return [
            Route("/", self.latest),
            Route("/health", self.health),
            Route("/d/{day}/images/{name}", self.picture),
            Route("/{digest}/{day}", self.named),
        ]

    async def latest(self, request: Request) -> Response:
        """Lead on to the newest edition."""
        day: date = await run_in_threadpool(self.drafts.latest)
        return RedirectResponse(f"{self.root}/d/{day.isoformat()}/", status_code=303)

    async def health(self, request: Request) -> Response:
        """Say that the desk answers."""
        return PlainTextResponse("The desk answers.\n")

    async def picture(self, request: Request) -> Response:
        """Return a picture of the mail."""
        name, wiring = request.path_params["name"], self.drafts.wiring
        own = wiring.assets.get(name)
        found = (own, "image/jpeg") if own is not None else await run_in_threadpool(wiring.pictures.content, name)
        if found is None:
            raise HTTPException(404)
        return Response(found[0], media_type=found[1], headers={"Cache-Control": FOR_GOOD})

    async def named(self, request: Request) -> Response:
        """Lead on from the address that mails to editors name."""
        digest = self.drafts.publisher.digest.name
        if request.path_params["digest"] not in (digest, "d"):
            raise HTTPException(404, f"This desk edits {digest}.")
        return RedirectResponse(f"{self.root}/d/{request.path_params['day']}/", status_code=303)


def _handlers() -> dict[type[Exception] | int, Callable[[Request, Exception], Awaitable[Response]]]:
    async def failed(request: Request, error: Exception) -> Response:
        log.warning("%s", error)
        return PlainTextResponse(f"{error}\n", status_code=503)

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        detail = error.detail if isinstance(error, HTTPException) else "failed"
        return PlainTextResponse(f"{detail}\n", status_code=status)

    return {HTTPException: refused, DigestError: failed}
