"""`digest build`, `preview` and `approve`: the edition of a day."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.session import JsonOption, Session, command, parse_day
from digest.errors import EXIT_ATTENTION, EXIT_DONE
from digest.model.counting import count_of

if TYPE_CHECKING:
    from digest.model.editions import Finding
    from digest.pipeline.approving import Proof

EditionOption = Annotated[
    str, typer.Option("--edition", metavar="DAY", envvar="DIGEST_EDITION", help="The edition's day; today without it.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    command(app, "build", example="digest build", exits=(0, 1, 2, 5))(build)
    command(app, "preview", example="digest preview --out preview --open", exits=(0, 1, 2))(preview)
    command(app, "approve", example="digest approve", exits=(0, 1, 2, 4))(approve)


def build(session: Session, as_json: JsonOption = False) -> int:
    """Make or refresh today's draft; edits stay. Its stories are those that `digest fetch` stored."""
    report = session.publisher.build()
    edition = report.edition
    if as_json:
        from digest.render.document import document

        session.emit(document(edition))
    else:
        session.say(f"Draft of {edition.day}: {len(edition.items)} of {count_of(edition.health.stories, 'story')}.")
        for filled in edition.sections:
            session.say(f"  {filled.section.title:24} {len(filled.items)} of {filled.section.stories}")
        for line in edition.health.short_sections:
            session.detail(f"short: {line}")
    for line in (*edition.health.feeds_failed, *report.picture_problems):
        session.warn(line)
    return EXIT_ATTENTION if edition.health.feeds_failed else EXIT_DONE


def preview(
    session: Session,
    edition: EditionOption = "",
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", envvar="DIGEST_OUT", help="Folder to write into.")
    ] = Path("preview"),
    open_browser: Annotated[bool, typer.Option("--open", envvar="DIGEST_OPEN", help="Open it in the browser.")] = False,
    follow: Annotated[
        bool,
        typer.Option(
            "--watch",
            envvar="DIGEST_WATCH",
            help="Serve it on this machine and render again when anything of it changes.",
        ),
    ] = False,
    port: Annotated[
        int, typer.Option("--port", metavar="N", envvar="DIGEST_PORT", help="With --watch: where; any free one for 0.")
    ] = 0,
) -> int:
    """Write what would go out as files. index.html shows all views side by side; nothing is mailed."""
    day = parse_day(edition, "--edition") if edition else None
    if follow:
        from digest.cli.watching import watch

        return watch(
            session,
            key_of=lambda current: current.publisher.key(day),
            write=_written,
            out=out.absolute(),
            port=port,
            open_browser=open_browser,
        )
    proof = session.publisher.proof(session.publisher.key(day))
    session.say(_written(session, proof, out.absolute()))
    if open_browser:
        typer.launch((out.absolute() / "index.html").as_uri())
    return EXIT_DONE


def _written(session: Session, proof: Proof, out: Path, told: Collection[Finding] = ()) -> str:
    """Write the preview of a proof, tell its findings but those ``told`` already, and return a line about it."""
    report = session.publisher.preview(proof, out)
    for finding in proof.findings:
        if finding in told:
            continue
        session.warn(
            f"{finding.severity}: {finding.where}: {finding.message}" + (f"; {finding.fix}" if finding.fix else "")
        )
    sizes = f"HTML {report.html_bytes / 1000:.1f} kB of 102.4 kB, message {report.wire_bytes / 1000:.1f} kB on the wire"
    return f"{sizes}. Open {report.index}"


def approve(
    session: Session,
    edition: EditionOption = "",
    by: Annotated[str, typer.Option("--by", metavar="NAME", envvar="DIGEST_BY", help="Who approves.")] = "",
) -> int:
    """Freeze the edition. What is sent from now on is exactly what was previewed."""
    key = session.publisher.key(parse_day(edition, "--edition") if edition else None)
    who = session.who(by)
    record = session.publisher.approve(key, who)
    session.say(
        f"The edition of {key.day} is {record.state.value} as No. {record.number} (version {record.version[:12]})."
        f" Each message has about {session.publisher.message_bytes(key) / 1000:.0f} kB. Send it with `digest send`."
    )
    return EXIT_DONE
