"""What another machine published: pictures and editions that this one's archive folder lacks, had from the store.

Mails link to both, and whichever machine the proxy asks must have them. They are put into the folder when they are
first asked for; lists are brought up to date by `digest archive build`.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path

from digest.errors import FileProblem
from digest.model.mail import EditionKey
from digest.pipeline.site_files import settle
from digest.public.view import View
from digest.wiring.archive import ArchiveKeeper

_PICTURE = re.compile(r"img/([0-9a-f]{8,64}\.(?:jpg|png))")
_EDITION = re.compile(r"([a-z0-9-]+)/(\d{4})/(\d{2})/(\d{2})(?:/(?:index\.html|mail(?:\.[\w-]+)?\.html)?)?")


class Elsewhere:
    """Brings single files of the site here."""

    def __init__(self, view: View) -> None:
        self.view, self.keeper = view, ArchiveKeeper(view.wiring)

    async def bring(self, path: str) -> bool:
        """Have what belongs at a path of the site put there; tell whether the store has it.

        Raises FileProblem, StoreError, TemplateError.
        """
        path = path.replace(os.sep, "/")
        if found := _PICTURE.fullmatch(path):
            return await self.view.thread(partial(self._picture, found.group(1)))
        if (found := _EDITION.fullmatch(path)) and not self.view.settings.archive_private:
            digest, year, month, day = found.groups()
            with suppress(ValueError):
                key = EditionKey(digest, date(int(year), int(month), int(day)))
                return await self.view.thread(partial(self._edition, key))
        return False

    def _picture(self, name: str) -> bool:
        body = self.keeper.picture(name)
        if body is None:
            return False
        folder: Path = self.keeper.folder / "img"
        beside = folder / f".{name}.{os.getpid()}.{threading.get_ident()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(body)
            settle([beside])
            beside.replace(folder / name)  # whoever is second puts the same bytes there
        except OSError as error:
            raise FileProblem.unwritten(error, folder / name) from None
        return True

    def _edition(self, key: EditionKey) -> bool:
        if self.view.settings.digest(key.digest) is None:
            return False
        record = self.view.wiring.editions.edition(key)
        if record is None or record.published_at is None:
            return False
        self.keeper.publish(key)
        return True
