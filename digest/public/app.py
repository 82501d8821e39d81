"""The readers' Starlette application: leaving, choosing, signing up, the published pages, health and counts."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from digest.errors import DigestError
from digest.public.choosing import Choosing
from digest.public.guard import Guard
from digest.public.joining import Joining
from digest.public.leaving import Leaving
from digest.public.metrics import health, metrics
from digest.public.private import PrivateEditions
from digest.public.searching import SearchPages
from digest.public.site import Site
from digest.public.view import View
from digest.public.words import fixed
from digest.wiring import Wiring

log = logging.getLogger("digest.public")
FOR_GOOD = "public, max-age=31536000, immutable"
BOTH = ["GET", "POST"]


class Outbox:
    """Hands over notices beside the pages: as soon as one is queued, and now and then what has to wait."""

    def __init__(self, wiring: Wiring, via: str = "") -> None:
        self.wiring, self.via = wiring, via
        self.every_s = wiring.settings.serve.notices_every.total_seconds()
        self._wanted = asyncio.Event()

    def wake(self) -> None:
        """Have the outbox looked at now."""
        self._wanted.set()

    async def work(self) -> None:
        """Hand over until cancelled; what fails is logged and tried again."""
        while True:
            self._wanted.clear()
            try:
                report = await asyncio.to_thread(self.wiring.deliver_notices, self.via)
                for line in report.trouble:
                    log.warning("%s", line)
            except DigestError as error:
                log.warning("notices wait: %s", error)
            try:
                async with asyncio.timeout(self.every_s):
                    await self._wanted.wait()
            except TimeoutError:
                continue


# Built once, not by two threads at a time.
BUILT_FIRST = (
    "readers", "signups", "persons", "subscribers", "notices", "editions", "ledger", "search", "pictures", "archive",
    "tokens", "theme", "templates",
)  # fmt: skip


def application(wiring: Wiring, *, via: str = "", deliver: bool = True, number: int = 0) -> Guard:
    """Return the application; with ``deliver`` it hands over notices too. Raises what wiring raises, before serving.

    ``number`` is that of this process among several.
    """
    outbox = Outbox(wiring, via)
    view = View(wiring, outbox.wake, number)
    for built in BUILT_FIRST:
        getattr(wiring, built)
    wiring.address_hash("")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(outbox.work()) if deliver else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    routes = _routes(view, Leaving(view), Choosing(view), Joining(view))
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=_handlers(view))
    return Guard(app, prefix=view.root, answers=view.answers)


def _routes(view: View, leaving: Leaving, choosing: Choosing, joining: Joining) -> list[BaseRoute]:
    wiring = view.wiring
    site = Site(wiring.settings.archive_dir, view)

    async def asset(request: Request) -> Response:
        body = view.assets.get(request.path_params["name"])
        if body is None:
            return await site.get_response(f"assets{os.sep}{request.path_params['name']}", request.scope)
        return Response(body, media_type="text/css", headers={"Cache-Control": FOR_GOOD})

    async def root(request: Request) -> Response:
        if (wiring.settings.archive_dir / "index.html").is_file():
            return await site.get_response("index.html", request.scope)
        return RedirectResponse(f"{view.root}/{wiring.settings.digests[0].name}/", status_code=302)

    own = "/{digest}/{year:int}/{month:int}/{day:int}/"
    private = [Route(own, PrivateEditions(view).page)] if wiring.settings.archive_private else []
    return [
        Route("/u/{token}", leaving.page, methods=BOTH),
        Route("/p/{token}", choosing.page, methods=BOTH),
        Route("/p/{token}/data.json", choosing.data),
        Route("/p/{token}/erase", choosing.erase, methods=BOTH),
        Route("/c/{token}", joining.confirm, methods=BOTH),
        Route("/signup", joining.signup, methods=BOTH),
        Route("/signup/form", joining.form),
        Route("/signup/link", joining.links, methods=BOTH),
        Route("/assets/{name}", asset),
        *([] if wiring.settings.archive_private else [Route("/search/", SearchPages(view).page)]),
        Route("/health", partial(health, view)),
        Route("/metrics", partial(metrics, view)),
        Route("/", root),
        *private,
        Mount("/", site),
    ]


def _handlers(
    view: View,
) -> dict[type[Exception] | int, Callable[[Request, Exception], Awaitable[Response]]]:
    homes = [] if view.settings.archive_private else [f"/{each.name}/" for each in view.settings.digests]

    async def missing(request: Request, error: Exception) -> Response:
        if request.scope["path"] in homes:
            link = "signup" if view.serve.signup else ""
            said = fixed("No edition yet"), fixed("The first one will stand here.")
            return view.message(request, *said, status=404, link=link)
        return view.message(
            request, fixed("There is no such page"), fixed("It may have moved."), status=404, link="home"
        )

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return PlainTextResponse(f"{status}\n", status_code=status, headers=getattr(error, "headers", None))

    async def failed(request: Request, error: Exception) -> Response:
        log.error("%s", error)
        return view.message(
            request,
            fixed("We cannot do this now"),
            fixed("Nothing is lost. Try again in a few minutes."),
            status=503,
        )

    return {404: missing, HTTPException: refused, DigestError: failed}
