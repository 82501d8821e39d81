"""Style sheets and style attributes as mail programs read them: rules, declarations, at-rules. Anything can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_RULES = 5_000  # of one sheet; no mail has a tenth of it
_TOKEN = re.compile(
    r"""/\*.*?(?:\*/|\Z)                            # a comment
      | "(?:[^"\\\n]|\\.)*+"? | '(?:[^'\\\n]|\\.)*+'?
      | \((?:[^()"'{}]|"[^"\n]*"|'[^'\n]*')*+\)     # an address may hold a semicolon
      | [{};] | <!-- | -->
      | [^/"'(){};<-]+ | .""",
    re.S | re.X,
)
_IMPORTANT = re.compile(r"\s*!\s*important\s*\Z", re.I)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One property and its value."""

    name: str  # in lower case
    value: str
    important: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A selector list and what it declares; at-rules that hold declarations (@font-face) are rules too."""

    selector: str
    declarations: tuple[Declaration, ...]
    within: tuple[str, ...]  # preludes of the at-rules around it: "@media (max-width:620px)"
    line: int
    nested: bool = False  # it stands in another rule


@dataclass(frozen=True, slots=True)
class AtRule:
    """An at-rule, with or without a block."""

    name: str  # "media", in lower case
    prelude: str
    line: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a style element holds."""

    rules: tuple[Rule, ...]
    at_rules: tuple[AtRule, ...]
    has_comments: bool


@dataclass(slots=True)
class _Block:
    prelude: str
    line: int
    declarations: list[Declaration]


def declarations(text: str) -> tuple[Declaration, ...]:
    """Return what a style attribute declares, in its order; what is no declaration is left out, as programs do."""
    if "(" not in text and '"' not in text and "'" not in text and "/*" not in text:
        return tuple(each for each in map(_declaration, text.split(";")) if each is not None)
    return tuple(
        each for rule in sheet(f"*{{{text.replace('{', '').replace('}', '')}}}").rules for each in rule.declarations
    )


def _declaration(text: str) -> Declaration | None:
    name, colon, value = text.partition(":")
    name, value = name.strip().lower(), value.strip()
    if not colon or not name or not value:
        return None
    plain = _IMPORTANT.sub("", value)
    return Declaration(name, plain, plain != value)


def sheet(text: str, *, line: int = 1) -> Sheet:
    """Return a style sheet's rules; ``line`` is where its text begins. Raises nothing, whatever the text is."""
    reader = _Reader(line)
    for match in _TOKEN.finditer(text):
        reader.take(match.group())
        if len(reader.rules) >= MOST_RULES or len(reader.stack) > MOST_RULES:
            break
    reader.end()
    return Sheet(tuple(reader.rules), tuple(reader.at_rules), reader.has_comments)


class _Reader:
    """Puts tokens together to rules."""

    def __init__(self, line: int) -> None:
        self.rules: list[Rule] = []
        self.at_rules: list[AtRule] = []
        self.stack: list[_Block] = []
        self.has_comments = False
        self._line = self._began = line
        self._words: list[str] = []

    def take(self, piece: str) -> None:
        """Take the next token."""
        if piece.startswith("/*"):
            self.has_comments = True
        elif piece == "{":
            self._open(self._said())
        elif piece in {";", "}"}:
            self._state(self._said())
            if piece == "}" and self.stack:
                self.rules.extend(_closed(self.stack))
        elif piece not in {"<!--", "-->"}:
            if not self._words and piece.strip():
                self._began = self._line + piece[: len(piece) - len(piece.lstrip())].count("\n")
            self._words.append(piece)
        self._line += piece.count("\n")

    def end(self) -> None:
        """Close what is still open, as mail programs do."""
        self._state(self._said())
        while self.stack:
            self.rules.extend(_closed(self.stack))

    def _said(self) -> str:
        text = "".join(self._words).strip()
        self._words.clear()
        return text

    def _open(self, prelude: str) -> None:
        self.stack.append(_Block(prelude, self._began, []))
        if prelude.startswith("@"):
            self.at_rules.append(_at_rule(prelude, self._began))

    def _state(self, statement: str) -> None:
        """Take a statement that ended: an at-rule without a block, or a declaration."""
        if statement.startswith("@") and not self.stack:
            self.at_rules.append(_at_rule(statement, self._began))
        elif self.stack and (declared := _declaration(statement)) is not None:
            self.stack[-1].declarations.append(declared)


def _at_rule(prelude: str, line: int) -> AtRule:
    match = re.match(r"@([\w-]*)", prelude)
    name = match[1] if match else ""
    return AtRule(name.lower(), prelude[len(name) + 1 :].strip(), line)


def _closed(stack: list[_Block]) -> Iterator[Rule]:
    """Take the innermost block off the stack, and yield the rule it is, where it declares anything."""
    block = stack.pop()
    around = [each.prelude for each in stack[-8:]]
    if block.declarations or not block.prelude.startswith("@"):
        yield Rule(
            selector=block.prelude,
            declarations=tuple(block.declarations),
            within=tuple(each for each in around if each.startswith("@")),
            line=block.line,
            nested=any(not each.startswith("@") for each in around),
        )
