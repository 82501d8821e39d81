"""What stands before every page: the path prefix, a bound on bodies, headers that keep a page to itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 64_000  # bytes; the longest form of ours is a few thousand
STRICT = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors {frames}"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # An address of ours holds a reader's token: no other site is told it.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
}


class Guard:
    """Strips the prefix, bounds the body, sets headers and counts answers."""

    def __init__(self, app: ASGIApp, *, prefix: str, answers: Counter[tuple[str, int]]) -> None:
        self.app, self.prefix, self.answers = app, prefix, answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = self._without_prefix(scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", STRICT.format(frames="'none'"))
                self.answers[(scope["path"].split("/")[1] or "home", int(message["status"]))] += 1
            await send(message)

        await self.app(scope, _bounded(scope, receive), answer)

    def _without_prefix(self, scope: Scope) -> Scope:
        """Return the scope as if there were no prefix: a proxy may strip it or leave it."""
        path = scope["path"]
        if self.prefix and (path == self.prefix or path.startswith(f"{self.prefix}/")):
            return {**scope, "path": path[len(self.prefix) :] or "/", "raw_path": None}
        return scope


def _bounded(scope: Scope, receive: Receive) -> Receive:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    declared = int(length) if length.isdigit() else 0
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        if declared > LARGEST_BODY:
            raise HTTPException(413, headers={"Connection": "close"})
        message: dict[str, Any] = dict(await receive())
        taken += len(message.get("body", b""))
        if taken > LARGEST_BODY:
            raise HTTPException(413, headers={"Connection": "close"})
        return message

    return bounded
