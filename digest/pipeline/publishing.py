"""Approved → online: the page and its images are out, unlisted, before the first message is handed over (design §8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from digest.errors import UsageError
from digest.model.editions import Edition, EditionRecord, EditionState
from digest.model.mail import EditionKey
from digest.pipeline.approving import edition_of
from digest.pipeline.pictures import picture_names
from digest.pipeline.previewing import write_files
from digest.ports import ApprovalStore, Clock, EditionStore, PictureStore
from digest.render.theme import THEMES

PUBLISHED = frozenset({EditionState.APPROVED, EditionState.SENDING, EditionState.FINISHED, EditionState.STOPPED})

PageOf = Callable[[Edition, int], bytes]
"""Makes the web page of an edition; bound to templates by wiring."""
HomeOf = Callable[[str, list[EditionRecord]], bytes]
"""Makes the home of a digest from its listed editions, newest first."""


@dataclass(frozen=True, kw_only=True)
class PublishReport:
    """What is online now."""

    page: Path
    files: int


def publish(
    key: EditionKey,
    *,
    editions: EditionStore,
    approvals: ApprovalStore,
    pictures: PictureStore,
    sizes: Mapping[str, str],
    assets: Mapping[str, bytes],
    page_of: PageOf,
    site: Path,
    clock: Clock,
) -> PublishReport:
    """Write an approved edition's page and pictures below ``site``; raise UsageError before approval, FileProblem.

    ``sizes`` are those of the theme's pictures (`pictures.picture_style`), ``assets`` its own, by file name.
    """
    record = editions.edition(key)
    if record is None or record.state not in PUBLISHED:
        raise UsageError(f"the edition of {key.day} is not approved", fix="approve it first: `digest approve`")
    edition = edition_of(record, key, pictures, sizes)
    files = {f"img/{name}": body for name, body in assets.items()}
    # The mail may have been approved in another theme than today's: no picture of it may be missing.
    in_any_theme = [edition, *(edition_of(record, key, pictures, theme.picture_sizes) for theme in THEMES.values())]
    names = {name for each in in_any_theme for name in picture_names(each)}
    names |= {picture.name for parts in approvals.parts(key) for picture in parts.pictures}
    for name in sorted(names):
        found = pictures.content(name)
        if found is not None:
            files[f"img/{name}"] = found[0]
    write_files(site, files)
    name = f"{key.digest}/{key.day:%Y/%m/%d}/index.html"
    (page,) = write_files(site, {name: page_of(edition, record.number or 0)})
    if record.published_at is None:
        approvals.mark(key, "published", now=clock.now())
    return PublishReport(page=page, files=len(files) + 1)


def list_edition(
    key: EditionKey, *, editions: EditionStore, approvals: ApprovalStore, home_of: HomeOf, site: Path, clock: Clock
) -> None:
    """Put an edition into the digest's home; done twice it changes nothing. Raises FileProblem."""
    record = editions.edition(key)
    if record is not None and record.listed_at is None:
        approvals.mark(key, "listed", now=clock.now())
    listed = [each for each in editions.recent(key.digest, limit=10_000) if each.listed_at is not None]
    write_files(site, {f"{key.digest}/index.html": home_of(key.digest, listed)})
