"""`digest serve`: the socket, the server, and ending in good order."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import uvicorn

from digest.errors import EXIT_DONE, FileProblem
from digest.net.listening import MOST_WAITING, address_of, keep_quiet_after_signals, listen
from digest.public.app import application
from digest.public.processes import Processes
from digest.wiring import Wiring

GRACE_S = 15  # what is under way may take so long to end


class _Server(uvicorn.Server):
    """Tells when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets=sockets)
        if self.started:
            self.ready()


def serve(
    wiring: Callable[[], Wiring],
    *,
    host: str,
    port: int,
    unix_socket: Path | None,
    path_prefix: str,
    via: str,
    processes: int,
    say: Callable[[str], None],
    warn: Callable[[str], None],
) -> int:
    """Serve the readers' pages until a signal and return the exit code; ``say`` gets the full link when they answer.

    ``wiring`` is asked for in each process that serves. Raises UsageError where the address is taken, and whatever is
    wrong with configuration, keys or database.
    """
    listener = _unix(unix_socket) if unix_socket is not None else listen(host, port)
    link = f"unix:{unix_socket}" if unix_socket is not None else f"{address_of(listener)}{path_prefix}/"
    number, mine = 1, True  # whether this process made the socket, and takes it away
    try:
        if processes > 1:
            number, tell, code = Processes(processes, warn).share()
            mine = number == 0
            if mine:
                return code

            def told() -> None:
                if number == 1:
                    say(link)
                tell()

            _answer(wiring(), listener, via, number, told)
        else:
            _answer(wiring(), listener, via, 0, lambda: say(link))
    finally:
        listener.close()
        if unix_socket is not None and mine:
            unix_socket.unlink(missing_ok=True)
    return EXIT_DONE


def _answer(wiring: Wiring, listener: socket.socket, via: str, number: int, ready: Callable[[], object]) -> None:
    """Answer at a socket until a signal; ``number`` is that of one process among several, 0 where there is one."""
    app = application(wiring, via=via, number=number)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the client's address is found by [serve] trusted_proxies
        timeout_graceful_shutdown=GRACE_S,
        lifespan="on",
    )
    keep_quiet_after_signals()
    asyncio.run(_Server(config, ready).serve(sockets=[listener]))


def _unix(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    try:
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and not _answers(path):
            path.unlink()  # left by a server that was killed
        listener.bind(str(path))
        os.chmod(path, 0o660)  # noqa: PTH101  # the proxy's group may connect
        listener.listen(MOST_WAITING)
    except OSError as error:
        listener.close()
        raise FileProblem(
            f"we cannot listen there ({error.strerror or error})", where=str(path), fix="choose another --unix-socket"
        ) from None
    return listener


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
