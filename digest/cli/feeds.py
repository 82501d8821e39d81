"""`digest feeds …` and `digest fetch`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.session import JsonOption, Session, command, to_second
from digest.dates import iso
from digest.errors import EXIT_ATTENTION, EXIT_DONE, EXIT_FAILED, FeedError, FileProblem, ParseError, UsageError
from digest.model.counting import count_of
from digest.model.news import Feed, FeedState

group = typer.Typer(help="Look after the feeds.", no_args_is_help=True, rich_markup_mode=None)


FeedName = Annotated[str, typer.Argument(metavar="FEED", help="A feed's name or address.")]


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
    """Parse files and print their stories. Touches nothing: no configuration, store or network."""
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
            session.say(f"{path}: {count_of(len(result), 'story')}")
        for story in result:
            if jsonl:
                sys.stdout.write(json.dumps(story_line(path, story), ensure_ascii=False) + "\n")
            else:
                when = story.published.strftime("%Y-%m-%d %H:%M") if story.published else "no date"
                session.say(f"  {when:16}  {story.headline}")
    return EXIT_ATTENTION if without else EXIT_DONE


def fetch(session: Session) -> int:
    """Bring new stories into the store, politely."""
    from digest.wiring.fetching import fetch as read_all

    report = read_all(session.wiring, session.detail)
    session.say(
        f"{count_of(report.feeds, 'feed')}: {report.read} read, {report.unchanged} unchanged,"
        f" {len(report.failed)} failed; {count_of(report.stories, 'story')}, {report.new:,} new."
    )
    for line in report.changes:
        session.say(line)
    for line in (*report.failed, *report.waiting, *report.cut):
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
    session.say(count_of(len(feeds), "feed"))
    return EXIT_DONE


@command(group, "check", example="digest feeds check --json", exits=(0, 1, 2, 5))
def check(session: Session, as_json: JsonOption = False) -> int:
    """Tell each feed's health as last seen. Last success, last error, failures in a row."""
    states = session.wiring.stories.feed_states()
    found = [(each, states.get(each.url, FeedState(url=each.url))) for each in session.settings.feeds]
    if as_json:
        session.emit([_document(feed, state) for feed, state in found])
    else:
        for feed, state in found:
            error = f"  {state.last_error} ({state.failures} in a row)" if state.last_error else ""
            read_at = to_second(iso(state.last_success)) or "never read"
            name = feed.name or state.title or feed.url
            session.say(f"{name:28} {_health(state):8} {count_of(state.stories, 'story'):>12}  {read_at:20}{error}")
        if not found:
            session.say("There are no feeds; add one with `digest feeds add ADDRESS`.")
    return EXIT_ATTENTION if any(_health(state) in ("gone", "failing") for _, state in found) else EXIT_DONE


def _health(state: FeedState) -> str:
    if state.gone:
        return "gone"
    if state.last_error:
        return "failing"
    return "ok" if state.last_success else "new"


def _document(feed: Feed, state: FeedState) -> dict[str, object]:
    return {
        "name": feed.name or state.title,
        "url": feed.url,
        "health": _health(state),
        "last_success": iso(state.last_success),
        "last_story": iso(state.last_story),
        "last_error": state.last_error or None,
        "failures": state.failures,
        "stories": state.stories,
        "next_due": iso(state.next_due),
        "moved_to": state.moved_to or None,
    }


