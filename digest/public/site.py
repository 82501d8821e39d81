"""The published pages: files of the archive folder, as they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from digest.archive.addresses import GONE
from digest.archive.feeds import FORMATS
from digest.errors import FileProblem
from digest.public.elsewhere import Elsewhere

if TYPE_CHECKING:
    from digest.public.view import View

# Pages of the archive carry their style with them, and search runs a program compiled for the browser.
SITE_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'self'"
)


class Site(StaticFiles):
    """Serves the archive; a folder is its index.html."""

    def __init__(self, folder: Path, view: View) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileProblem.unwritten(error, folder, fix="correct [archive] dir") from None
        super().__init__(directory=folder, html=True)
        self.folder, self.view, self.elsewhere = folder, view, Elsewhere(view)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or raise HTTPException."""
        if "\x00" in path or any(part.startswith(".") and part != "." for part in Path(path).parts):
            raise HTTPException(404)
        asked = scope["path"]
        if scope["method"] in ("GET", "HEAD") and not (self.folder / path).exists():
            await self.elsewhere.bring(path)
        if not asked.endswith("/") and (self.folder / path / "index.html").is_file():
            return RedirectResponse(f"{self.view.root}{asked}/", status_code=301)
        if self._is_gone(path):
            page = self.folder / path / "index.html"
            headers = {"Content-Security-Policy": SITE_POLICY, "Cache-Control": "no-cache", "X-Robots-Tag": "noindex"}
            return HTMLResponse(page.read_bytes() if page.is_file() else b"", status_code=410, headers=headers)
        answer = await super().get_response(path, scope)
        if answer.status_code == 404:
            raise HTTPException(404)
        answer.headers["Content-Security-Policy"] = SITE_POLICY
        if Path(path).stem in ("feed", "summary") and Path(path).suffix[1:] in FORMATS:
            answer.headers["Content-Type"] = f"{FORMATS[Path(path).suffix[1:]][0]}; charset=utf-8"
        if Path(path).name.startswith("mail."):
            # The mail as sent carries its styles in attributes, and is no page to be found.
            answer.headers["X-Robots-Tag"] = "noindex"
        named_by_hash = path.startswith((f"img{os.sep}", f"assets{os.sep}"))
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if named_by_hash else "no-cache"
        return answer

    def _is_gone(self, path: str) -> bool:
        """Tell whether a path lies in the folder of a retracted edition."""
        there = self.folder / path
        return any((each / GONE).is_file() for each in (there, there.parent))
