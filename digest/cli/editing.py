"""`digest edit …`: the editor's work from the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.editions import EditionOption
from digest.cli.session import Session, command, parse_day
from digest.errors import EXIT_DONE, UsageError

if TYPE_CHECKING:
    from digest.model.editions import Edition
    from digest.wiring.editing import Editing

group = typer.Typer(
    help="Edit the draft. Every edit is kept with who made it, survives a rebuild, and can be undone.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Story = Annotated[str, typer.Argument(metavar="STORY", help="An id, its beginning, an address, or headline words.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", envvar="DIGEST_BY", help="Who edits; the user without it.")]
Place = Annotated[int, typer.Option("--place", metavar="N", min=1, help="1 is the section's top item.")]
InSection = Annotated[str, typer.Option("--section", metavar="SLUG", help="Its own section without it.")]
EXITS = (0, 1, 2)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(group, name="edit")


def editor(session: Session, edition: str, by: str) -> Editing:
    """Return an editor at work on an edition."""
    from digest.wiring.editing import Editing

    who = session.who(by)
    return Editing(session.publisher, parse_day(edition, "--edition") if edition else None, by=who)


def _make(session: Session, desk: Editing, kind: str, words: str, value: dict[str, Any]) -> int:
    """Make an edit of the story a person means, and show what became of it."""
    story = desk.story(words)
    edition = desk.make(kind, story.id, {name: each for name, each in value.items() if each not in ("", 0, None)})
    _show(session, edition, story.id, story.headline)
    return EXIT_DONE


def _show(session: Session, edition: Edition, story_id: str, headline: str) -> None:
    from digest.editions.board import tells

    for filled in edition.sections:
        for place, item in enumerate(filled.items, 1):
            if tells(item.cluster, story_id):
                session.say(f"{filled.section.title} {place}: {item.headline}")
                return
    session.say(f"Not in the edition: {headline}")


@command(group, "pin", example='digest edit pin "ferry talks" --place 1', exits=EXITS)
def pin(
    session: Session, story: Story, section: InSection = "", place: Place = 1, edition: EditionOption = "", by: By = ""
) -> int:
    """Hold a story at a place, whatever comes in later."""
    desk = editor(session, edition, by)
    return _make(session, desk, "pin", story, {"section": section and desk.section(section), "place": place})


@command(group, "drop", example="digest edit drop 3fa9c2 --reason 'old news'", exits=EXITS)
def drop(
    session: Session,
    story: Story,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")] = "",
    edition: EditionOption = "",
    by: By = "",
) -> int:
    """Take a story out; the next best takes its place."""
    return _make(session, editor(session, edition, by), "drop", story, {"reason": reason})


@command(group, "move", example="digest edit move 3fa9c2 trade", exits=EXITS)
def move(
    session: Session,
    story: Story,
    section: Annotated[str, typer.Argument(metavar="SECTION", help="A section's slug or title.")],
    place: Annotated[int, typer.Option("--place", metavar="N", min=0, help="Last without it.")] = 0,
    edition: EditionOption = "",
    by: By = "",
) -> int:
    """Move a story to a section."""
    desk = editor(session, edition, by)
    return _make(session, desk, "move", story, {"section": desk.section(section), "place": place})


@command(group, "promote", example="digest edit promote 3fa9c2", exits=EXITS)
def promote(session: Session, story: Story, edition: EditionOption = "", by: By = "") -> int:
    """Make a story the top item of its section."""
    return _make(session, editor(session, edition, by), "promote", story, {})


@command(group, "boost", example="digest edit boost 3fa9c2 1.5", exits=EXITS)
def boost(
    session: Session,
    story: Story,
    amount: Annotated[float, typer.Argument(metavar="NUMBER", help="Added to its score; may be negative.")],
    edition: EditionOption = "",
    by: By = "",
) -> int:
    """Let a story rise or fall within its section."""
    return _make(session, editor(session, edition, by), "boost", story, {"boost": amount})


@command(group, "merge", example="digest edit merge 3fa9c2 81bb07", exits=EXITS)
def merge(
    session: Session,
    story: Story,
    others: Annotated[list[str], typer.Argument(metavar="STORY…", help="What tells the same event.")],
    edition: EditionOption = "",
    by: By = "",
) -> int:
    """Make one event of several; the first one's lead stays."""
    desk = editor(session, edition, by)
    return _make(session, desk, "merge", story, {"with": [desk.story(other).id for other in others]})


