"""`digest init`, `demo` and `config …`: from nothing to a publication that works."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.session import Session, command
from digest.errors import EXIT_ATTENTION, EXIT_DONE, FileProblem
from digest.model.counting import count_of

config_group = typer.Typer(help="Show and check the configuration.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    command(app, "init", example="digest init morning", exits=(0, 1, 2))(init)
    command(app, "demo", example="digest demo demo", exits=(0, 1, 2, 5))(demo)
    app.add_typer(config_group, name="config")


FolderArgument = Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; here without it.", show_default=False)]


def init(
    session: Session,
    folder: FolderArgument = Path(),
    templates: Annotated[
        bool, typer.Option("--templates", envvar="DIGEST_TEMPLATES", help="Copy the templates too, to change them.")
    ] = False,
    cron: Annotated[
        bool, typer.Option("--cron", envvar="DIGEST_CRON", help="Print lines for crontab, and write nothing.")
    ] = False,
    systemd: Annotated[
        bool, typer.Option("--systemd", envvar="DIGEST_SYSTEMD", help="Print systemd units, and write nothing.")
    ] = False,
) -> int:
    """Write digest.toml, subscribers.csv and .env.example. Never over existing files; nothing is mailed."""
    from digest.templating import packaged
    from digest.templating.overrides import copy_templates

    folder = folder.absolute()
    if cron or systemd:
        from digest.cli import units

        if cron:
            session.say(units.crontab(folder))
        for name in units.UNITS if systemd else ():
            session.say(units.unit(name, folder))
        return EXIT_DONE
    made = write_new(
        folder,
        {
            "digest.toml": packaged("init/digest.toml"),
            "subscribers.csv": packaged("init/subscribers.csv"),
            ".env.example": packaged("init/env.example"),
        },
    )
    from digest.subscribers.tokens import make_keys

    for name in ("keys/tokens", "keys/erasure"):
        if not (folder / name).exists():
            make_keys(folder / name)
            made.append(folder / name)
    if templates:
        made += copy_templates(folder / "templates")
    for path in made:
        session.say(f"wrote {path}")
    for line in _next(folder, made):
        session.say(line)
    return EXIT_DONE


def _next(folder: Path, made: list[Path]) -> Iterator[str]:
    """Yield what to do after files were written, or none were needed."""
    if folder / "digest.toml" in made:
        yield f"Next: add your feeds to {folder / 'digest.toml'}, then run `digest fetch`, `digest build`"
        yield "and `digest preview --open`. Nothing is mailed before you name a relay and approve an edition."
    elif not made:
        yield f"Everything is in {folder} already; nothing was written."
    elif any(folder / "templates" in path.parents for path in made):
        yield "Next: change what you like there, delete what you leave as it is, and see it with"
        yield "`digest preview --watch`."


def write_new(folder: Path, files: dict[str, str]) -> list[Path]:
    """Write files that are not there yet and return which; raise FileProblem."""
    made = []
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
        except FileExistsError:
            continue
        except OSError as error:
            raise FileProblem.unwritten(error, path, fix="choose a folder you may write to") from None
        made.append(path)
    return made


def demo(session: Session, folder: FolderArgument = Path("demo")) -> int:
    """Make a complete publication from the sample feeds. A preview to open, without network or account."""
    from digest.sample import sample_text
    from digest.subscribers.tokens import make_keys

    began = time.perf_counter()
    folder = folder.absolute()
    write_new(folder, {name: sample_text(name) for name in ("digest.toml", "subscribers.csv")})
    for name in ("keys/tokens", "keys/erasure"):
        if not (folder / name).exists():
            make_keys(folder / name)
    session.config = folder / "digest.toml"
    publisher = session.publisher
    publisher.progress = session.detail
    publisher.merge_file()
    fetched = publisher.fetch()
    key = publisher.key()
    if publisher.is_draft(key):
        publisher.build()
    proof = publisher.proof(key)
    report = publisher.preview(proof, folder / "preview")
    edition = proof.edition
    session.say(f"{publisher.publication.name}, {edition.day:%A %-d %B %Y}")
    session.say(f"{fetched.feeds} feeds, {edition.health.stories} stories, {edition.health.clusters} events")
    for filled in edition.sections:
        session.say(f"  {filled.section.title:20} {len(filled.items):2} of {filled.section.stories}")
    seconds = time.perf_counter() - began
    session.say(f"{len(edition.items)} items, HTML {report.html_bytes / 1000:.1f} kB encoded, {seconds:.1f} s")
    for line in fetched.failed:
        session.warn(line)
    session.say(f"Open {report.index}")
    return EXIT_ATTENTION if fetched.failed else EXIT_DONE


def plain(value: Any, *, hide: frozenset[str] = frozenset({"password"})) -> Any:
    """Return a settings value as JSON can hold it, secrets hidden."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: (
                "(hidden)" if field.name in hide and getattr(value, field.name) else plain(getattr(value, field.name))
            )
            for field in dataclasses.fields(value)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} s"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(plain(each) for each in value)
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


@command(config_group, "show", example="digest config show", exits=(0, 2))
def show(session: Session) -> int:
    """Print the effective configuration as JSON, secrets hidden."""
    from digest.store.engine import without_password

    document = plain(session.settings)
    document["store_url"] = without_password(session.settings.store_url)
    session.emit(document)
    return EXIT_DONE


@command(config_group, "check", example="digest config check", exits=(0, 2))
def check(session: Session) -> int:
    """Check the configuration as a whole; every problem is told at once."""
    settings = session.settings
    _ = session.wiring.theme, session.wiring.dkim_keys
    session.say(
        f"{settings.file}: {count_of(len(settings.sections), 'section')}, {count_of(len(settings.feeds), 'feed')};"
        " nothing is wrong with it."
    )
    return EXIT_DONE
