"""From a place in what templates made back to the template and line that wrote it, and what templates leave over.

Only when something is wrong are templates filled a second time, each line of their own text marked with where it
stands. The marks are private-use characters, taken out again; what was made is the same but for them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import jinja2
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

OPEN, CLOSE = "\ue000", "\ue001"
_MARK = re.compile(rf"{OPEN}(\d+):(\d+){CLOSE}")
# What is left where a tag of Jinja was mistyped: "{ %", "%}", "#}", "{ {". A rule of a style may end in "100%}".
_LEFT = re.compile(r"\{ +[%{#]|(?<!\d)%\}|#\}")


class Marked(Extension):
    """Puts a mark before each line of a template's own text: FILE:LINE by number."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield the tokens, each line of text with its mark; blank text has none, as templates ask for emptiness."""
        number = _FILES.setdefault(stream.filename or stream.name or "?", len(_FILES))
        for token in stream:
            if token.type != "data" or not token.value.strip():
                yield token
                continue
            lines = token.value.split("\n")
            text = "\n".join(f"{OPEN}{number}:{token.lineno + place}{CLOSE}{line}" for place, line in enumerate(lines))
            yield Token(token.lineno, "data", text)


_FILES: dict[str, int] = {}  # file → its number in marks; one process reads few


class Leftovers(Extension):
    """Refuses what looks like a mistyped tag of Jinja: it would be mailed as it stands."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield the tokens; raise TemplateSyntaxError for text that holds half a tag."""
        for token in stream:
            found = _LEFT.search(token.value) if token.type == "data" else None
            if found is not None and not (stream.name or "").endswith(".css"):
                line = token.lineno + token.value.count("\n", 0, found.start())
                message = f"{found.group()!r} is left over: a tag is mistyped or was never opened"
                raise jinja2.TemplateSyntaxError(message, line, stream.name, stream.filename)
            yield token


@dataclass(frozen=True)
class Origins:
    """A text made of templates, and where each piece of it was written."""

    text: str
    places: tuple[int, ...]  # offsets in the text, rising
    written: tuple[str, ...]  # "FILE:LINE" of each

    def at(self, line: int, column: int = 0) -> str:
        """Return "FILE:LINE" of what stands at a line (from 1) and column (from 0) of the text; "" where unknown."""
        lines = self.text.split("\n")
        if not 0 < line <= len(lines):
            return ""
        offset = sum(len(each) + 1 for each in lines[: line - 1]) + min(column, len(lines[line - 1]))
        index = bisect_right(self.places, offset) - 1
        return self.written[index] if index >= 0 else ""


def origins(environment: jinja2.Environment, name: str, values: Mapping[str, object]) -> Origins:
    """Fill a template once more and return its text with the origins of its lines; raises what Jinja2 raises."""
    marking = environment.overlay(extensions=[Marked])
    marking.filters = environment.filters
    marking.bytecode_cache = None  # its code is another: marked
    made = marking.get_template(name).render(**values)
    names = {number: file for file, number in _FILES.items()}
    text, places, written, end, length = [], [], [], 0, 0
    for match in _MARK.finditer(made):
        text.append(made[end : match.start()])
        length += match.start() - end
        places.append(length)
        written.append(f"{names[int(match.group(1))]}:{match.group(2)}")
        end = match.end()
    text.append(made[end:])
    return Origins("".join(text), tuple(places), tuple(written))
