"""What a private archive has as files: pictures, which mails show, and the style sheet. No page, and no list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from digest.archive import addresses, lists, memory
from digest.model.archive import ArchivedDay
from digest.pipeline.pictures import picture_names
from digest.pipeline.site import SiteReport, Source, put_pictures
from digest.pipeline.site_files import SiteFiles, opened


def put_private(sources: Sequence[Source], folder: Path) -> SiteReport:
    """Put the files of private editions; pages that were public before go away. Raises FileProblem."""
    report = SiteReport()
    with opened(folder) as files:
        for source in sources:
            files.put(source.house.css, source.house.style.encode("utf-8"))
            for day in source.days:
                if day.is_online:
                    _pictures(source, day, files, report)
            _hide(source.house.digest, files)
        files.put(addresses.ROBOTS, lists.robots(sources[0].house))
        if files.has(memory.FILE):
            _hide(addresses.SEARCH, files)
            for path in (addresses.INDEX, memory.FILE, *(each.name for each in folder.glob("sitemap*.xml"))):
                files.drop(path)
        report.written, report.removed = files.commit()
    return report


def _pictures(source: Source, day: ArchivedDay, files: SiteFiles, report: SiteReport) -> None:
    report.editions += 1
    names = {*picture_names(source.load(day.day).edition), *source.mailed(day.day).pictures}
    put_pictures(names, source, files, report.missing)


def _hide(below: str, files: SiteFiles) -> None:
    """Have every file of a folder removed that was there while the archive was public."""
    folder = files.folder / below
    if folder.is_dir():
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_file():
                files.drop(path.relative_to(files.folder).as_posix())