@command(group, "add", example="digest feeds add halyard.example --section foreign", exits=(0, 1, 2))
def add(
    session: Session,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="A feed's address, or that of a page.")],
    section: Annotated[str, typer.Option("--section", metavar="SLUG", help="Where its stories belong.")] = "",
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Its own title without it.")] = "",
    weight: Annotated[float, typer.Option("--weight", metavar="NUMBER", min=0, max=100, help="Its word counts.")] = 1.0,
    seen: Annotated[
        bool | None,
        typer.Option("--seen/--unseen", help="What is there now counts as seen, or may be in the next edition."),
    ] = None,
) -> int:
    """Find the feed of a page and add it to digest.toml. Shows its three newest stories."""
    feeds = session.feeds
    slug = feeds.section(section) if section else ""
    try:
        found = feeds.find(address)
    except FeedError as error:  # here it is the whole of what was asked, not one feed among many
        session.warn(f"digest: {error}")
        return EXIT_FAILED
    session.say(f"{found.title or 'A feed without a title'}: {found.url}")
    for story in found.newest:
        when = story.published.astimezone(session.settings.zone).strftime("%Y-%m-%d %H:%M") if story.published else ""
        session.say(f"  {when or 'no date':16}  {story.headline}")
    if not found.stories:
        session.say("  It holds no story now.")
    for other in found.others:
        session.say(f"Also there: {other}")
    if seen is None and found.stories:
        seen = session.ask(f"Count the {count_of(len(found.stories), 'story')} in it as seen?")
    counted = feeds.add(found, Feed(url=found.url, name=name, section=slug, weight=weight), seen=bool(seen))
    if counted:
        stories = count_of(counted, "story")
        session.say(f"Added to {session.config}. {stories} counted as seen: only what comes from now on is news.")
    else:
        said = "; what is recent may be in the next edition (--seen, and nothing of it is)" if seen is None else ""
        session.say(f"Added to {session.config}{said if found.stories else ''}. Read it with `digest fetch`.")
    return EXIT_DONE


@command(group, "remove", example='digest feeds remove "Harbour Notes"', exits=(0, 1, 2))
def remove(session: Session, feed: FeedName) -> int:
    """Take a feed out of digest.toml; past editions keep its stories."""
    known = session.feeds.named(feed)
    session.feeds.remove(known)
    session.say(f"{known.name or known.url} is removed. Its stories are no candidates any more.")
    for slug in session.feeds.matching_rules([known.name, known.url]):
        session.warn(f"A match rule of section {slug!r} still names it; change it in {session.config}.")
    return EXIT_DONE


@command(group, "move", example='digest feeds move "Harbour Notes" trade', exits=(0, 1, 2))
def move(
    session: Session,
    feed: FeedName,
    section: Annotated[
        str | None, typer.Argument(metavar="[SECTION]", help="A section's slug; - = the rules decide.")
    ] = None,
    url: Annotated[str, typer.Option("--url", metavar="ADDRESS", help="Its new address.")] = "",
) -> int:
    """Give a feed another section, or another address."""
    feeds = session.feeds
    known = feeds.named(feed)
    if section is None and not url:
        raise UsageError("nothing to change", where="SECTION", fix="give a section, or --url with its new address")
    slug = None if section is None else "" if section == "-" else feeds.section(section)
    feeds.move(known, section=slug, url=url)
    name = known.name or known.url
    if slug is not None:
        session.say(f"{name}: its stories belong to {slug}." if slug else f"{name}: rules and words decide.")
    if url:
        session.say(f"{name}: its address is {feeds.settings.feeds[session.settings.feeds.index(known)].url}.")
    return EXIT_DONE


@command(group, "import", example="digest feeds import feeds.opml", exits=(0, 1, 2))
def import_(
    session: Session, file: Annotated[str, typer.Argument(metavar="FILE", help="An OPML file, or - for stdin.")]
) -> int:
    """Add the feeds of an OPML file. Its folders are sections; new ones are made."""
    if file == "-":
        body = sys.stdin.buffer.read()
    else:
        try:
            body = Path(file).read_bytes()
        except OSError as error:
            raise FileProblem.unread(error, file) from None
    try:
        imported = session.feeds.import_opml(body)
    except ParseError as error:
        raise UsageError(error.what, where=file, fix=error.fix) from None
    session.say(f"{count_of(len(imported.feeds), 'feed')} added, {imported.known} there already.")
    for section in imported.sections:
        session.say(f"  new section {section.slug} ({section.title})")
    if imported.feeds:
        session.say("Read them with `digest fetch`.")
    return EXIT_DONE


@command(group, "export", example="digest feeds export > feeds.opml", exits=(0, 1, 2))
def export(session: Session) -> int:
    """Write the feeds as OPML to standard output, a folder a section."""
    sys.stdout.write(session.feeds.export_opml().decode("utf-8"))
    return EXIT_DONE
