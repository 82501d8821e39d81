"""What crosses the wire when we read: one request, one answer. Frozen values; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request."""

    url: str
    etag: str = ""  # sent as If-None-Match exactly as stored
    last_modified: str = ""  # sent as If-Modified-Since exactly as stored
    limit: int = 20_000_000  # bytes of body after decompression; more is an error
    accept: str = ""  # Accept; "" = the client's default
    method: Literal["GET", "HEAD", "POST"] = "GET"  # an answer to HEAD has no body
    form: tuple[tuple[str, str], ...] = ()  # what POST sends, as fields of a form


@dataclass(frozen=True, kw_only=True)
class Response:
    """One answer, whatever its status; transport failures are FetchError instead."""

    url: str  # as asked for
    final_url: str  # after redirects
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case, the last of each
    body: bytes = b""  # decompressed
    moved_to: str = ""  # target when every redirect on the way was permanent (301, 308), else ""
    seconds: float = 0.0  # from the first byte sent to the last received
