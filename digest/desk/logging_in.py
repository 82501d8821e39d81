"""Logging in with a password, entering by the link of the terminal, and logging out."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from ipaddress import ip_address
from math import ceil
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from digest.errors import UsageError
from digest.model.desk import Visitor
from digest.net.limits import Limiter, client_address, within
from digest.templating import fill
from digest.wiring import Wiring
from digest.wiring.desk import LASTS, TERMINAL_LASTS, Door

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# Wrong or right, so many tries an hour: of an address of the network, and of one name from anywhere.
TRIES_OF_ADDRESS, TRIES_OF_NAME = 20, 60
FORM_LASTS_S = 3600
WRONG = "Name and password do not belong together."


class LoggingIn:
    """The pages before the desk."""

    def __init__(self, wiring: Wiring, *, host: str = "127.0.0.1") -> None:
        """``host`` is where the desk listens; raises UsageError where that is outside and nobody could log in."""
        self.wiring, self.door = wiring, Door(wiring)
        self.trusted = wiring.settings.serve.trusted_proxies
        self.url = urlsplit(wiring.settings.publication.desk_url)
        self.root = self.url.path.rstrip("/")
        # Desks of several publications on one machine share a host name, and so its cookies.
        self.cookie = f"desk_{hashlib.sha256(wiring.settings.store_url.encode()).hexdigest()[:8]}"
        self.hosts = self._hosts(host)
        self.styles: tuple[str, ...] = ()  # addresses of stylesheets; whoever serves them sets it
        self.by_address = Limiter(wiring.clock.now, TRIES_OF_ADDRESS)
        self.by_name = Limiter(wiring.clock.now, TRIES_OF_NAME)
        if not is_this_machine(host) and not self.door.users():
            raise UsageError(
                "the desk has no users, so it is open on this machine only",
                where=f"--host {host}",
                fix="add somebody with `digest desk users add NAME`, or listen on 127.0.0.1",
            )

    def _hosts(self, host: str) -> frozenset[str] | None:
        """Return the names the desk answers to; None = any, where it listens outside and nobody said its name."""
        if self.url.hostname:
            return LOOPBACK | {self.url.hostname.lower(), host.lower()}
        return LOOPBACK if is_this_machine(host) else None

    # Who asks

    def client(self, request: Request) -> str:
        """Return the address of who asks."""
        peer = request.client.host if request.client is not None else ""
        forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
        return client_address(peer, forwarded, self.trusted)

    def visitor(self, request: Request) -> Visitor | None:
        """Return whose session a request belongs to, or None."""
        return self.door.visitor(request.cookies.get(self.cookie, ""))

    def is_https(self, request: Request) -> bool:
        """Tell whether the editor's browser speaks TLS, to us or to a proxy we trust."""
        peer = request.client.host if request.client is not None else ""
        if not peer or within(peer, self.trusted):
            said = request.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
            named = _host(request)
            if said == "https" or (self.url.scheme == "https" and named == self.url.hostname):
                return True
        return request.url.scheme == "https"

    def _set(self, response: Response, request: Request, name: str, value: str, lasts_s: int) -> None:
        response.set_cookie(
            name, value, max_age=lasts_s, path=self.root or "/", secure=self.is_https(request), httponly=True,
            samesite="lax",
        )  # fmt: skip

    # Pages

    def _page(
        self, request: Request, *, status: int = 200, says: str = "", name: str = "", after: str = "/"
    ) -> Response:
        key = request.cookies.get(f"{self.cookie}_form", "") or secrets.token_urlsafe(16)
        html = fill(
            self.wiring.templates,
            "desk/login.html",
            {
                "publication": self.wiring.settings.publication,
                "root": self.root,
                "styles": self.styles,
                "users": bool(self.door.users()),
                "says": says,
                "name": name,
                "after": after,
                "csrf": key,
            },
        )
        response = HTMLResponse(html, status_code=status)
        self._set(response, request, f"{self.cookie}_form", key, FORM_LASTS_S)
        return response

    def form(self, request: Request) -> Response:
        """Return the log-in page."""
        return self._page(request, after=_local(request.query_params.get("after", "/")))

    def ask_who(self, request: Request) -> Response:
        """Return the answer to a request without a session: the log-in page, or for a script a word."""
        if request.headers.get("hx-request") or "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse("Your session ended. Log in again; what you typed is kept.\n", 401)
        path = request.scope["path"]
        return RedirectResponse(f"{self.root}/login?after={quote(path)}" if path != "/" else f"{self.root}/login", 303)

    async def log_in(self, request: Request, fields: Mapping[str, str]) -> Response:
        """Answer the posted form."""
        name, after = fields.get("name", "")[:100], _local(fields.get("after", "/"))
        key, given = request.cookies.get(f"{self.cookie}_form", ""), fields.get("csrf", "")
        if not key or not hmac.compare_digest(key.encode(), given.encode()) or not _same_site(request):
            return self._page(
                request, status=403, says="This page lay open too long. Try again.", name=name, after=after
            )
        address = self.client(request)
        wait = max(self.by_address.wait_s(address), self.by_name.wait_s(name.casefold()))
        if wait > 0:
            minutes = ceil(wait / 60)
            says = f"Too many tries. The next one counts in {minutes} minute{'s' if minutes > 1 else ''}."
            answer = self._page(request, status=429, says=says, name=name, after=after)
            answer.headers["Retry-After"] = str(int(wait) + 1)
            return answer
        token = await run_in_threadpool(lambda: self.door.log_in(name, fields.get("password", ""), address=address))
        if not token:
            return self._page(request, status=401, says=WRONG, name=name, after=after)
        response = RedirectResponse(f"{self.root}{after}", status_code=303)
        self._set(response, request, self.cookie, token, int(LASTS.total_seconds()))
        response.delete_cookie(f"{self.cookie}_form", path=self.root or "/")
        return response

    async def enter(self, request: Request, token: str) -> Response:
        """Answer the link of the terminal: it works once."""
        address = self.client(request)
        opened = ""
        if self.by_address.wait_s(f"link {address}") <= 0:
            opened = await run_in_threadpool(lambda: self.door.follow(token[:200], address=address))
        if not opened:
            says = "This link was used already, or is too old. `digest desk link` prints another one."
            return self._page(request, status=410, says=says)
        response = RedirectResponse(f"{self.root}/", status_code=303)
        self._set(response, request, self.cookie, opened, int(TERMINAL_LASTS.total_seconds()))
        return response

    async def log_out(self, request: Request, visitor: Visitor) -> Response:
        """End the session."""
        token = request.cookies.get(self.cookie, "")
        address = self.client(request)
        await run_in_threadpool(lambda: self.door.log_out(token, visitor, address=address))
        response = RedirectResponse(f"{self.root}/login", status_code=303)
        response.delete_cookie(self.cookie, path=self.root or "/")
        return response


def is_this_machine(host: str) -> bool:
    """Tell whether who listens at a host can be reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _host(request: Request) -> str | None:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:  # such as "["
        return None


def _same_site(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site", "")
    return site in ("", "same-origin", "none")


def _local(path: str) -> str:
    """Return a path of ours; whatever leads elsewhere is the first page."""
    try:
        parts = urlsplit(path)
    except ValueError:  # such as "//["
        return "/"
    if parts.scheme or parts.netloc or not path.startswith("/") or path.startswith(("//", "/\\")) or "\\" in path:
        return "/"
    return path if path.isprintable() else "/"
