"""Pages made of templates, in the publication's theme and the reader's language."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest.net.limits import Limiter, client_address
from digest.public.guard import STRICT
from digest.public.words import Words, accepted, fixed, spoken
from digest.templating import fill
from digest.wiring import Wiring
from digest.wiring.readers import Readers

T = TypeVar("T")


class View:
    """What every page needs."""

    def __init__(self, wiring: Wiring, wake: Callable[[], None] = lambda: None, number: int = 0) -> None:
        self.wiring, self.readers, self.wake = wiring, Readers(wiring), wake
        self.settings, self.publication = wiring.settings, wiring.settings.publication
        self.serve = self.settings.serve
        self.root = self.serve.path_prefix
        style = fill(wiring.templates, "pages/readers/style.css", {"theme": wiring.theme}).encode("utf-8")
        self.assets = {f"pages.{hashlib.sha256(style).hexdigest()[:16]}.css": style}
        self.css = f"{self.root}/assets/{next(iter(self.assets))}"
        self.limiter = Limiter(wiring.clock.now, self.serve.requests_per_hour)
        self.number = number  # of this process among several, 0 where there is one
        self.answers: Counter[tuple[str, int]] = Counter()

    async def thread(self, call: Callable[[], T]) -> T:
        """Return what a call to the synchronous store gives, from a thread."""
        return await run_in_threadpool(call)

    def client(self, request: Request) -> str:
        """Return the address of who asks."""
        peer = request.client.host if request.client is not None else ""
        forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
        return client_address(peer, forwarded, self.serve.trusted_proxies)

    def wait_s(self, request: Request) -> float:
        """Take a turn of who asks; return the seconds to wait for one."""
        return self.limiter.wait_s(self.client(request))

    def language(self, request: Request, own: str = "") -> str:
        """Return the language of a page: said in its address, the reader's own, the browser's, the publication's."""
        said = spoken(request.query_params.get("lang", "")) or spoken(own)
        if said:
            return said
        return accepted(request.headers.get("accept-language", ""), self.publication.language)

    def page(
        self, request: Request, name: str, *, language: str, status: int = 200, frames: str = "'none'", **values: object
    ) -> Response:
        """Return a page; it is kept by nobody on the way."""
        say = Words(language)
        html = fill(
            self.wiring.templates,
            f"pages/readers/{name}.html",
            {
                "publication": self.publication,
                "theme": self.wiring.theme,
                "say": say,
                "language": say.language,
                "direction": say.direction,
                "css": self.css,
                "root": self.root,
                "home": f"{self.root}/{self.settings.digests[0].name}/",
                **values,
            },
        )
        headers = {
            "Cache-Control": "no-store",
            "Vary": "Accept-Language",
            "X-Robots-Tag": "noindex",
            "Content-Security-Policy": STRICT.format(frames=frames),
        }
        return HTMLResponse(html, status_code=status, headers=headers)

    def message(
        self, request: Request, title: str, text: str, *, status: int, language: str = "", link: str = ""
    ) -> Response:
        """Return a page that says one thing; ``link`` is one of "signup", "links" or "home"."""
        spoken_here = language or self.language(request)
        return self.page(request, "message", language=spoken_here, status=status, title=title, text=text, link=link)

    def broken_link(self, request: Request) -> Response:
        """Return the answer to a link that is none of ours; who tries many of them waits."""
        wait = self.wait_s(request)
        if wait > 0:
            return self.slow_down(request, wait)
        return self.message(
            request,
            fixed("This link is not complete"),
            fixed("Copy the whole link from the mail, or have your links sent to you."),
            status=404,
            link="links",
        )

    def nobody(self, request: Request) -> Response:
        """Return the answer to the link of somebody who is not on the list any more."""
        return self.message(
            request,
            fixed("You are not on the list"),
            fixed("Nothing is sent to the address this link was made for."),
            status=200,
            link="signup",
        )

    def slow_down(self, request: Request, wait: float) -> Response:
        """Return the answer to who asks too often."""
        answer = self.message(
            request,
            fixed("Too many requests"),
            fixed("Somebody near you asked very often. Try again later."),
            status=429,
        )
        answer.headers["Retry-After"] = str(int(wait) + 1)
        return answer

    def foreign_post(self, request: Request) -> Response:
        """Return the answer to a form that another site sent here."""
        return self.message(
            request,
            fixed("This came from another site"),
            fixed("Nothing was changed. Open the link of your mail and press the button there."),
            status=403,
        )
