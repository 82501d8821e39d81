"""`digest check`: what is wrong with the content of a mail, a page, or the edition of a day."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.editions import EditionOption
from digest.cli.session import JsonOption, Session, command, parse_day
from digest.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from digest.pipeline.approving import Proof
    from digest.pipeline.checking import CheckReport, Helpers
    from digest.ports import Fetcher

FICTION = ".example"  # a demo's stories lead to invented papers
_EXAMPLE = "digest check preview/edition.eml --json\n  digest check --online"


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    command(app, "check", example=_EXAMPLE, exits=(0, 1, 2))(check)


def check(
    session: Session,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="An .html or .eml file; today's edition without it.")
    ] = None,
    edition: EditionOption = "",
    online: Annotated[
        bool, typer.Option("--online", envvar="DIGEST_ONLINE", help="Try the links and pictures, too.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Tell what is wrong with the content of a mail. Errors make the exit code 1; --verbose tells notes."""
    from digest.pipeline.checking import Helpers, check_file

    helpers = Helpers(
        spamassassin=shutil.which("spamassassin", path=session.start.environment.get("PATH", "")) or "",
        fetcher=_fetcher(session, file) if online else None,
        rules=session.wiring.rules if file is not None and session.has_config else (),
    )
    report = check_file(file, helpers) if file is not None else _of_edition(session, edition, helpers)
    if as_json:
        session.emit(report.document())
    else:
        _tell(session, report)
    return EXIT_FAILED if report.has_errors else EXIT_DONE


def _fetcher(session: Session, file: Path | None) -> Fetcher:
    from digest.wiring import link_fetcher

    return session.wiring.link_fetcher if file is None or session.has_config else link_fetcher()


def _of_edition(session: Session, edition: str, helpers: Helpers) -> CheckReport:
    """Check the templates first: where one is broken, there is nothing else to look at."""
    from digest.check.hosts import host_of
    from digest.pipeline.checking import CheckReport, check_edition
    from digest.pipeline.previewing import EXAMPLE_READER
    from digest.pipeline.template_check import check_templates

    publisher = session.publisher
    key = publisher.key(parse_day(edition, "--edition") if edition else None)
    proofs: list[Proof] = []
    templates = check_templates(session.settings.templates_dir, lambda: proofs.append(publisher.proof(key)))
    if any(each.severity == "error" for each in templates):
        return CheckReport(findings=templates, size_bytes=0)
    proof = proofs[0] if proofs else publisher.proof(key)
    message = publisher.writer(proof.parts, at=publisher.clock.now(), personal=False)(EXAMPLE_READER)
    return check_edition(
        proof,
        message.data,
        helpers=helpers,
        absent=(host_of(session.settings.publication.public_url), *([FICTION] if session.settings.demo else ())),
        templates=templates,
    )


def _tell(session: Session, report: CheckReport) -> None:
    notes = [each for each in report.findings if each.severity == "note"]
    told_of = [each for each in report.findings if each.severity != "note" or session.verbose]
    wide = max((len(each.code) for each in told_of), default=0)
    for each in told_of:
        session.say(f"{each.severity:8} {each.code:{wide}} {each.where}: {each.message}; {each.fix}")
    counts = {name: sum(each.severity == name for each in report.findings) for name in ("error", "warning")}
    told = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
    hint = "" if session.verbose or not notes else " (--verbose tells them)"
    score = f"; mail programs understand {report.support.score:g} % of it" if report.support else ""
    session.say(
        f"{told}, {len(notes)} note{'' if len(notes) == 1 else 's'}{hint}."
        f" HTML {report.size_bytes / 1000:.1f} kB of 102.4 kB{score}."
    )
