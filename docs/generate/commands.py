"""The pages of commands and of exit codes."""

from __future__ import annotations

from collections.abc import Iterable

from digest.cli.session import EXIT_MEANINGS
from docs.generate.tree import Command, Option, commands, groups


def page() -> str:
    """Return docs/reference/commands.md."""
    found = list(commands())
    common = [each for each in found[0].options if each.common]
    lines = [
        "# Commands",
        "",
        "Every command says the same with `--help`. [Exit codes](exit-codes.md) and [JSON](json.md) have pages of their"
        " own.",
        "",
        "## Options of every command",
        "",
        *_table(common),
    ]
    group = "digest"
    for each in found:
        above = each.name.rpartition(" ")[0]
        if above != group:
            group = above
            more = " …" if group in {other.name for other in found} else ""
            lines += [f"## {group}{more}", "", groups()[group], ""]
        lines += _section(each)
    return "\n".join(lines).rstrip() + "\n"


def _section(each: Command) -> list[str]:
    level = "#" * min(len(each.name.split()), 3)
    lines = [f"{level} {each.name}", "", _escaped(each.help), ""]
    if own := [option for option in each.options if not option.common]:
        lines += _table(own)
    if each.example:
        lines += ["```sh", each.example, "```", ""]
    if each.exits:
        lines += ["Exit codes: " + ", ".join(f"{code} ({EXIT_MEANINGS[code]})" for code in each.exits) + ".", ""]
    return lines


def _table(options: Iterable[Option]) -> list[str]:
    lines = ["| Option | Meaning |", "|---|---|"]
    for each in options:
        said = _escaped(each.help)
        if each.default:
            said += f" Default: `{each.default}`."
        if each.environment:
            said += f" Also `{each.environment}`."
        name = each.name.replace("|", "\\|")
        lines.append(f"| `{name}` | {said.strip()} |")
    return [*lines, ""]


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def exit_codes_page() -> str:
    """Return docs/reference/exit-codes.md."""
    found = list(commands())
    lines = [
        "# Exit codes",
        "",
        "Each command ends with one of these, whatever went wrong; what it was stands on stderr. Ctrl-C ends a command",
        "with 75, but `serve`, `desk` and `worker`, which are ended so, with 0; `run` and `send` first finish the",
        "hand-over under way.",
        "",
        "| Code | Meaning | Commands that end so |",
        "|---|---|---|",
    ]
    for code, meaning in EXIT_MEANINGS.items():
        lines.append(f"| {code} | {meaning} | {_which(found, code)} |")
    return "\n".join(lines) + "\n"


def _which(found: list[Command], code: int) -> str:
    so = [each.name.removeprefix("digest ") for each in found if code in each.exits]
    others = [each.name.removeprefix("digest ") for each in found if code not in each.exits]
    if not others:
        return "all"
    if len(others) < len(so):
        return "all but " + ", ".join(f"`{name}`" for name in others)
    return ", ".join(f"`{name}`" for name in so)
