"""What the desk shows: the page, pieces of it, and the mail itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest.desk.columns import day_word
from digest.desk.preview import BY_NAME, LOOKS, dressed, shown_of
from digest.desk.readers import named_readers
from digest.desk.view import Look, Pages
from digest.model.desk import Visitor
from digest.wiring.drafts import Draft

# The mail: its styles and our pictures, no script, even where somebody opens it by itself.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
LONGEST_NAME = 254  # characters; no address is longer (RFC 5321)


def day_of(request: Request) -> date:
    """Return the day an address names; raises HTTPException."""
    try:
        return date.fromisoformat(request.path_params["day"])
    except ValueError:
        raise HTTPException(404, "There is no such day.") from None


def visitor_of(request: Request) -> Visitor:
    """Return who asks, as the gate found."""
    visitor: Visitor = request.state.visitor
    return visitor


def look_of(request: Request, values: dict[str, str] | None = None) -> Look:
    """Return what the browser has open."""
    said = values or dict(request.query_params)
    visitor = visitor_of(request)
    return Look(
        viewer=visitor.name, may_edit=visitor.may_edit, open=said.get("open", "")[:64], words=said.get("q", "")[:200]
    )


class Reading:
    """Answers that change nothing."""

    def __init__(self, pages: Pages) -> None:
        self.pages, self.drafts = pages, pages.drafts

    def draft(self, request: Request) -> Draft:
        """Return the draft an address names; raises HTTPException."""
        found = self.drafts.draft(day_of(request))
        if found is None:
            raise HTTPException(404, "There is no edition of this day.")
        return found

    async def page(self, request: Request) -> Response:
        """Return the whole page."""

        def make() -> str:
            return self.pages.page(self.draft(request), look_of(request), visitor_of(request))

        return HTMLResponse(await run_in_threadpool(make))

    async def changes(self, request: Request) -> Response:
        """Return what came out different since the page was made."""

        def make() -> str:
            draft, look = self.draft(request), look_of(request)
            if request.query_params.get("stamp") == draft.stamp:
                return ""
            return self.pages.changed(self.drafts.at(draft.key.day, request.query_params.get("stamp", "")), draft, look)

        html = await run_in_threadpool(make)
        return HTMLResponse(html) if html else Response(status_code=204)

    async def opened(self, request: Request) -> Response:
        """Return what comes out different when an item is opened in place, or closed: `open` and `was` name them."""

        def make() -> str:
            draft, look = self.draft(request), look_of(request)
            seen = self.drafts.at(draft.key.day, request.query_params.get("stamp", ""))
            was = replace(look, open=request.query_params.get("was", "")[:64])
            return self.pages.changed(seen, draft, look, was=was)

        return HTMLResponse(await run_in_threadpool(make))

    async def candidates(self, request: Request) -> Response:
        """Return the candidates that hold the words searched for, or the next of them."""

        def make() -> str:
            draft, look = self.draft(request), look_of(request)
            start = request.query_params.get("from", "")
            if start.isdigit():
                return self.pages.candidates(draft, look, int(start))
            return self.pages.pieces(draft, look)["candidates"]

        return HTMLResponse(await run_in_threadpool(make))

    async def ran(self, request: Request) -> Response:
        """Return whether earlier editions told a story's event."""

        def make() -> str:
            draft = self.draft(request)
            found = self.drafts.ran(draft, request.path_params["story"])
            told = [{"day": day_word(each.day, draft.key.day), "ran": each} for each in found]
            return self.pages.fill("ran", {"told": told})

        return HTMLResponse(await run_in_threadpool(make))

    async def checks(self, request: Request) -> Response:
        """Return what `check` finds in the mail as it stands."""

        def make() -> str:
            return self.pages.checks(self.draft(request), look_of(request))

        return HTMLResponse(await run_in_threadpool(make))

    async def reader(self, request: Request) -> Response:
        """Return the readers a name or part of an address fits.

        It is asked by POST, so that the gate lets editors alone ask, no address stands in an address, and it is on
        record that somebody did, but not for whom.
        """
        words, day = str((await request.form()).get("who", ""))[:LONGEST_NAME], day_of(request)
        request.state.about = f"{day}: looked for a reader"

        def make() -> str:
            found = named_readers(self.drafts, words)
            return self.pages.fill("readers", {"found": found, "words": words.strip(), "by_name": BY_NAME})

        return HTMLResponse(await run_in_threadpool(make))

    async def mail(self, request: Request) -> Response:
        """Return the mail, for the frame."""
        look = request.query_params.get("look", "light")
        look = look if look in LOOKS else "light"
        reader = request.query_params.get("as", "")
        if reader.startswith(BY_NAME) and not visitor_of(request).may_edit:
            raise HTTPException(403, "Only editors see the mail of a reader by name.")

        def make() -> str:
            draft = self.drafts.at(day_of(request), request.query_params.get("v", "")) or self.draft(request)
            found = shown_of(self.drafts, draft, reader)
            if look == "text":
                said = {"text": found.text, "subject": found.subject, "language": self.pages.publication.language}
                return self.pages.fill("text", said)
            return dressed(found.html, look)

        html = await run_in_threadpool(make)
        return HTMLResponse(html, headers={"Content-Security-Policy": MAIL_POLICY})
