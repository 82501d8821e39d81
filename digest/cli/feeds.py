"""`digest feeds …` and `digest fetch`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.editions import JsonOption
from digest.cli.session import Session, command
from digest.dates import iso
from digest.errors import EXIT_ATTENTION, EXIT_DONE, ParseError
from digest.model.news import FeedState

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
    publisher = session.publisher
    publisher.progress = session.detail
    report = publisher.fetch()
    session.say(
        f"{report.feeds} feeds: {report.read} read, {report.unchanged} unchanged, {len(report.failed)} failed;"
        f" {report.stories} stories, {report.new} new."
    )
    for line in (*report.failed, *report.waiting):
        session.warn(line)
    return EXIT_ATTENTION if report.failed else EXIT_DONE


@command(group, "list", example="digest feeds list", exits=(0, 1, 2))
def list_(session: Session, as_json: JsonOption = False) -> int:
    """List the feeds as configured."""
    feeds = session.settings.feeds
    if as_json:
        session.emit(
            [
                {
                    "name": each.name,
                    "url": each.url,
                    "section": each.section,
                    "weight": each.weight,
                    "kicker": each.kicker,
                }
                for each in feeds
            ]
        )
        return EXIT_DONE
    for each in feeds:
        session.say(f"{each.name or '(no name)':28} {each.section or '-':12} {each.url}")
    session.say(f"{len(feeds)} feeds")
    return EXIT_DONE


@command(group, "check", example="digest feeds check --json", exits=(0, 1, 2, 5))
def check(session: Session, as_json: JsonOption = False) -> int:
    """Tell each feed's health as last seen: last success, last error, failures in a row."""
    states = session.wiring.stories.feed_states()
    rows = []
    for each in session.settings.feeds:
        state = states.get(each.url, FeedState(url=each.url))
        rows.append(
            {
                "name": each.name or state.title,
                "url": each.url,
                "health": "gone"
                if state.gone
                else "failing"
                if state.last_error
                else "ok"
                if state.last_success
                else "new",
                "last_success": iso(state.last_success),
                "last_story": iso(state.last_story),
                "last_error": state.last_error or None,
                "failures": state.failures,
                "stories": state.stories,
                "next_due": iso(state.next_due),
                "moved_to": state.moved_to or None,
            }
        )
    if as_json:
        session.emit(rows)
    else:
        for row in rows:
            error = f"  {row['last_error']} ({row['failures']} in a row)" if row["last_error"] else ""
            name, read_at = str(row["name"] or row["url"]), str(row["last_success"] or "never read")
            session.say(f"{name:28} {row['health']:8} {row['stories']:4} stories  {read_at:20}{error}")
    return EXIT_ATTENTION if any(row["health"] in ("gone", "failing") for row in rows) else EXIT_DONE
