"""What our two web servers share below HTTP: a socket, the address to tell, and signals that end the server alone."""

from __future__ import annotations

import signal
import socket
from types import FrameType

from digest.errors import UsageError

MOST_WAITING = 2048  # connections the system keeps until they are answered


def listen(host: str, port: int) -> socket.socket:
    """Return a listening TCP socket; port 0 takes any that is free. Raises UsageError where the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=MOST_WAITING)
    except OSError as error:
        raise UsageError(
            f"we cannot listen there ({error.strerror or error})", where=f"{host}:{port}", fix="choose another --port"
        ) from None


def address_of(listener: socket.socket) -> str:
    """Return the address that leads to a socket from this machine: "http://127.0.0.1:8025"."""
    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  # compared, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def keep_quiet_after_signals() -> None:
    """Have a signal end the server only: uvicorn raises it again for whoever handled it before."""

    def ended(number: int, frame: FrameType | None) -> None:
        return None

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ended)