@command(group, "split", example="digest edit split 81bb07", exits=EXITS)
def split(
    session: Session,
    story: Story,
    others: Annotated[
        list[str] | None, typer.Argument(metavar="[STORY…]", help="What leaves the event together with it.")
    ] = None,
    edition: EditionOption = "",
    by: By = "",
) -> int:
    """Take a story out of its event: it stands for itself."""
    from digest.editions.board import Board

    desk = editor(session, edition, by)
    meant = desk.story(story)
    apart = [desk.story(other).id for other in others or ()]
    found = Board(desk.edition()).find(meant.id)
    event = found[1].cluster.stories if found else ()
    left = [each.id for each in event if each.id not in (meant.id, *apart)]
    return _make(session, desk, "split", meant.id, {"with": apart, "from": left})


@command(group, "lead", example="digest edit lead 81bb07", exits=EXITS)
def lead(session: Session, story: Story, edition: EditionOption = "", by: By = "") -> int:
    """Show this story of its event."""
    return _make(session, editor(session, edition, by), "lead", story, {})


@command(group, "rewrite", example="digest edit rewrite 3fa9c2 --headline 'Ferry sails again'", exits=EXITS)
def rewrite(
    session: Session,
    story: Story,
    headline: Annotated[str | None, typer.Option("--headline", metavar="TEXT", help="Shown instead.")] = None,
    kicker: Annotated[str | None, typer.Option("--kicker", metavar="TEXT", help="Empty: none.")] = None,
    teaser: Annotated[str | None, typer.Option("--teaser", metavar="TEXT", help="Empty: none.")] = None,
    edition: EditionOption = "",
    by: By = "",
) -> int:
    """Change the words shown."""
    words = {"headline": headline, "kicker": kicker, "teaser": teaser}
    value = {name: text for name, text in words.items() if text is not None}
    if not value:
        raise UsageError("nothing to change", where="rewrite", fix="give --headline, --kicker or --teaser")
    desk = editor(session, edition, by)
    meant = desk.story(story)
    _show(session, desk.make("rewrite", meant.id, value), meant.id, meant.headline)
    return EXIT_DONE


@command(
    group,
    "related",
    example='digest edit related 3fa9c2 --line "How it began|https://a.example/1|Tarn Radio"',
    exits=EXITS,
)
def related(
    session: Session,
    story: Story,
    line: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="HEADLINE|URL|SOURCE", help="Once a line; none takes all away."),
    ] = None,
    edition: EditionOption = "",
    by: By = "",
) -> int:
    """Replace the lines under a story."""
    lines = []
    for each in line or ():
        headline, _, rest = each.partition("|")
        url, _, source = rest.partition("|")
        lines.append({"headline": headline.strip(), "url": url.strip(), "source": source.strip()})
    desk = editor(session, edition, by)
    meant = desk.story(story)
    _show(session, desk.make("related", meant.id, {"related": lines}), meant.id, meant.headline)
    return EXIT_DONE


