"""The desk's own files: one stylesheet, one script, and three libraries kept beside them with their licences."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".LICENSE": "text/plain"}
# In the order a page loads them; each name says its version.
SCRIPTS = ("htmx-2.0.8.min.js", "idiomorph-0.8.0.min.js", "sortable-1.15.7.min.js", "desk.js", "live.js")
STYLES = ("desk.css", "live.css")


@dataclass
class Assets:
    """Serves the files, compressed once, under addresses that change with what they hold."""

    root: str = ""  # path before every address of the desk
    _bodies: dict[str, tuple[bytes, bytes, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read every file."""
        for path in FOLDER.iterdir():
            kind = TYPES.get(path.suffix)
            if kind is not None:
                body = path.read_bytes()
                self._bodies[path.name] = body, gzip.compress(body, 9, mtime=0), kind

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return f"{self.root}/static/{name}?v={hashlib.sha256(self._bodies[name][0]).hexdigest()[:12]}"

    @property
    def scripts(self) -> tuple[str, ...]:
        """The addresses of the scripts."""
        return tuple(self.url(name) for name in SCRIPTS)

    @property
    def styles(self) -> tuple[str, ...]:
        """The addresses of the stylesheets."""
        return tuple(self.url(name) for name in STYLES)

    async def serve(self, request: Request) -> Response:
        """Return a file."""
        found = self._bodies.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        plain, packed, kind = found
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})
        return Response(plain, media_type=kind, headers=headers)
