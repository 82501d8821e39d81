"""`digest doctor`: what is wrong with the machine and the domain."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.delivery import ViaOption
from digest.cli.session import JsonOption, Session, command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from digest.pipeline.doctor import Diagnosis, Examination


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    command(app, "doctor", example="digest doctor\n  digest doctor --offline --json", exits=(0, 1, 2, 5))(doctor)


def doctor(
    session: Session,
    offline: Annotated[
        bool, typer.Option("--offline", envvar="DIGEST_OFFLINE", help="Ask no relay, no DNS and no web address.")
    ] = False,
    via: ViaOption = "",
    as_json: JsonOption = False,
) -> int:
    """Say what is wrong with machine and domain. From configuration to relay and DNS; mails nothing."""
    from digest.pipeline.doctor import diagnose

    diagnosis = diagnose(_examinations(session, via=via, offline=offline), on_area=session.detail)
    if as_json:
        session.emit(diagnosis.document())
    else:
        _tell(session, diagnosis)
    return diagnosis.exit_code


def _examinations(session: Session, *, via: str, offline: bool) -> Iterator[Examination]:
    """Yield what is looked at; where the configuration is wrong, that alone."""
    from digest.errors import ConfigError
    from digest.model.editions import Finding
    from digest.pipeline.doctor import Examination

    def read() -> Iterator[Finding | str]:
        _ = session.settings
        yield from ()

    yield Examination(area="config", examine=read)
    try:
        wiring = session.wiring
    except ConfigError:
        return
    from digest.wiring.doctor import Doctor
    from digest.wiring.doctor_network import Network

    network = Network(wiring, via=via, resolver=session.start.resolver)
    yield from Doctor(wiring, network).examinations()
    if not offline:
        yield from network.examinations()


def _tell(session: Session, diagnosis: Diagnosis) -> None:
    colour = sys.stdout.isatty() and "NO_COLOR" not in session.start.environment
    tints = {"error": typer.colors.RED, "warning": typer.colors.YELLOW, "note": typer.colors.CYAN}
    for area, message in diagnosis.seen:
        session.say(f"{'ok':8} {area:11} {message}")
    for each in diagnosis.findings:
        word = f"{each.severity:8}"
        where = f"{each.where}: " if each.where else ""
        line = f"{typer.style(word, fg=tints[each.severity]) if colour else word} {each.code:11} {where}{each.message}"
        tell = session.say if each.severity == "note" else session.warn
        tell(line)
        if each.fix:
            tell(f"{'':20} → {each.fix}")
    counts = {name: sum(each.severity == name for each in diagnosis.findings) for name in tints}
    told = (f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
    session.say(f"{', '.join(told)}." if diagnosis.findings else "Nothing is wrong.")
