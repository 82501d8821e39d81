"""The manual page digest(1), in man(7) macros."""

from __future__ import annotations

from digest import __version__
from digest.cli.session import EXIT_MEANINGS
from docs.generate.tree import Option, commands

_FILES = (
    ("digest.toml", "The publication: sections, feeds, digests, delivery."),
    ("subscribers.csv", "Its readers, merged by run when it changed."),
    ("digest.db", "What happened: stories, editions, the ledger of deliveries."),
)
_ENVIRONMENT = (
    ("DIGEST_RELAY_PASSWORD", "The relay's password."),
    ("DIGEST_STORE_URL", "Replaces [store] url, where it holds a password."),
    ("NO_COLOR", "No colours."),
)


def page() -> str:
    """Return docs/reference/digest.1."""
    found = list(commands())
    common = [each for each in found[0].options if each.common]
    lines = [
        f'.TH DIGEST 1 "" "digest {__version__}" "digest"',
        ".SH NAME",
        "digest \\- turn news feeds into a daily e\\-mail newsletter",
        ".SH SYNOPSIS",
        ".B digest",
        "COMMAND [OPTIONS] [ARGUMENTS]",
        ".SH DESCRIPTION",
        "Reads feeds, picks the stories of each section and says why, renders an HTML and a plain text mail, and hands",
        "it to a relay: nobody knowingly twice, nobody lost. Every command can be called again after a crash.",
        ".SH COMMON OPTIONS",
        *(line for each in common for line in _tagged(each)),
        ".SH COMMANDS",
    ]
    for command in found:
        own = [each for each in command.options if not each.common]
        words = " ".join(each.name for each in own if each.is_argument)
        lines += [f'.SS "{_escaped(" ".join((command.name, words)).strip())}"', _line(command.help)]
        lines += [line for each in own for line in _tagged(each)]
        if command.example:
            lines += [".PP", "Example:", ".PP", ".nf", *map(_line, command.example.splitlines()), ".fi"]
    lines += [".SH EXIT STATUS"]
    lines += [line for code, said in EXIT_MEANINGS.items() for line in (".TP", f"\\fB{code}\\fR", _line(said + "."))]
    lines += [".SH ENVIRONMENT"]
    lines += [line for name, said in _ENVIRONMENT for line in (".TP", f"\\fB{name}\\fR", _line(said))]
    lines += [".SH FILES"]
    lines += [line for name, said in _FILES for line in (".TP", f"\\fI{name}\\fR", _line(said))]
    return "\n".join(lines) + "\n"


def _tagged(option: Option) -> list[str]:
    said = option.help
    if option.default:
        said += f" Default: {option.default}."
    if option.environment:
        said += f" Also {option.environment}."
    return [".TP", f"\\fB{_escaped(option.name)}\\fR", _line(said)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("…", "...").replace("’", "'")


def _line(text: str) -> str:
    escaped = _escaped(text)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
