"""`digest desk`: the socket, the server, and the link it prints."""

from __future__ import annotations

import asyncio
import socket
import threading
import webbrowser
from collections.abc import Callable

import uvicorn

from digest.desk.app import application
from digest.net.listening import address_of, keep_quiet_after_signals, listen
from digest.wiring.publisher import Publisher

GRACE_S = 5  # what is under way may take so long to end


class _Server(uvicorn.Server):
    """Tells when it answers, and ends in good order."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], leave: Callable[[], None]) -> None:
        super().__init__(config)
        self.ready, self.leave = ready, leave

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets=sockets)
        if self.started:
            self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the open streams, which would keep us waiting, then the rest."""
        self.leave()
        await super().shutdown(sockets=sockets)


def serve(
    publisher: Publisher, *, host: str, port: int, by: str, open_browser: bool, say: Callable[[str], None]
) -> None:
    """Serve the desk until a signal; ``say`` gets the full one-time link as soon as it answers.

    Raises UsageError where the address is taken.
    """
    listener = listen(host, port)
    try:
        app = application(publisher, host=host)
        link = f"{address_of(listener)}{app.pages.root}/enter/{app.pages.door.link(by)}"

        def ready() -> None:
            say(link)
            if open_browser:
                threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()

        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
            lifespan="on",
        )
        keep_quiet_after_signals()
        asyncio.run(_Server(config, ready, app.live.close).serve(sockets=[listener]))
    finally:
        listener.close()
