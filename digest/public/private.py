"""Editions of a private archive: shown to who has their signed link, made when they are asked for."""

from __future__ import annotations

import functools
from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest.model.mail import EditionKey
from digest.public.site import SITE_POLICY
from digest.public.view import View
from digest.subscribers.tokens import TokenError
from digest.wiring.archive import ArchiveKeeper


class PrivateEditions:
    """Answers `/{digest}/YYYY/MM/DD/?key=TOKEN`; the token is the edition's, nobody's own."""

    def __init__(self, view: View) -> None:
        self.view, self.keeper = view, ArchiveKeeper(view.wiring)

    async def page(self, request: Request) -> Response:
        """Return the page, or 404 where the link is not the edition's own."""
        key = self._key(request)
        found = await self.view.thread(functools.partial(self.keeper.page, key))
        if found is None:
            raise HTTPException(404)
        status, body = found
        headers = {
            "Content-Security-Policy": SITE_POLICY,
            "Cache-Control": "private, no-cache",
            "X-Robots-Tag": "noindex",
            "Referrer-Policy": "no-referrer",  # the stories' sites need not learn the link
        }
        return HTMLResponse(body, status_code=status, headers=headers)

    def _key(self, request: Request) -> EditionKey:
        asked = request.path_params
        try:
            named, digest = self.view.wiring.tokens.read(request.query_params.get("key", ""), "a")
            key = EditionKey(asked["digest"], date(asked["year"], asked["month"], asked["day"]))
            if (digest, named) != (key.digest, key.day.isoformat()) or self.view.settings.digest(digest) is None:
                raise HTTPException(404)
        except (TokenError, ValueError):
            raise HTTPException(404) from None
        return key
