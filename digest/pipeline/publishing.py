"""Approved → online: the page and its images are out, unlisted, before the first message is handed over (design §8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from digest.archive import addresses
from digest.errors import UsageError
from digest.model.editions import EditionState
from digest.model.mail import EditionKey
from digest.pipeline.pictures import picture_names
from digest.pipeline.site import Source, beside, put_edition, put_pictures
from digest.pipeline.site_files import opened
from digest.ports import ApprovalStore, Clock, EditionStore

PUBLISHED = frozenset({EditionState.APPROVED, EditionState.SENDING, EditionState.FINISHED, EditionState.STOPPED})


@dataclass(frozen=True, kw_only=True)
class PublishReport:
    """What is online now."""

    page: Path
    missing: tuple[str, ...]  # pictures that nobody has


def publish(
    key: EditionKey,
    source: Source,
    *,
    editions: EditionStore,
    approvals: ApprovalStore,
    assets: Mapping[str, bytes],
    site: Path,
    clock: Clock,
    private: bool = False,
) -> PublishReport:
    """Write an approved edition's page, mail and pictures into ``site``; raise FileProblem, UsageError unless approved.

    ``assets`` are the theme's own pictures, by file name. Lists do not know it yet. In a ``private`` archive only what
    the mail shows is written.
    """
    record = editions.edition(key)
    if record is None or record.state not in PUBLISHED:
        raise UsageError(f"the edition of {key.day} is not approved", fix="approve it first: `digest approve`")
    older, newer = beside([day.day for day in source.days if day.is_open], key.day)
    missing: list[str] = []
    with opened(site) as files:
        for name, body in sorted(assets.items()):
            files.put(f"img/{name}", body)
        files.put(source.house.css, source.house.style.encode("utf-8"))
        listed = source.load(key.day)
        if private:
            put_pictures({*picture_names(listed.edition), *source.mailed(key.day).pictures}, source, files, missing)
        else:
            put_edition(listed, source, files, older=older, newer=newer, missing=missing)
        files.commit()
    if record.published_at is None:
        approvals.mark(key, "published", now=clock.now())
    path = addresses.file_of(addresses.edition(key.digest, key.day))
    return PublishReport(page=site / path, missing=tuple(missing))


def mark_listed(key: EditionKey, *, editions: EditionStore, approvals: ApprovalStore, clock: Clock) -> None:
    """Record that an edition belongs into lists; the first time counts."""
    record = editions.edition(key)
    if record is not None and record.listed_at is None:
        approvals.mark(key, "listed", now=clock.now())
