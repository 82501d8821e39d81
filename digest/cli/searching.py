"""`digest search`: every story of every listed edition."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.session import JsonOption, Session, command
from digest.errors import EXIT_DONE, UsageError
from digest.model.counting import count_of

if TYPE_CHECKING:
    from digest.model.searching import Question, Told
    from digest.pipeline.searching import Earlier

BOLD, OFF = "\033[1;33m", "\033[0m"
FAINT = "\033[2m"
MANY = 50  # editions that take longer than a moment


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    command(app, "search", example='digest search ferry "pilot boat" --section trade --since 2026', exits=(0, 1, 2))(
        search
    )


def search(
    session: Session,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORDS", help="All must be there; quote what stands together; after --, -WORD keeps one out."
        ),
    ] = None,
    section: Annotated[
        str, typer.Option("--section", metavar="SECTION", envvar="DIGEST_SECTION", help="Slug or title.")
    ] = "",
    source: Annotated[str, typer.Option("--source", metavar="NAME", envvar="DIGEST_SOURCE", help="Who wrote it.")] = "",
    since: Annotated[
        str, typer.Option("--since", metavar="DAY", envvar="DIGEST_SINCE", help="2026-11-23, 2026-11 or 2026.")
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="DAY", envvar="DIGEST_UNTIL", help="This day included.")
    ] = "",
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", envvar="DIGEST_LIMIT", min=1, max=1000, help="Most stories shown.")
    ] = 20,
    like: Annotated[
        str,
        typer.Option(
            "--like", metavar="STORY", help='"Have we run this?": what is like a story, by id, address or headline.'
        ),
    ] = "",
    as_json: JsonOption = False,
) -> int:
    """Find stories in every listed edition. Words that were found stand out."""
    from digest.pipeline.searching import day_of
    from digest.wiring.searching import Searching

    text = " ".join(_requoted(word) for word in words or ())
    if bool(text.strip()) == bool(like):
        raise UsageError("give words, or --like with a story", where="WORDS", fix='for example: digest search "ferry"')
    searching = Searching(session.wiring)
    question = searching.question(
        text,
        section=section,
        source=source,
        digest=session.digest_name,
        since=day_of(since, "--since") if since else None,
        until=day_of(until, "--until", last=True) if until else None,
    )
    searching.refresh(lambda done, of: _tell(session, done, of))
    if like:
        return _show_earlier(session, searching.earlier(like, limit=limit), as_json)
    if not question.terms:
        raise UsageError(f"{text!r} holds no word to look for", where="WORDS", fix="name at least one")
    answer = searching.find(question, limit=limit)
    if as_json:
        hits = [{**_document(session, hit.told, question), "score": round(hit.score, 6)} for hit in answer.hits]
        session.emit({"query": text, "total": answer.total, "hits": hits})
        return EXIT_DONE
    colours = _colours(session)
    for hit in answer.hits:
        _show(session, hit.told, question, colours)
    session.say(_count(answer.total, len(answer.hits)))
    return EXIT_DONE


def _tell(session: Session, done: int, of: int) -> None:
    """Say that it takes a moment, once, where many editions are put into search."""
    if done == 1 and of > MANY:
        session.warn(f"{of} editions are put into search first; this happens once")


def _requoted(word: str) -> str:
    """Return a word of the command line as it was typed: the shell took quotes off what stands together."""
    inner = word.removeprefix("-")
    return f'{word[: len(word) - len(inner)]}"{inner}"' if " " in inner.strip() and '"' not in inner else word


def _count(total: int, shown: int) -> str:
    if not total:
        return "No story fits these words. Try fewer."
    stories = count_of(total, "story")
    return stories if shown == total else f"{stories}, the best {shown} shown; --limit shows more."


def _colours(session: Session) -> bool:
    environment = session.start.environment
    return sys.stdout.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _marked(text: str, question: Question, colours: bool) -> str:
    from digest.model.searching import marks

    if not colours:
        return text
    made, end = "", 0
    for start, stop in marks(text, question.terms):
        made += f"{text[end:start]}{BOLD}{text[start:stop]}{OFF}"
        end = stop
    return made + text[end:]


def _page(session: Session, told: Told) -> str:
    """Return where a story stands in the archive, "" where nobody can read it there."""
    from digest.model.links import edition_url

    base = "" if session.settings.archive_private else session.settings.publication.public_url
    return f"{edition_url(base, told.digest, told.day)}#_{told.story}" if base else ""


def _show(session: Session, told: Told, question: Question, colours: bool) -> None:
    where = " · ".join(part for part in (told.day.isoformat(), told.section_title, told.source) if part)
    session.say(f"{FAINT}{where}{OFF}" if colours else where)
    titled = f"{told.kicker}: {told.headline}" if told.kicker else told.headline
    session.say(f"  {_marked(titled, question, colours)}")
    if told.teaser:
        session.say(f"  {_marked(told.teaser, question, colours)}")
    session.say(f"  {_page(session, told) or told.url}")
    session.say()


def _document(session: Session, told: Told, question: Question | None) -> dict[str, Any]:
    from digest.dates import iso
    from digest.model.searching import marks

    document: dict[str, Any] = {
        "digest": told.digest,
        "day": told.day.isoformat(),
        "section": told.section,
        "section_title": told.section_title,
        "story": told.story,
        "headline": told.headline,
        "kicker": told.kicker,
        "teaser": told.teaser,
        "url": told.url,
        "page": _page(session, told),
        "byline": told.byline,
        "source": told.source,
        "language": told.language,
        "published": iso(told.published),
    }
    if question is not None:
        texts: Mapping[str, str] = {"headline": told.headline, "kicker": told.kicker, "teaser": told.teaser}
        document["marks"] = {name: [list(span) for span in marks(text, question.terms)] for name, text in texts.items()}
    return document


def _show_earlier(session: Session, earlier: Sequence[Earlier], as_json: bool) -> int:
    if as_json:
        hits = [{**_document(session, each.told, None), "score": round(each.score, 6)} for each in earlier]
        session.emit({"hits": hits})
        return EXIT_DONE
    for each in earlier:
        told = each.told
        said = "the same story" if each.score == 1.0 else f"{each.score:.0%} alike"
        titled = f"{told.kicker}: {told.headline}" if told.kicker else told.headline
        session.say(f"{told.day}  {told.section_title:20}  {said:14}  {titled} ({told.source})")
    if not earlier:
        session.say("No edition told this, or its like.")
    return EXIT_DONE
