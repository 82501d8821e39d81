"""Which line of which template made MJML that cannot be read.

MJML is checked after Jinja filled it, so its line numbers are those of the document made, of several files. Here the
files themselves are read: their Jinja is blanked out, and their components are paired.
"""

from __future__ import annotations

import re

from digest.errors import Problem, TemplateError
from digest.render.html import COMPONENTS
from digest.templating import Environment, overridden, overriding

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)
_RAW = re.compile(r"<!--.*?-->", re.S)
_TAG = re.compile(r"<(/?)(mj[a-z-]*)\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>")


def blamed(error: TemplateError, environment: Environment) -> TemplateError:
    """Return the error at the line of the publisher's template that caused it; the same where none is to blame."""
    folder = overriding(environment)
    if folder is None:
        return error
    for path in (folder / name for name in overridden(folder) if name.suffix == ".mjml"):
        for each in mjml_problems(path.read_text(encoding="utf-8", errors="replace"), str(path)):
            return TemplateError(each.what, where=each.where, fix=each.fix)
    return error


def mjml_problems(source: str, where: str) -> tuple[Problem, ...]:
    """Return a problem for each unknown component of a template, and for the first that is not closed or not open.

    ``where`` is the template's file. A template whose branches open and close different components looks unpaired,
    so whoever asks has reason to believe that something is wrong.
    """
    blanked = _RAW.sub(_blank, _JINJA.sub(_blank, source))
    found: list[Problem] = []
    stack: list[tuple[str, int]] = []
    is_paired = True
    for match in _TAG.finditer(blanked):
        closes, name, _, empty = match.groups()
        line = blanked.count("\n", 0, match.start()) + 1
        if name not in COMPONENTS:
            if not closes:
                fix = "see the template contract"
                found.append(Problem(where=f"{where}:{line}", what=f"<{name}> is no component we know", fix=fix))
        elif empty or not is_paired:
            continue
        elif not closes:
            stack.append((name, line))
        elif stack and stack[-1][0] == name:
            stack.pop()
        else:
            is_paired = False
            found.append(Problem(where=f"{where}:{line}", what=_unpaired(name, stack)))
    if stack and is_paired:
        name, line = stack[-1]
        found.append(Problem(where=f"{where}:{line}", what=f"<{name}> is not closed", fix=f"write </{name}>"))
    return tuple(found)


def _unpaired(name: str, stack: list[tuple[str, int]]) -> str:
    if not stack:
        return f"</{name}> closes what is not open"
    return f"</{name}> closes <{stack[-1][0]}> of line {stack[-1][1]}"


def _blank(match: re.Match[str]) -> str:
    """Return as many lines as were there, so that line numbers stay."""
    return re.sub(r"[^\n]", " ", match.group())