@command(group, "add", example="digest edit add https://read.example/story --section trade", exits=EXITS)
def add(
    session: Session,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it can be read.")],
    section: Annotated[str, typer.Option("--section", metavar="SLUG", help="Where it goes.")],
    headline: Annotated[str, typer.Option("--headline", metavar="TEXT", help="The page's without it.")] = "",
    teaser: Annotated[str, typer.Option("--teaser", metavar="TEXT", help="The page's without it.")] = "",
    kicker: Annotated[str, typer.Option("--kicker", metavar="TEXT", help="Small words above it.")] = "",
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="The site's name without it.")] = "",
    byline: Annotated[str, typer.Option("--byline", metavar="NAME", help="The page's without it.")] = "",
    place: Place = 1,
    edition: EditionOption = "",
    by: By = "",
) -> int:
    """Add a story no feed brought. What you do not give is read on its page."""
    desk = editor(session, edition, by)
    value = {
        "section": desk.section(section), "place": place, "headline": headline, "teaser": teaser, "kicker": kicker,
        "source": source, "byline": byline,
    }  # fmt: skip
    made = desk.add(url, value)
    _show(session, made, desk.record.edits[-1].target, headline or url)
    return EXIT_DONE


@command(group, "note", example='digest edit note "We are off on Monday." --after trade', exits=EXITS)
def note(
    session: Session,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Empty under a story: none.")],
    story: Annotated[str, typer.Option("--story", metavar="STORY", help="Under this story.")] = "",
    after: Annotated[str, typer.Option("--after", metavar="SLUG", help="After this section; else at the top.")] = "",
    edition: EditionOption = "",
    by: By = "",
) -> int:
    """Put a note under a story, after a section, or at the top."""
    desk = editor(session, edition, by)
    if story:
        desk.make("note", desk.story(story).id, {"text": text})
    else:
        desk.make("note", "", {"text": text, "after": desk.section(after) if after else ""})
    session.say("Noted.")
    return EXIT_DONE


def _words(kind: str, what: str) -> None:
    """Register a command that sets one text of the edition."""

    def change(
        session: Session,
        text: Annotated[str, typer.Argument(metavar="TEXT", help="Empty: what is written without you.")],
        edition: EditionOption = "",
        by: By = "",
    ) -> int:
        made = editor(session, edition, by).make(kind, "", {"text": text})
        session.say(f"{what}: {getattr(made, kind)}")
        return EXIT_DONE

    change.__doc__ = f"Set the {kind} of the edition."
    command(group, kind, example=f"digest edit {kind} 'Words of your own'", exits=EXITS)(change)


for _kind, _what in (("intro", "Intro"), ("subject", "Subject"), ("preheader", "Preheader")):
    _words(_kind, _what)


@command(group, "sponsor", example='digest edit sponsor "Tidewell Charts" --text "Charts that float."', exits=EXITS)
def sponsor(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose slot.")],
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="A line about the sponsor.")] = "",
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Where it leads.")] = "",
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help='"Powered by" without it.')] = "",
    placement: Annotated[str, typer.Option("--placement", metavar="PLACE", help="top, imprint or a slug.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take this sponsor out.")] = False,
    edition: EditionOption = "",
    by: By = "",
) -> int:
    """Set or take out a sponsor's slot of this edition."""
    value: dict[str, Any] = {"name": name, "text": text, "url": url, "label": label, "placement": placement}
    if remove:
        value = {"name": name, "remove": True}
    made = editor(session, edition, by).make("sponsor", "", value)
    session.say("Sponsors: " + (", ".join(each.name for each in made.sponsors) or "none"))
    return EXIT_DONE


@command(group, "correct", example='digest edit correct 3fa9c2 --text "The ferry is the Auklet."', exits=(*EXITS, 3))
def correct(
    session: Session,
    story: Story,
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="What was wrong, shown under it.")],
    headline: Annotated[str, typer.Option("--headline", metavar="TEXT", help="As it should have been.")] = "",
    teaser: Annotated[str, typer.Option("--teaser", metavar="TEXT", help="As it should have been.")] = "",
    withdraw: Annotated[
        bool,
        typer.Option("--withdraw", help="Take the story out of page, lists and feeds; the text stays as the reason."),
    ] = False,
    edition: EditionOption = "",
    by: By = "",
) -> int:
    """Correct a story once the edition is on its way. Its page says so, and so does the next edition."""
    value: dict[str, Any] = {"text": text, "headline": headline, "teaser": teaser}
    if withdraw:
        value["withdraw"] = True
    return _make(session, editor(session, edition, by), "correct", story, value)
