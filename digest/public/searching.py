"""Search for browsers that do not search themselves: answered from the store."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest.archive.search_page import Asked
from digest.public.site import SITE_POLICY
from digest.public.view import View
from digest.wiring.archive import ArchiveKeeper
from digest.wiring.searching import Searching

LONGEST = 500  # characters of a question
MOST_PAGES = 50  # of an answer


class SearchPages:
    """The page /search/ with and without a question."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.keeper, self.searching = ArchiveKeeper(view.wiring), Searching(view.wiring)

    async def page(self, request: Request) -> Response:
        """Return the form, or an answer to its question."""
        given = request.query_params
        number = given.get("page", "1")
        asked = Asked(
            words=" ".join(given.get("q", "").replace("\0", " ").split())[:LONGEST],
            section=given.get("section", "")[:LONGEST],
            source=given.get("source", "")[:LONGEST],
            year=given.get("year", "")[:4],
            page=min(max(int(number), 1), MOST_PAGES) if number.isdecimal() and len(number) < 5 else 1,
        )
        body = await self.view.thread(lambda: self._answered(asked))
        headers = {"Content-Security-Policy": SITE_POLICY, "Cache-Control": "no-cache"}
        if asked.words:
            headers["X-Robots-Tag"] = "noindex"
        return HTMLResponse(body, headers=headers)

    def _answered(self, asked: Asked) -> bytes:
        house = self.keeper.house(self.keeper.settings.digests[0])
        return self.searching.page(asked, house, script=self.keeper.script)
