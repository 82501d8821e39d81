"""What stands before every page of the desk: who asks, from where, and whether a change is really theirs.

A session's cookie is HttpOnly and SameSite=Lax: links in mails to editors work, and no other site's form carries it.
Every POST must come from a page of ours (Fetch Metadata, else Origin) and carry the session's token (OWASP's
synchronizer pattern), in the header X-CSRF-Token or in the field `csrf`.
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.desk.live import Live
from digest.desk.logging_in import LoggingIn
from digest.model.desk import Visitor

LARGEST_BODY = 512_000  # bytes; an intro in Markdown is the longest thing an editor writes
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# The stylesheet of the log-in page, its scripts, and whether the desk answers at all.
OPEN = ("/static/", "/health")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
}


class Gate:
    """Lets through whose session it is; `scope["state"]["visitor"]` says who."""

    def __init__(self, app: ASGIApp, pages: LoggingIn, live: Live) -> None:
        self.app, self.pages, self.live = app, pages, live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = self._without_prefix(scope)
        request = Request(scope, receive)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        response = await self._refusal(request) or await self._own_page(request)
        if response is not None:
            await response(scope, receive, answer)
        elif scope["path"].startswith(OPEN) and request.method in READING:
            await self.app(scope, receive, answer)
        else:
            await self._let_in(request, answer)

    def _without_prefix(self, scope: Scope) -> Scope:
        """Return the scope as if there were no prefix: a proxy may strip it or leave it."""
        path, prefix = scope["path"], self.pages.root
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            return {**scope, "path": path[len(prefix) :] or "/", "raw_path": None}
        return scope

    async def _refusal(self, request: Request) -> Response | None:
        """Return the answer to who may not even knock: a name that is not ours, or from outside without users."""
        pages = self.pages
        if pages.hosts is not None and host_of(request) not in pages.hosts:
            return PlainTextResponse(
                "This desk does not answer to that name. Set publication.desk_url to the address editors use.\n", 421
            )
        outside = not is_loopback(pages.client(request))
        if outside and not await run_in_threadpool(pages.door.users):
            return PlainTextResponse(
                "The desk has no users, so it is open on its own machine only: `digest desk users add NAME`.\n", 403
            )
        return None

    async def _own_page(self, request: Request) -> Response | None:
        path = request.scope["path"]
        if path == "/login" and request.method in ("GET", "POST"):
            if request.method == "GET":
                return self.pages.form(request)
            body = await _bounded_body(request)
            return _too_large() if body is None else await self.pages.log_in(request, _fields(body))
        if path.startswith("/enter/") and request.method == "GET":
            return await self.pages.enter(request, path.removeprefix("/enter/"))
        return None

    async def _let_in(self, request: Request, answer: Send) -> None:
        scope, pages = request.scope, self.pages
        visitor = await run_in_threadpool(pages.visitor, request)
        if visitor is None:
            await pages.ask_who(request)(scope, request.receive, answer)
            return
        scope.setdefault("state", {})
        scope["state"] |= {"visitor": visitor, "about": ""}
        if request.method in READING:
            await self.app(scope, request.receive, answer)
            return
        body = await _bounded_body(request)
        response = _too_large() if body is None else self._not_theirs(request, visitor, body)
        if response is None and scope["path"] == "/logout":
            response = await pages.log_out(request, visitor)
        if response is None and not visitor.may_edit:
            response = PlainTextResponse("You may look at the desk, and change nothing.\n", 403)
        if response is not None or body is None:
            await (response or _too_large())(scope, request.receive, answer)
            return
        await self._changed(request, visitor, body, answer)

    def _not_theirs(self, request: Request, visitor: Visitor, body: bytes) -> Response | None:
        """Return the answer to a change that no page of this session asked for, None where one did."""
        given = request.headers.get("x-csrf-token") or _fields(body).get("csrf", "")
        if is_own(request) and hmac.compare_digest(given.encode(), visitor.csrf.encode()):
            return None
        return PlainTextResponse(
            "This did not come from the desk's own page. Nothing was changed; load it again.\n", 403
        )

    async def _changed(self, request: Request, visitor: Visitor, body: bytes, answer: Send) -> None:
        """Pass a change on, and write down who made it and whether it was taken."""
        state, status = request.scope["state"], 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await answer(message)

        try:
            await self.app(request.scope, _again(body, request.receive), noted)
        finally:
            path = request.scope["path"].strip("/").split("/")
            about = state.get("about") or " ".join(path[:-1])
            about = about if status < 400 else f"{about} (refused: {status})"
            await run_in_threadpool(
                self.pages.door.record, visitor.name, path[-1] or "post", about, self.pages.client(request)
            )


def host_of(request: Request) -> str:
    """Return the host name a request names, without its port."""
    try:
        return (urlsplit(f"//{request.headers.get('host', '')}").hostname or "").lower()
    except ValueError:  # such as "["
        return ""


def is_loopback(address: str) -> bool:
    """Tell whether an address of the network is this machine; a Unix socket has none, and is not."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return found.is_loopback or bool(getattr(found, "ipv4_mapped", None) and found.ipv4_mapped.is_loopback)  # type: ignore[union-attr]  # IPv6 only


def is_own(request: Request) -> bool:
    """Tell whether a change comes from a page of ours: Fetch Metadata, else Origin; no browser sends neither."""
    site = request.headers.get("sec-fetch-site", "")
    if site:
        return site == "same-origin"
    origin = request.headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    except ValueError:
        return False


async def _bounded_body(request: Request) -> bytes | None:
    """Return a request's body, None where it is longer than any form of ours."""
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > LARGEST_BODY:
            return None
    return bytes(taken)


def _fields(body: bytes) -> dict[str, str]:
    try:
        found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=200)
    except ValueError:  # more fields than any form of ours has
        return {}
    return {name: values[0] for name, values in found.items()}


def _too_large() -> Response:
    return PlainTextResponse("That is longer than anything the desk takes. Nothing was changed.\n", 413)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives a body read before, then whatever comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
