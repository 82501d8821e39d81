"""`digest feeds …` and `digest fetch`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.session import Session, command
from digest.errors import EXIT_ATTENTION, EXIT_DONE, ParseError

group = typer.Typer(help="Look after the feeds.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(group, name="feeds")
    command(app, "fetch", example="digest fetch", exits=(0, 1, 2, 5))(fetch)


@command(group, "read", example="digest feeds read saved.xml --jsonl", exits=(0, 2, 5))
def read(
    session: Session,
    files: Annotated[list[Path], typer.Argument(help="Feed files; gzip ones are unpacked.", metavar="FILE")],
    jsonl: Annotated[bool, typer.Option("--jsonl", envvar="DIGEST_JSONL", help="One JSON object a line.")] = False,
) -> int:
    """Parse files and print their stories, touching nothing: no configuration, store or network."""
    from digest.pipeline.read import read_files, story_line

    without = 0
    for path, result in read_files(files):
        if isinstance(result, ParseError):
            without += 1
            if jsonl:
                sys.stdout.write(json.dumps({"file": str(path), "error": str(result)}, ensure_ascii=False) + "\n")
            else:
                session.warn(f"{path}: {result.what}")
            continue
        if not jsonl:
            session.say(f"{path}: {len(result)} stories")
        for story in result:
            if jsonl:
                sys.stdout.write(json.dumps(story_line(path, story), ensure_ascii=False) + "\n")
            else:
                when = story.published.strftime("%Y-%m-%d %H:%M") if story.published else "no date"
                session.say(f"  {when:16}  {story.headline}")
    return EXIT_ATTENTION if without else EXIT_DONE


def fetch(session: Session) -> int:
    """Bring new stories into the store, politely."""
    raise NotImplementedError
