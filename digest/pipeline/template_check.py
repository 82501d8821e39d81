"""The publisher's templates → what is wrong with them, each with its file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from digest.check import found
from digest.errors import TemplateError
from digest.model.editions import Finding
from digest.templating import overridden, packaged_folder, problems


def check_templates(folder: Path | None, render: Callable[[], object] | None = None) -> tuple[Finding, ...]:
    """Return what is wrong with the templates that replace packaged ones.

    ``render`` renders an edition with them: what only shows then is told too.
    """
    if folder is None or not folder.is_dir():
        return ()
    told = [found("template", each.where, each.what, each.fix) for each in problems(folder)]
    if not told and render is not None:
        try:
            render()
        except TemplateError as error:
            told.append(found("template", error.where, error.what, error.fix))
    packaged = packaged_folder()
    told.extend(
        found("template-unused", str(folder / name), "no packaged template has that name")
        for name in overridden(folder)
        if not (packaged / name).is_file()
    )
    return tuple(told)
