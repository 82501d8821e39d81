"""`digest dkim …`: the keys messages are signed with, and what the DNS has to say of them."""

from __future__ import annotations

import os
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.session import JsonOption, Session, command
from digest.errors import EXIT_DONE, UsageError

group = typer.Typer(help="Keys that sign messages (DKIM).", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(group, name="dkim")


@command(group, "keygen", example="digest dkim keygen --selector nov2026 --out keys/dkim.pem", exits=(0, 1, 2))
def keygen(
    session: Session,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the private key goes; a new file.")],
    selector: Annotated[
        str,
        typer.Option(
            "--selector",
            metavar="NAME",
            envvar="DIGEST_SELECTOR",
            help="Name of the key in the DNS: digest, or digest-ed25519.",
        ),
    ] = "",
    domain: Annotated[
        str,
        typer.Option(
            "--domain",
            metavar="NAME",
            envvar="DIGEST_DOMAIN",
            help="Whose key it is; that of publication.from without it.",
        ),
    ] = "",
    ed25519: Annotated[
        bool,
        typer.Option("--ed25519", envvar="DIGEST_ED25519", help="Make an Ed25519 key, to stand beside an RSA key."),
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Make a private key and print its DNS record. RSA of 2048 bits, readable by you alone."""
    from digest.config.values import dns_name
    from digest.mail.dkim import make_key, record, record_name, record_value

    selector = selector or ("digest-ed25519" if ed25519 else "digest")
    for option, name in (("--selector", selector), ("--domain", domain)):
        try:
            _ = name and dns_name(name)
        except ValueError as error:
            raise UsageError(str(error).partition("; ")[0], where=option, fix=str(error).partition("; ")[2]) from None
    if not domain and session.has_config:
        dkim = session.settings.delivery.dkim
        domain = dkim.domain if dkim else parseaddr(session.settings.publication.sender)[1].rpartition("@")[2].lower()
    key = make_key(out, domain=domain, selector=selector, ed25519=ed25519)
    if as_json:
        session.emit({"key_file": str(out), "name": record_name(key), "type": "TXT", "value": record_value(key)})
        return EXIT_DONE
    session.say(record(key))
    names = ("ed25519_selector", "ed25519_key_file") if ed25519 else ("selector", "key_file")
    # What a configuration names is found from its own folder.
    written = os.path.relpath(out, session.config.parent) if session.has_config else str(out)
    session.warn(f"The private key is in {out}. Publish the record above, wait until the DNS shows it, then write:")
    session.warn(f'[delivery.dkim]\n{names[0]} = "{selector}"\n{names[1]} = "{written}"')
    return EXIT_DONE


@command(group, "show", example="digest dkim show", exits=(0, 1, 2))
def show(session: Session, as_json: JsonOption = False) -> int:
    """Print the DNS records of the keys in use."""
    from digest.mail.dkim import record, record_name, record_value

    keys = session.wiring.dkim_keys
    if as_json:
        session.emit([{"name": record_name(key), "type": "TXT", "value": record_value(key)} for key in keys])
        return EXIT_DONE
    for key in keys:
        session.say(record(key))
    if not keys:
        session.warn("Messages are not signed here: there is no [delivery.dkim]. `digest dkim keygen` makes a key.")
    return EXIT_DONE
